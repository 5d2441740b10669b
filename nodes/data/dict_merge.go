package data

import (
	"context"

	"casare/node"
	"casare/value"
)

func init() { node.Register("DictMergeNode", func() node.Node { return new(dictMerge) }) }

type dictMerge struct {
	first, second node.Value
	result        *value.Dict
}

// Spec describes the type.
func (n *dictMerge) Spec(s *node.Spec) {
	s.Describe("Dict Merge", "Makes one dict of two. Of a key that both have the second dict's value counts, whole: dicts inside are not merged. "+
		"What is no dict counts as an empty one.")
	s.Category("data")
	dictInput(s, &n.first, "dict_1").Was("dict1").Says("The first dict; its keys come first.")
	dictInput(s, &n.second, "dict_2").Was("dict2").Says("The second dict.")
	s.Dict(node.Out, &n.result, "result").Says("The dict of both.")
	s.Effect(node.Pure)
	s.Example(node.Example{
		Name: "a later value", Given: node.Values{"dict_1": node.Values{"a": 1, "b": 1}, "dict_2": node.Values{"b": 2}},
		Wanted: node.Values{"result": node.Values{"a": 1, "b": 2}},
	})
}

// Run merges.
func (n *dictMerge) Run(context.Context, *node.Run) error {
	n.result = merge(dictOr(n.first), dictOr(n.second))
	return nil
}

// dictOr is the dict, or an empty one for what is none.
func dictOr(v node.Value) *value.Dict {
	if dict, ok := v.(*value.Dict); ok {
		return dict
	}
	return value.DictOf()
}

// merge is {**first, **second}.
func merge(first, second *value.Dict) *value.Dict {
	b := first.Edit()
	for k, v := range second.All() {
		b.Set(k, v)
	}
	return b.Dict()
}
