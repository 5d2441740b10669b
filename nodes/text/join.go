package text

import (
	"context"

	"casare/node"
)

func init() { node.Register("TextJoinNode", func() node.Node { return new(joinNode) }) }

type joinNode struct {
	items             node.Value
	separator, result string
}

// Spec describes the type.
func (n *joinNode) Spec(s *node.Spec) {
	s.Describe("Text Join", "Joins the items of a list to one text, each printed as Python prints it: 2.5, None, True.")
	s.Category("text")
	s.Any(node.In, &n.items, "items").Must("Required input port 'items' has no value").Port(node.KindList).Shown(node.Essential).
		Says("The items; what is no list is the only item of one.")
	s.String(node.Param, &n.separator, "separator").Or("").Shown(node.Essential).Says("What stands between two items.")
	s.String(node.Out, &n.result, "result").Says("The text.")
	s.Effect(node.Pure)
	s.Example(node.Example{
		Name: "all kinds", Given: node.Values{"items": []any{1, 2.5, nil, true}, "separator": "-"}, Wanted: node.Values{"result": "1-2.5-None-True"},
	})
	s.Example(node.Example{Name: "no list", Given: node.Values{"items": "abc", "separator": "-"}, Wanted: node.Values{"result": "abc"}})
}

// Run joins.
func (n *joinNode) Run(context.Context, *node.Run) (err error) {
	n.result, err = join(n.items, n.separator)
	return err
}
