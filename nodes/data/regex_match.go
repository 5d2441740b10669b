package data

import (
	"context"

	"casare/node"
	"casare/value"
)

func init() { node.Register("RegexMatchNode", func() node.Node { return new(regexMatch) }) }

type regexMatch struct {
	regex

	found       bool
	first       string
	all, groups value.List
	count       int64
}

// Spec describes the type.
func (n *regexMatch) Spec(s *node.Spec) {
	s.Describe("Regex Match", "Finds what a regular expression matches in a text.")
	s.Category("data")
	n.spec(s)
	s.Bool(node.Out, &n.found, "match_found").Says("Whether there is a match.")
	s.String(node.Out, &n.first, "first_match").Says("The first match; an empty text if there is none.")
	s.List(node.Out, &n.all, "all_matches").Says("All matches.")
	s.List(node.Out, &n.groups, "groups").Says("What the groups have matched in the first one; a group that took no part is null.")
	s.Int(node.Out, &n.count, "match_count").Says("How many matches there are.")
	s.Effect(node.Pure)
	s.Example(node.Example{
		Name: "two matches", Given: node.Values{"text": "a1 b2", "pattern": `([a-z])(\d)`},
		Wanted: node.Values{
			"match_found": true, "first_match": "a1", "all_matches": []any{"a1", "b2"}, "groups": []any{"a", "1"}, "match_count": 2,
		},
	})
	s.Example(node.Example{
		Name: "a mistake in it", Given: node.Values{"text": "a", "pattern": "(a"}, Fails: "missing ), unterminated subpattern at position 0",
	})
}

// Run searches.
func (n *regexMatch) Run(ctx context.Context, _ *node.Run) error {
	re, err := n.compile()
	if err != nil {
		return err
	}
	n.all, n.groups = value.List{}, value.List{}
	for m, err := range re.FindIter(ctx, n.text) {
		if err != nil {
			return err
		}
		if n.count == 0 {
			n.found, n.first = true, m.Text()
			for _, g := range m.Groups() {
				if g.Set {
					n.groups = append(n.groups, g.Text)
					continue
				}
				n.groups = append(n.groups, nil)
			}
		}
		n.all = append(n.all, m.Text())
		n.count++
	}
	return nil
}
