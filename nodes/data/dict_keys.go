package data

import (
	"context"

	"casare/node"
	"casare/value"
)

func init() { node.Register("DictKeysNode", func() node.Node { return new(dictKeys) }) }

type dictKeys struct {
	dict  node.Value
	keys  value.List
	count int64
}

// Spec describes the type.
func (n *dictKeys) Spec(s *node.Spec) {
	s.Describe("Dict Keys", "Lists the keys of a dict in their order.")
	s.Category("data")
	dictInput(s, &n.dict, "dict").Says("The dict.")
	s.List(node.Out, &n.keys, "keys").Says("The keys.")
	s.Int(node.Out, &n.count, "count").Says("How many there are.")
	s.Effect(node.Pure)
	s.Example(node.Example{
		Name: "two", Given: node.Values{"dict": node.Values{"a": 1, "b": nil}}, Wanted: node.Values{"keys": []any{"a", "b"}, "count": 2},
	})
}

// Run lists the keys.
func (n *dictKeys) Run(context.Context, *node.Run) error {
	dict, err := asDict(n.dict)
	if err != nil {
		return err
	}
	n.keys = dict.Keys()
	n.count = int64(len(n.keys))
	return nil
}
