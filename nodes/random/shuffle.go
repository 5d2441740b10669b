package random

import (
	"context"

	"casare/node"
	"casare/value"
)

func init() { node.Register("ShuffleListNode", func() node.Node { return new(shuffle) }) }

type shuffle struct {
	items  node.Value
	result value.List
}

// Spec describes the type.
func (n *shuffle) Spec(s *node.Spec) {
	s.Describe("Shuffle List", "Brings the items of a list into a random order.")
	s.Category("utility")
	s.Any(node.In, &n.items, "items").Was("list").Must().Port(node.KindList).Widget("list").Shown(node.Essential).
		Says("The list; of a text the characters, of a dict the keys.")
	s.List(node.Out, &n.result, "result").Says("A list of the same items.")
	s.Effect(node.Read)
	s.Example(node.Example{Name: "all alike", Given: node.Values{"items": []any{1, 1}}, Wanted: node.Values{"result": []any{1, 1}}})
	s.Example(node.Example{Name: "no list", Given: node.Values{"items": 5}, Fails: "not iterable"})
}

// Run shuffles.
func (n *shuffle) Run(context.Context, *node.Run) error {
	items, err := elements(n.items)
	if err != nil {
		return err
	}
	n.result = shuffled(items)
	return nil
}
