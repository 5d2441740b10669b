package data

import (
	"context"

	"casare/node"
	"casare/value"
)

func init() { node.Register("DictToJsonNode", func() node.Node { return new(dictToJSON) }) }

type dictToJSON struct {
	dict        node.Value
	indent      node.Opt[int64]
	sort, ascii bool
	json        node.Value
}

// Spec describes the type.
func (n *dictToJSON) Spec(s *node.Spec) {
	s.Describe("Dict to JSON", "Writes a dict, or any other value, as JSON, as Python's json.dumps does. What JSON has no form for is written as its text.")
	s.Category("data")
	dictInput(s, &n.dict, "dict").Says("The value; one that is empty is written as {}.")
	node.Maybe(s, node.In, &n.indent, "indent").Min(0).Says("Blanks per level, 0 for lines without blanks; one line if it is not given.")
	s.Bool(node.Param, &n.sort, "sort_keys").Or(false).Says("Whether keys are sorted.")
	s.Bool(node.Param, &n.ascii, "ensure_ascii").Or(true).Says("Whether letters beyond ASCII are written as \\u escapes.")
	s.Any(node.Out, &n.json, "json_string").Port(node.KindText).Says("The JSON text.")
	s.Effect(node.Pure)
	s.Example(node.Example{
		Name: "one line", Given: node.Values{"dict": node.Values{"f": 15.0, "l": []any{nil, true}, "é": 1}},
		Wanted: node.Values{"json_string": `{"f": 15.0, "l": [null, true], "\u00e9": 1}`},
	})
	s.Example(node.Example{
		Name: "indented", Given: node.Values{"dict": node.Values{"a": []any{1}}, "indent": 2}, Wanted: node.Values{"json_string": "{\n  \"a\": [\n    1\n  ]\n}"},
	})
}

// Run writes JSON.
func (n *dictToJSON) Run(context.Context, *node.Run) (err error) {
	v := n.dict
	if !value.Truth(v) {
		v = value.DictOf()
	}
	o := value.DumpOptions{SortKeys: n.sort, ASCII: n.ascii, Strings: true}
	if n.indent.Set {
		o.Indent = &n.indent.V
	}
	n.json, err = value.Dumps(v, o)
	return err
}
