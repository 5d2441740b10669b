package basic

import (
	"context"

	"casare/node"
	"casare/workflow"
)

func init() { node.Register("CommentNode", func() node.Node { return new(comment) }) }

type comment struct{ text string }

// Spec describes the type.
func (n *comment) Spec(s *node.Spec) {
	s.Describe("Comment", "A note for whoever reads the workflow. On a path it lets control pass.")
	s.Category("basic")
	s.Text(node.Param, &n.text, "comment").Raw().Says("The note.")
	s.Effect(node.Pure)
	s.Example(node.Example{Name: "a note", Given: node.Values{"comment": "ask {{nobody}}"}, Next: []string{workflow.PortOut}})
}

// Run does nothing: control goes on.
func (n *comment) Run(context.Context, *node.Run) error { return nil }
