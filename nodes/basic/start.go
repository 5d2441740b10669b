package basic

import (
	"context"

	"casare/node"
	"casare/workflow"
)

func init() { node.Register(workflow.TypeStart, func() node.Node { return new(start) }) }

type start struct{}

// Spec describes the type.
func (n *start) Spec(s *node.Spec) {
	s.Describe("Start", "Where the workflow begins. A workflow without a Start begins at every step that no wire leads to.")
	s.Category("basic")
	s.Effect(node.Pure)
	s.Example(node.Example{Name: "goes on", Next: []string{workflow.PortOut}})
}

// Run does nothing: control goes on.
func (n *start) Run(context.Context, *node.Run) error { return nil }
