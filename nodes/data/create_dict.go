package data

import (
	"context"

	"casare/node"
	"casare/value"
)

func init() { node.Register("CreateDictNode", func() node.Node { return new(createDict) }) }

type createDict struct{ keys, values, dict *value.Dict }

// Spec describes the type.
func (n *createDict) Spec(s *node.Spec) {
	s.Describe("Create Dict", "Makes a dict of the keys and values that are given.")
	s.Category("data")
	s.Dict(node.In, &n.keys, "key_").Each(3, most).Port(node.KindText).Shown(node.Essential).Says("A key; an empty one is left out.")
	s.Dict(node.In, &n.values, "value_").Each(3, most).Port(node.KindAny).Shown(node.Essential).Says("Its value.")
	s.Dict(node.Out, &n.dict, "dict").Says("The dict.")
	s.Effect(node.Pure)
	s.Example(node.Example{
		Name: "two entries", Given: node.Values{"key_1": "name", "value_1": "Ann", "key_2": "age", "value_2": "{{age}}"},
		Vars: node.Values{"age": 30}, Wanted: node.Values{"dict": node.Values{"name": "Ann", "age": 30}},
	})
}

// Run makes the dict.
func (n *createDict) Run(context.Context, *node.Run) error {
	b := value.NewDict()
	for number, key := range n.keys.All() {
		if !value.Truth(key) {
			continue
		}
		k, ok := value.Key(key)
		if !ok {
			return node.Fail(node.TypeInput, "input 'key_%s': a %s cannot be a key", value.Str(number), value.TypeName(key))
		}
		v, _ := n.values.Get(number)
		b.Set(k, v)
	}
	n.dict = b.Dict()
	return nil
}
