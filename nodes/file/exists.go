package file

import (
	"context"

	"casare/node"
)

func init() { node.Register("FileExistsNode", func() node.Node { return new(existsAlone) }) }

// What FileExistsNode may look for.
const (
	checkFile      = "file"
	checkDirectory = "directory"
	checkAny       = "any"
)

type exists struct {
	path, check string
	dangerous   bool

	found, isFile, isDir node.Opt[bool]
}

// existsAlone is the type of its own, which knows no other kinds than its three.
type existsAlone struct{ exists }

// Spec describes the type.
func (n *existsAlone) Spec(s *node.Spec) {
	s.Describe("File Exists", "Says whether a file or folder is there.")
	s.Category("file")
	n.fields(s)
	s.Example(node.Example{
		Name: "a file", Files: map[string]string{"a.txt": ""}, Given: node.Values{"path": "a.txt"},
		Wanted: node.Values{"exists": true, "is_file": true, "is_dir": false},
	})
	s.Example(node.Example{
		Name: "not a folder", Files: map[string]string{"a.txt": ""}, Given: node.Values{"path": "a.txt", "check_type": checkDirectory},
		Wanted: node.Values{"exists": false, "is_file": true},
	})
	s.Example(node.Example{Name: "no such kind", Given: node.Values{"path": "a.txt", "check_type": "folder"}, Fails: "check_type must be"})
}

// Run looks for one of the kinds.
func (n *existsAlone) Run(ctx context.Context, r *node.Run) error {
	if n.check != checkFile && n.check != checkDirectory && n.check != checkAny {
		return node.Fail(node.TypeInput, "check_type must be 'file', 'directory', or 'any'")
	}
	return n.exists.Run(ctx, r)
}

func (n *exists) fields(s *node.Spec) {
	s.String(node.In, &n.path, "path").Must("path is required").Widget("file").Shown(node.Essential).
		Says("The file or folder to look for; a relative path lies in the job's workspace.")
	s.Choice(node.Param, &n.check, "check_type", checkFile, checkDirectory, checkAny).Or(checkAny).Says("What counts as there.")
	dangerousField(s, &n.dangerous)
	node.Maybe(s, node.Out, &n.found, "exists").Says("Whether it is there, and of the kind that was asked for.")
	node.Maybe(s, node.Out, &n.isFile, "is_file").Says("Whether it is a file.")
	node.Maybe(s, node.Out, &n.isDir, "is_dir").Says("Whether it is a folder.")
	s.Effect(node.Read)
}

// Run looks. Where a job may not look is an error, not an absence.
func (n *exists) Run(_ context.Context, r *node.Run) error {
	p, err := locate(r, n.path, n.dangerous)
	if err != nil {
		return err
	}
	info, err := look(r, p.abs)
	if err != nil {
		return err
	}
	isFile, isDir := info != nil && info.Mode().IsRegular(), info != nil && info.IsDir()
	found := info != nil
	switch n.check {
	case checkFile:
		found = isFile
	case checkDirectory:
		found = isDir
	}
	n.found, n.isFile, n.isDir = node.Some(found), node.Some(isFile), node.Some(isDir)
	return nil
}
