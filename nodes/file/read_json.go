package file

import (
	"context"

	"casare/node"
	"casare/value"
)

func init() { node.Register("ReadJSONFileNode", func() node.Node { return new(readJSON) }) }

type readJSON struct {
	path, encoding string
	dangerous      bool

	data    node.Value
	success bool
}

// Spec describes the type.
func (n *readJSON) Spec(s *node.Spec) {
	s.Describe("Read JSON File", "Reads the value in a JSON file.")
	s.Category("file")
	n.fields(s)
	s.Example(node.Example{
		Name: "a dict", Files: map[string]string{"d.json": `{"a": [1, 2.0, null]}`}, Given: node.Values{"file_path": "d.json"},
		Wanted: node.Values{"data": map[string]any{"a": []any{1, 2.0, nil}}, "success": true},
	})
	s.Example(node.Example{
		Name: "no JSON", Files: map[string]string{"d.json": `{bad`}, Given: node.Values{"file_path": "d.json"}, Fails: "Invalid JSON",
	})
}

func (n *readJSON) fields(s *node.Spec) {
	s.String(node.In, &n.path, "file_path").Must("file_path is required").Widget("file").Shown(node.Essential).
		Says("The JSON file; a relative path lies in the job's workspace.")
	encodingField(s, &n.encoding)
	dangerousField(s, &n.dangerous)
	s.Any(node.Out, &n.data, "data").Says("The value.")
	successField(s, &n.success)
	s.Effect(node.Read)
}

// Run reads.
func (n *readJSON) Run(_ context.Context, r *node.Run) error {
	p, err := locate(r, n.path, n.dangerous)
	if err != nil {
		return err
	}
	if _, err := existing(r, p, "JSON file"); err != nil {
		return err
	}
	text, err := readText(r, p.abs, n.encoding, "strict")
	if err != nil {
		return err
	}
	if n.data, err = value.Loads(text); err != nil {
		n.data = nil
		return node.Fail("", "Invalid JSON: %w", err)
	}
	n.success = true
	return nil
}
