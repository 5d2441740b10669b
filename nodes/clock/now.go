package clock

import (
	"context"
	"time"

	"casare/node"
	"casare/workflow/pytime"
)

func init() { node.Register("GetCurrentDateTimeNode", func() node.Node { return new(now) }) }

type now struct {
	timezone, format string

	text, weekday string
	timestamp     float64
	components
}

// Spec describes the type.
func (n *now) Spec(s *node.Spec) {
	s.Describe("Get Current DateTime", "Tells the date and the time, in the robot's zone or in another. "+
		"A zone that does not exist counts as none.")
	s.Category("utility")
	s.String(node.Param, &n.timezone, "timezone").Says("Name of a zone, as Europe/Berlin; empty is that of the robot.")
	s.String(node.Param, &n.format, "format").Says("How to print it, as %Y-%m-%d %H:%M:%S; empty is the ISO form.")
	s.String(node.Out, &n.text, "datetime").Says("The time as text.")
	s.Float(node.Out, &n.timestamp, "timestamp").Says("Seconds since 1970 began in UTC.")
	n.spec(s)
	s.String(node.Out, &n.weekday, "day_of_week").Says("The English name of the day.")
	s.Effect(node.Read)
	s.Example(node.Example{
		Name: "a zone of its own", Given: node.Values{"timezone": "Asia/Kolkata", "format": "%H:%M %z"},
		Wanted: node.Values{"datetime": "15:30 +0530", "timestamp": 1710496800.0, "hour": 15, "day_of_week": "Friday"},
	})
}

// Run looks at the clock.
func (n *now) Run(_ context.Context, r *node.Run) (err error) {
	at := r.Now()
	t := pytime.Local(at)
	if loc := named(n.timezone); loc != nil {
		t = pytime.In(at, loc)
	}
	n.text = t.ISO()
	if n.format != "" {
		if n.text, err = t.Format(n.format, at.Location()); err != nil {
			return err
		}
	}
	if n.timestamp, err = t.Timestamp(at.Location()); err != nil {
		return err
	}
	n.take(t)
	n.weekday = t.Weekday()
	return nil
}

// named returns the zone of that name; nil when there is none. Local is a name only Go gives.
func named(zone string) *time.Location {
	if zone == "" || zone == "Local" {
		return nil
	}
	loc, err := time.LoadLocation(zone)
	if err != nil {
		return nil
	}
	return loc
}
