package clock

import (
	"context"
	"math"

	"casare/node"
)

func init() { node.Register("DateTimeDiffNode", func() node.Node { return new(diff) }) }

type diff struct {
	first, second node.Value

	totalSeconds, totalMinutes, totalHours, totalDays float64
	days, hours, minutes, seconds                     int64
}

// Spec describes the type.
func (n *diff) Spec(s *node.Spec) {
	s.Describe("DateTime Diff", "Tells how much time lies between two dates and times: as a whole in each unit, and split into days, "+
		"hours, minutes and seconds. If the second is the earlier one, the totals and the days are negative.")
	s.Category("utility")
	s.Any(node.In, &n.first, "datetime_1").Must().Shown(node.Essential).Says("Where to begin: a text in ISO form, or seconds since 1970 began in UTC.")
	s.Any(node.In, &n.second, "datetime_2").Must().Shown(node.Essential).Says("Where to end, likewise.")
	s.Float(node.Out, &n.totalSeconds, "total_seconds").Says("All of it in seconds.")
	s.Float(node.Out, &n.totalMinutes, "total_minutes").Says("All of it in minutes.")
	s.Float(node.Out, &n.totalHours, "total_hours").Says("All of it in hours.")
	s.Float(node.Out, &n.totalDays, "total_days").Says("All of it in days.")
	s.Int(node.Out, &n.days, "days").Says("Whole days.")
	s.Int(node.Out, &n.hours, "hours").Says("Whole hours besides.")
	s.Int(node.Out, &n.minutes, "minutes").Says("Whole minutes besides.")
	s.Int(node.Out, &n.seconds, "seconds").Says("Whole seconds besides.")
	s.Effect(node.Pure)
	s.Example(node.Example{
		Name: "back in time", Given: node.Values{"datetime_1": "2024-01-02T12:00:00", "datetime_2": "2024-01-01"},
		Wanted: node.Values{"total_seconds": -129600.0, "total_days": -1.5, "days": -1, "hours": 12, "minutes": 0, "seconds": 0},
	})
}

// Run subtracts.
func (n *diff) Run(_ context.Context, r *node.Run) error {
	loc := r.Now().Location()
	first, err := moment(n.first, loc)
	if err != nil {
		return err
	}
	second, err := moment(n.second, loc)
	if err != nil {
		return err
	}
	micros, err := second.Sub(first)
	if err != nil {
		return err
	}
	n.totalSeconds = float64(micros) / 1e6
	n.totalMinutes, n.totalHours, n.totalDays = n.totalSeconds/60, n.totalSeconds/3600, n.totalSeconds/86400
	// In floats, as the original: over millennia the last microsecond may round to the next second.
	rest := math.Abs(n.totalSeconds)
	n.days, rest = divide(rest, 86400)
	n.hours, rest = divide(rest, 3600)
	n.minutes, rest = divide(rest, 60)
	n.seconds = int64(rest)
	if n.totalSeconds < 0 {
		n.days = -n.days
	}
	return nil
}

// divide is Python's divmod of a number that is not negative.
func divide(x, by float64) (whole int64, rest float64) {
	rest = math.Mod(x, by)
	return int64(math.Round((x - rest) / by)), rest
}
