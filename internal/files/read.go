package files

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"casare/node"
)

// Stat implements node.Files.
func (f *Files) Stat(name string) (fs.FileInfo, error) {
	p, err := f.place(name, false)
	if err != nil {
		return nil, err
	}
	info, err := p.root.handle.Stat(p.rel)
	return info, f.explain(p, err)
}

// ReadDir implements node.Files.
func (f *Files) ReadDir(name string) ([]fs.DirEntry, error) {
	p, err := f.place(name, false)
	if err != nil {
		return nil, err
	}
	folder, err := p.root.handle.OpenFile(p.rel, os.O_RDONLY|nonblock, 0)
	if err != nil {
		return nil, f.explain(p, err)
	}
	defer folder.Close()
	limit := f.access.Config.MaxEntries
	list, err := folder.ReadDir(int(min(limit+1, 1<<30)))
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, f.explain(p, err)
	}
	if int64(len(list)) > limit {
		return nil, node.OverLimit("files.max_entries", "%s has more than %d entries", p.abs, limit)
	}
	slices.SortFunc(list, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return list, nil
}

// Open implements node.Files.
func (f *Files) Open(name string) (*os.File, error) {
	p, err := f.place(name, false)
	if err != nil {
		return nil, err
	}
	return f.open(p, os.O_RDONLY, 0)
}

// open opens an ordinary file. It looks before, since opening a device may already do something, and after, since another file may have
// come to stand there.
func (f *Files) open(p place, flag int, perm fs.FileMode) (*os.File, error) {
	if info, err := p.root.handle.Stat(p.rel); err == nil {
		if err := f.ordinary(p, info); err != nil {
			return nil, err
		}
	}
	file, err := p.root.handle.OpenFile(p.rel, flag|nonblock, perm)
	if err != nil {
		return nil, f.explain(p, err)
	}
	info, err := file.Stat()
	if err == nil {
		err = f.ordinary(p, info)
	}
	if err != nil {
		_ = file.Close() // the reason is that it is of no use
		return nil, f.explain(p, err)
	}
	return file, nil
}

// ordinary refuses what is no file, and a file that may be one of somewhere else.
func (f *Files) ordinary(p place, info fs.FileInfo) error {
	switch {
	case info.IsDir():
		return &fs.PathError{Op: "open", Path: p.abs, Err: syscall.EISDIR}
	case !info.Mode().IsRegular():
		return node.Fail("", "%s is no ordinary file but a pipe, a socket or a device, and workflows may not use those", p.abs)
	case !f.access.Config.HardLinks && names(info) > 1:
		return node.Fail("", "%s has %d names (hard links), and another may lie outside the folders that workflows may use: "+
			"copy it, or set files.hard_links in the robot's configuration", p.abs, names(info))
	}
	return nil
}

// ReadFile implements node.Files.
func (f *Files) ReadFile(name string) ([]byte, error) {
	p, err := f.place(name, false)
	if err != nil {
		return nil, err
	}
	file, err := f.open(p, os.O_RDONLY, 0)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	limit := f.access.Config.MaxReadBytes
	info, err := file.Stat()
	if err != nil {
		return nil, f.explain(p, err)
	}
	if info.Size() > limit {
		return nil, node.OverLimit("files.max_read_bytes", "%s has %d bytes, more than the %d that are read into memory", p.abs, info.Size(), limit)
	}
	data, err := io.ReadAll(io.LimitReader(file, limit+1)) // it may grow, or tell no size
	if err != nil {
		return nil, f.explain(p, err)
	}
	if int64(len(data)) > limit {
		return nil, node.OverLimit("files.max_read_bytes", "%s has more than the %d bytes that are read into memory", p.abs, limit)
	}
	return data, nil
}

// Real implements node.Files.
func (f *Files) Real(name string, write bool) (string, error) {
	p, err := f.place(name, write)
	if err != nil {
		return "", err
	}
	rel, err := resolve(p.root.handle, p.rel)
	if err != nil {
		return "", f.explain(p, err)
	}
	at := place{root: p.root, rel: rel, abs: p.abs}
	info, err := p.root.handle.Stat(rel)
	switch {
	case err == nil && !info.IsDir():
		err = f.ordinary(at, info)
	case write && errors.Is(err, fs.ErrNotExist):
		_, err = p.root.handle.Stat(filepath.Dir(rel))
	}
	if err != nil {
		return "", f.explain(at, err)
	}
	if write {
		f.record(p)
	}
	return filepath.Join(p.root.real, rel), nil
}
