package variable_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"casare/node"
	"casare/node/nodetest"
	_ "casare/nodes/variable"
	"casare/value"
)

func run(t *testing.T, typ string, config, wired, vars node.Values) nodetest.Result {
	t.Helper()
	return nodetest.Run(t.Context(), node.Default, nodetest.Case{
		Type: typ, Config: config.Dict(), Inputs: wired.Dict(), Vars: vars.Dict(),
	})
}

func TestSetVariable_Conversions(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		typ  string
		v    any
		want string // as Python prints it
	}{
		{"Int32", "5.7", "'5.7'"}, // cannot be converted and stays
		{"Int32", 5.7, "5"},
		{"Float", true, "1.0"},
		{"Boolean", "", "False"},
		{"List", "a, b,,c", "['a', 'b', 'c']"},
		{"List", "5", "5"},
		{"Array", "null", "None"},
		{"List", 5, "[5]"},
		{"List", "  ", "[]"},
		{"Dict", `{"b": 1, "a": 15.0}`, "{'b': 1, 'a': 15.0}"},
		{"Object", "bad", "'bad'"},
		{"DataTable", `[{"a":1}]`, "[{'a': 1}]"},
		{"Dict", `{"$bytes": "YQ=="}`, "{'$bytes': 'YQ=='}"},
		{"Float", "-inf", "-inf"},
		{"Object", "Infinity", "inf"},
		{"FilePath", 5, "'5'"},
		{"FilePath", "p/q", "'p/q'"},
		{"Nonsense", 5, "5"},
		{"String", 5, "5"},
	} {
		r := run(t, "SetVariableNode", node.Values{"variable_name": "x", "value": c.v, "variable_type": c.typ}, nil, nil)
		require.NoError(t, r.Err)
		x, ok := r.Host.Var("x")
		require.True(t, ok)
		require.Equal(t, c.want, value.Repr(x), "%s %v", c.typ, c.v)
		require.Equal(t, x, r.Output("value"))
	}
}

func TestSetVariable_NullIsAValue(t *testing.T) {
	t.Parallel()
	r := run(t, "SetVariableNode", node.Values{"variable_name": "x", "variable_type": "Int32"}, nil, node.Values{"x": 1})
	require.NoError(t, r.Err)
	x, ok := r.Host.Var("x")
	require.True(t, ok)
	require.Nil(t, x)
	require.Equal(t, 0, r.Outcome.Outputs.Len())
}

func TestVariable_NameIsRequired(t *testing.T) {
	t.Parallel()
	for _, typ := range []string{"SetVariableNode", "GetVariableNode", "IncrementVariableNode"} {
		r := run(t, typ, node.Values{"variable_name": ""}, nil, nil)
		require.EqualError(t, r.Err, "Variable name is required", typ)
		r = run(t, typ, nil, node.Values{"variable_name": "x"}, nil)
		require.NoError(t, r.Err, typ)
	}
}

func TestSetVariable_SecretStaysSecret(t *testing.T) {
	t.Parallel()
	vars := node.Values{"p": value.NewSecret("hidden")}
	r := run(t, "SetVariableNode", node.Values{"variable_name": "x", "value": "pass={{p}}"}, nil, vars)
	require.NoError(t, r.Err)
	require.Equal(t, value.NewSecret("pass=hidden"), r.Output("value"))
}
