package file

import (
	"context"
	"io"
	"io/fs"
	"path/filepath"
	"syscall"

	"casare/node"
)

func init() { node.Register("CopyFileNode", func() node.Node { return new(duplicate) }) }

// transfer is what copying and moving have in common.
type transfer struct {
	source, dest                     string
	overwrite, createDirs, dangerous bool
	action                           bool // part of FileSystemSuperNode, whose error texts are shorter

	from, to path
	there    fs.FileInfo // at the source
	over     fs.FileInfo // at the destination, nil for nothing
}

func (n *transfer) fields(s *node.Spec, verb string) {
	s.String(node.In, &n.source, "source_path").Must("source_path and dest_path are required").Widget("file").Shown(node.Essential).
		Says("What to " + verb + "; a relative path lies in the job's workspace.")
	s.String(node.In, &n.dest, "dest_path").Must("source_path and dest_path are required").Widget("file").Shown(node.Essential).
		Says("Where to " + verb + " it.")
	s.Bool(node.Param, &n.overwrite, "overwrite").Or(false).Says("Replace a file that is there.")
	s.Bool(node.Param, &n.createDirs, "create_dirs").Or(true).Says("Make the folders above the destination.")
	dangerousField(s, &n.dangerous)
}

// begin checks both ends.
func (n *transfer) begin(r *node.Run) error {
	var err error
	if n.from, err = locate(r, n.source, n.dangerous); err != nil {
		return err
	}
	if n.to, err = locate(r, n.dest, n.dangerous); err != nil {
		return err
	}
	what, already := "Source file", "Destination already exists"
	if n.action {
		what, already = "Source", "Destination exists"
	}
	if n.there, err = existing(r, n.from, what); err != nil {
		return err
	}
	if n.over, err = look(r, n.to.abs); err != nil {
		return err
	}
	if n.over != nil && !n.overwrite {
		return node.Fail("", "%s: %s", already, n.to.shown)
	}
	if n.createDirs {
		return makeParents(r, n.to.abs)
	}
	return nil
}

type duplicate struct {
	transfer

	copied  node.Opt[string]
	count   node.Opt[int64]
	success bool
}

// Spec describes the type.
func (n *duplicate) Spec(s *node.Spec) {
	s.Describe("Copy File", "Copies a file with its time and rights. Into a folder that is there it goes under its own name.")
	s.Category("file")
	n.fields(s)
	s.Example(node.Example{
		Name: "a copy", Files: map[string]string{"a.txt": "q"}, Given: node.Values{"source_path": "a.txt", "dest_path": "x/b.txt"},
		Wanted: node.Values{"dest_path": "<any>/x/b.txt", "bytes_copied": 1, "success": true},
	})
	s.Example(node.Example{
		Name: "over another", Files: map[string]string{"a.txt": "1", "b.txt": "2"},
		Given: node.Values{"source_path": "a.txt", "dest_path": "b.txt"}, Fails: "b.txt",
	})
}

func (n *duplicate) fields(s *node.Spec) {
	n.transfer.fields(s, "copy")
	node.Maybe(s, node.Out, &n.copied, "dest_path").Says("The copy.")
	node.Maybe(s, node.Out, &n.count, "bytes_copied").Says("Its size in bytes.")
	successField(s, &n.success)
	s.Effect(node.Idempotent)
	s.When("overwrite", false).Effect(node.Once)
}

// Run copies.
func (n *duplicate) Run(ctx context.Context, r *node.Run) error {
	if err := n.begin(r); err != nil {
		return err
	}
	if n.there.IsDir() {
		return failed(syscall.EISDIR, n.from.abs)
	}
	target := n.to.abs
	if n.over != nil && n.over.IsDir() {
		target = filepath.Join(target, filepath.Base(n.from.abs))
	}
	count, err := copyContent(ctx, r, n.from.abs, target)
	if err != nil {
		return err
	}
	n.copied, n.count, n.success = node.Some(n.to.abs), node.Some(count), true
	return nil
}

// copyContent copies a file with its time and rights.
func copyContent(ctx context.Context, r *node.Run, from, to string) (int64, error) {
	if from == to {
		return 0, node.Fail("", "'%s' and '%s' are the same file", from, to)
	}
	in, err := r.Files().Open(from)
	if err != nil {
		return 0, failed(err, from)
	}
	defer in.Close()
	there, err := in.Stat()
	if err != nil {
		return 0, failed(err, from)
	}
	out, err := r.Files().Create(to)
	if err != nil {
		return 0, failed(err, to)
	}
	defer out.Discard()
	count, err := io.Copy(out, &stoppable{ctx, in})
	if err != nil {
		return 0, failed(err, to)
	}
	out.Like(there)
	return count, failed(out.Commit(), to)
}

// stoppable is a reader that ends with its context.
type stoppable struct {
	ctx context.Context //nolint:containedctx // it lives as long as one call
	in  io.Reader
}

// Read implements io.Reader.
func (s *stoppable) Read(p []byte) (int, error) {
	if err := context.Cause(s.ctx); err != nil {
		return 0, err
	}
	return s.in.Read(p)
}
