package text

import (
	"context"

	"casare/node"
)

func init() { node.Register("TextContainsNode", func() node.Node { return new(containsNode) }) }

type containsNode struct {
	text, search  node.Value
	caseSensitive bool
	found         found
}

// Spec describes the type.
func (n *containsNode) Spec(s *node.Spec) {
	s.Describe("Text Contains", "Looks for a text in another one.")
	s.Category("text")
	textInput(s, &n.text, "text").Says("The text to look in.")
	textInput(s, &n.search, "search").Says("The text to look for; an empty one is everywhere.")
	s.Bool(node.Param, &n.caseSensitive, "case_sensitive").Or(true).Says("Whether large and small letters differ.")
	s.Bool(node.Out, &n.found.contains, "contains").Says("Whether it is there.")
	s.Int(node.Out, &n.found.position, "position").Says("Where it stands first, from 0; -1 if it is not there.")
	s.Int(node.Out, &n.found.count, "count").Says("How often it is there.")
	s.Effect(node.Pure)
	s.Example(node.Example{
		Name: "twice", Given: node.Values{"text": "Hello hello", "search": "HELLO", "case_sensitive": false},
		Wanted: node.Values{"contains": true, "position": 0, "count": 2},
	})
	s.Example(node.Example{
		Name: "not there", Given: node.Values{"text": "Hello", "search": "x"}, Wanted: node.Values{"contains": false, "position": -1, "count": 0},
	})
}

// Run searches.
func (n *containsNode) Run(context.Context, *node.Run) error {
	n.found = find(text(n.text), text(n.search), n.caseSensitive)
	return nil
}
