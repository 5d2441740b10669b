package control

import (
	"context"

	"casare/node"
	"casare/value"
	"casare/workflow"
)

func init() { node.Register("SwitchNode", func() node.Node { return new(switchNode) }) }

type switchNode struct {
	value      node.Value
	expression node.Expr
	cases      value.List
}

// Spec describes the type.
func (n *switchNode) Spec(s *node.Spec) {
	s.Describe("Switch", "Takes the way of the case that prints like the value, or the default. "+
		"An expression that cannot be evaluated takes the default if that is wired, and fails if not.")
	s.Category("control_flow")
	s.Control()
	s.Any(node.In, &n.value, "value").Shown(node.Essential).Says("The value to look at.")
	s.Expr(node.Param, &n.expression, "expression").Says("An expression that gives the value when there is none.")
	s.List(node.Param, &n.cases, "cases").Or([]any{}).Shown(node.Essential).Says("The cases; each has its own way out.")
	s.BranchEach("case_%s", "cases")
	s.Branch(portDefault, workflow.PortOut)
	s.Effect(node.Pure)
	s.Example(node.Example{
		Name: "second case", Given: node.Values{"value": "b", "cases": []any{"a", "b"}}, Next: []string{"case_b"},
	})
	s.Example(node.Example{
		Name: "a blank expression", Given: node.Values{"expression": "  ", "cases": []any{"b"}}, Next: []string{portDefault},
	})
	s.Example(node.Example{Name: "no case", Given: node.Values{"value": "B", "cases": []any{"b"}}, Next: []string{portDefault}})
}

// Run compares.
func (n *switchNode) Run(ctx context.Context, r *node.Run) error {
	v := n.value
	if v == nil && n.expression.Set() {
		var err error
		if v, err = n.expression.Eval(ctx, r); err != nil {
			return node.Fail("", "Invalid or unsafe expression: %s: %w", n.expression.Source(), err).Via(portDefault)
		}
	}
	text := ""
	if v != nil {
		text = value.Str(v)
	}
	for _, c := range n.cases {
		if value.Str(c) == text {
			r.Take("case_" + text)
			return nil
		}
	}
	r.Take(portDefault)
	return nil
}
