package file

import (
	"context"

	"casare/node"
	"casare/value"
)

func init() { node.Register("WriteJSONFileNode", func() node.Node { return new(writeJSON) }) }

type writeJSON struct {
	path, encoding   string
	data             node.Value
	indent           int64
	ascii, dangerous bool
	action           bool // part of StructuredDataSuperNode

	written    node.Opt[string]
	attachment node.Opt[value.List]
	success    bool
}

// Spec describes the type.
func (n *writeJSON) Spec(s *node.Spec) {
	s.Describe("Write JSON File", "Writes a value to a JSON file.")
	s.Category("file")
	n.fields(s)
	s.Example(node.Example{
		Name: "a dict", Given: node.Values{"file_path": "o.json", "data": map[string]any{"a": 1}},
		Wanted: node.Values{"file_path": "<any>/o.json", "success": true},
	})
}

func (n *writeJSON) fields(s *node.Spec) {
	s.String(node.In, &n.path, "file_path").Must("file_path is required").Widget("file").Shown(node.Essential).
		Says("The JSON file; a relative path lies in the job's workspace.")
	s.Any(node.In, &n.data, "data").Shown(node.Essential).Says("The value.")
	encodingField(s, &n.encoding)
	s.Int(node.Param, &n.indent, "indent").Or(2).Says("By how many blanks inner lines are moved in.")
	s.Bool(node.Param, &n.ascii, "ensure_ascii").Or(false).Says(`Write letters beyond ASCII as \u….`)
	dangerousField(s, &n.dangerous)
	node.Maybe(s, node.Out, &n.written, "file_path").Says("The file.")
	if !n.action {
		attachmentField(s, &n.attachment)
	}
	successField(s, &n.success)
	s.Effect(node.Idempotent)
}

// Run writes.
func (n *writeJSON) Run(_ context.Context, r *node.Run) error {
	p, err := locate(r, n.path, n.dangerous)
	if err != nil {
		return err
	}
	text, err := value.Dumps(masked(n.data), value.DumpOptions{Indent: &n.indent, ASCII: n.ascii})
	if err != nil {
		return node.Fail("", "%w", err)
	}
	if err := makeParents(r, p.abs); err != nil {
		return err
	}
	if _, err := writeText(r, p.abs, value.Str(text), n.encoding, "strict"); err != nil {
		return err
	}
	n.written, n.success, n.attachment = node.Some(p.abs), true, node.Some(value.List{p.abs})
	return nil
}
