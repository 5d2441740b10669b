package data

import (
	"context"

	"casare/node"
)

func init() { node.Register("DictHasKeyNode", func() node.Node { return new(dictHasKey) }) }

type dictHasKey struct {
	dict, key node.Value
	found     bool
}

// Spec describes the type.
func (n *dictHasKey) Spec(s *node.Spec) {
	s.Describe("Dict Has Key", "Asks whether a dict has a key, with whatever value.")
	s.Category("data")
	dictInput(s, &n.dict, "dict").Says("The dict.")
	keyInput(s, &n.key, "The key.")
	s.Bool(node.Out, &n.found, "has_key").Says("Whether the dict has it.")
	s.Effect(node.Pure)
	s.Example(node.Example{
		Name: "a key of null", Given: node.Values{"dict": node.Values{"a": nil}, "key": "a"}, Wanted: node.Values{"has_key": true},
	})
}

// Run looks the key up.
func (n *dictHasKey) Run(context.Context, *node.Run) error {
	dict, err := asDict(n.dict)
	if err != nil {
		return err
	}
	_, _, n.found, err = findKey(dict, n.key)
	return err
}
