package utility

import (
	"context"
	"math"
	"time"

	"casare/node"
	"casare/value"
)

func init() { node.Register("WaitNode", func() node.Node { return new(wait) }) }

type wait struct {
	duration     float64
	milliseconds node.Opt[float64]
}

// longest keeps a wait within what a time.Duration holds.
const longest = float64(math.MaxInt64/int64(time.Second)) - 1

// Spec describes the type.
func (n *wait) Spec(s *node.Spec) {
	s.Describe("Wait", "Waits for a while. The wait outlives the robot: another one resumes it with the time that is left.")
	s.Category("utility")
	s.Alias("BrowserWaitNode")
	s.Float(node.In, &n.duration, "duration").Or(1.0).Min(0).Was("seconds", "timeout").Shown(node.Essential).Says("How many seconds to wait.")
	node.Maybe(s, node.Param, &n.milliseconds, "duration_ms").Shown(node.Internal).Says("The same in milliseconds, as old documents write it.")
	s.Effect(node.Pure)
	s.Example(node.Example{Name: "no time at all", Given: node.Values{"duration": 0}})
	s.Example(node.Example{Name: "less than nothing", Given: node.Values{"duration": -1}, Fails: "Duration must be non-negative"})
}

// Run asks the engine to wait.
func (n *wait) Run(_ context.Context, r *node.Run) error {
	seconds := n.duration
	if n.milliseconds.Set {
		seconds = n.milliseconds.V / 1000
	}
	switch {
	case seconds < 0:
		return node.Fail(node.TypeInput, "Duration must be non-negative: cannot wait for %s seconds", value.Str(seconds))
	case math.IsNaN(seconds) || seconds > longest:
		return node.Fail(node.TypeInput, "cannot wait for %s seconds", value.Str(seconds))
	}
	r.Sleep(time.Duration(seconds * float64(time.Second)))
	return nil
}

// Resume goes on: the time is over.
func (n *wait) Resume(context.Context, *node.Run, node.Event) error { return nil }
