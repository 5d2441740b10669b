package control

import (
	"context"

	"casare/node"
)

func init() { node.Register("BreakNode", func() node.Node { return new(breakNode) }) }

type breakNode struct{ leave }

// Spec describes the type.
func (n *breakNode) Spec(s *node.Spec) {
	s.Describe("Break", "Ends the loop at once; control goes on where the loop is completed.")
	n.describe(s, "paired_loop_start_id")
}

// Run leaves the loop.
func (n *breakNode) Run(_ context.Context, r *node.Run) error {
	r.Leave(node.ExitBreak, n.loop)
	return nil
}
