package text

import (
	"context"

	"casare/node"
)

func init() { node.Register("TextReplaceNode", func() node.Node { return new(replaceNode) }) }

type replaceNode struct {
	regex

	text, old, now, most node.Value
	useRegex             bool
	result               string
	replacements         int64
}

// Spec describes the type.
func (n *replaceNode) Spec(s *node.Spec) {
	s.Describe("Text Replace", "Replaces one text by another wherever it stands, or what a regular expression matches, in Python's syntax; "+
		`there \1 and \g<name> in the new text stand for groups.`)
	s.Category("text")
	textInput(s, &n.text, "text").Says("The text to change.")
	textInput(s, &n.old, "old_value").Says("What to replace: a text, or a regular expression.")
	textInput(s, &n.now, "new_value").Says("What to put in its place.")
	numberParam(s, &n.most, "count").Or(-1).Says("How often at most; everywhere for -1.")
	s.Bool(node.Param, &n.useRegex, "use_regex").Or(false).Says("Whether what to replace is a regular expression.")
	n.spec(s)
	s.String(node.Out, &n.result, "result").Says("The changed text.")
	s.Int(node.Out, &n.replacements, "replacements").Says("How often something was replaced.")
	s.Effect(node.Pure)
	s.Example(node.Example{
		Name: "a word", Given: node.Values{"text": "hello world", "old_value": "o", "new_value": "0", "count": 1},
		Wanted: node.Values{"result": "hell0 world", "replacements": 1},
	})
	s.Example(node.Example{
		Name:   "groups",
		Given:  node.Values{"text": "John Smith", "old_value": `(?P<first>\w+) (\w+)`, "new_value": `\2, \g<first>`, "use_regex": true},
		Wanted: node.Values{"result": "Smith, John", "replacements": 1},
	})
}

// Run replaces.
func (n *replaceNode) Run(ctx context.Context, _ *node.Run) (err error) {
	var times int
	if n.useRegex {
		n.result, times, err = n.sub(ctx, text(n.text), text(n.old), text(n.now), n.most)
	} else {
		n.result, times, err = replace(text(n.text), text(n.old), text(n.now), n.most)
	}
	n.replacements = int64(times)
	return err
}
