package system_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"casare/node"
	"casare/node/nodetest"
	_ "casare/nodes/system"
	"casare/value"
)

func run(t *testing.T, typ string, given, vars node.Values) *nodetest.Result {
	t.Helper()
	r := nodetest.Run(t.Context(), node.Default, nodetest.Case{Type: typ, Config: given.Dict(), Vars: vars.Dict()})
	return &r
}

func TestAssert_Conditions(t *testing.T) {
	t.Parallel()
	vars := node.Values{"n": 5, "t": "5", "name": "Ann", "yes": true, "no": "false", "list": []any{1, 2}, "none": nil}
	for _, c := range []struct {
		condition, value any
		want             string // passes, fails, or a part of the error
	}{
		{true, nil, "passes"},
		{false, nil, "fails"},
		{1, nil, "passes"},
		{0.0, nil, "fails"},
		{[]any{}, nil, "fails"},
		{"true", nil, "passes"},
		{"FALSE", nil, "fails"},
		{"", nil, "fails"},
		{"0", nil, "fails"},
		{"None", nil, "fails"},
		{"null", nil, "fails"},
		{"some words", nil, "passes"},
		{"5 > 3", nil, "passes"},
		{"10 >= 9", nil, "passes"},
		{"b > a", nil, "passes"},
		{"1 == 1.0", nil, "passes"},
		{"a == a", nil, "passes"},
		{"a != 'a'", nil, "fails"},
		{"{{n}} > 4", nil, "passes"},
		{"{{t}} == 5", nil, "passes"},
		{"{{name}} == Ann", nil, "passes"},
		{"{{name}} == 'Ann'", nil, "passes"},
		{"name == \"Bob\"", nil, "fails"},
		{"n <= 5", nil, "passes"},
		{"{{yes}}", nil, "passes"},
		{"{{no}}", nil, "fails"},
		{"value > 3", 5, "passes"},
		{"value > 3", "5", "passes"},
		{"value > 3", 3, "fails"},
		{"value == done", "done", "passes"},
		{"value", 0, "fails"},
		{"value", []any{0}, "passes"},
		{"value", nil, "passes"},
		{"value > 3 and value < 10", 5, "passes"},
		{"value > 3 and value < 10", 15, "fails"},
		{"len(value) == 2", []any{1, 2}, "passes"},
		{"2 in list", nil, "passes"},
		{"not list", nil, "fails"},
		{"len({{list}}) > 2", nil, "fails"},
		{"value > 3", "x", "not supported between"},
		{"x > 3", nil, "not supported"},
		{nil, 1, "Condition is required"},
		{"nan > 1", nil, "fails"},
	} {
		for _, wired := range []bool{false, true} {
			given := node.Values{"condition": c.condition, "value": c.value}
			in := nodetest.Case{Type: "AssertSystemNode", Config: given.Dict(), Vars: vars.Dict()}
			if wired {
				in.Config, in.Inputs = nil, in.Config
			}
			r := nodetest.Run(t.Context(), node.Default, in)
			switch c.want {
			case "passes":
				require.NoError(t, r.Err, c.condition)
				require.Equal(t, "Assertion passed", r.Output("message"))
			case "fails":
				require.EqualError(t, r.Err, "Assertion failed", c.condition)
				require.Equal(t, "Assertion failed", r.Output("message"))
			default:
				require.ErrorContains(t, r.Err, c.want, c.condition)
				require.Equal(t, r.Err.Error(), r.Output("message"))
			}
			require.Equal(t, c.want == "passes", r.Output("passed"), c.condition)
		}
	}
}

func TestBase64_Reads(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"aGVsbG8=": "hello", "aGVs\nbG8=": "hello", "aGVsbG8=aGVsbG8=": "hello", "a=G=VsbG8=": "hello", "!!!": "", "====": "", "aGVsbG8==": "hello",
		"aA==": "h", "aGk=": "hi", "aGkx": "hi1", "a-G_k=": "hi", "aA=!=": "h",
	} {
		r := run(t, "Base64Node", node.Values{"action": "decode", "input_text": text}, nil)
		require.NoError(t, r.Err, text)
		require.Equal(t, want, r.Output("output"), text)
	}
	for text, want := range map[string]string{
		"aGk": "Incorrect padding", "a": "(1) cannot be 1 more", "aGkxa": "(5) cannot be 1 more", "aA=": "Incorrect padding", "/w==": "UTF-8", "": "Input text is required",
	} {
		r := run(t, "Base64Node", node.Values{"action": "decode", "input_text": text}, nil)
		require.ErrorContains(t, r.Err, want, text)
		require.Equal(t, false, r.Output("success"))
		require.Empty(t, r.Output("output"))
	}
	for n := range 20 {
		text := strings.Repeat("é", n+1)
		written := run(t, "Base64Node", node.Values{"input_text": text}, nil).Output("output")
		require.Equal(t, base64.StdEncoding.EncodeToString([]byte(text)), written)
		require.Equal(t, text, run(t, "Base64Node", node.Values{"input_text": written, "action": "decode"}, nil).Output("output"))
	}
}

func TestUUIDs_Count(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		given   node.Values
		count   int
		version string
	}{
		{nil, 1, "4"},
		{node.Values{"count": 0}, 1, "4"},
		{node.Values{"count": "7", "uuid_version": 1}, 7, "1"},
		{node.Values{"count": 500, "uuid_version": "1"}, 100, "1"},
		{node.Values{"count": -3, "uuid_version": "5"}, 1, "4"},
	} {
		r := run(t, "UUIDGeneratorNode", c.given, nil)
		require.NoError(t, r.Err)
		all, ok := r.Output("uuids").(value.List)
		require.True(t, ok)
		require.Len(t, all, c.count)
		require.Equal(t, all[0], r.Output("uuid"))
		seen := map[value.Value]bool{}
		for _, id := range all {
			require.Regexp(t, "^[0-9a-f]{8}-[0-9a-f]{4}-"+c.version+"[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$", id)
			seen[id] = true
		}
		require.Len(t, seen, c.count)
	}
}
