package file

import (
	"context"

	"casare/node"
	"casare/value"
)

func init() {
	node.Register("ListFilesNode", func() node.Node { return new(listFiles) })
}

// listing is what both types that list a folder have in common.
type listing struct {
	path, pattern        string
	recursive, dangerous bool

	count   node.Opt[int64]
	success bool
}

func (n *listing) fields(s *node.Spec, name string) {
	s.String(node.In, &n.path, name).Must(name + " is required").Widget("directory").Shown(node.Essential).
		Says("The folder; a relative path lies in the job's workspace.")
	s.String(node.Param, &n.pattern, "pattern").Or("*").
		Says("Which names: * for any characters, ? for one, [a-z] for one of some; folder/*.txt and **/*.txt look into folders.")
	s.Bool(node.Param, &n.recursive, "recursive").Or(false).Says("Look into the folders in it too.")
	dangerousField(s, &n.dangerous)
	node.Maybe(s, node.Out, &n.count, "count").Says("How many there are.")
	successField(s, &n.success)
	s.Effect(node.Read)
}

// list returns the absolute paths of what matches and is wanted, sorted.
func (n *listing) list(ctx context.Context, r *node.Run, wanted func(found) bool) (value.List, error) {
	p, err := locate(r, n.path, n.dangerous)
	if err != nil {
		return nil, err
	}
	info, err := existing(r, p, "Directory")
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return nil, node.Fail("", "Not a directory: %s", p.shown)
	}
	matches, err := glob(ctx, r, p.abs, n.pattern, n.recursive)
	if err != nil {
		return nil, err
	}
	list := value.List{}
	for _, m := range matches {
		if wanted(m) {
			list = append(list, m.abs)
		}
	}
	n.count, n.success = node.Some(int64(len(list))), true
	return list, nil
}

type listFiles struct {
	listing

	files node.Opt[value.List]
}

// Spec describes the type.
func (n *listFiles) Spec(s *node.Spec) {
	s.Describe("List Files", "Lists the files of a folder, sorted.")
	s.Category("file")
	n.fields(s)
	s.Example(node.Example{
		Name: "texts", Files: map[string]string{"in/a.txt": "", "in/b.csv": "", "in/c/d.txt": ""},
		Given: node.Values{"directory_path": "in", "pattern": "*.txt"}, Wanted: node.Values{"files": []any{"<any>/in/a.txt"}, "count": 1},
	})
	s.Example(node.Example{
		Name: "in all folders", Files: map[string]string{"in/a.txt": "", "in/c/d.txt": ""},
		Given:  node.Values{"directory_path": "in", "pattern": "*.txt", "recursive": true},
		Wanted: node.Values{"files": []any{"<any>/in/a.txt", "<any>/in/c/d.txt"}},
	})
}

func (n *listFiles) fields(s *node.Spec) {
	n.listing.fields(s, "directory_path")
	node.Maybe(s, node.Out, &n.files, "files").Says("Their absolute paths.")
}

// Run lists.
func (n *listFiles) Run(ctx context.Context, r *node.Run) error {
	list, err := n.list(ctx, r, func(f found) bool { return f.isFile })
	if err != nil {
		return err
	}
	n.files = node.Some(list)
	return nil
}
