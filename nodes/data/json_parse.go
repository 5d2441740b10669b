package data

import (
	"context"
	"strings"
	"unicode/utf8"

	"casare/node"
	"casare/value"
)

func init() { node.Register("JsonParseNode", func() node.Node { return new(jsonParse) }) }

type jsonParse struct{ text, data node.Value }

// Spec describes the type.
func (n *jsonParse) Spec(s *node.Spec) {
	s.Describe("JSON Parse", "Reads a JSON text, as Python's json.loads does; a mistake in it fails the step and is named with its place.")
	s.Category("data")
	s.Alias("ParseJSONNode")
	s.Any(node.In, &n.text, "json_string").Or("").Port(node.KindText).Widget("text").Shown(node.Essential).Says("The JSON text.")
	s.Any(node.Out, &n.data, "data").Says("The value.")
	s.Effect(node.Pure)
	s.Example(node.Example{
		Name: "a dict", Given: node.Values{"json_string": `{"a": [1, 15.0, null]}`}, Wanted: node.Values{"data": node.Values{"a": []any{1, 15.0, nil}}},
	})
	s.Example(node.Example{
		Name: "a mistake", Given: node.Values{"json_string": "{bad"}, Fails: "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)",
	})
}

// Run reads.
func (n *jsonParse) Run(context.Context, *node.Run) (err error) {
	if !value.Truth(n.text) {
		return node.Fail("", "Empty JSON string")
	}
	n.data, err = loads(n.text)
	return err
}

// loads is Python's json.loads, which takes bytes too.
func loads(v node.Value) (node.Value, error) {
	switch text := v.(type) {
	case string:
		return value.Loads(text)
	case value.Bytes:
		plain := strings.TrimPrefix(string(text), "\ufeff") // Python forgives the mark in bytes only
		if !utf8.ValidString(plain) {
			return nil, node.Fail("", "the bytes are no UTF-8 text")
		}
		return value.Loads(plain)
	}
	return nil, node.Fail("", "the JSON object must be str, bytes or bytearray, not %s", value.TypeName(v))
}
