package data

import (
	"context"

	"casare/node"
	"casare/value"
)

func init() { node.Register("DictRemoveNode", func() node.Node { return new(dictRemove) }) }

type dictRemove struct {
	dict, key, removed node.Value
	result             *value.Dict
}

// Spec describes the type.
func (n *dictRemove) Spec(s *node.Spec) {
	s.Describe("Dict Remove", "Makes a dict without one key. A key that is not there is no error.")
	s.Category("data")
	dictInput(s, &n.dict, "dict").Says("The dict; it stays as it is.")
	keyInput(s, &n.key, "The key to leave out.")
	s.Dict(node.Out, &n.result, "result").Says("The dict without the key.")
	s.Any(node.Out, &n.removed, "removed_value").Says("The value the key had.")
	s.Effect(node.Pure)
	s.Example(node.Example{
		Name: "one of two", Given: node.Values{"dict": node.Values{"a": 1, "b": 2}, "key": "a"},
		Wanted: node.Values{"result": node.Values{"b": 2}, "removed_value": 1},
	})
}

// Run removes.
func (n *dictRemove) Run(context.Context, *node.Run) error {
	dict, err := asDict(n.dict)
	if err != nil {
		return err
	}
	name, removed, _, err := findKey(dict, n.key)
	if err != nil {
		return err
	}
	n.result, n.removed = dict.Without(name), removed
	return nil
}
