package subflow

import (
	"context"

	"casare/node"
)

func init() { node.Register("SubflowInputNode", func() node.Node { return new(input) }) }

type input struct {
	name  string
	value node.Value
}

// Spec describes the type.
func (n *input) Spec(s *node.Spec) {
	s.Describe("Subflow Input", "In a subflow: what the subflow is given under a name.")
	s.Category(categoryFlow)
	s.String(node.Param, &n.name, keyPortName).Or("input").Shown(node.Essential).Says("The name of the subflow's input.")
	s.Any(node.Out, &n.value, "value").Says("What it was given.")
	s.Effect(node.Pure)
	s.Example(node.Example{
		Name: "named", Given: node.Values{"port_name": "customer"}, Vars: node.Values{"customer": "ACME"}, Wanted: node.Values{"value": "ACME"},
	})
}

// Run reads the variable.
func (n *input) Run(_ context.Context, r *node.Run) error {
	n.value, _ = r.Var(n.name)
	return nil
}
