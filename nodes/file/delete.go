package file

import (
	"context"
	"syscall"

	"casare/node"
)

func init() { node.Register("DeleteFileNode", func() node.Node { return new(remove) }) }

type remove struct {
	path                     string
	ignoreMissing, dangerous bool

	deleted node.Opt[string]
	success bool
}

// Spec describes the type.
func (n *remove) Spec(s *node.Spec) {
	s.Describe("Delete File", "Deletes a file.")
	s.Category("file")
	n.fields(s)
	s.Example(node.Example{
		Name: "a file", Files: map[string]string{"a.txt": ""}, Given: node.Values{"file_path": "a.txt"},
		Wanted: node.Values{"deleted_path": "<any>/a.txt", "success": true},
	})
	s.Example(node.Example{Name: "that is not there", Given: node.Values{"file_path": "a.txt"}, Fails: "File not found: a.txt"})
}

func (n *remove) fields(s *node.Spec) {
	s.String(node.In, &n.path, "file_path").Must("file_path is required").Widget("file").Shown(node.Essential).
		Says("The file to delete; a relative path lies in the job's workspace.")
	s.Bool(node.Param, &n.ignoreMissing, "ignore_missing").Or(false).Says("A file that is not there is no error.")
	dangerousField(s, &n.dangerous)
	node.Maybe(s, node.Out, &n.deleted, "deleted_path").Says("The file that is gone.")
	successField(s, &n.success)
	s.Effect(node.Idempotent)
	s.When("ignore_missing", false).Effect(node.Once)
}

// Run deletes.
func (n *remove) Run(_ context.Context, r *node.Run) error {
	p, err := locate(r, n.path, n.dangerous)
	if err != nil {
		return err
	}
	there, err := look(r, p.abs)
	switch {
	case err != nil:
		return err
	case there == nil && !n.ignoreMissing:
		return node.Fail("", "File not found: %s", p.shown)
	case there != nil && there.IsDir():
		return failed(syscall.EISDIR, p.abs)
	case there != nil:
		if err := r.Files().Remove(p.abs); err != nil {
			return failed(err, p.abs)
		}
	}
	n.deleted, n.success = node.Some(p.abs), true
	return nil
}
