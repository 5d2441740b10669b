package workspace

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"casare"
	"casare/node"
)

// Figures of design.md §7.
const (
	DefaultMaxBytes = 1 << 30
	DefaultMaxFiles = 10_000
	// ChunkBytes is the size of the pieces a large file is kept in.
	ChunkBytes = 16 << 20
)

// The keys of robot.yaml that set Config.
const (
	KeyMaxBytes = "workspace.max_bytes"
	KeyMaxFiles = "workspace.max_files"
)

// Config says how much of a job's folder travels with it.
type Config struct {
	MaxBytes int64 // of all files together; 0: DefaultMaxBytes
	MaxFiles int   // and folders; 0: DefaultMaxFiles
}

// Blobs keeps the contents of files.
type Blobs interface {
	// Stage reads a content of size bytes to be put later.
	Stage(r io.Reader, size int64) (Draft, error)
	// Get opens a blob whose content is what its name says. The caller closes it.
	Get(ctx context.Context, hash string) (blob io.ReadCloser, size int64, err error)
}

// Draft is a content that is not kept yet.
type Draft interface {
	Ref() casare.BlobRef
	// Put returns when a majority of the coordinators has the content. After an error it may be called again.
	Put(ctx context.Context) error
	// Discard forgets the content, unless it was put.
	Discard()
}

// Space is the folder of one job on this robot. It is safe for concurrent use.
type Space struct {
	cfg   Config
	dir   string
	blobs Blobs
	books books

	mu      sync.Mutex
	root    *os.Root          // nil while the folder is not there
	known   map[string]*entry // by path: what the records say
	outside string            // what was written where not every robot sees it
	told    state             // what record w/s says
}

// Open takes a job's folder, which need not be there: whoever writes the first file makes it.
func Open(cfg Config, dir string, blobs Blobs) *Space {
	cfg.MaxBytes, cfg.MaxFiles = cmp.Or(cfg.MaxBytes, DefaultMaxBytes), cmp.Or(cfg.MaxFiles, DefaultMaxFiles)
	return &Space{cfg: cfg, dir: dir, blobs: blobs, known: map[string]*entry{}, books: newBooks()}
}

// enter opens the folder, again when it is another one than before; false while it is not there. The caller holds mu.
func (s *Space) enter() (bool, error) {
	now, err := os.Stat(s.dir)
	if errors.Is(err, fs.ErrNotExist) {
		s.leave()
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look at the workspace: %w", err)
	}
	if s.root != nil {
		was, err := s.root.Stat(".")
		if err == nil && os.SameFile(was, now) {
			return true, nil
		}
		s.leave()
	}
	if s.root, err = os.OpenRoot(s.dir); err != nil {
		return false, fmt.Errorf("open the workspace: %w", err)
	}
	return true, nil
}

func (s *Space) leave() {
	if s.root != nil {
		_ = s.root.Close() // only read from
		s.root = nil
	}
}

// Close gives the folder back and forgets what was not put. A Flush that runs ends.
func (s *Space) Close() {
	s.books.close()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.leave()
}

// Pin says what keeps the run on this robot as of the last Collect or Restore, "" for nothing: a path outside of the folder, or a
// phrase about the folder.
func (s *Space) Pin() string { return s.books.pinned() }

// Pending says whether contents that the records refer to are not kept yet: then the records must not leave.
func (s *Space) Pending() bool { return s.books.pending() }

// Flush puts what is pending, and what becomes pending meanwhile. With an error it may be called again.
func (s *Space) Flush(ctx context.Context) error { return s.books.flush(ctx) }

// Collect looks at the folder and returns the records that differ from what the last Collect or Restore knew, ordered by key; with
// whole, all of them. written is what steps wrote since. Changed files are read before it returns.
func (s *Space) Collect(written []node.Change, whole bool) ([]casare.Record, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	dirty := map[string]bool{}
	for _, c := range written {
		switch {
		case c.Workspace:
			dirty[c.Path] = true
		case !c.Shared && s.outside == "":
			s.outside = c.Path
		}
	}
	changes := map[string]casare.Record{}
	found, err := s.look()
	if err != nil {
		return nil, err
	}
	now := state{Outside: s.outside, Over: s.tooMuch(found)}
	if now.Over == "" {
		err := s.follow(found, dirty, changes)
		if errors.Is(err, fs.ErrPermission) {
			now.Over = "the workspace: " + err.Error()
		} else if err != nil {
			return nil, err
		}
	}
	if now != s.told || whole && now != (state{}) {
		changes[keyState] = now.record()
	}
	s.tell(now)
	if whole {
		for _, e := range s.known {
			e.records(func(r casare.Record) { changes[r.Key] = r })
		}
		for k, r := range changes {
			if r.Deleted() {
				delete(changes, k)
			}
		}
	}
	return sorted(changes), nil
}

// tooMuch says why the folder does not travel.
func (s *Space) tooMuch(found []*entry) string {
	var size int64
	for _, e := range found {
		size += e.Size
	}
	switch {
	case size > s.cfg.MaxBytes:
		return fmt.Sprintf("the workspace, which has %d bytes and may have %d (%s)", size, s.cfg.MaxBytes, KeyMaxBytes)
	case len(found) > s.cfg.MaxFiles:
		return fmt.Sprintf("the workspace, which has %d files and may have %d (%s)", len(found), s.cfg.MaxFiles, KeyMaxFiles)
	}
	return ""
}

// follow makes known what was found, and notes which records differ.
func (s *Space) follow(found []*entry, dirty map[string]bool, changes map[string]casare.Record) error {
	seen := make(map[string]bool, len(found))
	for _, e := range found {
		seen[e.Path] = true
		old := s.known[e.Path]
		if old != nil && old.same(e) && !old.fresh() && !dirty[s.abs(e.Path)] {
			continue
		}
		gone, err := s.read(e)
		if err != nil {
			return err
		}
		if gone { // between two looks
			delete(seen, e.Path)
			continue
		}
		s.replace(old, e, changes)
	}
	for path, old := range s.known {
		if !seen[path] {
			s.replace(old, nil, changes)
		}
	}
	return nil
}

// replace makes an entry known in the place of another one; either may be nil.
func (s *Space) replace(old, now *entry, changes map[string]casare.Record) {
	if old != nil {
		old.records(func(r casare.Record) { changes[r.Key] = casare.Record{Key: r.Key} })
	}
	if now == nil {
		delete(s.known, old.Path)
	} else {
		s.known[now.Path] = now
		now.records(func(r casare.Record) {
			changes[r.Key] = r
		})
	}
	if old == nil {
		return
	}
	for _, c := range old.chunks {
		s.books.drop(c.Hash)
	}
	if now != nil {
		old.records(func(r casare.Record) {
			if is := changes[r.Key]; sameRecord(is, r) {
				delete(changes, r.Key) // it stands already
			}
		})
	}
}

// tell remembers what the records say. The caller holds mu.
func (s *Space) tell(now state) {
	s.told = now
	s.books.setPin(cmp.Or(now.Outside, now.Over))
}

// keep makes sure that a content is kept or will be.
func (s *Space) keep(content []byte) (casare.BlobRef, error) {
	ref := casare.BlobRef{Hash: casare.BlobHash(content), Size: int64(len(content))}
	if s.books.have(ref.Hash) {
		return ref, nil
	}
	draft, err := s.blobs.Stage(bytes.NewReader(content), ref.Size)
	if err == nil {
		s.books.add(ref.Hash, draft)
	}
	return ref, err
}

// read reads the content of a file that was found. It may have gone, or have become another one, in between: then the next look
// finds that.
func (s *Space) read(e *entry) (gone bool, err error) {
	e.read = time.Now()
	if e.Dir {
		return false, nil
	}
	file, err := s.root.Open(osPath(e.Path))
	if errors.Is(err, os.ErrNotExist) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("read %s in the workspace: %w", e.Path, err)
	}
	defer file.Close()
	buffer := make([]byte, min(max(e.Size, 1), ChunkBytes))
	var size int64
	for size < e.Size {
		n, err := io.ReadFull(file, buffer[:min(e.Size-size, int64(len(buffer)))])
		size += int64(n)
		if n > 0 {
			ref, failed := s.keep(buffer[:n])
			if failed != nil {
				s.forget(e)
				return false, failed
			}
			e.chunks = append(e.chunks, ref)
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			break
		}
		if err != nil {
			s.forget(e)
			return false, fmt.Errorf("read %s in the workspace: %w", e.Path, err)
		}
	}
	e.Size, e.Chunks = size, len(e.chunks)
	return false, nil
}

// Reread forgets that the contents of files are kept, after a Restore from records that nobody else may have: the next Collect reads every
// file, and what it returns is all of them.
func (s *Space) Reread() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reread()
}

// reread is Reread. The caller holds mu.
func (s *Space) reread() {
	for _, e := range s.known {
		s.forget(e)
	}
	clear(s.known)
}

func (s *Space) forget(e *entry) {
	for _, c := range e.chunks {
		s.books.drop(c.Hash)
	}
	e.chunks = nil
}

func sorted(changes map[string]casare.Record) []casare.Record {
	list := make([]casare.Record, 0, len(changes))
	for _, r := range changes {
		list = append(list, r)
	}
	slices.SortFunc(list, func(a, b casare.Record) int { return strings.Compare(a.Key, b.Key) })
	return list
}
