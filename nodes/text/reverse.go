package text

import (
	"context"

	"casare/node"
	"casare/value/pytext"
)

func init() { node.Register("TextReverseNode", func() node.Node { return new(reverseNode) }) }

type reverseNode struct {
	text   node.Value
	result string
}

// Spec describes the type.
func (n *reverseNode) Spec(s *node.Spec) {
	s.Describe("Text Reverse", "Turns a text round, the last character first.")
	s.Category("text")
	textInput(s, &n.text, "text").Says("The text.")
	s.String(node.Out, &n.result, "result").Says("The text from the end.")
	s.Effect(node.Pure)
	s.Example(node.Example{Name: "a word", Given: node.Values{"text": "Zürich"}, Wanted: node.Values{"result": "hcirüZ"}})
}

// Run reverses.
func (n *reverseNode) Run(context.Context, *node.Run) error {
	n.result = pytext.Reverse(text(n.text))
	return nil
}
