package file

import (
	"context"
	"errors"
	"io/fs"

	"casare/node"
	"casare/value"
)

func init() { node.Register("WriteFileNode", func() node.Node { return new(write) }) }

type write struct {
	path, encoding, errors                string
	content                               node.Value
	binary, createDirs, append, dangerous bool
	action                                bool // part of FileSystemSuperNode

	written    node.Opt[string]
	attachment node.Opt[value.List]
	count      node.Opt[int64]
	success    bool
}

// Spec describes the type.
func (n *write) Spec(s *node.Spec) {
	s.Describe("Write File", "Writes a file, whole: nobody sees half of it. With append mode it adds to the end of one.")
	s.Category("file")
	n.fields(s)
	s.Example(node.Example{
		Name: "a new file", Given: node.Values{"file_path": "out/a.txt", "content": "hello"},
		Wanted: node.Values{"file_path": "<any>/out/a.txt", "bytes_written": 5, "success": true},
	})
	s.Example(node.Example{
		Name: "bytes", Given: node.Values{"file_path": "a.bin", "content": "é", "binary_mode": true, "encoding": "utf-16-le"},
		Wanted: node.Values{"bytes_written": 2},
	})
	s.Example(node.Example{
		Name: "at the end", Files: map[string]string{"a.txt": "old"},
		Given: node.Values{"file_path": "a.txt", "content": "new", "append_mode": true}, Wanted: node.Values{"bytes_written": 3},
	})
}

func (n *write) fields(s *node.Spec) {
	s.String(node.In, &n.path, "file_path").Must("file_path is required").Widget("file").Shown(node.Essential).
		Says("The file to write; a relative path lies in the job's workspace.")
	s.Any(node.In, &n.content, "content").Port(node.KindText).Widget("text").Shown(node.Essential).Says("What to write.")
	encodingField(s, &n.encoding)
	s.Bool(node.Param, &n.binary, "binary_mode").Or(false).Says("Write bytes as they are; a text is encoded first.")
	s.Bool(node.Param, &n.createDirs, "create_dirs").Or(true).Says("Make the folders above it.")
	if !n.action {
		errorsField(s, &n.errors)
		s.Bool(node.Param, &n.append, "append_mode").Or(false).Says("Add to the end of the file.")
	}
	dangerousField(s, &n.dangerous)
	node.Maybe(s, node.Out, &n.written, "file_path").Says("The file.")
	if !n.action {
		attachmentField(s, &n.attachment)
	}
	node.Maybe(s, node.Out, &n.count, "bytes_written").Says("How much was written: characters of a text, else bytes.")
	successField(s, &n.success)
	s.Effect(node.Idempotent)
	if !n.action {
		s.When("append_mode", true).Effect(node.Once)
	}
}

// attachmentField declares the list that mail steps take as their attachments.
func attachmentField(s *node.Spec, p *node.Opt[value.List]) {
	node.Maybe(s, node.Out, p, "attachment_file").Says("The file in a list, as mail steps take it.")
}

// Run writes.
func (n *write) Run(_ context.Context, r *node.Run) error {
	if n.content == nil && !n.action {
		return node.Fail(node.TypeInput, "required input 'content' has no value")
	}
	p, err := locate(r, n.path, n.dangerous)
	if err != nil {
		return err
	}
	if n.createDirs {
		if err := makeParents(r, p.abs); err != nil {
			return err
		}
	}
	handler := n.errors
	if n.action {
		handler = "replace"
	}
	var count int64
	switch {
	case n.binary:
		count, err = n.bytes(r, p.abs)
	case n.append:
		count, err = appendText(r, p.abs, printed(n.content), n.encoding, handler)
	default:
		count, err = writeText(r, p.abs, printed(n.content), n.encoding, handler)
	}
	if err != nil {
		return err
	}
	n.written, n.count, n.success = node.Some(p.abs), node.Some(count), true
	n.attachment = node.Some(value.List{p.abs})
	return nil
}

// bytes writes in binary mode. Appending writes the whole file again, and counts it, as CasareRPA does.
func (n *write) bytes(r *node.Run, abs string) (int64, error) {
	var data []byte
	switch x := n.content.(type) {
	case value.Bytes:
		data = []byte(x)
	case string:
		encoded, err := encode(x, n.encoding, "strict", true)
		if err != nil {
			return 0, err
		}
		data = encoded
	default:
		if n.action && !value.Truth(x) {
			break
		}
		return 0, node.Fail("", "a bytes-like object is required, not '%s'", value.TypeName(x))
	}
	if n.append {
		old, err := r.Files().ReadFile(abs)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return 0, failed(err, abs)
		}
		data = append(old, data...)
	}
	if err := r.Files().WriteFile(abs, data); err != nil {
		return 0, failed(err, abs)
	}
	return int64(len(data)), nil
}
