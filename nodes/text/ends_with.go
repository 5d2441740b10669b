package text

import (
	"context"

	"casare/node"
)

func init() { node.Register("TextEndsWithNode", func() node.Node { return new(endsWithNode) }) }

type endsWithNode struct {
	text, suffix  node.Value
	caseSensitive bool
	result        bool
}

// Spec describes the type.
func (n *endsWithNode) Spec(s *node.Spec) {
	s.Describe("Text Ends With", "Says whether a text ends with another one.")
	s.Category("text")
	textInput(s, &n.text, "text").Says("The text to look at.")
	textInput(s, &n.suffix, "suffix").Says("The text to look for at its end; an empty one is always there.")
	s.Bool(node.Param, &n.caseSensitive, "case_sensitive").Or(true).Says("Whether large and small letters differ.")
	s.Bool(node.Out, &n.result, "result").Says("Whether it is so.")
	s.Effect(node.Pure)
	s.Example(node.Example{
		Name: "in any case", Given: node.Values{"text": "PDF.pdf", "suffix": "pDf", "case_sensitive": false}, Wanted: node.Values{"result": true},
	})
}

// Run looks.
func (n *endsWithNode) Run(context.Context, *node.Run) error {
	n.result = endsWith(text(n.text), text(n.suffix), n.caseSensitive)
	return nil
}
