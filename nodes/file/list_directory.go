package file

import (
	"context"

	"casare/node"
	"casare/value"
)

func init() { node.Register("ListDirectoryNode", func() node.Node { return new(listDirectory) }) }

type listDirectory struct {
	listing
	filesOnly, dirsOnly bool

	items node.Opt[value.List]
}

// Spec describes the type.
func (n *listDirectory) Spec(s *node.Spec) {
	s.Describe("List Directory", "Lists the files and folders in a folder, sorted.")
	s.Category("file")
	n.fields(s)
	s.Example(node.Example{
		Name: "everything", Files: map[string]string{"in/a.txt": "", "in/c/d.txt": ""}, Given: node.Values{"dir_path": "in"},
		Wanted: node.Values{"items": []any{"<any>/in/a.txt", "<any>/in/c"}, "count": 2},
	})
	s.Example(node.Example{
		Name: "folders", Files: map[string]string{"in/a.txt": "", "in/c/d.txt": ""},
		Given: node.Values{"dir_path": "in", "dirs_only": true}, Wanted: node.Values{"items": []any{"<any>/in/c"}},
	})
}

func (n *listDirectory) fields(s *node.Spec) {
	n.listing.fields(s, "dir_path")
	s.Bool(node.Param, &n.filesOnly, "files_only").Or(false).Says("Leave folders out.")
	s.Bool(node.Param, &n.dirsOnly, "dirs_only").Or(false).Says("Leave files out.")
	node.Maybe(s, node.Out, &n.items, "items").Says("Their absolute paths.")
}

// Run lists.
func (n *listDirectory) Run(ctx context.Context, r *node.Run) error {
	list, err := n.list(ctx, r, func(f found) bool { return (!n.filesOnly || f.isFile) && (!n.dirsOnly || f.isDir) })
	if err != nil {
		return err
	}
	n.items = node.Some(list)
	return nil
}
