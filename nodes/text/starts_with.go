package text

import (
	"context"

	"casare/node"
)

func init() { node.Register("TextStartsWithNode", func() node.Node { return new(startsWithNode) }) }

type startsWithNode struct {
	text, prefix  node.Value
	caseSensitive bool
	result        bool
}

// Spec describes the type.
func (n *startsWithNode) Spec(s *node.Spec) {
	s.Describe("Text Starts With", "Says whether a text begins with another one.")
	s.Category("text")
	textInput(s, &n.text, "text").Says("The text to look at.")
	textInput(s, &n.prefix, "prefix").Says("The text to look for at its beginning; an empty one is always there.")
	s.Bool(node.Param, &n.caseSensitive, "case_sensitive").Or(true).Says("Whether large and small letters differ.")
	s.Bool(node.Out, &n.result, "result").Says("Whether it is so.")
	s.Effect(node.Pure)
	s.Example(node.Example{
		Name: "in any case", Given: node.Values{"text": "PDF.pdf", "prefix": "pDf", "case_sensitive": false}, Wanted: node.Values{"result": true},
	})
}

// Run looks.
func (n *startsWithNode) Run(context.Context, *node.Run) error {
	n.result = startsWith(text(n.text), text(n.prefix), n.caseSensitive)
	return nil
}
