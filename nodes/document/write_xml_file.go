package document

import (
	"context"
	"path/filepath"
	"strings"

	"casare/node"
	"casare/value/charset"
	"casare/workflow/pyxml"
)

func init() { node.Register("WriteXMLFileNode", func() node.Node { return new(writeXMLFile) }) }

type writeXMLFile struct {
	path, text, encoding string
	pretty, declaration  bool

	written node.Opt[string]
	success bool
}

// Spec describes the type.
func (n *writeXMLFile) Spec(s *node.Spec) {
	s.Describe("Write XML File", "Writes an XML document to a file. What is no document is written as it is.")
	s.Category("document")
	s.String(node.In, &n.path, "file_path").Must("file_path is required").Widget("file").Shown(node.Essential).
		Says("The file; a relative path lies in the job's workspace.")
	s.Text(node.In, &n.text, "xml_string").Must("xml_string is required").Shown(node.Essential).Says("The document.")
	s.String(node.Param, &n.encoding, "encoding").Or("utf-8").Says("How its text is written as bytes.")
	s.Bool(node.Param, &n.pretty, "pretty_print").Or(true).Says("Write each element on a line of its own, moved in.")
	s.Bool(node.Param, &n.declaration, "xml_declaration").Or(true).Says("Begin with an XML declaration.")
	node.Maybe(s, node.Out, &n.written, "file_path").Says("The file.")
	s.Bool(node.Out, &n.success, "success").Says("Whether it was written.")
	s.Effect(node.Idempotent)
	s.Example(node.Example{
		Name: "a document", Given: node.Values{"file_path": "out/a.xml", "xml_string": "<r><a>1</a></r>"},
		Wanted: node.Values{"file_path": "out/a.xml", "success": true},
	})
	s.Example(node.Example{Name: "nothing", Given: node.Values{"file_path": "a.xml", "xml_string": ""}, Fails: "xml_string is required"})
}

// Run writes.
func (n *writeXMLFile) Run(_ context.Context, r *node.Run) error {
	text := n.text
	if n.pretty {
		if laid, err := pyxml.Pretty(text, "  "); err == nil {
			text = laid
		}
	}
	if n.declaration && !strings.HasPrefix(text, "<?xml") {
		text = `<?xml version="1.0" encoding="` + n.encoding + `"?>` + "\n" + text
	}
	codec, err := charset.Lookup(n.encoding)
	if err != nil {
		return node.Fail("", "%w", err)
	}
	data, err := codec.Encode(text, "strict", true)
	if err != nil {
		return node.Fail("", "%w", err)
	}
	abs, err := r.Files().Path(n.path)
	if err != nil {
		return err
	}
	if err := r.Files().MkdirAll(filepath.Dir(abs)); err != nil {
		return err
	}
	if err := r.Files().WriteFile(abs, data); err != nil {
		return err
	}
	n.written, n.success = node.Some(n.path), true
	return nil
}
