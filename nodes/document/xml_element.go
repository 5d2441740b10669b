package document

import (
	"context"
	"math/big"

	"casare/node"
	"casare/value"
)

func init() { node.Register("GetXMLElementNode", func() node.Node { return new(xmlElement) }) }

type xmlElement struct {
	text, name string
	index      node.Value

	tag, content string
	attrs        *value.Dict
	children     int64
	found        bool
}

// Spec describes the type.
func (n *xmlElement) Spec(s *node.Spec) {
	s.Describe("Get XML Element", "Finds an element anywhere below the root of an XML document by its tag. That there is none is no error.")
	s.Category("document")
	s.Text(node.In, &n.text, "xml_string").Shown(node.Essential).Says("The document; without one it is what Parse XML read last.")
	s.String(node.In, &n.name, "tag_name").Was("path").Must("tag_name is required").Shown(node.Essential).Says("The tag, {uri}tag where it has a namespace; a path is possible.")
	s.Any(node.In, &n.index, "index").Or(0).Port(node.KindInt).Says("Which of several, from 0.")
	s.String(node.Out, &n.tag, "tag").Says("Its tag.")
	s.String(node.Out, &n.content, "text").Says("The text before its first child.")
	s.Dict(node.Out, &n.attrs, "attributes").Says("Its attributes.")
	s.Int(node.Out, &n.children, "child_count").Says("How many elements it has in it.")
	s.Bool(node.Out, &n.found, "found").Says("Whether there is one.")
	s.Effect(node.Pure)
	s.Example(node.Example{
		Name: "the second", Given: node.Values{"xml_string": "<r><a>x</a><b><a k='v'>y<c/></a></b></r>", "tag_name": "a", "index": 1},
		Wanted: node.Values{"tag": "a", "text": "y", "attributes": node.Values{"k": "v"}, "child_count": 1, "found": true},
	})
	s.Example(node.Example{
		Name: "none", Given: node.Values{"xml_string": "<r/>", "tag_name": "a"}, Wanted: node.Values{"tag": "", "found": false},
	})
}

// Run looks.
func (n *xmlElement) Run(_ context.Context, r *node.Run) error {
	index, err := place(n.index)
	if err != nil {
		return err
	}
	root, err := parsed(r, n.text, "No XML available")
	if err != nil {
		return err
	}
	found, err := root.FindAll(".//" + n.name)
	if err != nil {
		return err
	}
	if index < 0 || index >= int64(len(found)) {
		return nil
	}
	e := found[index]
	n.tag, n.content, n.attrs, n.children, n.found = e.Tag, e.Text, attributes(e), int64(len(e.Children)), true
	return nil
}

// place is the number a value stands for; one that stands for none counts as 0, and one too large is that of no element.
func place(v node.Value) (int64, error) {
	i, err := value.ToInt(v)
	switch {
	case value.KindOf(err) == value.OverflowError:
		return 0, err
	case err != nil:
		return 0, nil //nolint:nilerr // what is no number counts as 0
	}
	switch i := i.(type) {
	case int64:
		return i, nil
	case *big.Int:
		return -1, nil
	}
	return 0, nil
}
