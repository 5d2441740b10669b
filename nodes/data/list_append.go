package data

import (
	"context"
	"slices"

	"casare/node"
	"casare/value"
)

func init() { node.Register("ListAppendNode", func() node.Node { return new(listAppend) }) }

type listAppend struct {
	list, item node.Value
	result     value.List
}

// Spec describes the type.
func (n *listAppend) Spec(s *node.Spec) {
	s.Describe("List Append", "Adds an item to the end of a list. What is no list becomes the first item of one.")
	s.Category("data")
	listInput(s, &n.list)
	s.Any(node.In, &n.item, "item").ExactNameOfVariable().Shown(node.Essential).Says("The item, or the name of a variable that holds it; null is an item too.")
	s.List(node.Out, &n.result, "result").Says("The longer list.")
	s.Effect(node.Pure)
	s.Example(node.Example{
		Name: "a third number", Given: node.Values{"list": "{{xs}}", "item": 3}, Vars: node.Values{"xs": []any{1, 2}},
		Wanted: node.Values{"result": []any{1, 2, 3}},
	})
}

// Run appends.
func (n *listAppend) Run(context.Context, *node.Run) error {
	list, err := asList(n.list)
	if err != nil {
		list = value.List{n.list}
	}
	n.result = append(slices.Clip(list), n.item)
	return nil
}
