package data

import (
	"context"

	"casare/node"
)

func init() { node.Register("ListGetItemNode", func() node.Node { return new(listGetItem) }) }

type listGetItem struct {
	list  node.Value
	index int64
	item  node.Value
}

// Spec describes the type.
func (n *listGetItem) Spec(s *node.Spec) {
	s.Describe("List Get Item", "Takes one item out of a list by its place. A place the list does not have fails the step.")
	s.Category("data")
	listInput(s, &n.list)
	s.Int(node.In, &n.index, "index").Or(0).ExactNameOfVariable().Shown(node.Essential).
		Says("The place, from 0; negative ones count from the end. A text may name a variable.")
	s.Any(node.Out, &n.item, "item").Says("The item.")
	s.Effect(node.Pure)
	s.Example(node.Example{
		Name: "the last", Given: node.Values{"list": "xs", "index": -1}, Vars: node.Values{"xs": []any{"p", "q"}}, Wanted: node.Values{"item": "q"},
	})
	s.Example(node.Example{
		Name: "too far", Given: node.Values{"list": []any{1}, "index": 1}, Fails: "List index out of range",
	})
}

// Run takes the item.
func (n *listGetItem) Run(context.Context, *node.Run) error {
	list, err := asList(n.list)
	if err != nil {
		return err
	}
	i := n.index
	if i < 0 {
		i += int64(len(list))
	}
	if i < 0 || i >= int64(len(list)) {
		return node.Fail("", "List index out of range: %d", i)
	}
	n.item = list[i]
	return nil
}
