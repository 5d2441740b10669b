package data

import (
	"context"

	"casare/node"
	"casare/value"
)

func init() { node.Register("DictItemsNode", func() node.Node { return new(dictItems) }) }

type dictItems struct {
	dict  node.Value
	items value.List
	count int64
}

// Spec describes the type.
func (n *dictItems) Spec(s *node.Spec) {
	s.Describe("Dict Items", "Lists the entries of a dict in their order, each as a dict of key and value.")
	s.Category("data")
	dictInput(s, &n.dict, "dict").Says("The dict.")
	s.List(node.Out, &n.items, "items").Says("The entries: {\"key\": …, \"value\": …}.")
	s.Int(node.Out, &n.count, "count").Says("How many there are.")
	s.Effect(node.Pure)
	s.Example(node.Example{
		Name: "one", Given: node.Values{"dict": node.Values{"a": 1}},
		Wanted: node.Values{"items": []any{node.Values{"key": "a", "value": 1}}, "count": 1},
	})
}

// Run lists the entries.
func (n *dictItems) Run(context.Context, *node.Run) error {
	dict, err := asDict(n.dict)
	if err != nil {
		return err
	}
	n.items = entries(dict)
	n.count = int64(len(n.items))
	return nil
}

// entries lists the entries of a dict as dicts.
func entries(dict *value.Dict) value.List {
	out := make(value.List, 0, dict.Len())
	for k, v := range dict.All() {
		out = append(out, value.DictOf(value.Pair{Key: "key", Value: k}, value.Pair{Key: "value", Value: v}))
	}
	return out
}
