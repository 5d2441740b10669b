package random

import (
	"context"

	"casare/node"
	"casare/value"
)

func init() { node.Register("RandomChoiceNode", func() node.Node { return new(choice) }) }

// most bounds what one step draws.
const most = 1_000_000

type choice struct {
	items      node.Value
	count      int64
	duplicates bool

	result node.Value
	index  int64
}

// Spec describes the type.
func (n *choice) Spec(s *node.Spec) {
	s.Describe("Random Choice", "Picks one item of a list at random, or several.")
	s.Category("utility")
	s.Any(node.In, &n.items, "items").Must("required input 'items' has no value: items list cannot be empty").Port(node.KindList).
		Widget("list").Shown(node.Essential).Says("The list; of a text the characters, of a dict the keys.")
	s.Int(node.Param, &n.count, "count").Or(1).Min(1).Says("How many to pick. One is given as it is, more as a list.")
	s.Bool(node.Param, &n.duplicates, "allow_duplicates").Or(false).Says("Whether an item may come up more than once. If not, there are no more than the list has.")
	s.Any(node.Out, &n.result, "result").Says("What was picked.")
	s.Int(node.Out, &n.index, "index").Says("The place of the one item, from 0; -1 for several.")
	s.Effect(node.Read)
	s.Example(node.Example{Name: "the only one", Given: node.Values{"items": []any{"x"}}, Wanted: node.Values{"result": "x", "index": 0}})
	s.Example(node.Example{
		Name: "more than there are", Given: node.Values{"items": []any{"x"}, "count": 3}, Wanted: node.Values{"result": []any{"x"}, "index": -1},
	})
	s.Example(node.Example{
		Name: "again and again", Given: node.Values{"items": "x", "count": 3, "allow_duplicates": true},
		Wanted: node.Values{"result": []any{"x", "x", "x"}},
	})
	s.Example(node.Example{Name: "nothing", Given: node.Values{"items": []any{}}, Fails: "items list cannot be empty"})
}

// Run picks.
func (n *choice) Run(context.Context, *node.Run) error {
	if !value.Truth(n.items) {
		return node.Fail("", "items list cannot be empty")
	}
	items, err := elements(n.items)
	if err != nil {
		return err
	}
	if n.count == 1 {
		n.index = generator().Int64N(int64(len(items)))
		n.result = items[n.index]
		return nil
	}
	n.index = -1
	n.result, err = n.several(items)
	return err
}

func (n *choice) several(items value.List) (value.List, error) {
	if !n.duplicates {
		if n.count < 0 {
			return nil, node.Fail(node.TypeInput, "count is %d: sample larger than population or is negative", n.count)
		}
		return shuffled(items)[:min(n.count, int64(len(items)))], nil
	}
	if n.count > most {
		return nil, node.Fail(node.TypeInput, "count is %d; one step picks no more than %d", n.count, most)
	}
	g, out := generator(), make(value.List, 0, max(n.count, 0))
	for range n.count {
		out = append(out, items[g.IntN(len(items))])
	}
	return out, nil
}
