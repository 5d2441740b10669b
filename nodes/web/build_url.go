package web

import (
	"context"
	"strings"

	"casare/node"
	"casare/value"
)

func init() { node.Register("BuildUrlNode", func() node.Node { return new(buildURL) }) }

type buildURL struct {
	base, path string
	params     node.Value
	url        node.Value
}

// Spec describes the type.
func (n *buildURL) Spec(s *node.Spec) {
	s.Describe("Build URL", "Puts an address together of a base, a path and parameters, each written as an address needs it.")
	s.Category("http")
	s.String(node.In, &n.base, "base_url").Must("Build URL error: Base URL is required").Shown(node.Essential).Says("Where the address begins.")
	s.String(node.In, &n.path, "path").Shown(node.Essential).Says("A path from there; .. goes up.")
	s.Any(node.In, &n.params, "params").Or(node.Values{}).Port(node.KindDict).Widget("json").
		Says("Parameters behind the question mark: a dict, or the JSON text of one. A text that is no JSON counts as none.")
	s.Any(node.Out, &n.url, "url").Port(node.KindText).Says("The address; a secret if a parameter is one.")
	s.Effect(node.Pure)
	s.Example(node.Example{
		Name:   "all three",
		Given:  node.Values{"base_url": "https://api.example.com/v1/", "path": "/users", "params": node.Values{"q": "a b&c", "page": 2}},
		Wanted: node.Values{"url": "https://api.example.com/v1/users?page=2&q=a+b%26c"},
	})
	s.Example(node.Example{
		Name: "parameters there are", Given: node.Values{"base_url": "http://h?x=1", "params": `{"y": null}`}, Wanted: node.Values{"url": "http://h?x=1&y=None"},
	})
}

// Run puts it together.
func (n *buildURL) Run(context.Context, *node.Run) error {
	if err := n.build(); err != nil {
		return node.Fail("", "Build URL error: %w", err)
	}
	return nil
}

func (n *buildURL) build() error {
	params := n.params
	if text, ok := params.(string); ok {
		params, _ = value.Loads(text) // as the original: what cannot be read is none
	}
	url := n.base
	if n.path != "" {
		var err error
		if url, err = join(strings.TrimRight(n.base, "/")+"/", strings.TrimLeft(n.path, "/")); err != nil {
			return err
		}
	}
	n.url = url
	if !value.Truth(params) {
		return nil
	}
	d, ok := params.(*value.Dict)
	if !ok {
		return node.Fail(node.TypeInput, "not a valid non-string sequence or mapping object")
	}
	query, secret := encode(d)
	mark := "?"
	if strings.Contains(url, "?") {
		mark = "&"
	}
	n.url = hidden(url+mark+query, secret)
	return nil
}

// encode is Python's urlencode.
func encode(d *value.Dict) (query string, secret bool) {
	var parts []string
	for k, v := range d.All() {
		key, _ := reveal(k)
		text, hide := reveal(v)
		switch v := v.(type) {
		case nil:
			text = value.Str(nil)
		case value.Bytes:
			text = string(v)
		}
		secret = secret || hide
		parts = append(parts, quote(key)+"="+quote(text))
	}
	return strings.Join(parts, "&"), secret
}

// quote is Python's quote_plus.
func quote(text string) string {
	var out strings.Builder
	for i := range len(text) {
		switch c := text[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("_.-~", c) >= 0:
			out.WriteByte(c)
		case c == ' ':
			out.WriteByte('+')
		default:
			const hex = "0123456789ABCDEF"
			out.Write([]byte{'%', hex[c>>4], hex[c&15]})
		}
	}
	return out.String()
}
