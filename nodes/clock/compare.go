package clock

import (
	"context"

	"casare/node"
)

func init() { node.Register("DateTimeCompareNode", func() node.Node { return new(compare) }) }

type compare struct {
	first, second node.Value

	before, after, equal bool
	comparison           int64
}

// Spec describes the type.
func (n *compare) Spec(s *node.Spec) {
	s.Describe("DateTime Compare", "Tells which of two dates and times is the earlier one.")
	s.Category("utility")
	s.Any(node.In, &n.first, "datetime_1").Must().Shown(node.Essential).Says("A text in ISO form, or seconds since 1970 began in UTC.")
	s.Any(node.In, &n.second, "datetime_2").Must().Shown(node.Essential).Says("The other one, likewise.")
	s.Bool(node.Out, &n.before, "is_before").Says("Whether the first is the earlier one.")
	s.Bool(node.Out, &n.after, "is_after").Says("Whether the first is the later one.")
	s.Bool(node.Out, &n.equal, "is_equal").Says("Whether both are the same moment.")
	s.Int(node.Out, &n.comparison, "comparison").Says("-1, 1 or 0, in that order.")
	s.Effect(node.Pure)
	s.Example(node.Example{
		Name: "one moment in two zones", Given: node.Values{"datetime_1": "2024-06-01T12:00:00+02:00", "datetime_2": "2024-06-01T10:00:00Z"},
		Wanted: node.Values{"is_before": false, "is_after": false, "is_equal": true, "comparison": 0},
	})
	s.Example(node.Example{
		Name: "only one has a zone", Given: node.Values{"datetime_1": "2024-06-01", "datetime_2": "2024-06-01T10:00:00Z"}, Fails: "offset-naive",
	})
}

// Run compares.
func (n *compare) Run(_ context.Context, r *node.Run) error {
	loc := r.Now().Location()
	first, err := moment(n.first, loc)
	if err != nil {
		return err
	}
	second, err := moment(n.second, loc)
	if err != nil {
		return err
	}
	c, err := first.Compare(second)
	if err != nil {
		return err
	}
	n.before, n.after, n.equal, n.comparison = c < 0, c > 0, c == 0, int64(c)
	return nil
}
