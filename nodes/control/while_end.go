package control

import (
	"context"

	"casare/node"
)

func init() { node.Register("WhileLoopEndNode", func() node.Node { return new(whileEnd) }) }

type whileEnd struct{ leave }

// Spec describes the type.
func (n *whileEnd) Spec(s *node.Spec) {
	s.Describe("While Loop End", "The end of a While Loop's body. A loop that is over lets control pass.")
	n.describe(s, "paired_start_id")
}

// Run leaves the loop.
func (n *whileEnd) Run(_ context.Context, r *node.Run) error {
	r.Leave(node.ExitEnd, n.loop)
	return nil
}
