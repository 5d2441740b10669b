package control

import (
	"context"

	"casare/node"
	"casare/workflow"
)

func init() { node.Register("MergeNode", func() node.Node { return new(merge) }) }

type merge struct{}

// Spec describes the type.
func (n *merge) Spec(s *node.Spec) {
	s.Describe("Merge", "Brings several ways together. It waits for nothing: the first to arrive goes on.")
	s.Category("control_flow")
	s.Effect(node.Pure)
	s.Example(node.Example{Name: "goes on", Next: []string{workflow.PortOut}})
}

// Run does nothing: control goes on.
func (n *merge) Run(context.Context, *node.Run) error { return nil }
