package clock

import (
	"context"

	"casare/node"
)

func init() { node.Register("GetTimestampNode", func() node.Node { return new(timestamp) }) }

type timestamp struct {
	milliseconds bool
	timestamp    float64
}

// Spec describes the type.
func (n *timestamp) Spec(s *node.Spec) {
	s.Describe("Get Timestamp", "Tells the time as the number of seconds since 1970 began in UTC, to the microsecond.")
	s.Category("utility")
	s.Bool(node.Param, &n.milliseconds, "milliseconds").Or(false).Says("Whether to count milliseconds instead.")
	s.Float(node.Out, &n.timestamp, "timestamp").Says("The number.")
	s.Effect(node.Read)
	s.Example(node.Example{Name: "seconds", Wanted: node.Values{"timestamp": 1710496800.0}})
	s.Example(node.Example{Name: "milliseconds", Given: node.Values{"milliseconds": true}, Wanted: node.Values{"timestamp": 1710496800000.0}})
}

// Run looks at the clock.
func (n *timestamp) Run(_ context.Context, r *node.Run) error {
	at := r.Now()
	n.timestamp = float64(at.Unix()) + float64(at.Nanosecond()/1000)/1e6
	if n.milliseconds {
		n.timestamp *= 1000
	}
	return nil
}
