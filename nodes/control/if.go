package control

import (
	"context"

	"casare/node"
)

func init() { node.Register("IfNode", func() node.Node { return new(ifNode) }) }

type ifNode struct{ condition, expression node.Expr }

// Spec describes the type.
func (n *ifNode) Spec(s *node.Spec) {
	s.Describe("If", "Takes one of two ways. An expression that cannot be evaluated counts as false.")
	s.Category("control_flow")
	s.Control()
	conditionFields(s, &n.condition, &n.expression)
	s.Branch(portTrue, portFalse)
	s.Effect(node.Pure)
	s.Example(node.Example{
		Name: "greater", Given: node.Values{"expression": "{{x}} > 5"}, Vars: node.Values{"x": 10}, Next: []string{portTrue},
	})
}

// Run decides.
func (n *ifNode) Run(ctx context.Context, r *node.Run) error {
	ok, err := truth(ctx, r, &n.condition, &n.expression)
	if ok {
		r.Take(portTrue)
	} else {
		r.Take(portFalse)
	}
	return err
}
