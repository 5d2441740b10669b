package variable

import (
	"context"

	"casare/node"
)

func init() { node.Register("GetVariableNode", func() node.Node { return new(get) }) }

type get struct {
	name          string
	fallback, out node.Value
}

// Spec describes the type.
func (n *get) Spec(s *node.Spec) {
	s.Describe("Get Variable", "Reads a variable. The name is a name, not a path.")
	s.Category("variable")
	s.String(node.In, &n.name, "variable_name").Must(nameRequired).Shown(node.Essential).Says("The variable to read.")
	s.Any(node.Param, &n.fallback, "default_value").Says("The value when the variable is missing or null.")
	s.Any(node.Out, &n.out, "value").Says("Its value.")
	s.Effect(node.Pure)
	s.Example(node.Example{
		Name: "missing", Given: node.Values{"variable_name": "x", "default_value": 3}, Wanted: node.Values{"value": 3},
	})
}

// Run reads the variable.
func (n *get) Run(_ context.Context, r *node.Run) error {
	if n.out, _ = r.Lookup(n.name); n.out == nil {
		n.out = n.fallback
	}
	return nil
}
