package document_test

import (
	_ "embed"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"casare/node"
	"casare/node/nodetest"
	_ "casare/nodes/document"
	"casare/value"
)

//go:embed testdata/python.json
var recorded []byte

func run(t *testing.T, typ string, given node.Values) nodetest.Result {
	t.Helper()
	return nodetest.Run(t.Context(), node.Default, nodetest.Case{Type: typ, Config: given.Dict()})
}

// The two converters against what the same few lines of Python give (testdata/record.py).
func TestPython_Converters(t *testing.T) {
	t.Parallel()
	parsed, err := value.ParseJSON(recorded)
	require.NoError(t, err)
	cases, ok := parsed.(value.List)
	require.True(t, ok)
	for _, v := range cases {
		c, ok := v.(*value.Dict)
		require.True(t, ok)
		config, _ := c.Get("config")
		given, ok := config.(*value.Dict)
		require.True(t, ok)
		want, _ := c.Get("want")
		r := nodetest.Run(t.Context(), node.Default, nodetest.Case{Type: c.GetText("type"), Config: given})
		if want == nil {
			require.Error(t, r.Err, value.Repr(given))
			continue
		}
		require.NoError(t, r.Err, value.Repr(given))
		require.Equal(t, want, r.Output(c.GetText("output")), value.Repr(given))
	}
}

func TestXML_UsesTheLastDocument(t *testing.T) {
	t.Parallel()
	r := run(t, "ParseXMLNode", node.Values{"xml_string": "<r><a k='v'>x</a></r>"})
	require.NoError(t, r.Err)
	for typ, c := range map[string]struct {
		given  node.Values
		output string
		want   string
	}{
		"XPathQueryNode":      {node.Values{"query": "a"}, "first_text", "x"},
		"GetXMLElementNode":   {node.Values{"path": "a"}, "text", "x"},
		"GetXMLAttributeNode": {node.Values{"xpath": "a", "attribute": "k"}, "value", "v"},
	} {
		after := nodetest.Run(t.Context(), node.Default, nodetest.Case{Type: typ, Config: c.given.Dict(), Vars: r.Host.Variables()})
		require.NoError(t, after.Err, typ)
		require.Equal(t, c.want, after.Output(c.output), typ)
		require.ErrorContains(t, run(t, typ, c.given).Err, "No XML available", typ)
	}
}

func TestXML_Failures(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		typ   string
		given node.Values
		want  string
	}{
		{"ParseXMLNode", node.Values{}, "xml_string is required"},
		{"ParseXMLNode", node.Values{"xml_string": `<!DOCTYPE r [<!ENTITY a "b">]><r>&a;</r>`}, "XML parse error: entities cannot be declared"},
		{"XPathQueryNode", node.Values{"xml_string": "<r/>"}, "xpath is required"},
		{"XPathQueryNode", node.Values{"xml_string": "<r/>", "xpath": "a["}, "invalid path"},
		{"GetXMLElementNode", node.Values{"xml_string": "<r/>"}, "tag_name is required"},
		{"GetXMLElementNode", node.Values{"xml_string": "<r/>", "tag_name": "p:a"}, "prefix 'p' not found in prefix map"},
		{"GetXMLAttributeNode", node.Values{"xml_string": "<r/>"}, "attribute_name is required"},
		{"XMLToJsonNode", node.Values{"xml_string": strings.Repeat("<a>", 200) + strings.Repeat("</a>", 200)}, "nested more deeply"},
		{"JsonToXMLNode", node.Values{}, "json_data is required"},
		{"JsonToXMLNode", node.Values{"json_data": node.Values{"@id": 1}}, "'@id' cannot be the name"},
		{"JsonToXMLNode", node.Values{"json_data": 1, "root_tag": "a b"}, "'a b' cannot be the name"},
		{"JsonToXMLNode", node.Values{"json_data": node.Values{"@attributes": 1}}, "@attributes must be a dict"},
	} {
		r := run(t, c.typ, c.given)
		require.ErrorContains(t, r.Err, c.want)
		for _, port := range []string{"success", "found"} {
			if v := r.Output(port); v != nil {
				require.Equal(t, false, v)
			}
		}
	}
}

func TestValidate_Inputs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		given node.Values
		want  string // the validation errors, or a part of the failure behind !
	}{
		{node.Values{"extraction": `{"a": null, "b": 0}`, "required_fields": `["a", "b"]`}, "['Required field \\'a\\' is missing']"},
		{
			node.Values{"extraction": node.Values{"a": true}, "required_fields": "a", "validation_rules": `{"a": {"type": "number", "max": 0}}`},
			"[\"Field 'a' exceeds maximum (0)\"]",
		},
		{node.Values{"extraction": node.Values{"a": 2.5}, "required_fields": "a", "validation_rules": node.Values{"a": node.Values{"min": 2, "max": 2.5}}}, "[]"},
		{node.Values{"extraction": node.Values{"a": 2, "b": "x"}, "required_fields": "b", "validation_rules": node.Values{
			"a": node.Values{"type": "string"}, "b": node.Values{"type": "number", "pattern": "y"}, "c": node.Values{"type": "number"},
		}}, `["Field 'a' should be a string", "Field 'b' should be a number", "Field 'b' doesn't match expected pattern"]`},
		{node.Values{"extraction": node.Values{"a": "xy"}, "required_fields": "a", "validation_rules": node.Values{"a": node.Values{"pattern": "(?P<q>x)(?=y)"}}}, "[]"},
		{node.Values{"extraction": node.Values{"a": 1}, "required_fields": "a", "validation_rules": "no rules"}, "[]"},
		{node.Values{"extraction": node.Values{}, "required_fields": "a"}, "!Extraction data is required"},
		{node.Values{"extraction": node.Values{"a": 1}, "required_fields": []any{}}, "!Required fields list is required"},
		{node.Values{"extraction": node.Values{"a": 1}}, "!Required fields list is required"},
		{node.Values{"extraction": "{", "required_fields": "a"}, "!Invalid extraction"},
		{node.Values{"extraction": "[1]", "required_fields": "a"}, "!not a dict"},
		{node.Values{"extraction": node.Values{"a": 1}, "required_fields": []any{[]any{}}}, "!cannot be the name of a field"},
		{node.Values{"extraction": node.Values{"a": 1}, "required_fields": "a", "validation_rules": node.Values{"a": node.Values{"min": "2"}}}, "!'<' not supported"},
		{node.Values{"extraction": node.Values{"a": "x"}, "required_fields": "a", "validation_rules": node.Values{"a": node.Values{"pattern": "("}}}, "!"},
	} {
		r := run(t, "ValidateExtractionNode", c.given)
		if fails, ok := strings.CutPrefix(c.want, "!"); ok {
			require.ErrorContains(t, r.Err, fails)
			require.Equal(t, false, r.Output("success"))
			continue
		}
		require.NoError(t, r.Err)
		require.Equal(t, c.want, strings.ReplaceAll(value.Repr(r.Output("validation_errors")), `"Required field 'a' is missing"`, `'Required field \'a\' is missing'`))
	}
}
