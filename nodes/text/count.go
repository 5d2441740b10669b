package text

import (
	"context"

	"casare/node"
)

func init() { node.Register("TextCountNode", func() node.Node { return new(countNode) }) }

type countNode struct {
	text         node.Value
	mode         string
	excludeSpace bool
	count        int64
}

// Spec describes the type.
func (n *countNode) Spec(s *node.Spec) {
	s.Describe("Text Count", "Counts the characters, words or lines of a text.")
	s.Category("text")
	textInput(s, &n.text, "text").Says("The text.")
	s.Choice(node.Param, &n.mode, "mode", countCharacters, countWords, countLines).Or(countCharacters).Shown(node.Essential).Says("What to count.")
	s.Bool(node.Param, &n.excludeSpace, "exclude_whitespace").Or(false).Says("Whether characters of white space are left out.")
	s.Int(node.Out, &n.count, "count").Says("How many there are.")
	s.Effect(node.Pure)
	s.Example(node.Example{
		Name: "characters", Given: node.Values{"text": "two words", "exclude_whitespace": true}, Wanted: node.Values{"count": 8},
	})
	s.Example(node.Example{Name: "lines", Given: node.Values{"text": "a\nb\n", "mode": countLines}, Wanted: node.Values{"count": 2}})
}

// Run counts.
func (n *countNode) Run(context.Context, *node.Run) error {
	n.count = count(text(n.text), n.mode, n.excludeSpace)
	return nil
}
