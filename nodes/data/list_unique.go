package data

import (
	"context"

	"casare/node"
	"casare/value"
)

func init() { node.Register("ListUniqueNode", func() node.Node { return new(listUnique) }) }

type listUnique struct {
	list   node.Value
	result value.List
}

// Spec describes the type.
func (n *listUnique) Spec(s *node.Spec) {
	s.Describe("List Unique", "Keeps the first of equal items, in their order. 1, 1.0 and true are equal; lists and dicts are when they print alike.")
	s.Category("data")
	listInput(s, &n.list)
	s.List(node.Out, &n.result, "result").Says("The list without duplicates.")
	s.Effect(node.Pure)
	s.Example(node.Example{Name: "numbers", Given: node.Values{"list": []any{1, 2, 1, 3, 2}}, Wanted: node.Values{"result": []any{1, 2, 3}}})
}

// Run removes duplicates.
func (n *listUnique) Run(context.Context, *node.Run) error {
	list, err := asList(n.list)
	if err != nil {
		return err
	}
	n.result = value.List{}
	have := seen{}
	for _, item := range list {
		key := item
		switch item.(type) {
		case value.List, *value.Dict:
			key = value.Str(item) // beside the texts: a list equals the text it is printed as
		}
		if have.add(key) {
			n.result = append(n.result, item)
		}
	}
	return nil
}
