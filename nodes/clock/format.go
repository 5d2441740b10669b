package clock

import (
	"context"

	"casare/node"
	"casare/workflow/pytime"
)

func init() { node.Register("FormatDateTimeNode", func() node.Node { return new(format) }) }

type format struct {
	datetime    node.Value
	inputFormat string
	format      string
	result      string
}

// Spec describes the type.
func (n *format) Spec(s *node.Spec) {
	s.Describe("Format DateTime", "Prints a date and time by a format.")
	s.Category("utility")
	s.Any(node.In, &n.datetime, "datetime").Must().Shown(node.Essential).
		Says("A text, or the seconds since 1970 began in UTC. Without a format of its own, a text is 2024-03-15, with a time or without, " +
			"15/03/2024 or 03/15/2024, or any other ISO form.")
	s.String(node.In, &n.inputFormat, "input_format").Says("The format the text is in.")
	s.String(node.Param, &n.format, "format").Or("%Y-%m-%d %H:%M:%S").Shown(node.Essential).Says("The format to print it in.")
	s.String(node.Out, &n.result, "result").Says("The printed time.")
	s.Effect(node.Pure)
	s.Example(node.Example{
		Name: "a date", Given: node.Values{"datetime": "2024-03-15T14:30:45", "format": "%d.%m.%Y"},
		Wanted: node.Values{"result": "15.03.2024"},
	})
	s.Example(node.Example{
		Name: "from another form", Given: node.Values{"datetime": "15.03.2024 10:00", "input_format": "%d.%m.%Y %H:%M", "format": "%A, %I %p"},
		Wanted: node.Values{"result": "Friday, 10 AM"},
	})
}

// Run reads and prints the time.
func (n *format) Run(_ context.Context, r *node.Run) error {
	loc := r.Now().Location()
	text, isText := n.datetime.(string)
	var (
		t   pytime.Time
		err error
	)
	switch {
	case !isText:
		t, err = moment(n.datetime, loc)
	case n.inputFormat != "":
		t, err = pytime.Parse(text, n.inputFormat, loc)
	default:
		t, err = guess(text, loc, "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d", "%d/%m/%Y", "%m/%d/%Y")
	}
	if err != nil {
		return err
	}
	n.result, err = t.Format(n.format, loc)
	return err
}
