package file

import (
	"context"

	"casare/node"
)

func init() { node.Register("AppendFileNode", func() node.Node { return new(add) }) }

type add struct {
	path, encoding    string
	content           node.Value
	create, dangerous bool
	action            bool // part of FileSystemSuperNode

	written node.Opt[string]
	count   node.Opt[int64]
	success bool
}

// Spec describes the type.
func (n *add) Spec(s *node.Spec) {
	s.Describe("Append File", "Adds text to the end of a file.")
	s.Category("file")
	n.fields(s)
	s.Example(node.Example{
		Name: "a line", Files: map[string]string{"a.txt": "one\n"}, Given: node.Values{"file_path": "a.txt", "content": "two\n"},
		Wanted: node.Values{"bytes_written": 4, "success": true},
	})
	s.Example(node.Example{
		Name: "only if it is there", Given: node.Values{"file_path": "a.txt", "content": "x", "create_if_missing": false},
		Fails: "File not found: a.txt",
	})
}

func (n *add) fields(s *node.Spec) {
	s.String(node.In, &n.path, "file_path").Must("file_path is required").Widget("file").Shown(node.Essential).
		Says("The file to add to; a relative path lies in the job's workspace.")
	s.Any(node.In, &n.content, "content").Port(node.KindText).Widget("text").Shown(node.Essential).Says("What to add.")
	encodingField(s, &n.encoding)
	s.Bool(node.Param, &n.create, "create_if_missing").Or(true).Says("Make the file if it is not there.")
	dangerousField(s, &n.dangerous)
	node.Maybe(s, node.Out, &n.written, "file_path").Says("The file.")
	node.Maybe(s, node.Out, &n.count, "bytes_written").Says("How many characters were added.")
	successField(s, &n.success)
	s.Effect(node.Once)
}

// Run appends.
func (n *add) Run(_ context.Context, r *node.Run) error {
	if n.content == nil && !n.action {
		return node.Fail(node.TypeInput, "required input 'content' has no value")
	}
	p, err := locate(r, n.path, n.dangerous)
	if err != nil {
		return err
	}
	if !n.create {
		if _, err := existing(r, p, "File"); err != nil {
			return err
		}
	}
	if err := makeParents(r, p.abs); err != nil {
		return err
	}
	count, err := appendText(r, p.abs, printed(n.content), n.encoding, "replace")
	if err != nil {
		return err
	}
	n.written, n.count, n.success = node.Some(p.abs), node.Some(count), true
	return nil
}
