package files

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"casare/node"
)

// What new files and folders may be used for; the system takes away what the robot's umask says.
const (
	filePerm = 0o666
	dirPerm  = 0o777
)

// maxChanges is how many changes are told apart in each root between two looks at them.
const maxChanges = 10_000

// record notes that something was written.
func (f *Files) record(p place) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change := node.Change{Root: p.root.name, Path: p.abs, Workspace: p.root.workspace, Shared: p.root.Shared}
	if len(f.seen) >= maxChanges {
		change.Path = p.root.Path // too many to keep apart
	}
	key := change.Root + "\x00" + change.Path
	if f.seen[key] {
		return
	}
	f.seen[key] = true
	f.changes = append(f.changes, change)
}

// Changes returns what was written since the last call, each path once.
func (f *Files) Changes() []node.Change {
	f.mu.Lock()
	defer f.mu.Unlock()
	list := f.changes
	f.changes, f.seen = nil, map[string]bool{}
	return list
}

// spend counts bytes that are about to be written.
func (f *Files) spend(n int) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	limit := f.access.Config.MaxWrittenBytes
	if int64(n) > limit-f.written {
		return node.OverLimit("files.max_written_bytes", "the job has written %d bytes to files and wants to write %d more, but %d are all it may write",
			f.written, n, limit)
	}
	f.written += int64(n)
	return nil
}

// draft is a file under a temporary name.
type draft struct {
	files  *Files
	at     place  // what the caller named
	target string // below the root, links followed
	temp   string
	file   *os.File
	mode   fs.FileMode // of the file that is replaced, or asked for; 0 for none
	time   time.Time
}

// Create implements node.Files.
func (f *Files) Create(name string) (node.Draft, error) {
	return f.create(name)
}

func (f *Files) create(name string) (*draft, error) {
	p, err := f.place(name, true)
	if err != nil {
		return nil, err
	}
	target, err := resolve(p.root.handle, p.rel)
	if err != nil {
		return nil, f.explain(p, err)
	}
	d := &draft{files: f, at: p, target: target}
	if err := d.old(); err != nil {
		return nil, err
	}
	d.temp = filepath.Join(filepath.Dir(target), ".casare-"+random()+".tmp")
	if d.file, err = p.root.handle.OpenFile(d.temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, filePerm); err != nil {
		return nil, f.explain(p, err)
	}
	return d, nil
}

// old looks at the file that is to be replaced: it must be an ordinary one that might be written, and its permissions stay. Renaming needs
// the right to the folder only, so the right to the file is asked for here.
func (d *draft) old() error {
	h := d.at.root.handle
	info, err := h.Stat(d.target)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil && info.IsDir() {
		err = syscall.EISDIR
	}
	if err != nil {
		return d.files.explain(d.at, err)
	}
	if !info.Mode().IsRegular() {
		return d.files.ordinary(d.at, info)
	}
	file, err := h.OpenFile(d.target, os.O_WRONLY|nonblock, 0)
	if err != nil {
		return d.files.explain(d.at, err)
	}
	d.mode = info.Mode().Perm()
	return file.Close()
}

// Write implements io.Writer.
func (d *draft) Write(data []byte) (int, error) {
	if d.file == nil {
		return 0, fs.ErrClosed
	}
	if err := d.files.spend(len(data)); err != nil {
		return 0, err
	}
	n, err := d.file.Write(data)
	return n, d.files.explain(d.at, err)
}

// Like implements node.Draft.
func (d *draft) Like(info fs.FileInfo) { d.mode, d.time = info.Mode().Perm(), info.ModTime() }

// Commit implements node.Draft.
func (d *draft) Commit() error {
	if d.file == nil {
		return fs.ErrClosed
	}
	err := d.finish()
	if err != nil {
		d.Discard()
		return d.files.explain(d.at, err)
	}
	d.files.record(d.at)
	return nil
}

func (d *draft) finish() error {
	h := d.at.root.handle
	if d.mode != 0 {
		if err := d.file.Chmod(d.mode); err != nil && !errors.Is(err, errors.ErrUnsupported) {
			return err
		}
	}
	if err := d.file.Sync(); err != nil {
		return err
	}
	if err := d.file.Close(); err != nil {
		return err
	}
	if !d.time.IsZero() {
		if err := h.Chtimes(d.temp, d.time, d.time); err != nil {
			return err
		}
	}
	if err := h.Rename(d.temp, d.target); err != nil {
		return err
	}
	d.file = nil
	return nil
}

// Discard implements node.Draft.
func (d *draft) Discard() {
	if d.file == nil {
		return
	}
	_ = d.file.Close() // perhaps already, when Commit failed; the file goes away
	_ = d.at.root.handle.Remove(d.temp)
	d.file = nil
}

// WriteFile implements node.Files.
func (f *Files) WriteFile(name string, data []byte) error {
	d, err := f.create(name)
	if err != nil {
		return err
	}
	defer d.Discard()
	if _, err := d.Write(data); err != nil {
		return err
	}
	return d.Commit()
}

// AppendFile implements node.Files.
func (f *Files) AppendFile(name string, data []byte) error {
	p, err := f.place(name, true)
	if err != nil {
		return err
	}
	if err := f.spend(len(data)); err != nil {
		return err
	}
	file, err := f.open(p, os.O_WRONLY|os.O_CREATE|os.O_APPEND, filePerm)
	if err != nil {
		return err
	}
	defer file.Close()
	before, err := file.Stat()
	if err != nil {
		return f.explain(p, err)
	}
	f.record(p)
	if _, err = file.Write(data); err == nil {
		err = file.Sync()
	}
	if err != nil {
		return f.explain(p, errors.Join(err, file.Truncate(before.Size())))
	}
	return nil
}

// Mkdir implements node.Files.
func (f *Files) Mkdir(name string) error {
	p, err := f.place(name, true)
	if err != nil {
		return err
	}
	if err := p.root.handle.Mkdir(p.rel, dirPerm); err != nil {
		return f.explain(p, err)
	}
	f.record(p)
	return nil
}

// MkdirAll implements node.Files.
func (f *Files) MkdirAll(name string) error {
	p, err := f.place(name, false)
	if err != nil {
		return err
	}
	if info, err := p.root.handle.Stat(p.rel); err == nil && info.IsDir() {
		return nil // also in a folder that is only read
	}
	if p, err = f.place(name, true); err != nil {
		return err
	}
	if err := p.root.handle.MkdirAll(p.rel, dirPerm); err != nil {
		return f.explain(p, err)
	}
	f.record(p)
	return nil
}

// Remove implements node.Files.
func (f *Files) Remove(name string) error {
	p, err := f.place(name, true)
	if err != nil {
		return err
	}
	if p.rel == "." {
		return node.Fail("", "%s is a folder of the robot's configuration and cannot be deleted or moved", p.abs)
	}
	if err := p.root.handle.Remove(p.rel); err != nil {
		return f.explain(p, err)
	}
	f.record(p)
	return nil
}

// Rename implements node.Files.
func (f *Files) Rename(from, to string) error {
	old, err := f.place(from, true)
	if err != nil {
		return err
	}
	now, err := f.place(to, true)
	if err != nil {
		return err
	}
	for _, p := range []place{old, now} {
		if p.rel == "." {
			return node.Fail("", "%s is a folder of the robot's configuration and cannot be deleted or moved", p.abs)
		}
	}
	if old.root != now.root {
		return f.carry(old.abs, now.abs, 0)
	}
	if err := old.root.handle.Rename(old.rel, now.rel); err != nil {
		if errors.Is(err, syscall.EXDEV) { // another disk below the same root
			return f.carry(old.abs, now.abs, 0)
		}
		if _, missing := old.root.handle.Lstat(old.rel); missing != nil {
			return f.explain(old, missing)
		}
		return f.explain(now, err)
	}
	f.record(old)
	f.record(now)
	return nil
}

// maxCarryDepth bounds the folders within folders that are moved from one root to another.
const maxCarryDepth = 100

// carry moves by copying and deleting.
func (f *Files) carry(from, to string, depth int) error {
	info, err := f.Stat(from)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		if err := f.copyFile(from, to, info); err != nil {
			return err
		}
		return f.Remove(from)
	}
	if depth >= maxCarryDepth {
		return fmt.Errorf("%s has folders within folders deeper than %d", from, maxCarryDepth)
	}
	if err := f.Mkdir(to); err != nil {
		return err
	}
	list, err := f.ReadDir(from)
	if err != nil {
		return err
	}
	for _, e := range list {
		if err := f.carry(filepath.Join(from, e.Name()), filepath.Join(to, e.Name()), depth+1); err != nil {
			return err
		}
	}
	return f.Remove(from)
}

func (f *Files) copyFile(from, to string, info fs.FileInfo) error {
	in, err := f.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := f.create(to)
	if err != nil {
		return err
	}
	defer out.Discard()
	if _, err := io.Copy(out, in); err != nil {
		return err
	}
	out.Like(info)
	return out.Commit()
}

func random() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails: the program would have been ended
	return hex.EncodeToString(b[:])
}
