package data

import (
	"context"

	"casare/node"
	"casare/value"
)

func init() { node.Register("CreateListNode", func() node.Node { return new(createList) }) }

type createList struct{ items, list value.List }

// Spec describes the type.
func (n *createList) Spec(s *node.Spec) {
	s.Describe("Create List", "Makes a list of the items that are given.")
	s.Category("data")
	s.List(node.In, &n.items, "item_").Each(3, most).ExactNameOfVariable().Port(node.KindAny).Shown(node.Essential).
		Says("An item, or the name of a variable that holds it; one that is null is left out.")
	s.List(node.Out, &n.list, "list").Says("The list.")
	s.Effect(node.Pure)
	s.Example(node.Example{
		Name: "a gap", Given: node.Values{"item_1": "a", "item_3": "{{x}}"}, Vars: node.Values{"x": 3},
		Wanted: node.Values{"list": []any{"a", 3}},
	})
}

// most is how many items or entries a step may be given one by one.
const most = 64

// Run makes the list.
func (n *createList) Run(context.Context, *node.Run) error {
	n.list = n.items
	return nil
}
