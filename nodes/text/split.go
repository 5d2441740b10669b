package text

import (
	"context"

	"casare/node"
	"casare/value"
)

func init() { node.Register("TextSplitNode", func() node.Node { return new(splitNode) }) }

type splitNode struct {
	text, most node.Value
	separator  string
	result     value.List
	count      int64
}

// Spec describes the type.
func (n *splitNode) Spec(s *node.Spec) {
	s.Describe("Text Split", "Cuts a text at a separator, or at runs of white space when there is none.")
	s.Category("text")
	textInput(s, &n.text, "text").Says("The text.")
	s.String(node.In, &n.separator, "separator").Was("delimiter").Shown(node.Essential).Says("Where to cut; empty for white space.")
	numberParam(s, &n.most, "max_split").Or(-1).Says("How often to cut at most; as often as possible for -1.")
	s.List(node.Out, &n.result, "result").Says("The parts.")
	s.Int(node.Out, &n.count, "count").Says("How many there are.")
	s.Effect(node.Pure)
	s.Example(node.Example{
		Name: "fields", Given: node.Values{"text": "a,,c", "separator": ","}, Wanted: node.Values{"result": []any{"a", "", "c"}, "count": 3},
	})
	s.Example(node.Example{
		Name: "words", Given: node.Values{"text": "  to be  or not ", "max_split": 2},
		Wanted: node.Values{"result": []any{"to", "be", "or not "}, "count": 3},
	})
}

// Run splits.
func (n *splitNode) Run(context.Context, *node.Run) (err error) {
	n.result, err = split(text(n.text), n.separator, n.most)
	n.count = int64(len(n.result))
	return err
}
