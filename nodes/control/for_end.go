package control

import (
	"context"

	"casare/node"
)

func init() { node.Register("ForLoopEndNode", func() node.Node { return new(forEnd) }) }

type forEnd struct{ leave }

// Spec describes the type.
func (n *forEnd) Spec(s *node.Spec) {
	s.Describe("For Loop End", "The end of a For Loop's body. A loop that is over lets control pass.")
	n.describe(s, "paired_start_id")
}

// Run leaves the loop.
func (n *forEnd) Run(_ context.Context, r *node.Run) error {
	r.Leave(node.ExitEnd, n.loop)
	return nil
}
