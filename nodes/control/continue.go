package control

import (
	"context"

	"casare/node"
)

func init() { node.Register("ContinueNode", func() node.Node { return new(continueNode) }) }

type continueNode struct{ leave }

// Spec describes the type.
func (n *continueNode) Spec(s *node.Spec) {
	s.Describe("Continue", "Goes to the next item of the loop at once.")
	n.describe(s, "paired_loop_start_id")
}

// Run leaves the loop.
func (n *continueNode) Run(_ context.Context, r *node.Run) error {
	r.Leave(node.ExitContinue, n.loop)
	return nil
}
