package data

import (
	"context"
	"strings"

	"casare/node"
	"casare/value"
)

func init() { node.Register("ConcatenateNode", func() node.Node { return new(concatenate) }) }

type concatenate struct{ first, second, separator, result node.Value }

// Spec describes the type.
func (n *concatenate) Spec(s *node.Spec) {
	s.Describe("Concatenate", "Joins two texts, with a separator between them if one is given.")
	s.Category("data")
	s.Any(node.In, &n.first, "string_1").Or("").Was("string1").Port(node.KindText).Shown(node.Essential).Says("First text.")
	s.Any(node.In, &n.second, "string_2").Or("").Was("string2").Port(node.KindText).Shown(node.Essential).Says("Second text.")
	s.Any(node.Param, &n.separator, "separator").Or("").Says("What stands between them.")
	s.Any(node.Out, &n.result, "result").Port(node.KindText).Says("The text.")
	s.Effect(node.Pure)
	s.Example(node.Example{
		Name: "a path", Given: node.Values{"string_1": "a", "string_2": "b", "separator": "/"}, Wanted: node.Values{"result": "a/b"},
	})
}

// Run joins. A text made with a secret is a secret.
func (n *concatenate) Run(context.Context, *node.Run) error {
	var b strings.Builder
	hidden := false
	for _, part := range []node.Value{n.first, n.separator, n.second} {
		if secret, ok := part.(value.Secret); ok {
			hidden = true
			b.WriteString(secret.Reveal())
			continue
		}
		b.WriteString(value.Str(part))
	}
	n.result = b.String()
	if hidden {
		n.result = value.NewSecret(b.String())
	}
	return nil
}
