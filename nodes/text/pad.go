package text

import (
	"context"

	"casare/node"
)

func init() { node.Register("TextPadNode", func() node.Node { return new(padNode) }) }

type padNode struct {
	text, length node.Value
	mode, fill   string
	result       string
}

// Spec describes the type.
func (n *padNode) Spec(s *node.Spec) {
	s.Describe("Text Pad", "Fills a text up to a length; a text that is long enough stays as it is.")
	s.Category("text")
	textInput(s, &n.text, "text").Says("The text.")
	numberInput(s, &n.length, "length").Was("width").Says("How many characters to fill up to.")
	s.Choice(node.Param, &n.mode, "mode", sideLeft, sideRight, sideCenter).Or(sideLeft).Was("side").Shown(node.Essential).
		Says("Where to fill; center is at both ends.")
	s.String(node.Param, &n.fill, "fill_char").Or(" ").Was("pad_char").Says("The character to fill with; a blank for anything but one character.")
	s.String(node.Out, &n.result, "result").Says("The text.")
	s.Effect(node.Pure)
	s.Example(node.Example{
		Name: "a number", Given: node.Values{"text": "{{n}}", "length": 5, "fill_char": "0"}, Vars: node.Values{"n": 42},
		Wanted: node.Values{"result": "00042"},
	})
	s.Example(node.Example{
		Name: "in the middle", Given: node.Values{"text": "abc", "length": 6, "mode": sideCenter, "fill_char": "*"},
		Wanted: node.Values{"result": "*abc**"},
	})
}

// Run fills up.
func (n *padNode) Run(context.Context, *node.Run) (err error) {
	n.result, err = pad(text(n.text), n.length, n.mode, n.fill)
	return err
}
