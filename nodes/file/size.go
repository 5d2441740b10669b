package file

import (
	"context"

	"casare/node"
)

func init() { node.Register("GetFileSizeNode", func() node.Node { return new(size) }) }

type size struct {
	path      string
	dangerous bool

	size    node.Opt[int64]
	success bool
}

// Spec describes the type.
func (n *size) Spec(s *node.Spec) {
	s.Describe("Get File Size", "Gives the size of a file in bytes.")
	s.Category("file")
	n.fields(s)
	s.Example(node.Example{
		Name: "of a text", Files: map[string]string{"a.txt": "é"}, Given: node.Values{"file_path": "a.txt"}, Wanted: node.Values{"size": 2},
	})
}

func (n *size) fields(s *node.Spec) {
	s.String(node.In, &n.path, "file_path").Must("file_path is required").Widget("file").Shown(node.Essential).
		Says("The file; a relative path lies in the job's workspace.")
	dangerousField(s, &n.dangerous)
	node.Maybe(s, node.Out, &n.size, "size").Says("Its size in bytes.")
	successField(s, &n.success)
	s.Effect(node.Read)
}

// Run looks.
func (n *size) Run(_ context.Context, r *node.Run) error {
	p, err := locate(r, n.path, n.dangerous)
	if err != nil {
		return err
	}
	info, err := existing(r, p, "File")
	if err != nil {
		return err
	}
	n.size, n.success = node.Some(info.Size()), true
	return nil
}
