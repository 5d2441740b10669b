package file

import (
	"context"

	"casare/node"
	"casare/value"
)

func init() { node.Register("ReadFileNode", func() node.Node { return new(read) }) }

type read struct {
	path, encoding, errors string
	binary, dangerous      bool
	maxSize                int64
	action                 bool // part of FileSystemSuperNode, which never fails over an encoding

	content node.Value
	size    node.Opt[int64]
	success bool
}

// Spec describes the type.
func (n *read) Spec(s *node.Spec) {
	s.Describe("Read File", "Reads a file as text, or as it is in binary mode.")
	s.Category("file")
	n.fields(s)
	s.Example(node.Example{
		Name: "a text", Files: map[string]string{"a.txt": "hello\r\n"}, Given: node.Values{"file_path": "a.txt"},
		Wanted: node.Values{"content": "hello\n", "size": 7, "success": true},
	})
	s.Example(node.Example{
		Name: "too large", Files: map[string]string{"a.txt": "hello"}, Given: node.Values{"file_path": "a.txt", "max_size": 3},
		Fails: "File size (5 bytes) exceeds max_size limit (3 bytes)",
	})
	s.Example(node.Example{Name: "not there", Given: node.Values{"file_path": "a.txt"}, Fails: "File not found: a.txt"})
}

func (n *read) fields(s *node.Spec) {
	s.String(node.In, &n.path, "file_path").Must("file_path is required").Widget("file").Shown(node.Essential).
		Says("The file to read; a relative path lies in the job's workspace.")
	encodingField(s, &n.encoding)
	s.Bool(node.Param, &n.binary, "binary_mode").Or(false).Says("Give the bytes as they are.")
	if !n.action {
		errorsField(s, &n.errors)
	}
	s.Int(node.Param, &n.maxSize, "max_size").Or(0).Min(0).Says("Fail when the file has more bytes; 0 for no limit but the robot's own.")
	dangerousField(s, &n.dangerous)
	s.Any(node.Out, &n.content, "content").Port(node.KindText).Says("What the file holds.")
	node.Maybe(s, node.Out, &n.size, "size").Says("Its size in bytes.")
	successField(s, &n.success)
	s.Effect(node.Read)
}

// successField declares the output that says whether the step did its work; after an error it is false.
func successField(s *node.Spec, p *bool) {
	s.Bool(node.Out, p, "success").Says("Whether it was done.")
}

// Run reads.
func (n *read) Run(_ context.Context, r *node.Run) error {
	p, err := locate(r, n.path, n.dangerous)
	if err != nil {
		return err
	}
	info, err := existing(r, p, "File")
	if err != nil {
		return err
	}
	if size := info.Size(); n.maxSize > 0 && size > n.maxSize {
		if n.action {
			return node.Fail("", "File size (%d) exceeds limit (%d)", size, n.maxSize)
		}
		return node.Fail("", "File size (%d bytes) exceeds max_size limit (%d bytes)", size, n.maxSize)
	}
	data, err := r.Files().ReadFile(p.abs)
	if err != nil {
		return failed(err, p.abs)
	}
	n.content = value.Bytes(data)
	if !n.binary {
		handler := n.errors
		if n.action {
			handler = "replace"
		}
		if n.content, err = decode(data, n.encoding, handler); err != nil {
			return err
		}
	}
	n.size, n.success = node.Some(info.Size()), true
	return nil
}
