package script_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"casare/node"
	"casare/node/nodetest"
	_ "casare/nodes/script"
	"casare/value"
)

func TestEvalExpression(t *testing.T) {
	t.Parallel()
	vars := node.Values{"x": 10, "name": "bob", "formula": "x * 2", "deep": "{{formula}}", "d": node.Values{"k": []any{1}}, "secret": value.NewSecret("hidden")}
	for _, c := range []struct {
		config       node.Values
		result, kind string
		problem      string // "" succeeds
	}{
		{node.Values{"expression": "{{x}} + 1"}, "11", "int", ""},
		{node.Values{"expression": "'{{name}}'.upper()"}, "'BOB'", "str", ""},
		{node.Values{"expression": "{{x}}"}, "10", "int", ""},
		{node.Values{"expression": "{{formula}}"}, "20", "int", ""},
		{node.Values{"expression": "{{deep}}"}, "'x * 2'", "str", ""},
		{node.Values{"expression": "{{name}}"}, "None", "error", "name 'bob' is not defined"},
		{node.Values{"expression": "{{d}}"}, "{'k': [1]}", "dict", ""},
		{node.Values{"expression": "d['k'][0]"}, "1", "int", ""},
		{node.Values{"expression": "(1, 2)"}, "[1, 2]", "tuple", ""},
		{node.Values{"expression": "{1, 1}"}, "[1]", "set", ""},
		{node.Values{"expression": "range(3)"}, "[0, 1, 2]", "range", ""},
		{node.Values{"expression": "None"}, "None", "NoneType", ""},
		{node.Values{"expression": "x > 5"}, "True", "bool", ""},
		{node.Values{"expression": 5}, "5", "int", ""},
		{node.Values{"expression": "x + y", "variables": node.Values{"x": 1, "y": 0.5}}, "1.5", "float", ""},
		{node.Values{"expression": "secret + '!'"}, "'***'", "str", ""},
		{node.Values{"expression": ""}, "None", "error", "expression is required"},
		{node.Values{}, "None", "error", "expression is required"},
		{node.Values{"expression": "1 / 0"}, "None", "error", "division by zero"},
		{node.Values{"expression": "open('x')"}, "None", "error", "open"},
		{node.Values{"expression": "9 ** 9 ** 9"}, "None", "error", "larger than"},
	} {
		for _, typ := range []string{"EvalExpressionNode", "EvaluateExpressionNode"} {
			r := nodetest.Run(t.Context(), node.Default, nodetest.Case{Type: typ, Config: c.config.Dict(), Vars: vars.Dict()})
			require.Equal(t, c.result, value.Repr(r.Output("result")), "%v", c.config)
			require.Equal(t, c.kind, r.Output("type"), "%v", c.config)
			require.Equal(t, c.problem == "", r.Output("success"), "%v", c.config)
			if c.problem == "" {
				require.NoError(t, r.Err)
				require.Empty(t, r.Output("error"))
				continue
			}
			require.ErrorContains(t, r.Err, c.problem)
			require.Contains(t, r.Output("error"), c.problem)
		}
	}
}
