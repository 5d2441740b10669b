package script

import (
	"cmp"
	"context"
	"errors"

	"casare/node"
	"casare/value"
)

func init() { node.Register("EvalExpressionNode", func() node.Node { return new(evalExpression) }) }

type evalExpression struct {
	expression node.Expr
	variables  *value.Dict

	result   node.Value
	typeName string
	success  bool
	problem  string
}

// Spec describes the type.
func (n *evalExpression) Spec(s *node.Spec) {
	s.Describe("Evaluate Expression", "Computes an expression in Python's syntax with the variables of the run. {{name}} stands for the variable's value; "+
		"an expression that is nothing but {{name}} is the one in that variable.")
	s.Category("scripts")
	s.Alias("EvaluateExpressionNode")
	s.Expr(node.Param, &n.expression, "expression").Shown(node.Essential).Says("What to compute, as {{price}} * (1 + rate).")
	s.Dict(node.Param, &n.variables, "variables").Shown(node.Advanced).Says("Names for this expression only; they hide variables of the run.")
	s.Any(node.Out, &n.result, "result").Says("The value; a tuple or a set is a list from here on.")
	s.String(node.Out, &n.typeName, "type").Says("Python's name for the type of the result; error when there is none.")
	s.Bool(node.Out, &n.success, "success").Says("Whether it could be computed.")
	s.String(node.Out, &n.problem, "error").Says("Why not.")
	s.Effect(node.Pure)
	s.Example(node.Example{
		Name: "two variables", Given: node.Values{"expression": "{{x}} + y * 2"}, Vars: node.Values{"x": 10, "y": 2.5},
		Wanted: node.Values{"result": 15.0, "type": "float", "success": true, "error": ""},
	})
	s.Example(node.Example{Name: "a fault", Given: node.Values{"expression": "1 / 0"}, Fails: "division by zero"})
}

// Run computes.
func (n *evalExpression) Run(ctx context.Context, r *node.Run) (err error) {
	if !n.expression.Set() {
		err = node.Fail("", "expression is required")
	} else {
		e := n.expression.Deref(r)
		n.result, n.typeName, err = e.EvalWith(ctx, r, n.variables)
	}
	n.success = err == nil
	if err != nil {
		n.typeName, n.problem = "error", cmp.Or(errors.Unwrap(err), err).Error() // Python's words, without the expression
	}
	return err
}
