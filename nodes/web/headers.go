package web

import (
	"context"

	"casare/node"
	"casare/value"
)

func init() { node.Register("SetHttpHeadersNode", func() node.Node { return new(headers) }) }

type headers struct {
	base, several, content node.Value
	name                   string
	headers                *value.Dict
}

// Spec describes the type.
func (n *headers) Spec(s *node.Spec) {
	s.Describe("Set HTTP Headers", "Puts headers together: some there are, more of them, and a single one. Of two with one name the later counts.")
	s.Category("http")
	s.Any(node.In, &n.base, "base_headers").Port(node.KindDict).Widget("json").Says("The headers there are.")
	s.String(node.In, &n.name, "header_name").Shown(node.Essential).Says("The name of a header to add.")
	s.Any(node.In, &n.content, "header_value").Port(node.KindText).Shown(node.Essential).Says("Its value; nothing is added without one.")
	s.Any(node.In, &n.several, "headers_json").Was("headers").Port(node.KindDict).Widget("json").
		Says("More headers: a dict, or the JSON text of one. A text that is none counts as nothing.")
	s.Dict(node.Out, &n.headers, "headers").Says("All headers.")
	s.Effect(node.Pure)
	s.Example(node.Example{
		Name:   "from three places",
		Given:  node.Values{"base_headers": node.Values{"A": "1", "B": "1"}, "headers_json": `{"B": "2"}`, "header_name": "C", "header_value": "3"},
		Wanted: node.Values{"headers": node.Values{"A": "1", "B": "2", "C": "3"}},
	})
	s.Example(node.Example{Name: "no value", Given: node.Values{"header_name": "A"}, Wanted: node.Values{"headers": node.Values{}}})
}

// Run puts them together.
func (n *headers) Run(context.Context, *node.Run) error {
	base, err := dict(n.base, "base_headers")
	if err != nil {
		return node.Fail("", "Set headers error: %w", err)
	}
	all := base.Edit()
	several := n.several
	if text, ok := several.(string); ok {
		several, _ = value.Loads(text) // as the original: what cannot be read is left out
	}
	if more, ok := several.(*value.Dict); ok {
		for name, v := range more.All() {
			all.Set(name, v)
		}
	}
	if content, _ := reveal(n.content); n.name != "" && content != "" && value.Truth(n.content) {
		all.Set(n.name, n.content)
	}
	n.headers = all.Dict()
	return nil
}
