package utility_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"casare/node"
	"casare/node/nodetest"
	"casare/value"
)

// What CPython makes of values and parameters; see testdata/record.py.
func TestTransformAndValidate_AsCPython(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("testdata/python.json")
	require.NoError(t, err)
	loaded, err := value.Loads(string(raw))
	require.NoError(t, err)
	cases, _ := loaded.(value.List)
	require.Greater(t, len(cases), 500)
	for _, v := range cases {
		c, _ := v.(*value.Dict)
		if c.GetText("type") == "TransformNode" {
			compareTransform(t, c)
			continue
		}
		compareValidate(t, c)
	}
}

func run(t *testing.T, c *value.Dict, prefix string) nodetest.Result {
	t.Helper()
	given, _ := c.Get("value")
	param, _ := c.Get("param")
	config := node.Values{prefix + "_type": c.GetText("kind"), prefix + "_param": param}
	return nodetest.Run(t.Context(), node.Default, nodetest.Case{
		Type: c.GetText("type"), Config: config.Dict(), Inputs: node.Values{"value": given}.Dict(),
	})
}

func compareTransform(t *testing.T, c *value.Dict) {
	t.Helper()
	r := run(t, c, "transform")
	if want, ok := c.Get("error"); ok {
		require.EqualError(t, r.Err, "Transform error: "+value.Str(want), value.Repr(c))
		require.Equal(t, false, r.Output("success"))
		require.Equal(t, r.Err.Error(), r.Output("error"))
		require.Zero(t, r.Host.Changed().Len())
		return
	}
	require.NoError(t, r.Err, value.Repr(c))
	want, _ := c.Get("result")
	require.Equal(t, value.Repr(want), value.Repr(r.Output("result")), value.Repr(c))
	stored, ok := r.Host.Var("transformed")
	require.True(t, ok)
	require.Equal(t, value.Repr(want), value.Repr(stored))
}

func compareValidate(t *testing.T, c *value.Dict) {
	t.Helper()
	r := run(t, c, "validation")
	if want, ok := c.Get("error"); ok {
		require.EqualError(t, r.Err, "Validation error: "+value.Str(want), value.Repr(c))
		require.Equal(t, "invalid", node.AsError(r.Err, "").Port)
		require.Equal(t, false, r.Output("is_valid"))
		return
	}
	require.NoError(t, r.Err, value.Repr(c))
	require.Equal(t, c.GetText("result"), r.Output("error_message"), value.Repr(c))
	require.Equal(t, c.GetText("result") == "", r.Output("is_valid"))
}

func TestValidate_Texts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind         string
		value, param any
		want         string
	}{
		{"not_empty", nil, nil, "Value is empty"},
		{"not_empty", 0, nil, ""},
		{"not_empty", node.Values{}, nil, "Value is empty"},
		{"is_number", true, nil, ""},
		{"is_integer", true, nil, "Expected integer, got bool"},
		{"is_integer", 1.0, nil, "Expected integer, got float"},
		{"is_string", nil, nil, "Expected string, got NoneType"},
		{"min_length", "a", nil, "Minimum length required"},
		{"max_length", 5, 1, "Value has no length"},
		{"min_value", "5", 1, "Value must be numeric"},
		{"in_list", "a", nil, "List of allowed values required"},
		{"matches_regex", 5, "a", "Value must be string for regex match"},
		{"matches_regex", "a", "", "Regex pattern required"},
		{"is_email", "a@b.co\n", nil, ""},
		{"is_email", "a@b", nil, "Invalid email format"},
		{"is_url", "https:// x", nil, "Invalid URL format"},
		{"custom", "a", nil, "Validation type not implemented: custom"},
		{"nonsense", "a", nil, "Unknown validation type: nonsense"},
	} {
		config := node.Values{"validation_type": c.kind, "validation_param": c.param, "value": c.value, "error_message": "unused"}
		r := nodetest.Run(t.Context(), node.Default, nodetest.Case{Type: "ValidateNode", Config: config.Dict()})
		require.NoError(t, r.Err)
		require.Equal(t, c.want, r.Output("error_message"), "%s of %v", c.kind, c.value)
		want := []string{"invalid"}
		if c.want == "" {
			want = []string{"valid"}
		}
		require.Equal(t, want, r.Next())
	}
}
