package data

import (
	"context"
	"slices"

	"casare/node"
	"casare/value"
)

func init() { node.Register("ListContainsNode", func() node.Node { return new(listContains) }) }

type listContains struct {
	list, item node.Value
	contains   bool
	index      int64
}

// Spec describes the type.
func (n *listContains) Spec(s *node.Spec) {
	s.Describe("List Contains", "Looks for an item in a list, comparing as Python does: 1 equals 1.0 but not \"1\".")
	s.Category("data")
	listInput(s, &n.list)
	s.Any(node.In, &n.item, "item").ExactNameOfVariable().Shown(node.Essential).Says("What to look for, or the name of a variable that holds it.")
	s.Bool(node.Out, &n.contains, "contains").Says("Whether the list has it.")
	s.Int(node.Out, &n.index, "index").Says("The first place of it, from 0; -1 if it is not there.")
	s.Effect(node.Pure)
	s.Example(node.Example{
		Name: "there", Given: node.Values{"list": []any{"a", "b"}, "item": "b"}, Wanted: node.Values{"contains": true, "index": 1},
	})
	s.Example(node.Example{
		Name: "a number is no text", Given: node.Values{"list": []any{"1"}, "item": 1}, Wanted: node.Values{"contains": false, "index": -1},
	})
}

// Run looks for the item.
func (n *listContains) Run(context.Context, *node.Run) error {
	list, err := asList(n.list)
	if err != nil {
		return err
	}
	n.index = place(list, n.item)
	n.contains = n.index >= 0
	return nil
}

// place is the first place of an item in a list, -1 for none.
func place(list value.List, item node.Value) int64 {
	return int64(slices.IndexFunc(list, func(v value.Value) bool { return value.Equal(v, item) }))
}
