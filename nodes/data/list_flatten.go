package data

import (
	"context"

	"casare/node"
	"casare/value"
)

func init() { node.Register("ListFlattenNode", func() node.Node { return new(listFlatten) }) }

// deepest is how many levels may be asked for; the original's number.
const deepest = 100

type listFlatten struct {
	list   node.Value
	depth  int64
	result value.List
}

// Spec describes the type.
func (n *listFlatten) Spec(s *node.Spec) {
	s.Describe("List Flatten", "Puts the items of lists inside a list in their place. Dicts stay as they are.")
	s.Category("data")
	listInput(s, &n.list)
	s.Int(node.In, &n.depth, "depth").Or(1).Min(1).Max(deepest).ExactNameOfVariable().Says("How many levels to take away; none for 0 and less.")
	s.List(node.Out, &n.result, "result").Says("The flatter list.")
	s.Effect(node.Pure)
	s.Example(node.Example{
		Name: "one level", Given: node.Values{"list": []any{1, []any{2, []any{3}}, []any{}}}, Wanted: node.Values{"result": []any{1, 2, []any{3}}},
	})
	s.Example(node.Example{
		Name: "two levels", Given: node.Values{"list": []any{1, []any{2, []any{3}}}, "depth": 2}, Wanted: node.Values{"result": []any{1, 2, 3}},
	})
}

// Run flattens.
func (n *listFlatten) Run(context.Context, *node.Run) error {
	list, err := asList(n.list)
	if err != nil {
		return err
	}
	if n.depth > deepest {
		return node.Fail("", "Flatten depth %d exceeds maximum %d. Possible circular reference.", n.depth, deepest)
	}
	n.result = flatten(value.List{}, list, n.depth)
	return nil
}

// flatten appends the items of a list, those of lists inside it down to the depth.
func flatten(out, list value.List, depth int64) value.List {
	for _, item := range list {
		if inner, ok := item.(value.List); ok && depth > 0 {
			out = flatten(out, inner, depth-1)
			continue
		}
		out = append(out, item)
	}
	return out
}
