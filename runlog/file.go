package runlog

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"casare"
)

const (
	fileMode   = 0o600
	folderMode = 0o700
	suffix     = ".run"
	// maxBuffer is how much waits for a flush at most.
	maxBuffer = 256 << 10
)

// File is the log of an attempt on disk. The file is made when something is flushed for the first time, so an attempt that is over
// before leaves no trace. It is safe for concurrent use.
type File struct {
	path string

	mu     sync.Mutex
	buffer []byte   // not written
	file   *os.File // nil before the first flush, and once closed
	size   int64    // of the file
	synced bool
	closed bool
	broken error // the first failed write; the log is of no use from then on
}

// NewFile returns the log of an attempt that has none yet.
func NewFile(folder, jobID string, epoch uint64) *File {
	return &File{path: filepath.Join(folder, name(jobID, epoch)), synced: true}
}

// name is that of an attempt's file. Ids of jobs may hold anything.
func name(jobID string, epoch uint64) string {
	return fmt.Sprintf("%.32s-%d%s", casare.BlobHash([]byte(jobID)), epoch, suffix)
}

// Append adds entries. They are written with the next flush, or when there are many.
func (f *File) Append(entries ...*Entry) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, e := range entries {
		var err error
		if f.buffer, err = Append(f.buffer, e); err != nil {
			return err
		}
	}
	if len(f.buffer) > maxBuffer {
		return f.flush()
	}
	return nil
}

// Flush writes what was added: it survives the death of this process.
func (f *File) Flush() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.flush()
}

func (f *File) flush() error {
	if f.broken != nil || f.closed || len(f.buffer) == 0 {
		return f.broken
	}
	if f.file == nil {
		if err := os.MkdirAll(filepath.Dir(f.path), folderMode); err != nil {
			return f.fail(err)
		}
		file, err := os.OpenFile(f.path, os.O_RDWR|os.O_CREATE, fileMode)
		if err != nil {
			return f.fail(err)
		}
		f.file = file
	}
	n, err := f.file.WriteAt(f.buffer, f.size)
	if err != nil {
		return f.fail(err)
	}
	f.size += int64(n)
	f.buffer, f.synced = f.buffer[:0], false
	if cap(f.buffer) > 4*maxBuffer {
		f.buffer = nil
	}
	return nil
}

// fail gives the log up: what is in it must not be taken for the newest. The caller holds mu.
func (f *File) fail(err error) error {
	f.broken = casare.Errorf(casare.CodeInternal, "write the run log: %w", err)
	f.buffer = nil
	f.remove()
	return f.broken
}

func (f *File) remove() {
	if f.file != nil {
		_ = f.file.Close() // it is about to go
		f.file = nil
	}
	_ = os.Remove(f.path) // a file that is left behind is judged by its head when the robot starts again
}

// Sync makes what was flushed survive a power cut.
func (f *File) Sync() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.file == nil || f.synced || f.broken != nil {
		return f.broken
	}
	f.synced = true
	if err := f.file.Sync(); err != nil {
		return f.fail(err)
	}
	return nil
}

// Close flushes and ends the use of the file, which stays.
func (f *File) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return nil
	}
	err := error(nil)
	if f.file != nil { // one that was never written to is of no use to anybody
		err = f.flush()
	}
	f.closed = true
	if f.file != nil {
		err = errors.Join(err, f.file.Close())
		f.file = nil
	}
	return err
}

// Remove ends the use of the file and deletes it.
func (f *File) Remove() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.closed || f.size > 0 {
		f.remove()
	}
	f.closed = true
}

// ReadFrom returns what was flushed from an offset on, at most limit bytes and whole frames, and the offset behind it. A frame that alone is
// longer than limit is returned alone.
func (f *File) ReadFrom(offset int64, limit int) (piece []byte, end int64, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.file == nil || f.broken != nil || offset >= f.size {
		return nil, offset, f.broken
	}
	piece = make([]byte, min(f.size-offset, int64(limit)))
	if _, err := f.file.ReadAt(piece, offset); err != nil {
		return nil, offset, casare.Errorf(casare.CodeInternal, "read the run log: %w", err)
	}
	whole, need := frames(piece)
	if whole == 0 && need > len(piece) && offset+int64(need) <= f.size {
		piece = make([]byte, need)
		if _, err := f.file.ReadAt(piece, offset); err != nil {
			return nil, offset, casare.Errorf(casare.CodeInternal, "read the run log: %w", err)
		}
		whole = need
	}
	return piece[:whole], offset + int64(whole), nil
}

// Size is how much was flushed.
func (f *File) Size() int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.size
}

// Resume opens the log of an attempt that was begun by an earlier process, and reads it. None: nil, no error.
func Resume(folder, jobID string, epoch uint64) (*File, []byte, error) {
	path := filepath.Join(folder, name(jobID, epoch))
	log, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, casare.Errorf(casare.CodeInternal, "read the run log: %w", err)
	}
	file, err := os.OpenFile(path, os.O_RDWR, fileMode)
	if err != nil {
		return nil, nil, casare.Errorf(casare.CodeInternal, "open the run log: %w", err)
	}
	return &File{path: path, file: file, size: int64(len(log)), synced: true}, log, nil
}

// Truncate forgets what comes after an offset.
func (f *File) Truncate(size int64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.broken != nil || f.file == nil {
		return f.broken
	}
	if err := f.file.Truncate(size); err != nil {
		return f.fail(err)
	}
	f.size, f.synced = size, false
	return nil
}

// Held lists the attempts whose logs lie in a folder. What is no log, or of nobody, is deleted.
func Held(folder string) ([]Head, error) {
	entries, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, casare.Errorf(casare.CodeInternal, "read the folder of run logs: %w", err)
	}
	var held []Head
	for _, entry := range entries {
		if entry.IsDir() || !strings.HasSuffix(entry.Name(), suffix) {
			continue
		}
		path := filepath.Join(folder, entry.Name())
		head := headOf(path)
		if head == nil || entry.Name() != name(head.JobID, head.Epoch) {
			_ = os.Remove(path) // nobody can tell of what it is
			continue
		}
		held = append(held, *head)
	}
	return held, nil
}

// maxHead is more than the frame of a head takes.
const maxHead = 4 << 10

func headOf(path string) *Head {
	file, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer file.Close()
	start := make([]byte, maxHead)
	n, err := file.ReadAt(start, 0)
	if err != nil && n == 0 {
		return nil
	}
	e, _, err := next(start[:n])
	if err != nil {
		return nil
	}
	return e.Head
}

// Forget deletes the log of an attempt that nobody has open.
func Forget(folder, jobID string, epoch uint64) error {
	err := os.Remove(filepath.Join(folder, name(jobID, epoch)))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return casare.Errorf(casare.CodeInternal, "delete a run log: %w", err)
	}
	return nil
}
