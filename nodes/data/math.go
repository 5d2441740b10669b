package data

import (
	"context"
	"strings"

	"casare/node"
	"casare/value"
)

func init() { node.Register("MathOperationNode", func() node.Node { return new(mathOperation) }) }

type mathOperation struct {
	operation string
	a, b      node.Value
	digits    node.Opt[int64]
	variable  string
	result    node.Value
}

// Spec describes the type.
func (n *mathOperation) Spec(s *node.Spec) {
	s.Describe("Math Operation", "Computes with one or two numbers. A text in the form is the name of a variable, or else a number, or else 0. "+
		"The result is a float, except for floor, ceil and round, which give a whole number.")
	s.Category("data")
	s.Choice(node.Param, &n.operation, "operation",
		"add", "subtract", "multiply", "divide", "floor_divide", "power", "modulo", "min", "max",
		"abs", "sqrt", "floor", "ceil", "round", "sin", "cos", "tan", "log", "log10", "exp", "negate").
		Or("add").Shown(node.Essential).Says("What to compute; those from abs on look at a only, log takes b as base unless it is 0.")
	s.Any(node.In, &n.a, "a").NameOfNumber().Or(0.0).Port(node.KindFloat).Shown(node.Essential).Says("First number.")
	s.Any(node.In, &n.b, "b").NameOfNumber().Or(0.0).Port(node.KindFloat).Shown(node.Essential).Says("Second number.")
	node.Maybe(s, node.Param, &n.digits, "round_digits").Min(0).Says("Digits to round the result to.")
	s.String(node.Param, &n.variable, "output_var").Says("A variable that also gets the result.")
	s.Any(node.Out, &n.result, "result").Port(node.KindFloat).Says("The result.")
	s.Effect(node.Pure)
	s.Example(node.Example{
		Name: "sum", Given: node.Values{"a": 10, "b": "{{x}}"}, Vars: node.Values{"x": 5}, Wanted: node.Values{"result": 15.0},
	})
	s.Example(node.Example{
		Name: "by zero", Given: node.Values{"operation": "divide", "a": 1, "b": 0}, Fails: "Division by zero",
	})
}

// Run computes.
func (n *mathOperation) Run(_ context.Context, r *node.Run) error {
	a, err := value.ToFloat(n.a)
	if err != nil {
		return err
	}
	b, err := value.ToFloat(n.b)
	if err != nil {
		return err
	}
	if n.result, err = calculate(strings.ToLower(n.operation), a, b); err != nil {
		return err
	}
	if n.digits.Set {
		n.result = roundTo(n.result, n.digits.V)
	}
	if n.variable != "" {
		r.SetVar(n.variable, n.result)
	}
	return nil
}
