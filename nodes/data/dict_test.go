package data_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"casare/node"
	"casare/node/nodetest"
	"casare/value"
)

func TestDicts(t *testing.T) {
	t.Parallel()
	numbers := value.DictOf(value.Pair{Key: 1, Value: "one"}, value.Pair{Key: "2", Value: "two"})
	vars := node.Values{"numbers": numbers, "d": node.Values{"a": 1}, "path": "a"}
	for _, c := range []struct {
		typ, port string
		config    node.Values
		want      string
	}{
		{"DictGetNode", "value", node.Values{"dict": "{{numbers}}", "key": 1}, "'one'"},
		{"DictGetNode", "value", node.Values{"dict": "{{numbers}}", "key": true}, "'one'"},
		{"DictGetNode", "value", node.Values{"dict": "{{numbers}}", "key": 1.0}, "'one'"},
		{"DictGetNode", "value", node.Values{"dict": "{{numbers}}", "key": 2}, "'two'"},
		{"DictGetNode", "found", node.Values{"dict": "{{numbers}}", "key": "1"}, "False"},
		{"DictGetNode", "value", node.Values{"dict": "{{numbers}}", "key": 1.5, "default": "{{path}}"}, "'a'"},
		{"DictGetNode", "value", node.Values{"dict": "{{numbers}}", "key": []any{1}}, "fails: unhashable type: 'list'"},
		{"DictGetNode", "found", node.Values{}, "False"},
		{"DictGetNode", "found", node.Values{"dict": "", "key": "a"}, "False"},
		{"DictGetNode", "found", node.Values{"dict": "d", "key": "a"}, "fails: Input is not a dictionary"},
		{"DictHasKeyNode", "has_key", node.Values{"dict": []any{1}, "key": "a"}, "fails: Input is not a dictionary"},
		{"DictHasKeyNode", "has_key", node.Values{"dict": []any{}, "key": "a"}, "False"},
		{"DictSetNode", "result", node.Values{"dict": "no dict", "key": "a"}, "{'a': None}"},
		{"DictSetNode", "result", node.Values{"dict": "{{d}}", "key": 7, "value": "{{d}}"}, "{'a': 1, 7: {'a': 1}}"},
		{"DictSetNode", "result", node.Values{"dict": "{{d}}", "key": "{{path}}", "value": 2}, "{'a': 2}"},
		{"DictSetNode", "result", node.Values{"key": 0}, "fails: Key is required"},
		{"DictSetNode", "result", node.Values{"key": 1.5}, "fails: input 'key': a float cannot be a key"},
		{"DictSetNode", "result", node.Values{"key": []any{1}}, "fails: unhashable type: 'list'"},
		{"DictRemoveNode", "result", node.Values{"dict": "{{numbers}}", "key": 2}, "{1: 'one'}"},
		{"DictMergeNode", "result", node.Values{"dict_1": "{{numbers}}", "dict_2": node.Values{"2": 2}}, "{1: 'one', '2': 2}"},
		{"DictMergeNode", "result", node.Values{"dict1": "{{d}}", "dict2": "no dict"}, "{'a': 1}"},
		{"DictKeysNode", "keys", node.Values{"dict": "{{numbers}}"}, "[1, '2']"},
		{"DictValuesNode", "values", node.Values{}, "[]"},
		{"DictItemsNode", "items", node.Values{"dict": "{{numbers}}"}, "[{'key': 1, 'value': 'one'}, {'key': '2', 'value': 'two'}]"},
		{"DictToJsonNode", "json_string", node.Values{"dict": "{{numbers}}"}, `'{"1": "one", "2": "two"}'`},
		{"DictToJsonNode", "json_string", node.Values{"dict": "{{numbers}}", "sort_keys": true}, "fails: '<' not supported between instances of 'str' and 'int'"},
		{"DictToJsonNode", "json_string", node.Values{"dict": []any{1}, "indent": 0}, `'[\n1\n]'`},
		{"DictToJsonNode", "json_string", node.Values{"dict": []any{1}, "indent": "2"}, `'[\n  1\n]'`},
		{"DictToJsonNode", "json_string", node.Values{"dict": []any{1}, "indent": ""}, `'[1]'`},
		{"DictToJsonNode", "json_string", node.Values{"dict": []any{}}, `'{}'`},
		{"DictToJsonNode", "json_string", node.Values{"dict": []any{value.Bytes("x")}}, `'["b\'x\'"]'`},
		{"GetPropertyNode", "value", node.Values{"object": node.Values{"a": node.Values{"b": 1}}, "property_path": ".a..b."}, "1"},
		{"GetPropertyNode", "value", node.Values{"object": "{{d}}"}, "{'a': 1}"},
		{"GetPropertyNode", "value", node.Values{"object": "{{d}}", "property_path": "{{path}}"}, "1"},
		{"GetPropertyNode", "value", node.Values{"object": []any{1}}, "fails: Input is not a dictionary"},
		{"JsonParseNode", "data", node.Values{"json_string": `{"$bytes": "YQ=="}`}, "{'$bytes': 'YQ=='}"},
		{"JsonParseNode", "data", node.Values{"json_string": "[NaN, -Infinity, 1e999]"}, "[nan, -inf, inf]"},
		{"JsonParseNode", "data", node.Values{"json_string": value.Bytes("\ufeff[1]")}, "[1]"},
		{"JsonParseNode", "data", node.Values{"json_string": value.Bytes("[\xff]")}, "fails: the bytes are no UTF-8 text"},
		{"JsonParseNode", "data", node.Values{"json_string": "\ufeff[1]"}, "fails: Unexpected UTF-8 BOM (decode using utf-8-sig): line 1 column 1 (char 0)"},
		{"JsonParseNode", "data", node.Values{"json_string": []any{1}}, "fails: the JSON object must be str, bytes or bytearray, not list"},
		{"ParseJSONNode", "data", node.Values{"json_string": "null"}, "None"},
		{"DictSuperNode", "dict", node.Values{"action": "Create Dict", "key1": "", "value1": 1, "key2": 7}, "{'': 1, '7': None}"},
		{"DictSuperNode", "value", node.Values{"dict": "no dict", "key": "a", "default_value": 5}, "5"},
		{"DictSuperNode", "found", node.Values{"dict": "{{numbers}}", "key": 2}, "True"},
		{"DictSuperNode", "has_key", node.Values{"action": "Has Key", "dict": "{{d}}"}, "False"},
		{"DictSuperNode", "value", node.Values{"action": "Get Property", "dict": "{{d}}", "path": ""}, "{'a': 1}"},
		{"DictSuperNode", "value", node.Values{"action": "Get Property", "dict": "{{d}}", "path": "a/b", "separator": "/"}, "None"},
		{"DictSuperNode", "value", node.Values{"action": "Get Property", "dict": "{{d}}", "path": "a", "separator": ""}, "fails: empty separator"},
		{"DictSuperNode", "dict", node.Values{"action": "Set Value", "dict": "{{d}}", "value": 1}, "fails: Key is required"},
		{"DictSuperNode", "dict", node.Values{"action": "Remove Key", "dict": "{{d}}", "key": "b"}, "fails: Key not found: b"},
		{"DictSuperNode", "merged", node.Values{"action": "Merge", "dict_1": "{{d}}", "dict2": 5}, "{'a': 1}"},
		{"DictSuperNode", "error", node.Values{"action": "Parse JSON"}, "'Expecting value: line 1 column 1 (char 0)'"},
		{"DictSuperNode", "error", node.Values{"action": "Parse JSON", "json_string": "{{d}}"}, "'Expecting property name enclosed in double quotes: line 1 column 2 (char 1)'"},
		{"DictSuperNode", "data", node.Values{"action": "Parse JSON", "json_string": "[1, 15.0]"}, "[1, 15.0]"},
		{"DictSuperNode", "json_string", node.Values{"action": "To JSON"}, "'null'"},
		{"DictSuperNode", "json_string", node.Values{"action": "To JSON", "data": node.Values{"é": 1}, "indent": 1}, `'{\n "é": 1\n}'`},
		{"DictSuperNode", "", node.Values{"action": "Get"}, "fails: Unknown action: Get"},
	} {
		require.Equal(t, c.want, output(t, c.typ, c.port, c.config, vars), "%s %v", c.typ, c.config)
	}
}

// A failing step still says so by its outputs, for whoever catches it.
func TestDictSuper_OutputsOfAFailure(t *testing.T) {
	t.Parallel()
	r := run(t, "DictSuperNode", node.Values{"action": "To JSON", "data": value.Bytes("x")}, nil)
	require.EqualError(t, r.Err, "Object of type bytes is not JSON serializable")
	require.Equal(t, "{'json_string': '', 'success': False}", value.Repr(r.Outcome.Outputs))
	r = run(t, "DictSuperNode", node.Values{"action": "Parse JSON", "json_string": strings.Repeat("9", 40_000)}, nil)
	require.Equal(t, value.LimitError, value.KindOf(r.Err))
	require.Equal(t, false, r.Output("success"))
}

// A dict a step was given stays as it was.
func TestDicts_LeaveTheirInputAlone(t *testing.T) {
	t.Parallel()
	d := value.DictOf(value.Pair{Key: "a", Value: value.DictOf(value.Pair{Key: "b", Value: int64(1)})})
	for _, c := range []nodetest.Case{
		{Type: "DictSetNode", Config: node.Values{"key": "a"}.Dict()},
		{Type: "DictRemoveNode", Config: node.Values{"key": "a"}.Dict()},
		{Type: "DictMergeNode", Config: node.Values{"dict_2": node.Values{"a": 1}}.Dict()},
		{Type: "DictSuperNode", Config: node.Values{"action": "Set Value", "key": "a"}.Dict()},
		{Type: "DictSuperNode", Config: node.Values{"action": "Remove Key", "key": "a"}.Dict()},
		{Type: "DictSuperNode", Config: node.Values{"action": "Merge", "dict2": node.Values{"a": node.Values{"b": 2}}, "deep_merge": true}.Dict()},
	} {
		c.Inputs = value.DictOf(value.Pair{Key: "dict", Value: d}, value.Pair{Key: "dict_1", Value: d}, value.Pair{Key: "dict1", Value: d})
		r := nodetest.Run(t.Context(), node.Default, c)
		require.NoError(t, r.Err, c.Type)
		require.Equal(t, "{'a': {'b': 1}}", value.Repr(d), c.Type)
	}
}

func TestDictToJSON_SecretStaysSecret(t *testing.T) {
	t.Parallel()
	r := run(t, "DictToJsonNode", node.Values{"dict": "{{d}}"}, node.Values{"d": node.Values{"p": value.NewSecret("hidden")}})
	require.NoError(t, r.Err)
	require.True(t, value.Equal(value.NewSecret(`{"p": "hidden"}`), r.Output("json_string")))
	require.Equal(t, "'***'", value.Repr(r.Output("json_string")))
}

func TestDataCompare(t *testing.T) {
	t.Parallel()
	one, two := node.Values{"id": 1, "n": "Ann"}, node.Values{"id": 2, "n": "Bob"}
	for _, c := range []struct {
		name      string
		a, b      []any
		config    node.Values
		port      string
		want      string
		different bool
	}{
		{"by place", []any{one, two}, []any{one}, nil, "only_in_a", "[{'id': 2, 'n': 'Bob'}]", true},
		{"the key of a place", []any{one}, []any{one}, nil, "matched", "[{'key': {'index': 0}, 'row_a': {'id': 1, 'n': 'Ann'}, " +
			"'row_b': {'id': 1, 'n': 'Ann'}, 'is_modified': False, 'different_columns': []}]", false},
		{"places count what is no row", []any{one, "x", two}, []any{one, two}, nil, "only_in_b", "[{'id': 2, 'n': 'Bob'}]", true},
		{
			"only rows count",
			[]any{one, "x"},
			[]any{nil, one},
			node.Values{"key_columns": "id"},
			"diff_summary",
			"{'added_count': 0, 'removed_count': 0, 'modified_count': 0, 'matched_count': 1, 'total_a': 1, 'total_b': 1, 'key_columns': ['id']}", false,
		},
		{"equal keys pair in order", []any{one, one, one}, []any{one, one}, node.Values{"key_columns": " id , "}, "only_in_a", "[{'id': 1, 'n': 'Ann'}]", true},
		{"numbers by value", []any{node.Values{"id": 1.0}}, []any{node.Values{"id": true}}, node.Values{"key_columns": "id"}, "only_in_a", "[]", false},
		{"large letters differ", []any{node.Values{"n": "ANN"}}, []any{node.Values{"n": "ann"}}, node.Values{"key_columns": "n"}, "only_in_a", "[{'n': 'ANN'}]", true},
		{
			"or not",
			[]any{node.Values{"n": "ANN", "c": "X"}},
			[]any{node.Values{"n": "ann", "c": "x"}},
			node.Values{"key_columns": "n", "case_sensitive": "no"},
			"only_in_a", "[]", false,
		},
		{"only presence", []any{one}, []any{node.Values{"id": 1}}, node.Values{"key_columns": "id", "compare_all_columns": false}, "only_in_b", "[]", false},
		{"a missing column is null", []any{node.Values{"id": 1, "x": nil}}, []any{node.Values{"id": 1}}, node.Values{"key_columns": "id"}, "only_in_b", "[]", false},
		{"a missing key is null", []any{node.Values{"x": 1}}, []any{node.Values{"id": nil, "x": 1}}, node.Values{"key_columns": "id"}, "only_in_b", "[]", false},
	} {
		config := node.Values{"data_a": c.a, "data_b": c.b}
		maps.Copy(config, c.config)
		r := run(t, "DataCompareNode", config, nil)
		require.NoError(t, r.Err, c.name)
		require.Equal(t, c.want, value.Repr(r.Output(c.port)), c.name)
		require.Equal(t, c.different, r.Output("has_differences"), c.name)
	}
	r := run(t, "DataCompareNode", node.Values{"data_a": []any{node.Values{"id": []any{}}}, "key_columns": "id"}, nil)
	require.EqualError(t, r.Err, "unhashable type: 'list'")
	r = nodetest.Run(t.Context(), node.Default, nodetest.Case{Type: "DataCompareNode", Inputs: node.Values{"data_a": "text", "data_b": 5}.Dict()})
	require.NoError(t, r.Err)
	require.Equal(t, false, r.Output("has_differences"))
}
