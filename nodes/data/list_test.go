package data_test

import (
	"context"
	"maps"
	"testing"

	"github.com/stretchr/testify/require"

	"casare/node"
	"casare/node/nodetest"
	"casare/value"
	"casare/workflow"
)

// output runs a step and returns one of its outputs as Python prints it; the error's text where it fails.
func output(t *testing.T, typ, port string, config, vars node.Values) string {
	t.Helper()
	r := run(t, typ, config, vars)
	if r.Err != nil {
		return "fails: " + r.Err.Error()
	}
	return value.Repr(r.Output(port))
}

// The texts of the form may name variables; what comes by wire may not.
func TestLists_NamesOfVariables(t *testing.T) {
	t.Parallel()
	vars := node.Values{
		"xs": []any{3, 1, 2}, "one": 1, "two": "2", "sep": "|", "x": "X", "key": "n", "less_than": nil, "how": "greater_than", "nothing": nil,
		"rows": []any{node.Values{"n": 2}, node.Values{"n": 1}}, "name": "xs",
	}
	for _, c := range []struct {
		typ, port string
		config    node.Values
		want      string
	}{
		{"ListLengthNode", "length", node.Values{"list": "xs"}, "3"},
		{"ListLengthNode", "length", node.Values{"list": " xs "}, "3"},
		{"ListLengthNode", "length", node.Values{"list": "{{name}}"}, "3"},
		{"ListLengthNode", "length", node.Values{"list": "{{nope}}"}, "0"},
		{"ListLengthNode", "length", node.Values{"list": "{{a.b}}"}, "0"},
		{"ListLengthNode", "length", node.Values{"list": "nothing"}, "0"},
		{"ListLengthNode", "length", node.Values{"list": ""}, "fails: Input is not a list"},
		{"ListLengthNode", "length", node.Values{"list": "x"}, "fails: Input is not a list"},
		{"ListLengthNode", "length", node.Values{"list": 5}, "fails: Input is not a list"},
		{"ListLengthNode", "length", node.Values{}, "0"},
		{"ListLengthNode", "length", node.Values{"items": "xs"}, "3"},
		{"ListGetItemNode", "item", node.Values{"list": "xs", "index": "one"}, "1"},
		{"ListGetItemNode", "item", node.Values{"list": "xs", "index": "two"}, "2"},
		{"ListGetItemNode", "item", node.Values{"list": "xs", "index": "2"}, "2"},
		{"ListGetItemNode", "item", node.Values{"list": "xs", "index": "{{one}}"}, "1"},
		{"ListGetItemNode", "item", node.Values{"list": "xs"}, "3"},
		{"ListGetItemNode", "item", node.Values{"list": "xs", "index": -4}, "fails: List index out of range: -1"},
		{"ListAppendNode", "result", node.Values{"list": "xs", "item": "x"}, "[3, 1, 2, 'X']"},
		{"ListAppendNode", "result", node.Values{"list": "xs", "item": " x "}, "[3, 1, 2, ' x ']"},
		{"ListAppendNode", "result", node.Values{"list": "xs", "item": "y"}, "[3, 1, 2, 'y']"},
		{"ListAppendNode", "result", node.Values{"list": "x", "item": "y"}, "['X', 'y']"},
		{"ListAppendNode", "result", node.Values{"item": "y"}, "['y']"},
		{"ListContainsNode", "index", node.Values{"list": "xs", "item": "one"}, "1"},
		{"ListSliceNode", "result", node.Values{"list": "xs", "start": "one", "end": "two"}, "[1]"},
		{"ListSliceNode", "result", node.Values{"list": "xs", "start": "zero"}, "fails: input 'start': invalid literal for int() with base 10: 'zero'"},
		{"ListSliceNode", "result", node.Values{"list": "xs", "end": ""}, "[3, 1, 2]"},
		{"ListJoinNode", "result", node.Values{"list": "xs", "separator": "sep"}, "'3|1|2'"},
		{"ListJoinNode", "result", node.Values{"list": "xs", "separator": " x "}, "'3 x 1 x 2'"},
		{"ListJoinNode", "result", node.Values{"list": "xs", "separator": nil}, "'3, 1, 2'"},
		{"ListSortNode", "result", node.Values{"list": "rows", "key_path": "key"}, "[{'n': 1}, {'n': 2}]"},
		{"ListSortNode", "result", node.Values{"list": "xs", "reverse": "yes"}, "[3, 2, 1]"},
		{"ListFilterNode", "result", node.Values{"list": "xs", "condition": "how", "value": "one"}, "[3, 2]"},
		{"ListFilterNode", "result", node.Values{"list": "xs", "condition": "less_than", "value": 2}, "[1]"},
		{"ListMapNode", "result", node.Values{"list": "rows", "transform": "get_property", "key_path": "{{key}}"}, "[2, 1]"},
		{"ListReduceNode", "result", node.Values{"list": "xs", "operation": "join", "initial": "sep"}, "'3|1|2'"},
		{"ListReduceNode", "result", node.Values{"list": "xs", "operation": "median"}, "fails: Unknown operation: median"},
		{"ListReduceNode", "result", node.Values{"operation": "median"}, "None"},
		{"ListFlattenNode", "result", node.Values{"list": []any{[]any{[]any{1}}}, "depth": "two"}, "[1]"},
		{"ListFlattenNode", "result", node.Values{"depth": 101}, "fails: Flatten depth 101 exceeds maximum 100. Possible circular reference."},
		{"CreateListNode", "list", node.Values{"item_1": "x", "item_2": "y", "item_3": "nothing"}, "['X', 'y', 'nothing']"},
		{"ListSuperNode", "length", node.Values{"action": "Length", "list": "xs"}, "3"},
		{"ListSuperNode", "item", node.Values{"list": "xs", "index": "one"}, "1"},
		{"ListSuperNode", "length", node.Values{"action": "Append", "list": "nope", "item": 1}, "1"},
		{"DataCompareNode", "has_differences", node.Values{"data_a": "rows", "data_b": "{{rows}}"}, "False"},
	} {
		require.Equal(t, c.want, output(t, c.typ, c.port, c.config, vars), "%s %v", c.typ, c.config)
	}
	for _, c := range []struct{ typ, port, want string }{
		{"ListAppendNode", "result", "['xs', 'x']"}, {"ListSuperNode", "item", "None"}, {"CreateListNode", "list", "['x']"},
	} {
		r := nodetest.Run(t.Context(), node.Default, nodetest.Case{
			Type: c.typ, Inputs: node.Values{"list": "xs", "item": "x", "item_1": "x"}.Dict(), Vars: vars.Dict(),
		})
		require.NoError(t, r.Err)
		require.Equal(t, c.want, value.Repr(r.Output(c.port)), c.typ)
	}
}

func TestListSuper_ByAction(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		port   string
		config node.Values
		want   string
	}{
		{"item", node.Values{"list": []any{1}, "index": -1, "negative_index": false, "default_value": 0.5}, "0.5"},
		{"item", node.Values{"list": []any{1}, "index": -2}, "None"},
		{"item", node.Values{"list": []any{1}}, "1"},
		{"slice", node.Values{"action": "Slice", "list": []any{1, 2, 3}, "step": 0}, "[1, 2, 3]"},
		{"sorted", node.Values{"action": "Sort", "list": []any{10, "9", nil}}, "[10, '9', None]"},
		{"sorted", node.Values{"action": "Sort", "list": []any{node.Values{"n": 1}, node.Values{"n": "a"}}, "sort_key": "n"}, "fails: '<' not supported between instances of 'dict' and 'dict'"},
		{"unique", node.Values{"action": "Unique", "list": []any{3, 1, 3, 2}, "preserve_order": false}, "[1, 2, 3]"},
		{"unique", node.Values{"action": "Unique", "list": []any{3, "a", 3}, "preserve_order": false}, "[3, 'a']"},
		{"unique", node.Values{"action": "Unique", "list": []any{[]any{2}, []any{1}, []any{2.0}}, "preserve_order": false}, "[[2], [1]]"},
		{"result", node.Values{"action": "Reduce", "list": []any{1}, "reduce_operation": "custom"}, "[1]"},
		{"result", node.Values{"action": "Reduce", "list": []any{1, "a"}}, "fails: unsupported operand type(s) for +: 'int' and 'str'"},
		{"result", node.Values{"action": "Reduce", "list": []any{"a", 1}, "reduce_operation": "concat"}, "fails: sequence item 1: expected str instance, int found"},
		{"result", node.Values{"action": "Reduce", "list": []any{3, 4}, "reduce_operation": "product", "initial": "ab"}, "'abababababababababababab'"},
		{"", node.Values{"action": "Shuffle"}, "fails: Unknown action: Shuffle"},
	} {
		require.Equal(t, c.want, output(t, "ListSuperNode", c.port, c.config, nil), "%v", c.config)
	}
}

func TestLists_Expressions(t *testing.T) {
	t.Parallel()
	vars := node.Values{"limit": 2, "cond": "x >= limit", "x": 100, "w": "b"}
	for _, c := range []struct {
		port   string
		config node.Values
		want   string
	}{
		{"filtered", node.Values{"action": "Filter", "expression": "x > {{limit}} or i == 0"}, "[1, 3]"},
		{"filtered", node.Values{"action": "Filter", "expression": "item > limit"}, "[3]"},
		{"filtered", node.Values{"action": "Filter", "expression": "{{cond}}"}, "[2, 3]"},
		{"filtered", node.Values{"action": "Filter"}, "[1, 2, 3]"},
		{"filtered", node.Values{"action": "Filter", "expression": false}, "[]"},
		{"rejected", node.Values{"action": "Filter", "expression": "1 / (x - 2) > 0"}, "[1, 2]"},
		{"rejected", node.Values{"action": "Filter", "expression": "x >"}, "[1, 2, 3]"},
		{"mapped", node.Values{"action": "Map", "expression": "str(x) + '{{w}}'"}, "['1b', '2b', '3b']"},
		{"mapped", node.Values{"action": "Map", "expression": "1 / (x - 2)"}, "[-1.0, 2, 1.0]"},
		{"mapped", node.Values{"action": "Map", "expression": "(x, index)"}, "[[1, 0], [2, 1], [3, 2]]"},
		{"mapped", node.Values{"action": "Map"}, "[1, 2, 3]"},
		{"result", node.Values{"action": "Reduce", "reduce_operation": "custom", "expression": "acc + x * 10"}, "51"},
		{"result", node.Values{"action": "Reduce", "reduce_operation": "custom", "expression": "accumulator + [item + i]", "initial": []any{}}, "[1, 3, 5]"},
		{"result", node.Values{"action": "Reduce", "reduce_operation": "custom", "expression": "acc / (x - 3) if x > 2 else x"}, "2"},
	} {
		config := node.Values{"list": []any{1, 2, 3}}
		maps.Copy(config, c.config)
		require.Equal(t, c.want, output(t, "ListSuperNode", c.port, config, vars), "%v", c.config)
	}
	require.Equal(t, "[10, 21]", output(t, "ListMapNode", "result",
		node.Values{"list": []any{node.Values{"n": 1}, node.Values{"n": 2}}, "key_path": "n", "expression": "x * 10 + i"}, nil))
}

// An expression that takes too much must not take it once per item.
func TestLists_RunawayExpressionFailsTheStep(t *testing.T) {
	t.Parallel()
	for _, config := range []node.Values{
		{"action": "Filter", "expression": "'x' * 10**9"},
		{"action": "Map", "expression": "'x' * 10**9"},
		{"action": "Reduce", "reduce_operation": "custom", "expression": "'x' * 10**9"},
		{"action": "Reduce", "reduce_operation": "product", "initial": "x"},
	} {
		config["list"] = []any{1_000_000_000, 2}
		r := run(t, "ListSuperNode", config, nil)
		require.Equal(t, value.LimitError, value.KindOf(r.Err), "%v", config)
	}
}

func TestLists_ExpressionEndsWithItsStep(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	b, _ := node.Default.Bind(&workflow.Step{
		ID: "n", Type: "ListSuperNode", Config: node.Values{"action": "Map", "list": []any{1}, "expression": "x + 1"}.Dict(),
	})
	_, err := b.Exec(ctx, nodetest.NewHost(nil), nil)
	require.Error(t, err)
}

// What a list was given stays as it was: somebody else may hold it.
func TestLists_LeaveTheirInputAlone(t *testing.T) {
	t.Parallel()
	spare := append(make(value.List, 0, 10), int64(3), int64(1), int64(2))
	for _, c := range []struct {
		typ    string
		config node.Values
	}{
		{"ListAppendNode", node.Values{"item": 9}},
		{"ListSortNode", nil},
		{"ListReverseNode", nil},
		{"ListMapNode", nil},
		{"ListUniqueNode", nil},
		{"ListFlattenNode", nil},
		{"ListSliceNode", nil},
		{"ListSuperNode", node.Values{"action": "Append", "item": 9}},
		{"ListSuperNode", node.Values{"action": "Append", "item": 9, "position": "index", "insert_index": 1}},
		{"ListSuperNode", node.Values{"action": "Append", "item": 9, "position": "start"}},
		{"ListSuperNode", node.Values{"action": "Sort"}},
		{"ListSuperNode", node.Values{"action": "Reverse"}},
		{"ListSuperNode", node.Values{"action": "Map", "expression": "0"}},
		{"ListSuperNode", node.Values{"action": "Filter", "expression": "x > 1"}},
	} {
		r := nodetest.Run(t.Context(), node.Default, nodetest.Case{
			Type: c.typ, Config: c.config.Dict(), Inputs: value.DictOf(value.Pair{Key: "list", Value: spare}),
		})
		require.NoError(t, r.Err, c.typ)
		require.Equal(t, "[3, 1, 2, None]", value.Repr(append(value.List{}, spare[:4]...)), "%s %v", c.typ, c.config)
	}
}

func TestLists_SecretsStaySecret(t *testing.T) {
	t.Parallel()
	vars := node.Values{"xs": []any{"a", value.NewSecret("hidden")}}
	for typ, config := range map[string]node.Values{
		"ListJoinNode":   {"list": "xs"},
		"ListReduceNode": {"list": "xs", "operation": "join"},
		"ListMapNode":    {"list": "{{xs}}", "transform": "to_upper"},
		"ListAppendNode": {"list": "xs", "item": 1},
		"ListSuperNode":  {"list": "xs", "index": 1},
	} {
		r := run(t, typ, config, vars)
		require.NoError(t, r.Err, typ)
		require.NotContains(t, value.Repr(r.Outcome.Outputs), "idden", typ)
		require.NotContains(t, value.Repr(r.Outcome.Outputs), "IDDEN", typ)
		require.Contains(t, value.Repr(r.Outcome.Outputs), "***", typ)
	}
}
