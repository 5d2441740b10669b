package clock

import (
	"context"
	"math/big"

	"casare/node"
	"casare/value"
	"casare/workflow/pytime"
)

func init() { node.Register("DateTimeAddNode", func() node.Node { return new(add) }) }

type add struct {
	datetime                                            node.Value
	years, months, weeks, days, hours, minutes, seconds node.Value

	result    string
	timestamp float64
}

// unit is a span of time that can be added.
type unit struct {
	name    string
	count   *node.Value
	seconds int64
}

func (n *add) units() []unit {
	const day = 24 * 60 * 60
	return []unit{
		{"years", &n.years, 365 * day},
		{"months", &n.months, 30 * day},
		{"weeks", &n.weeks, 7 * day},
		{"days", &n.days, day},
		{"hours", &n.hours, 60 * 60},
		{"minutes", &n.minutes, 60},
		{"seconds", &n.seconds, 1},
	}
}

// Spec describes the type.
func (n *add) Spec(s *node.Spec) {
	s.Describe("DateTime Add", "Adds spans of time to a date and time, or takes them away. A month is 30 days and a year 365.")
	s.Category("utility")
	s.Any(node.In, &n.datetime, "datetime").Shown(node.Essential).
		Says("A text in ISO form, or the seconds since 1970 began in UTC; nothing is now.")
	for _, u := range n.units() {
		s.Any(node.In, u.count, u.name).Or(0).Port(node.KindInt).Says("How many " + u.name + " to add, as a whole number; what is none counts as 0.")
	}
	s.String(node.Out, &n.result, "result").Says("The time in ISO form.")
	s.Float(node.Out, &n.timestamp, "timestamp").Says("Seconds since 1970 began in UTC.")
	s.Effect(node.Read)
	s.Example(node.Example{
		Name: "a month", Given: node.Values{"datetime": "2024-01-31", "months": 1},
		Wanted: node.Values{"result": "2024-03-01T00:00:00", "timestamp": 1709251200.0},
	})
	s.Example(node.Example{
		Name: "an hour ago", Given: node.Values{"hours": -1}, Wanted: node.Values{"result": "2024-03-15T09:00:00"},
	})
}

// Run adds.
func (n *add) Run(_ context.Context, r *node.Run) error {
	now := r.Now()
	t := pytime.Local(now)
	if n.datetime != nil {
		var err error
		if t, err = moment(n.datetime, now.Location()); err != nil {
			return err
		}
	}
	micros := new(big.Int)
	for _, u := range n.units() {
		count, err := whole(*u.count)
		if err != nil {
			return err
		}
		micros.Add(micros, count.Mul(count, big.NewInt(u.seconds*1_000_000)))
	}
	t, err := t.Add(micros)
	if err != nil {
		return err
	}
	n.result = t.ISO()
	n.timestamp, err = t.Timestamp(now.Location())
	return err
}

// whole is the whole number a value stands for; one that stands for none counts as 0, but what is too large is an error.
func whole(v node.Value) (*big.Int, error) {
	n, err := value.ToInt(v)
	switch {
	case value.KindOf(err) == value.OverflowError:
		return nil, err
	case err != nil:
		return new(big.Int), nil //nolint:nilerr // what is no number counts as 0
	}
	switch n := n.(type) {
	case int64:
		return big.NewInt(n), nil
	case *big.Int:
		return new(big.Int).Set(n), nil
	}
	return new(big.Int), nil
}
