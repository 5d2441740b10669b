package data

import (
	"context"

	"casare/node"
)

func init() { node.Register("ListLengthNode", func() node.Node { return new(listLength) }) }

type listLength struct {
	list   node.Value
	length int64
}

// Spec describes the type.
func (n *listLength) Spec(s *node.Spec) {
	s.Describe("List Length", "Counts the items of a list; a list inside it is one item.")
	s.Category("data")
	listInput(s, &n.list)
	s.Int(node.Out, &n.length, "length").Says("How many items there are.")
	s.Effect(node.Pure)
	s.Example(node.Example{Name: "two lists", Given: node.Values{"list": []any{[]any{1, 2}, []any{3}}}, Wanted: node.Values{"length": 2}})
}

// Run counts.
func (n *listLength) Run(context.Context, *node.Run) error {
	list, err := asList(n.list)
	n.length = int64(len(list))
	return err
}
