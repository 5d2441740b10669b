package data

import (
	"context"

	"casare/node"
)

func init() { node.Register("RegexReplaceNode", func() node.Node { return new(regexReplace) }) }

type regexReplace struct {
	regex

	replacement string
	most        int64

	result string
	count  int64
}

// Spec describes the type.
func (n *regexReplace) Spec(s *node.Spec) {
	s.Describe("Regex Replace", "Replaces what a regular expression matches in a text.")
	s.Category("data")
	n.spec(s)
	s.String(node.In, &n.replacement, "replacement").Or("").Shown(node.Essential).
		Says(`What to put in its place; \1 and \g<name> are what groups have matched.`)
	s.Int(node.Param, &n.most, "max_count").Or(0).Min(0).Says("How often at most; everywhere for 0.")
	s.String(node.Out, &n.result, "result").Says("The changed text.")
	s.Int(node.Out, &n.count, "count").Says("How often something was replaced.")
	s.Effect(node.Pure)
	s.Example(node.Example{
		Name: "two of three", Given: node.Values{"text": "a1b22c333", "pattern": `\d+`, "replacement": `<\g<0>>`, "max_count": 2},
		Wanted: node.Values{"result": "a<1>b<22>c333", "count": 2},
	})
}

// Run replaces.
func (n *regexReplace) Run(ctx context.Context, _ *node.Run) error {
	re, err := n.compile()
	if err != nil {
		return err
	}
	result, times, err := re.Sub(ctx, n.replacement, n.text, int(max(n.most, 0)))
	n.result, n.count = result, int64(times)
	return err
}
