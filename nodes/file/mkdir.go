package file

import (
	"context"
	"errors"
	"io/fs"

	"casare/node"
)

func init() { node.Register("CreateDirectoryNode", func() node.Node { return new(mkdir) }) }

type mkdir struct {
	path                        string
	parents, existOK, dangerous bool

	made    node.Opt[string]
	success bool
}

// Spec describes the type.
func (n *mkdir) Spec(s *node.Spec) {
	s.Describe("Create Directory", "Makes a folder.")
	s.Category("file")
	n.fields(s)
	s.Example(node.Example{
		Name: "with those above it", Given: node.Values{"directory_path": "a/b"}, Wanted: node.Values{"dir_path": "<any>/a/b", "success": true},
	})
	s.Example(node.Example{
		Name: "that must not be there", Files: map[string]string{"a/b": ""}, Given: node.Values{"directory_path": "a", "exist_ok": false},
		Fails: "File exists",
	})
}

func (n *mkdir) fields(s *node.Spec) {
	s.String(node.In, &n.path, "directory_path").Must("directory_path is required").Widget("directory").Shown(node.Essential).
		Says("The folder to make; a relative path lies in the job's workspace.")
	s.Bool(node.Param, &n.parents, "parents").Or(true).Says("Make the folders above it too.")
	s.Bool(node.Param, &n.existOK, "exist_ok").Or(true).Says("A folder that is there already is no error.")
	dangerousField(s, &n.dangerous)
	node.Maybe(s, node.Out, &n.made, "dir_path").Says("The folder.")
	successField(s, &n.success)
	s.Effect(node.Idempotent)
	s.When("exist_ok", false).Effect(node.Once)
}

// Run makes the folder.
func (n *mkdir) Run(_ context.Context, r *node.Run) error {
	p, err := locate(r, n.path, n.dangerous)
	if err != nil {
		return err
	}
	if n.parents {
		if err := makeParents(r, p.abs); err != nil {
			return err
		}
	}
	err = r.Files().Mkdir(p.abs)
	if errors.Is(err, fs.ErrExist) && n.existOK {
		if there, looked := look(r, p.abs); looked == nil && there != nil && there.IsDir() {
			err = nil
		}
	}
	if err != nil {
		return failed(err, p.abs)
	}
	n.made, n.success = node.Some(p.abs), true
	return nil
}
