package document

import (
	"cmp"
	"context"

	"casare/node"
)

func init() { node.Register("GetXMLAttributeNode", func() node.Node { return new(xmlAttribute) }) }

type xmlAttribute struct {
	text, path, name string

	value string
	found bool
}

// Spec describes the type.
func (n *xmlAttribute) Spec(s *node.Spec) {
	s.Describe("Get XML Attribute", "Reads an attribute of an element of an XML document. That there is none is no error.")
	s.Category("document")
	s.Text(node.In, &n.text, "xml_string").Shown(node.Essential).Says("The document; without one it is what Parse XML read last.")
	s.String(node.In, &n.path, "xpath").Or(".").Says("The path to the element, as for XPath Query; the first it finds counts. A point is the root.")
	s.String(node.In, &n.name, "attribute_name").Was("attribute").Must("attribute_name is required").Shown(node.Essential).
		Says("The attribute, {uri}name where it has a namespace.")
	s.String(node.Out, &n.value, "value").Says("Its value.")
	s.Bool(node.Out, &n.found, "found").Says("Whether there is one.")
	s.Effect(node.Pure)
	s.Example(node.Example{
		Name: "of a child", Given: node.Values{"xml_string": "<r><a k='v'/></r>", "xpath": "a", "attribute_name": "k"},
		Wanted: node.Values{"value": "v", "found": true},
	})
	s.Example(node.Example{
		Name: "of the root", Given: node.Values{"xml_string": "<r/>", "attribute_name": "k"}, Wanted: node.Values{"value": "", "found": false},
	})
}

// Run looks.
func (n *xmlAttribute) Run(_ context.Context, r *node.Run) error {
	root, err := parsed(r, n.text, "No XML available")
	if err != nil {
		return err
	}
	e, err := root.Find(cmp.Or(n.path, "."))
	if err != nil || e == nil {
		return err
	}
	n.value, n.found = e.Attr(n.name)
	return nil
}
