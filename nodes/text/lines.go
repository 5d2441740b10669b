package text

import (
	"context"

	"casare/node"
	"casare/value"
)

func init() { node.Register("TextLinesNode", func() node.Node { return new(linesNode) }) }

type linesNode struct {
	text, lines     node.Value
	mode, separator string
	removeEmpty     bool

	joined node.Opt[string]
	parts  node.Opt[value.List]
	count  int64
}

// Spec describes the type.
func (n *linesNode) Spec(s *node.Spec) {
	s.Describe("Text Lines", "Cuts a text into its lines, wherever Python sees the end of one, or joins lines to a text.")
	s.Category("text")
	textInput(s, &n.text, "text").Says("The text to cut.")
	s.Any(node.In, &n.lines, "lines").Port(node.KindList).Shown(node.Essential).Says("The lines to join; what is no list counts as none.")
	s.Choice(node.Param, &n.mode, "mode", linesSplit, linesJoin).Or(linesSplit).Shown(node.Essential).Says("Whether to cut or to join.")
	s.Choice(node.Param, &n.separator, "line_separator", separatorNewline, separatorCRLF, separatorComma).Or(separatorNewline).
		Says("What stands between lines that are joined.")
	s.Bool(node.Param, &n.removeEmpty, "remove_empty").Or(false).Says("Whether empty lines are left out when cutting.")
	node.Maybe(s, node.Out, &n.joined, "text").Says("The joined text.")
	node.Maybe(s, node.Out, &n.parts, "lines").Says("The lines of the text.")
	s.Int(node.Out, &n.count, "count").Says("How many lines there are.")
	s.Effect(node.Pure)
	s.Example(node.Example{
		Name: "cut", Given: node.Values{"text": "a\r\n\nb\n", "remove_empty": true}, Wanted: node.Values{"lines": []any{"a", "b"}, "count": 2},
	})
	s.Example(node.Example{
		Name: "join", Given: node.Values{"lines": []any{"a", 2, nil}, "mode": linesJoin, "line_separator": separatorComma},
		Wanted: node.Values{"text": "a,2,None", "count": 3},
	})
}

// Run cuts or joins.
func (n *linesNode) Run(context.Context, *node.Run) (err error) {
	n.parts, n.joined, n.count, err = lines(n.mode, text(n.text), n.lines, n.separator, n.removeEmpty)
	return err
}
