package data

import (
	"context"
	"slices"

	"casare/node"
	"casare/value"
)

func init() { node.Register("ListReverseNode", func() node.Node { return new(listReverse) }) }

type listReverse struct {
	list   node.Value
	result value.List
}

// Spec describes the type.
func (n *listReverse) Spec(s *node.Spec) {
	s.Describe("List Reverse", "Turns a list round.")
	s.Category("data")
	listInput(s, &n.list)
	s.List(node.Out, &n.result, "result").Says("The items, last one first.")
	s.Effect(node.Pure)
	s.Example(node.Example{Name: "three", Given: node.Values{"list": []any{1, 2, 3}}, Wanted: node.Values{"result": []any{3, 2, 1}}})
}

// Run reverses.
func (n *listReverse) Run(context.Context, *node.Run) error {
	list, err := asList(n.list)
	if err != nil {
		return err
	}
	n.result = reversed(list)
	return nil
}

func reversed(list value.List) value.List {
	out := append(value.List{}, list...)
	slices.Reverse(out)
	return out
}
