package text

import (
	"context"

	"casare/node"
)

func init() { node.Register("TextSubstringNode", func() node.Node { return new(substringNode) }) }

type substringNode struct {
	text, start, end node.Value
	result           string
	length           int64
}

// Spec describes the type.
func (n *substringNode) Spec(s *node.Spec) {
	s.Describe("Text Substring", "Cuts a part out of a text, by places that count from 0, or from the end when they are negative.")
	s.Category("text")
	textInput(s, &n.text, "text").Says("The text.")
	numberInput(s, &n.start, "start").Says("The first place; the beginning if none is given.")
	numberInput(s, &n.end, "end").Says("The place before which the part ends; the end of the text if none is given.")
	s.String(node.Out, &n.result, "result").Says("The part.")
	s.Int(node.Out, &n.length, "length").Says("How many characters it has.")
	s.Effect(node.Pure)
	s.Example(node.Example{
		Name: "from a place", Given: node.Values{"text": "Hello, 世界!", "start": 7}, Wanted: node.Values{"result": "世界!", "length": 3},
	})
	s.Example(node.Example{
		Name: "without the ends", Given: node.Values{"text": "[abc]", "start": 1, "end": -1}, Wanted: node.Values{"result": "abc", "length": 3},
	})
}

// Run cuts.
func (n *substringNode) Run(context.Context, *node.Run) error {
	part, length, err := substring(text(n.text), n.start, n.end)
	n.result, n.length = part, int64(length)
	return err
}
