package text

import (
	"context"

	"casare/node"
	"casare/value"
)

func init() { node.Register("TextExtractNode", func() node.Node { return new(extractNode) }) }

type extractNode struct {
	regex

	text, pattern node.Value
	all           bool
	match         node.Value
	groups        value.List
	found         bool
}

// Spec describes the type.
func (n *extractNode) Spec(s *node.Spec) {
	s.Describe("Text Extract", "Takes out of a text what a regular expression matches, in Python's syntax, with what its groups have matched.")
	s.Category("text")
	textInput(s, &n.text, "text").Says("The text.")
	s.Any(node.In, &n.pattern, "pattern").Must("Regex pattern is required").Port(node.KindText).Widget("text").Shown(node.Essential).
		Says("The regular expression.")
	s.Bool(node.Param, &n.all, "all_matches").Or(false).Says("Whether to take every match rather than the first.")
	n.spec(s)
	s.Any(node.Out, &n.match, "match").Says("The match, or the list of all; an empty text if there is none.")
	s.List(node.Out, &n.groups, "groups").Says("What the groups have matched, or a list of that per match; a group that took no part is null.")
	s.Bool(node.Out, &n.found, "found").Says("Whether there is a match.")
	s.Effect(node.Pure)
	s.Example(node.Example{
		Name: "the first", Given: node.Values{"text": "order 123 and 456", "pattern": `\d+`},
		Wanted: node.Values{"match": "123", "groups": []any{}, "found": true},
	})
	s.Example(node.Example{
		Name: "all", Given: node.Values{"text": "a=1;b=2", "pattern": `(\w)=(\d)`, "all_matches": true},
		Wanted: node.Values{"match": []any{"a=1", "b=2"}, "groups": []any{[]any{"a", "1"}, []any{"b", "2"}}, "found": true},
	})
	s.Example(node.Example{Name: "no pattern at all", Given: node.Values{"text": "a"}, Fails: "Regex pattern is required"})
}

// Run extracts.
func (n *extractNode) Run(ctx context.Context, _ *node.Run) (err error) {
	n.match, n.groups, n.found, err = n.extract(ctx, text(n.text), text(n.pattern), n.all)
	return err
}
