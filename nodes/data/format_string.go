package data

import (
	"context"

	"casare/node"
	"casare/value"
)

func init() { node.Register("FormatStringNode", func() node.Node { return new(formatString) }) }

type formatString struct {
	template  string
	variables *value.Dict
	result    node.Value
}

// Spec describes the type.
func (n *formatString) Spec(s *node.Spec) {
	s.Describe("Format String", "Fills values into a text with Python's format(): {name}, {price:.2f}, {row[0]}, {text!r}.")
	s.Category("data")
	s.Text(node.In, &n.template, "template").Shown(node.Essential).Says("The text with fields in braces.")
	s.Dict(node.In, &n.variables, "variables").Or(node.Values{}).Shown(node.Essential).Says("The values, by name.")
	s.Any(node.Out, &n.result, "result").Port(node.KindText).Says("The text.")
	s.Effect(node.Pure)
	s.Example(node.Example{
		Name: "a price", Given: node.Values{"template": "{what}: {price:.2f}", "variables": node.Values{"what": "tea", "price": 2.5}},
		Wanted: node.Values{"result": "tea: 2.50"},
	})
}

// Run formats.
func (n *formatString) Run(ctx context.Context, _ *node.Run) (err error) {
	n.result, err = node.Format(ctx, n.template, func(name string) (node.Value, bool) { return n.variables.Get(name) })
	return err
}
