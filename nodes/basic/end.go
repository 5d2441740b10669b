package basic

import (
	"context"

	"casare/node"
	"casare/workflow"
)

func init() { node.Register("EndNode", func() node.Node { return new(end) }) }

type end struct{}

// Spec describes the type.
func (n *end) Spec(s *node.Spec) {
	s.Describe("End", "Ends its own path. Other paths of the workflow that still have steps to do go on.")
	s.Category("basic")
	s.Branch(workflow.PortOut) // drawn by the designer, never taken
	s.Effect(node.Pure)
	s.Example(node.Example{Name: "the path ends", Next: []string{}})
}

// Run ends the path.
func (n *end) Run(_ context.Context, r *node.Run) error {
	r.Take()
	return nil
}
