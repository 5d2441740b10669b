package clock

import (
	"context"

	"casare/node"
	"casare/workflow/pytime"
)

func init() { node.Register("ParseDateTimeNode", func() node.Node { return new(parse) }) }

type parse struct {
	text, format string

	timestamp float64
	components
	iso     string
	success bool
}

// Spec describes the type.
func (n *parse) Spec(s *node.Spec) {
	s.Describe("Parse DateTime", "Takes a date and time written as text apart.")
	s.Category("utility")
	s.String(node.In, &n.text, "datetime_string").Must("datetime_string is required").Shown(node.Essential).
		Says("The text. Without a format it is 2024-03-15, 2024/03/15, 15/03/2024, 03/15/2024 or 15-03-2024, the first four with a time or " +
			"without, or any other ISO form.")
	s.String(node.Param, &n.format, "format").Says("The format it is in, as %d.%m.%Y.")
	s.Float(node.Out, &n.timestamp, "timestamp").Says("Seconds since 1970 began in UTC.")
	n.spec(s)
	s.String(node.Out, &n.iso, "iso_format").Says("The time in ISO form.")
	s.Bool(node.Out, &n.success, "success").Says("Whether the text was a time.")
	s.Effect(node.Pure)
	s.Example(node.Example{
		Name: "by a format", Given: node.Values{"datetime_string": "March 5, 2024", "format": "%B %d, %Y"},
		Wanted: node.Values{"iso_format": "2024-03-05T00:00:00", "timestamp": 1709596800.0, "day": 5, "success": true},
	})
	s.Example(node.Example{Name: "no date", Given: node.Values{"datetime_string": "2024-13-01"}, Fails: "month must be in 1..12"})
}

// Run reads the text.
func (n *parse) Run(_ context.Context, r *node.Run) error {
	loc := r.Now().Location()
	var (
		t   pytime.Time
		err error
	)
	if n.format != "" {
		t, err = pytime.Parse(n.text, n.format, loc)
	} else {
		t, err = guess(n.text, loc, "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S.%f", "%Y-%m-%d",
			"%d/%m/%Y %H:%M:%S", "%d/%m/%Y", "%m/%d/%Y %H:%M:%S", "%m/%d/%Y", "%d-%m-%Y", "%Y/%m/%d")
	}
	if err != nil {
		return err
	}
	if n.timestamp, err = t.Timestamp(loc); err != nil {
		return err
	}
	n.take(t)
	n.iso, n.success = t.ISO(), true
	return nil
}
