package data

import (
	"context"

	"casare/node"
	"casare/value"
)

func init() { node.Register("DictSetNode", func() node.Node { return new(dictSet) }) }

type dictSet struct {
	dict, key, value node.Value
	result           *value.Dict
}

// Spec describes the type.
func (n *dictSet) Spec(s *node.Spec) {
	s.Describe("Dict Set", "Makes a dict with one key set: in its old place if the dict has it, else at the end.")
	s.Category("data")
	dictInput(s, &n.dict, "dict").Says("The dict; it stays as it is. What is no dict counts as an empty one.")
	keyInput(s, &n.key, "The key to set.")
	s.Any(node.In, &n.value, "value").Shown(node.Essential).Says("Its value.")
	s.Dict(node.Out, &n.result, "result").Says("The dict with the key.")
	s.Effect(node.Pure)
	s.Example(node.Example{
		Name: "a new key", Given: node.Values{"dict": node.Values{"a": 1}, "key": "b", "value": []any{2}},
		Wanted: node.Values{"result": node.Values{"a": 1, "b": []any{2}}},
	})
	s.Example(node.Example{Name: "no key", Given: node.Values{"value": 1}, Fails: "Key is required"})
}

// Run sets.
func (n *dictSet) Run(context.Context, *node.Run) error {
	if !value.Truth(n.key) {
		return node.Fail("", "Key is required")
	}
	name, err := dictKey(n.key)
	if err != nil {
		return err
	}
	if name == nil {
		return node.Fail(node.TypeInput, "input 'key': a %s cannot be a key", value.TypeName(n.key))
	}
	n.result = dictOr(n.dict).With(name, n.value)
	return nil
}
