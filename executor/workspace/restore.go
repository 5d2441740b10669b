package workspace

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"sync"
	"time"

	"casare"
)

// fetchers is how many files are restored at a time.
const fetchers = 4

// Restore makes the folder what the records of a checkpoint say; others are left out of account. It is called before anything
// is collected, and may be called again with other records. A folder that does not travel (see Pin) is left as it is. Errors are *casare.Error where the blob store gave one.
func (s *Space) Restore(ctx context.Context, records []casare.Record) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	records, _ = Split(records)
	list, told, err := parse(records)
	if err != nil {
		return err
	}
	s.reread()
	s.outside = told.Outside
	s.tell(told)
	here, err := s.look()
	if err != nil {
		return err
	}
	if told.Over != "" {
		if len(here) == 0 {
			return casare.Errorf(casare.CodeNotFound, "what only one robot had is not here: %s", told.Over)
		}
		// What is here is newer than what the records say, and all there is. The next look compares them.
		s.adopt(list)
		return nil
	}
	if len(list)+len(here) == 0 {
		return nil
	}
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return fmt.Errorf("make the workspace: %w", err)
	}
	if _, err := s.enter(); err != nil {
		return err
	}
	if err := s.clear(list); err != nil {
		return fmt.Errorf("clear the workspace: %w", err)
	}
	var files []*entry
	for _, e := range list {
		if !e.Dir {
			files = append(files, e)
			continue
		}
		if err := s.root.MkdirAll(osPath(e.Path), 0o700); err != nil {
			return fmt.Errorf("restore folder %s of the workspace: %w", e.Path, err)
		}
	}
	if err := s.restoreAll(ctx, files); err != nil {
		return err
	}
	for _, e := range slices.Backward(list) { // permissions of a folder after what is in it
		if e.Dir {
			if err := s.root.Chmod(osPath(e.Path), modeOf(e)); err != nil {
				return fmt.Errorf("restore folder %s of the workspace: %w", e.Path, err)
			}
		}
	}
	s.adopt(list)
	return nil
}

// adopt makes entries known.
func (s *Space) adopt(list []*entry) {
	for _, e := range list {
		s.known[e.Path] = e
		for _, c := range e.chunks {
			s.books.hold(c.Hash)
		}
	}
}

// clear deletes what the checkpoint does not have, or has as something else.
func (s *Space) clear(list []*entry) error {
	kept := make(map[string]*entry, len(list))
	for _, e := range list {
		kept[e.Path] = e
		for dir := path.Dir(e.Path); dir != "."; dir = path.Dir(dir) {
			if kept[dir] == nil {
				kept[dir] = &entry{Path: dir, Dir: true}
			}
		}
	}
	var gone []string
	err := fs.WalkDir(s.root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || name == "." {
			return err
		}
		e := kept[name]
		if e != nil && e.Dir == d.IsDir() && (d.IsDir() || d.Type().IsRegular()) {
			if d.IsDir() {
				return s.root.Chmod(osPath(name), 0o700) // so that what is in it can be restored
			}
			return nil
		}
		gone = append(gone, name)
		if d.IsDir() {
			return fs.SkipDir
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, name := range gone {
		if err := s.root.RemoveAll(osPath(name)); err != nil {
			return err
		}
	}
	return nil
}

func (s *Space) restoreAll(ctx context.Context, files []*entry) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	work := make(chan *entry)
	var working sync.WaitGroup
	for range min(fetchers, len(files)) {
		working.Go(func() {
			for e := range work {
				if ctx.Err() != nil {
					continue
				}
				if err := s.restore(ctx, e); err != nil {
					cancel(err)
				}
			}
		})
	}
	for _, e := range files {
		work <- e
	}
	close(work)
	working.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}

// restore makes one file what it was.
func (s *Space) restore(ctx context.Context, e *entry) error {
	err := s.restoreFile(ctx, e)
	if err != nil {
		return casare.Errorf(casare.CodeOf(err), "restore %s of the workspace: %w", e.Path, err)
	}
	return nil
}

func (s *Space) restoreFile(ctx context.Context, e *entry) error {
	name := osPath(e.Path)
	if !s.intact(e) {
		if err := s.write(ctx, e, name); err != nil {
			return err
		}
	}
	if err := s.root.Chmod(name, modeOf(e)); err != nil {
		return err
	}
	at := e.Time.Std()
	if err := s.root.Chtimes(name, at, at); err != nil {
		return err
	}
	info, err := s.root.Stat(name)
	if err != nil {
		return err
	}
	// As the file system keeps them: it may round the time, or know fewer permissions.
	e.Time, e.Mode, e.read = casare.TimeOf(info.ModTime()), uint32(info.Mode().Perm()), time.Now()
	return nil
}

// intact says whether the file is there with its content. After a crash neither its size nor its time say so.
func (s *Space) intact(e *entry) bool {
	file, err := s.root.Open(osPath(e.Path))
	if err != nil {
		return false
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil || info.Size() != e.Size {
		return false
	}
	for _, c := range e.chunks {
		sum := sha256.New()
		if n, err := io.CopyN(sum, file, c.Size); err != nil || n != c.Size || hex.EncodeToString(sum.Sum(nil)) != c.Hash {
			return false
		}
	}
	return true
}

// write puts a file together from its chunks, under another name first.
func (s *Space) write(ctx context.Context, e *entry, name string) error {
	if dir := path.Dir(e.Path); dir != "." {
		if err := s.root.MkdirAll(osPath(dir), 0o700); err != nil {
			return err
		}
	}
	temp := osPath(path.Join(path.Dir(e.Path), ".casare-"+e.id()+".tmp"))
	file, err := s.root.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	err = s.assemble(ctx, e, file)
	if err = errors.Join(err, file.Close()); err == nil {
		err = s.root.Rename(temp, name)
	}
	if err != nil {
		return errors.Join(err, ignoreMissing(s.root.Remove(temp)))
	}
	return nil
}

func (s *Space) assemble(ctx context.Context, e *entry, file io.Writer) error {
	var size int64
	for _, c := range e.chunks {
		blob, n, err := s.blobs.Get(ctx, c.Hash)
		if err != nil {
			return err
		}
		_, err = io.Copy(file, blob)
		if err = errors.Join(err, blob.Close()); err != nil {
			return err
		}
		size += n
	}
	if size != e.Size {
		return casare.Errorf(casare.CodeInvalid, "its chunks have %d bytes, not %d", size, e.Size)
	}
	return nil
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
