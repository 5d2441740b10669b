package file

import (
	"context"
	"path/filepath"
	"time"

	"casare/node"
)

func init() { node.Register("GetFileInfoNode", func() node.Node { return new(info) }) }

type info struct {
	path      string
	dangerous bool

	size                                       node.Opt[int64]
	created, modified, extension, name, parent node.Opt[string]
	success                                    bool
}

// Spec describes the type.
func (n *info) Spec(s *node.Spec) {
	s.Describe("Get File Info", "Gives the size, times and parts of the name of a file.")
	s.Category("file")
	n.fields(s)
	s.Example(node.Example{
		Name: "of a text", Files: map[string]string{"a.b.txt": "abc"}, Given: node.Values{"file_path": "a.b.txt"},
		Wanted: node.Values{"size": 3, "extension": ".txt", "name": "a.b.txt", "success": true},
	})
}

func (n *info) fields(s *node.Spec) {
	s.String(node.In, &n.path, "file_path").Must("file_path is required").Widget("file").Shown(node.Essential).
		Says("The file; a relative path lies in the job's workspace.")
	dangerousField(s, &n.dangerous)
	node.Maybe(s, node.Out, &n.size, "size").Says("Its size in bytes.")
	node.Maybe(s, node.Out, &n.created, "created").Says("When it was made, where the system knows, else when it was last changed, as 2024-03-15T10:00:00.")
	node.Maybe(s, node.Out, &n.modified, "modified").Says("When its content was last changed.")
	node.Maybe(s, node.Out, &n.extension, "extension").Says("The end of its name, with the dot.")
	node.Maybe(s, node.Out, &n.name, "name").Says("Its name without the folder.")
	node.Maybe(s, node.Out, &n.parent, "parent").Says("The folder it lies in.")
	successField(s, &n.success)
	s.Effect(node.Read)
}

// Run looks.
func (n *info) Run(_ context.Context, r *node.Run) error {
	p, err := locate(r, n.path, n.dangerous)
	if err != nil {
		return err
	}
	found, err := existing(r, p, "File")
	if err != nil {
		return err
	}
	name := filepath.Base(p.abs)
	n.size, n.success = node.Some(found.Size()), true
	n.created, n.modified = node.Some(isoformat(created(found))), node.Some(isoformat(found.ModTime()))
	n.extension, n.name, n.parent = node.Some(suffix(name)), node.Some(name), node.Some(filepath.Dir(p.abs))
	return nil
}

// isoformat prints the robot's local time as Python does: a fraction that is zero is left out.
func isoformat(t time.Time) string {
	t = t.Local()
	if t.Nanosecond()/1000 == 0 {
		return t.Format("2006-01-02T15:04:05")
	}
	return t.Format("2006-01-02T15:04:05.000000")
}
