package data_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"casare/node"
	"casare/node/nodetest"
	_ "casare/nodes/data"
	"casare/value"
)

func run(t *testing.T, typ string, config, vars node.Values) nodetest.Result {
	t.Helper()
	return nodetest.Run(t.Context(), node.Default, nodetest.Case{Type: typ, Config: config.Dict(), Vars: vars.Dict()})
}

// The answers are CPython's.
func TestMathOperation(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		operation string
		a, b      any
		want      string // as Python prints it
	}{
		{"floor_divide", 1.0, 0.1, "9.0"},
		{"floor_divide", -0.5, 2.0, "-1.0"},
		{"floor_divide", 0.5, -2.0, "-1.0"},
		{"modulo", 0.0, -3.0, "-0.0"},
		{"modulo", 5.5, 2.0, "1.5"},
		{"power", math.Inf(1), 2.0, "inf"},
		{"min", 0, math.Copysign(0, -1), "0.0"},
		{"max", 2, 2.5, "2.5"},
		{"ceil", -0.5, 0, "0"},
		{"round", 2.5, 0, "2"},
		{"log", 8, 2, "3.0"},
		{"log10", 1000, 0, "3.0"},
		{"log10", 1e-5, 0, "-5.0"},
		{"negate", 3, 0, "-3.0"},
		{"SQRT", 16, 0, "4.0"},
		{"add", "x", "{{y}}", "5.0"},
		{"add", "{{nope}}", "2", "2.0"},
	} {
		r := run(t, "MathOperationNode", node.Values{"operation": c.operation, "a": c.a, "b": c.b}, node.Values{"x": 2, "y": 3})
		require.NoError(t, r.Err, c.operation)
		got := value.Str(r.Output("result"))
		require.Equal(t, c.want, got, "%s %v %v", c.operation, c.a, c.b)
	}
}

func TestMathOperation_WholeNumbersHaveNoBound(t *testing.T) {
	t.Parallel()
	r := run(t, "MathOperationNode", node.Values{"operation": "floor", "a": 1e300}, nil)
	require.NoError(t, r.Err)
	require.Equal(t, "int", value.TypeName(r.Output("result")))
	require.Len(t, value.Str(r.Output("result")), 301)
}

func TestMathOperation_Fails(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		operation string
		a, b      any
		want      string
	}{
		{"divide", 1, 0, "Division by zero"},
		{"floor_divide", 1, 0, "Division by zero"},
		{"modulo", 1, 0, "float modulo"},
		{"power", 0, -1, "math domain error"},
		{"power", -8, 0.5, "math domain error"},
		{"power", 10, 400, "math range error"},
		{"exp", 1000, 0, "math range error"},
		{"sqrt", -1, 0, "math domain error"},
		{"log", 0, 0, "math domain error"},
		{"log", 2, 1, "float division by zero"},
		{"log10", 0, 0, "math domain error"},
		{"floor", math.Inf(1), 0, "cannot convert float infinity to integer"},
		{"cube", 1, 1, "Unknown operation: cube"},
		{"add", []any{1}, 1, "list"},
	} {
		r := run(t, "MathOperationNode", node.Values{"operation": c.operation, "a": c.a, "b": c.b}, nil)
		require.ErrorContains(t, r.Err, c.want, "%s %v %v", c.operation, c.a, c.b)
	}
}

func TestMathOperation_Rounding(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		x      float64
		digits int
		want   string
	}{
		{2.675, 2, "2.67"},
		{0.5, 0, "0.0"},
		{1.5, 0, "2.0"},
		{-0.4, 0, "-0.0"},
		{1250, -2, "1200.0"},
		{1350, -2, "1400.0"},
		{60, -2, "100.0"},
		{50, -2, "0.0"},
		{4, -3, "0.0"},
		{1e22, 5, "1e+22"},
	} {
		r := run(t, "MathOperationNode", node.Values{"a": c.x, "round_digits": c.digits}, nil)
		require.NoError(t, r.Err)
		require.Equal(t, c.want, value.Str(r.Output("result")), "round(%v, %d)", c.x, c.digits)
	}
}

func TestComparison_NotANumber(t *testing.T) {
	t.Parallel()
	for _, operator := range []string{"<", "<=", ">", ">=", "=="} {
		r := run(t, "ComparisonNode", node.Values{"a": math.NaN(), "b": 1, "operator": operator}, nil)
		require.NoError(t, r.Err)
		require.Equal(t, false, r.Output("result"), operator)
	}
	r := run(t, "ComparisonNode", node.Values{"a": "x", "b": 1, "operator": ">="}, nil)
	require.EqualError(t, r.Err, "'>=' not supported between instances of 'str' and 'int'")
	r = run(t, "ComparisonNode", node.Values{"operator": "~"}, nil)
	require.EqualError(t, r.Err, "Unknown operator: ~")
}

func TestCreateDict_Keys(t *testing.T) {
	t.Parallel()
	r := run(t, "CreateDictNode", node.Values{"key_1": 7, "value_1": "seven", "key_2": "", "value_2": 1, "key_4": "last"}, nil)
	require.NoError(t, r.Err)
	require.Equal(t, "{7: 'seven', 'last': None}", value.Str(r.Output("dict")))
	r = run(t, "CreateDictNode", node.Values{"key_1": []any{1}}, nil)
	require.EqualError(t, r.Err, "input 'key_1': a list cannot be a key")
}

func TestCreateList_MoreItemsThanShown(t *testing.T) {
	t.Parallel()
	r := run(t, "CreateListNode", node.Values{"item_1": "a", "item_2": nil, "item_10": "j"}, nil)
	require.NoError(t, r.Err)
	require.Equal(t, "['a', 'j']", value.Str(r.Output("list")))
}

func TestTextsMadeWithSecretsAreSecrets(t *testing.T) {
	t.Parallel()
	vars := node.Values{"p": value.NewSecret("hidden"), "d": node.Values{"p": value.NewSecret("hidden")}}
	for typ, config := range map[string]node.Values{
		"ConcatenateNode":  {"string_1": "a", "string_2": "{{p}}"},
		"FormatStringNode": {"template": "a{p}", "variables": "{{d}}"},
	} {
		r := run(t, typ, config, vars)
		require.NoError(t, r.Err, typ)
		require.Equal(t, value.NewSecret("ahidden"), r.Output("result"), typ)
	}
}
