package variable

import (
	"context"

	"casare/node"
	"casare/value"
)

func init() { node.Register("IncrementVariableNode", func() node.Node { return new(increment) }) }

type increment struct {
	name    string
	by, out float64
}

// Spec describes the type.
func (n *increment) Spec(s *node.Spec) {
	s.Describe("Increment Variable", "Adds to a number in a variable; a missing one counts as 0. The result is always a float.")
	s.Category("variable")
	s.String(node.In, &n.name, "variable_name").Must(nameRequired).Shown(node.Essential).Says("The variable to change.")
	s.Float(node.In, &n.by, "increment").Or(1.0).Says("How much to add.")
	s.Float(node.Out, &n.out, "value").Says("The new value.")
	s.Effect(node.Pure)
	s.Example(node.Example{
		Name: "count", Given: node.Values{"variable_name": "n"}, Vars: node.Values{"n": 41},
		Wanted: node.Values{"value": 42.0}, Sets: node.Values{"n": 42.0},
	})
}

// Run adds.
func (n *increment) Run(_ context.Context, r *node.Run) error {
	current, _ := r.Lookup(n.name)
	if current == nil {
		current = int64(0)
	}
	number, err := value.ToFloat(current)
	if err != nil {
		return err
	}
	n.out = number + n.by
	r.SetVar(n.name, n.out)
	return nil
}
