package document

import (
	"context"
	"errors"
	"io/fs"
	"strings"

	"casare/node"
	"casare/value/charset"
	"casare/workflow/pyxml"
)

func init() { node.Register("ReadXMLFileNode", func() node.Node { return new(readXMLFile) }) }

type readXMLFile struct {
	path, encoding string

	tag, content string
	success      bool
}

// Spec describes the type.
func (n *readXMLFile) Spec(s *node.Spec) {
	s.Describe("Read XML File", "Reads an XML document from a file. Later steps that are given no document use this one. "+
		"Documents that declare entities are refused.")
	s.Category("document")
	s.String(node.In, &n.path, "file_path").Must("file_path is required").Widget("file").Shown(node.Essential).
		Says("The file; a relative path lies in the job's workspace.")
	s.String(node.Param, &n.encoding, "encoding").Or("utf-8").Says("How its text is written as bytes; what the document itself says of that is not looked at.")
	s.String(node.Out, &n.tag, "root_tag").Says("The root's tag, {uri}tag where it has a namespace.")
	s.String(node.Out, &n.content, "xml_string").Says("The document.")
	s.Bool(node.Out, &n.success, "success").Says("Whether it is a document.")
	s.Effect(node.Read)
	s.Example(node.Example{
		Name: "a document", Files: map[string]string{"a.xml": "<r>\r\n<a/></r>"}, Given: node.Values{"file_path": "a.xml"},
		Wanted: node.Values{"root_tag": "r", "xml_string": "<r>\n<a/></r>", "success": true}, Sets: node.Values{"_xml_root": "<r>\n<a/></r>"},
	})
	s.Example(node.Example{
		Name: "not closed", Files: map[string]string{"a.xml": "<bad"}, Given: node.Values{"file_path": "a.xml"}, Fails: "unclosed token",
	})
	s.Example(node.Example{Name: "not there", Given: node.Values{"file_path": "a.xml"}, Fails: "XML file not found: a.xml"})
}

// Run reads. A mark for the order of bytes is no part of the document.
func (n *readXMLFile) Run(_ context.Context, r *node.Run) error {
	data, err := r.Files().ReadFile(n.path)
	if errors.Is(err, fs.ErrNotExist) {
		return node.Fail("", "XML file not found: %s", n.path)
	}
	if err != nil {
		return err
	}
	codec, err := charset.Lookup(n.encoding)
	if err != nil {
		return node.Fail("", "%w", err)
	}
	text, err := codec.Decode(data, "strict")
	if err != nil {
		return node.Fail("", "%w", err)
	}
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	document := strings.TrimPrefix(text, "\ufeff")
	root, err := pyxml.Parse(document)
	if err != nil {
		return node.Fail("", "%w", err)
	}
	r.SetVar(lastParsed, document)
	n.tag, n.content, n.success = root.Tag, text, true
	return nil
}
