package data

import (
	"context"

	"casare/node"
	"casare/value"
)

func init() { node.Register("ComparisonNode", func() node.Node { return new(comparison) }) }

type comparison struct {
	a, b     node.Value
	operator string
	result   bool
}

// Spec describes the type.
func (n *comparison) Spec(s *node.Spec) {
	s.Describe("Comparison", "Compares two values as Python does: 1 equals 1.0 but not \"1\"; a text cannot be less than a number.")
	s.Category("data")
	s.Any(node.In, &n.a, "a").Shown(node.Essential).Says("Left value.")
	s.Any(node.In, &n.b, "b").Shown(node.Essential).Says("Right value.")
	s.Choice(node.Param, &n.operator, "operator", "==", "!=", ">", "<", ">=", "<=").Or("==").
		Same("equals (==)", "==").Same("not equals (!=)", "!=").Same("greater than (>)", ">").Same("less than (<)", "<").
		Same("greater or equal (>=)", ">=").Same("less or equal (<=)", "<=").
		Shown(node.Essential).Says("How to compare.")
	s.Bool(node.Out, &n.result, "result").Says("Whether it is so.")
	s.Effect(node.Pure)
	s.Example(node.Example{
		Name: "greater", Given: node.Values{"a": "{{x}}", "b": 50, "operator": ">"}, Vars: node.Values{"x": 75},
		Wanted: node.Values{"result": true},
	})
}

// Run compares.
func (n *comparison) Run(context.Context, *node.Run) error {
	switch n.operator {
	case "==":
		n.result = value.Equal(n.a, n.b)
		return nil
	case "!=":
		n.result = !value.Equal(n.a, n.b)
		return nil
	case ">", "<", ">=", "<=":
	default:
		return node.Fail("", "Unknown operator: %s", n.operator)
	}
	var err error
	n.result, err = compare(n.operator, n.a, n.b)
	return err
}
