package data

import (
	"context"

	"casare/node"
	"casare/value"
)

func init() { node.Register("ConcatenateNode", func() node.Node { return new(concatenate) }) }

type concatenate struct {
	first, second, separator node.Value
	result                   string
}

// Spec describes the type.
func (n *concatenate) Spec(s *node.Spec) {
	s.Describe("Concatenate", "Joins two texts, with a separator between them if one is given.")
	s.Category("data")
	s.Any(node.In, &n.first, "string_1").Or("").Was("string1").Port(node.KindText).Shown(node.Essential).Says("First text.")
	s.Any(node.In, &n.second, "string_2").Or("").Was("string2").Port(node.KindText).Shown(node.Essential).Says("Second text.")
	s.Any(node.Param, &n.separator, "separator").Or("").Says("What stands between them.")
	s.String(node.Out, &n.result, "result").Says("The text.")
	s.Effect(node.Pure)
	s.Example(node.Example{
		Name: "a path", Given: node.Values{"string_1": "a", "string_2": "b", "separator": "/"}, Wanted: node.Values{"result": "a/b"},
	})
}

// Run joins.
func (n *concatenate) Run(context.Context, *node.Run) error {
	n.result = value.Str(n.first) + value.Str(n.separator) + value.Str(n.second)
	return nil
}
