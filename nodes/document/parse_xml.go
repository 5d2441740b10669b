package document

import (
	"context"

	"casare/node"
	"casare/workflow/pyxml"
)

func init() { node.Register("ParseXMLNode", func() node.Node { return new(parseXML) }) }

type parseXML struct {
	text, tag, content string
	children           int64
	success            bool
}

// Spec describes the type.
func (n *parseXML) Spec(s *node.Spec) {
	s.Describe("Parse XML", "Reads an XML document and tells what its root is. Later steps that are given no document use this one. "+
		"Documents that declare entities are refused.")
	s.Category("document")
	s.Text(node.In, &n.text, "xml_string").Must("xml_string is required").Shown(node.Essential).Says("The document.")
	s.String(node.Out, &n.tag, "root_tag").Says("The root's tag, {uri}tag where it has a namespace.")
	s.String(node.Out, &n.content, "root_text").Says("The text before the root's first child.")
	s.Int(node.Out, &n.children, "child_count").Says("How many elements the root has in it, not counting those in them.")
	s.Bool(node.Out, &n.success, "success").Says("Whether it is a document.")
	s.Effect(node.Pure)
	s.Example(node.Example{
		Name: "text and a child", Given: node.Values{"xml_string": "<r>a<b>c</b>d</r>"},
		Wanted: node.Values{"root_tag": "r", "root_text": "a", "child_count": 1, "success": true},
		Sets:   node.Values{"_xml_root": "<r>a<b>c</b>d</r>"},
	})
	s.Example(node.Example{Name: "not closed", Given: node.Values{"xml_string": "<r>"}, Fails: "XML parse error"})
}

// Run reads the document.
func (n *parseXML) Run(_ context.Context, r *node.Run) error {
	root, err := pyxml.Parse(n.text)
	if err != nil {
		return node.Fail("", "XML parse error: %w", err)
	}
	r.SetVar(lastParsed, n.text)
	n.tag, n.content, n.children, n.success = root.Tag, root.Text, int64(len(root.Children)), true
	return nil
}
