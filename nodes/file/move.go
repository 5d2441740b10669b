package file

import (
	"context"
	"path/filepath"
	"syscall"

	"casare/node"
)

func init() { node.Register("MoveFileNode", func() node.Node { return new(move) }) }

type move struct {
	transfer

	moved   node.Opt[string]
	success bool
}

// Spec describes the type.
func (n *move) Spec(s *node.Spec) {
	s.Describe("Move File", "Moves or renames a file or folder.")
	s.Category("file")
	n.fields(s)
	s.Example(node.Example{
		Name: "another name", Files: map[string]string{"a.txt": "q"}, Given: node.Values{"source_path": "a.txt", "dest_path": "b.txt"},
		Wanted: node.Values{"dest_path": "<any>/b.txt", "success": true},
	})
	s.Example(node.Example{
		Name: "nothing there", Given: node.Values{"source_path": "a.txt", "dest_path": "b.txt"}, Fails: "not found: a.txt",
	})
}

func (n *move) fields(s *node.Spec) {
	n.transfer.fields(s, "move")
	node.Maybe(s, node.Out, &n.moved, "dest_path").Says("Where it is now.")
	successField(s, &n.success)
	s.Effect(node.Once)
}

// Run moves. Over a file that is there the new one comes at once, with no moment without either.
func (n *move) Run(_ context.Context, r *node.Run) error {
	if err := n.begin(r); err != nil {
		return err
	}
	if n.over != nil && n.over.IsDir() && n.from.abs != n.to.abs {
		return failed(syscall.EISDIR, n.to.abs) // as Python, which deletes the destination first
	}
	if below, err := filepath.Rel(n.from.abs, n.to.abs); err == nil && n.there.IsDir() && below != "." && filepath.IsLocal(below) {
		return node.Fail("", "Cannot move a directory '%s' into itself '%s'.", n.from.abs, n.to.abs)
	}
	if n.from.abs != n.to.abs {
		if err := r.Files().Rename(n.from.abs, n.to.abs); err != nil {
			return failed(err, n.to.abs)
		}
	}
	n.moved, n.success = node.Some(n.to.abs), true
	return nil
}
