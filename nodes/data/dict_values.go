package data

import (
	"context"

	"casare/node"
	"casare/value"
)

func init() { node.Register("DictValuesNode", func() node.Node { return new(dictValues) }) }

type dictValues struct {
	dict   node.Value
	values value.List
	count  int64
}

// Spec describes the type.
func (n *dictValues) Spec(s *node.Spec) {
	s.Describe("Dict Values", "Lists the values of a dict in the order of its keys.")
	s.Category("data")
	dictInput(s, &n.dict, "dict").Says("The dict.")
	s.List(node.Out, &n.values, "values").Says("The values.")
	s.Int(node.Out, &n.count, "count").Says("How many there are.")
	s.Effect(node.Pure)
	s.Example(node.Example{
		Name: "two", Given: node.Values{"dict": node.Values{"a": 1, "b": nil}}, Wanted: node.Values{"values": []any{1, nil}, "count": 2},
	})
}

// Run lists the values.
func (n *dictValues) Run(context.Context, *node.Run) error {
	dict, err := asDict(n.dict)
	if err != nil {
		return err
	}
	n.values = valuesOf(dict)
	n.count = int64(len(n.values))
	return nil
}

func valuesOf(dict *value.Dict) value.List {
	out := make(value.List, 0, dict.Len())
	for _, v := range dict.All() {
		out = append(out, v)
	}
	return out
}
