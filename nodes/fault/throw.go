package fault

import (
	"cmp"
	"context"

	"casare/node"
)

func init() { node.Register("ThrowErrorNode", func() node.Node { return new(throw) }) }

const defaultMessage = "Custom error"

type throw struct{ message, typ string }

// Spec describes the type.
func (n *throw) Spec(s *node.Spec) {
	s.Describe("Throw Error", "Fails on purpose.")
	s.Category("error_handling")
	s.Text(node.In, &n.message, "error_message").Or(defaultMessage).Shown(node.Essential).Says("What went wrong.")
	s.String(node.In, &n.typ, "error_type").Or(node.TypeExecution).Shown(node.Advanced).Says("The type of the error, for the error_types of a Catch.")
	s.Effect(node.Pure)
	s.Example(node.Example{Name: "with a reason", Given: node.Values{"error_message": "no {{thing}}"}, Vars: node.Values{"thing": "bread"}, Fails: "no bread"})
}

// Run fails.
func (n *throw) Run(context.Context, *node.Run) error {
	return node.Fail(n.typ, "%s", cmp.Or(n.message, defaultMessage))
}
