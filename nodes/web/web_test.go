package web_test

import (
	_ "embed"
	"testing"

	"github.com/stretchr/testify/require"

	"casare/node"
	"casare/node/nodetest"
	_ "casare/nodes/web"
	"casare/value"
)

//go:embed testdata/python.json
var recorded []byte

func run(t *testing.T, typ string, given, vars node.Values) *nodetest.Result {
	t.Helper()
	r := nodetest.Run(t.Context(), node.Default, nodetest.Case{Type: typ, Config: given.Dict(), Vars: vars.Dict()})
	return &r
}

func TestPython_BuildURL(t *testing.T) {
	t.Parallel()
	parsed, err := value.ParseJSON(recorded)
	require.NoError(t, err)
	cases, ok := parsed.(value.List)
	require.True(t, ok)
	for _, v := range cases {
		c, ok := v.(value.List)
		require.True(t, ok)
		r := run(t, "BuildUrlNode", node.Values{"base_url": c[0], "path": c[1], "params": c[2]}, nil)
		if c[3] == nil {
			require.ErrorContains(t, r.Err, "Build URL error: ", value.Repr(c))
			continue
		}
		require.NoError(t, r.Err, value.Repr(c))
		require.Equal(t, c[3], r.Output("url"), value.Repr(c))
	}
}

func TestParseJSON_Paths(t *testing.T) {
	t.Parallel()
	data := node.Values{"a": node.Values{"b": []any{1, node.Values{"c": nil}}, "": 3}, "0": "zero", "x y": true}
	for path, want := range map[string]any{
		"a.b[0]": 1, "a.b.0": 1, "a.b[-2]": 1, "[a][b][ 0 ]": 1, "..a..b[0]": 1, "0": "zero", "x y": true, "a.b[1].c": nil, "a.b[٠]": 1,
	} {
		r := run(t, "ParseJsonResponseNode", node.Values{"response": data, "path": path}, nil)
		require.NoError(t, r.Err, path)
		require.True(t, value.Equal(wanted(t, want), r.Output("value")), path)
		require.Equal(t, true, r.Output("success"))
	}
	for path, want := range map[string]string{
		"z":          `JSON parse error: "Key 'z' not found"`,
		"a.b[2]":     "JSON parse error: Invalid list index '2'",
		"a.b[x]":     "JSON parse error: Invalid list index 'x'",
		"a.b[-3]":    "JSON parse error: Invalid list index '-3'",
		"0.x":        "JSON parse error: Cannot access 'x' on str",
		"a.b[0].x":   "JSON parse error: Cannot access 'x' on int",
		"a.b[1].c.d": "JSON parse error: Cannot access 'd' on NoneType",
	} {
		r := run(t, "ParseJsonResponseNode", node.Values{"json_data": data, "path": path}, nil)
		require.EqualError(t, r.Err, want)
		require.Equal(t, want, r.Output("error"))
		require.Equal(t, false, r.Output("success"))
		r = run(t, "ParseJsonResponseNode", node.Values{"json_data": data, "path": path, "default": false}, nil)
		require.NoError(t, r.Err)
		require.Equal(t, false, r.Output("value"))
	}
	require.ErrorContains(t, run(t, "ParseJsonResponseNode", node.Values{"json_data": "{bad"}, nil).Err, "JSON parse error: Invalid JSON: ")
	require.EqualError(t, run(t, "ParseJsonResponseNode", node.Values{"default": 1}, nil).Err, "JSON parse error: No JSON data provided")
	require.EqualError(t, run(t, "ParseJsonResponseNode", node.Values{"json_data": "null"}, nil).Err, "JSON parse error: No JSON data provided")
}

func wanted(t *testing.T, v any) value.Value {
	t.Helper()
	out, err := value.From(v)
	require.NoError(t, err)
	return out
}

func TestHeaders_Together(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		given node.Values
		want  string // of the headers; "" fails
	}{
		{node.Values{"headers": node.Values{"A": "1"}, "header_name": "A", "header_value": 2}, "{'A': 2}"},
		{node.Values{"headers_json": "[1]", "base_headers": `{"A": "1"}`}, "{'A': '1'}"},
		{node.Values{"headers_json": "{bad", "header_name": "A", "header_value": 0}, "{}"},
		{node.Values{"base_headers": []any{}}, "{}"},
		{node.Values{"base_headers": "{bad"}, ""},
		{node.Values{"base_headers": []any{1}}, ""},
	} {
		r := run(t, "SetHttpHeadersNode", c.given, nil)
		if c.want == "" {
			require.ErrorContains(t, r.Err, "Set headers error: ")
			continue
		}
		require.NoError(t, r.Err)
		require.Equal(t, c.want, value.Str(r.Output("headers")))
	}
}

func TestAuth_Kinds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		given node.Values
		want  string // of the headers, or the error
	}{
		{node.Values{"auth_type": "bearer", "token": 5}, "{'Authorization': 'Bearer 5'}"},
		{node.Values{"auth_type": "Basic", "username": "ü", "password": "p:q"}, "{'Authorization': 'Basic w7w6cDpx'}"},
		{node.Values{"auth_type": "APIKEY", "token": "k", "api_key_name": "Key"}, "{'Key': 'k'}"},
		{node.Values{"token": "new", "base_headers": node.Values{"Authorization": "old", "B": 1}}, "{'Authorization': 'Bearer new', 'B': 1}"},
		{node.Values{"auth_type": "Basic", "username": "u"}, "HTTP auth error: Username and password are required for Basic auth"},
		{node.Values{"auth_type": "ApiKey"}, "HTTP auth error: API key is required"},
		{node.Values{"auth_type": "Digest", "token": "t"}, "HTTP auth error: Unknown auth type: Digest"},
		{node.Values{"token": "t", "base_headers": 5}, "HTTP auth error: base_headers is a int, not a dict"},
		{node.Values{"credential_name": "nobody"}, "HTTP auth error: Bearer token is required"},
	} {
		r := run(t, "HttpAuthNode", c.given, nil)
		if r.Err != nil {
			require.EqualError(t, r.Err, c.want)
		} else {
			require.Equal(t, c.want, value.Str(r.Output("headers")))
		}
	}
}

// A header that is made of a secret is one, so that it shows nowhere.
func TestAuth_Secrets(t *testing.T) {
	t.Parallel()
	vars := node.Values{
		"s": value.NewSecret("hidden"), "$secret:api": value.NewSecret("kept"), "$secret:login": value.NewSecret("ann:pw"),
		"$secret:pw": value.NewSecret("pw"),
	}
	for _, c := range []struct {
		given  node.Values
		header string
		want   string
	}{
		{node.Values{"token": "{{s}}"}, "Authorization", "Bearer hidden"},
		{node.Values{"auth_type": "ApiKey", "credential_name": "api", "token": "other"}, "X-API-Key", "kept"},
		{node.Values{"auth_type": "Basic", "credential_name": "login"}, "Authorization", "Basic YW5uOnB3"},
		{node.Values{"auth_type": "Basic", "credential_name": "pw", "username": "ann"}, "Authorization", "Basic YW5uOnB3"},
		{node.Values{"auth_type": "Basic", "username": "ann", "password": "{{s}}"}, "Authorization", "Basic YW5uOmhpZGRlbg=="},
	} {
		r := run(t, "HttpAuthNode", c.given, vars)
		require.NoError(t, r.Err)
		headers, ok := r.Output("headers").(*value.Dict)
		require.True(t, ok)
		v, _ := headers.Get(c.header)
		secret, ok := v.(value.Secret)
		require.True(t, ok, value.Repr(v))
		require.Equal(t, c.want, secret.Reveal())
		require.NotContains(t, value.Str(headers), "hidden")
	}
	r := run(t, "BuildUrlNode", node.Values{"base_url": "http://h", "params": node.Values{"key": "{{s}}"}}, vars)
	secret, ok := r.Output("url").(value.Secret)
	require.True(t, ok)
	require.Equal(t, "http://h?key=hidden", secret.Reveal())
}
