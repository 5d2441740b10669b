package subflow

import (
	"context"

	"casare/node"
)

func init() { node.Register(typeOutput, func() node.Node { return new(output) }) }

type output struct {
	name  string
	value node.Value
}

// Spec describes the type.
func (n *output) Spec(s *node.Spec) {
	s.Describe("Subflow Output", "In a subflow: what the subflow gives back under a name. Without a connection of control it comes last.")
	s.Category(categoryFlow)
	s.String(node.Param, &n.name, keyPortName).Or("output").Shown(node.Essential).Says("The name of the subflow's output.")
	s.Any(node.In, &n.value, "value").Says("What to give back.")
	s.Final()
	s.Effect(node.Pure)
	s.Example(node.Example{
		Name: "named", Given: node.Values{"port_name": "total"}, Wired: node.Values{"value": 42}, Sets: node.Values{"total": 42},
	})
}

// Run sets the variable.
func (n *output) Run(_ context.Context, r *node.Run) error {
	r.SetVar(n.name, n.value)
	return nil
}
