package text

import (
	"context"

	"casare/node"
)

func init() { node.Register("TextTrimNode", func() node.Node { return new(trimNode) }) }

type trimNode struct {
	text             node.Value
	mode, characters string
	result           string
}

// Spec describes the type.
func (n *trimNode) Spec(s *node.Spec) {
	s.Describe("Text Trim", "Takes white space, or other characters, away from the ends of a text.")
	s.Category("text")
	textInput(s, &n.text, "text").Says("The text.")
	s.Choice(node.Param, &n.mode, "mode", sideBoth, sideLeft, sideRight).Or(sideBoth).Shown(node.Essential).Says("At which end.")
	s.String(node.Param, &n.characters, "characters").Or("").Says("The characters to take away, in any order; empty for white space.")
	s.String(node.Out, &n.result, "result").Says("What is left.")
	s.Effect(node.Pure)
	s.Example(node.Example{Name: "white space", Given: node.Values{"text": "  hi \n"}, Wanted: node.Values{"result": "hi"}})
	s.Example(node.Example{
		Name: "zeros", Given: node.Values{"text": "007.50", "mode": sideLeft, "characters": "0"}, Wanted: node.Values{"result": "7.50"},
	})
}

// Run trims.
func (n *trimNode) Run(context.Context, *node.Run) error {
	n.result = trim(text(n.text), n.mode, n.characters)
	return nil
}
