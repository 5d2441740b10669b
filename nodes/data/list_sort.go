package data

import (
	"context"

	"casare/node"
	"casare/value"
)

func init() { node.Register("ListSortNode", func() node.Node { return new(listSort) }) }

type listSort struct {
	list    node.Value
	reverse bool
	keyPath string
	result  value.List
}

// Spec describes the type.
func (n *listSort) Spec(s *node.Spec) {
	s.Describe("List Sort", "Sorts a list as Python does; what is equal keeps its order. Items that cannot be compared, such as a text with a number or anything with null, fail the step.")
	s.Category("data")
	listInput(s, &n.list)
	s.Bool(node.In, &n.reverse, "reverse").Or(false).Says("Whether the largest comes first.")
	keyPathInput(s, &n.keyPath)
	s.List(node.Out, &n.result, "result").Says("The sorted list.")
	s.Effect(node.Pure)
	s.Example(node.Example{Name: "numbers", Given: node.Values{"list": []any{3, 1, 2.5}}, Wanted: node.Values{"result": []any{1, 2.5, 3}}})
	s.Example(node.Example{
		Name:   "rows by a key inside them",
		Given:  node.Values{"list": []any{node.Values{"a": node.Values{"b": 2}}, node.Values{"a": node.Values{"b": 1}}}, "key_path": "a.b"},
		Wanted: node.Values{"result": []any{node.Values{"a": node.Values{"b": 1}}, node.Values{"a": node.Values{"b": 2}}}},
	})
	s.Example(node.Example{Name: "no order", Given: node.Values{"list": []any{1, "a"}}, Fails: "not supported between"})
}

// Run sorts.
func (n *listSort) Run(context.Context, *node.Run) error {
	list, err := asList(n.list)
	if err != nil {
		return err
	}
	n.result, err = sorted(list, func(item value.Value) value.Value { return follow(item, n.keyPath) }, n.reverse)
	return err
}
