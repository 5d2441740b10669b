package blobstore

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"syscall"
	"time"

	"casare"
)

// The operations that a test can break or be killed at.
const (
	opWrite   = "write"   // a piece of a file under tmp
	opSync    = "sync"    // that file
	opRename  = "rename"  // to its name
	opSyncDir = "syncdir" // the folder it is in now
	opRead    = "read"    // a file before it is compared with its name
)

const (
	filesMode  = 0o600
	folderMode = 0o700
	tmpFolder  = "tmp"
	copyBuffer = 128 << 10
)

var (
	errNotHeld = errors.New("it is not here")
	errCorrupt = errors.New("its content is not what its name says")
)

// disk is the folder with this robot's blobs.
type disk struct {
	dir   string
	max   int64
	now   func() time.Time
	fault func(operation string) error

	mu       sync.Mutex
	held     map[string]held
	bytes    int64 // of held
	reserved int64 // of files being written
}

// held is a blob that is here.
type held struct {
	size    int64
	touched time.Time // put last
}

// openDisk makes the folder if need be, forgets what was being written, and reads what is there.
func openDisk(cfg Config) (*disk, error) {
	d := &disk{dir: cfg.Dir, max: cfg.MaxBytes, now: cfg.Now, fault: cfg.fault, held: map[string]held{}}
	tmp := filepath.Join(d.dir, tmpFolder)
	if err := os.RemoveAll(tmp); err != nil {
		return nil, fmt.Errorf("forget unfinished blobs: %w", err)
	}
	if err := os.MkdirAll(tmp, folderMode); err != nil {
		return nil, fmt.Errorf("make the folder for blobs: %w", err)
	}
	return d, d.scan()
}

// scan reads which files there are.
func (d *disk) scan() error {
	folders, err := os.ReadDir(d.dir)
	if err != nil {
		return fmt.Errorf("read the folder of blobs: %w", err)
	}
	for _, folder := range folders {
		if !folder.IsDir() || len(folder.Name()) != 2 {
			continue
		}
		files, err := os.ReadDir(filepath.Join(d.dir, folder.Name()))
		if err != nil {
			return fmt.Errorf("read the folder of blobs: %w", err)
		}
		for _, file := range files {
			info, err := file.Info()
			if err != nil {
				return fmt.Errorf("read the folder of blobs: %w", err)
			}
			if casare.ValidBlobHash(file.Name()) && file.Name()[:2] == folder.Name() && info.Mode().IsRegular() {
				d.held[file.Name()] = held{size: info.Size(), touched: info.ModTime()}
				d.bytes += info.Size()
			}
		}
	}
	return nil
}

func (d *disk) path(hash string) string { return filepath.Join(d.dir, hash[:2], hash) }

// reserve sets room aside for a file that is being written.
func (d *disk) reserve(bytes int64) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.bytes+d.reserved+bytes > d.max {
		return casare.Errorf(casare.CodeStorageFull, "this robot keeps at most %d bytes of blobs and has %d: there is no room for %d more; %s in robot.yaml sets the limit",
			d.max, d.bytes+d.reserved, bytes, KeyMaxBytes).On(KeyMaxBytes)
	}
	d.reserved += bytes
	return nil
}

func (d *disk) release(bytes int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.reserved -= bytes
}

// staged is a blob that is written, whole, but not under its name yet. It must be published or discarded.
type staged struct {
	disk *disk
	path string // "" once it is gone
	was  string // path before it was published
	casare.BlobRef
}

// stage writes what r gives to a file. Size is how much that is, or -1 when nobody knows; any other amount is an error.
func (d *disk) stage(r io.Reader, size int64) (_ *staged, err error) {
	if size > casare.MaxBlob {
		return nil, tooLarge(size)
	}
	reserved := max(size, 0)
	if err := d.reserve(reserved); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			d.release(reserved)
		}
	}()
	file, err := os.CreateTemp(filepath.Join(d.dir, tmpFolder), "put-*")
	if err != nil {
		return nil, storage("write a blob", err)
	}
	w := &stageWriter{disk: d, file: file, sum: sha256.New(), most: size, reserved: &reserved}
	_, err = io.CopyBuffer(w, onlyReader{r}, make([]byte, copyBuffer))
	if err == nil && size >= 0 && w.size != size {
		err = casare.Errorf(casare.CodeInvalid, "the blob has %d bytes instead of %d", w.size, size).On("size")
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return nil, errors.Join(storage("write a blob", err), ignoreMissing(os.Remove(file.Name())))
	}
	d.release(reserved - w.size) // what was set aside too much
	return &staged{disk: d, path: file.Name(), BlobRef: casare.BlobRef{Hash: hex.EncodeToString(w.sum.Sum(nil)), Size: w.size}}, nil
}

// onlyReader keeps io.Copy from going around the buffer: files would be read by the system.
type onlyReader struct{ io.Reader }

// stageWriter writes a file under tmp: it counts, hashes and reserves.
type stageWriter struct {
	disk     *disk
	file     *os.File
	sum      summer
	size     int64
	most     int64 // -1: not known
	reserved *int64
}

// reserveStep is how much is set aside at a time for a file of unknown size.
const reserveStep = 1 << 20

// summer is a hash.Hash; what has that name here is the name of a blob.
type summer interface {
	io.Writer
	Sum(b []byte) []byte
}

// Write implements io.Writer.
func (w *stageWriter) Write(p []byte) (int, error) {
	next := w.size + int64(len(p))
	switch {
	case next > casare.MaxBlob:
		return 0, tooLarge(next)
	case w.most >= 0 && next > w.most:
		return 0, casare.Errorf(casare.CodeInvalid, "the blob has more than %d bytes", w.most).On("size")
	}
	for next > *w.reserved {
		if err := w.disk.reserve(reserveStep); err != nil {
			return 0, err
		}
		*w.reserved += reserveStep
	}
	if err := w.disk.fault(opWrite); err != nil {
		return 0, err
	}
	n, err := w.file.Write(p)
	_, _ = w.sum.Write(p[:n]) // a hash never fails to write
	w.size += int64(n)
	return n, err
}

// sync makes the file durable, and as old as it says.
func (s *staged) sync(at time.Time) error {
	if err := s.disk.fault(opSync); err != nil {
		return err
	}
	file, err := os.OpenFile(s.path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(os.Chtimes(s.path, at, at), file.Sync(), file.Close())
}

// publish gives the file its name. fresh says that no blob of that name was here, and when it was put.
func (s *staged) publish() (fresh bool, at time.Time, err error) {
	d, target := s.disk, s.disk.path(s.Hash)
	if at, ok := d.keep(s.Hash); ok {
		return false, at, s.discard()
	}
	if err := d.makeFolder(filepath.Dir(target)); err != nil {
		return false, at, storage("keep a blob", err)
	}
	at = d.now()
	if err := s.sync(at); err != nil {
		return false, at, storage("keep a blob", err)
	}
	if err := d.fault(opRename); err != nil {
		return false, at, storage("keep a blob", err)
	}
	if err := os.Rename(s.path, target); err != nil {
		return false, at, storage("keep a blob", err)
	}
	s.was, s.path = s.path, ""
	if err := errors.Join(d.fault(opSyncDir), syncDir(filepath.Dir(target))); err != nil {
		d.release(s.Size)
		return false, at, storage("keep a blob", errors.Join(err, ignoreMissing(os.Remove(target))))
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.reserved -= s.Size
	if _, known := d.held[s.Hash]; !known { // else somebody published the same beside us
		d.bytes += s.Size
		fresh = true
	}
	d.held[s.Hash] = held{size: s.Size, touched: at}
	return fresh, at, nil
}

// takeBack undoes publish, unless somebody else has put the same since.
func (s *staged) takeBack(at time.Time) error {
	d := s.disk
	d.mu.Lock()
	defer d.mu.Unlock()
	h, ok := d.held[s.Hash]
	if !ok || !h.touched.Equal(at) {
		return nil
	}
	if err := os.Rename(d.path(s.Hash), s.was); err != nil {
		return storage("take back a blob", err)
	}
	delete(d.held, s.Hash)
	d.bytes -= h.size
	d.reserved += s.Size
	s.path = s.was
	return nil
}

// makeFolder makes the folder of a blob, durably.
func (d *disk) makeFolder(path string) error {
	err := os.Mkdir(path, folderMode)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return syncDir(d.dir)
}

// open opens the file before it has its name.
func (s *staged) open() (*os.File, error) {
	file, err := os.Open(s.path)
	if err != nil {
		return nil, storage("read an unfinished blob", err)
	}
	return file, nil
}

// discard deletes the file unless it was published. Twice is fine.
func (s *staged) discard() error {
	if s.path == "" {
		return nil
	}
	err := ignoreMissing(os.Remove(s.path))
	s.path = ""
	s.disk.release(s.Size)
	return err
}

// keep touches a blob if it is here as it should be: what is put again heals what the disk has lost.
func (d *disk) keep(hash string) (time.Time, bool) {
	file, _, err := d.open(hash)
	if err != nil {
		return time.Time{}, false
	}
	_ = file.Close() // only read from
	return d.touch(hash)
}

// touch makes a blob that is here as young as one that is put now; false if it is not here.
func (d *disk) touch(hash string) (time.Time, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	h, ok := d.held[hash]
	if !ok {
		return time.Time{}, false
	}
	at := d.now()
	if err := os.Chtimes(d.path(hash), at, at); err != nil {
		return time.Time{}, false // it is written anew
	}
	h.touched = at
	d.held[hash] = h
	return at, true
}

// has says whether a blob is here, and how large it is.
func (d *disk) has(hash string) (int64, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	h, ok := d.held[hash]
	return h.size, ok
}

// open opens a blob whose content has been compared with its name. The error is errNotHeld or errCorrupt when it has to come from
// elsewhere; a corrupt one has been deleted.
func (d *disk) open(hash string) (*os.File, int64, error) {
	if _, ok := d.has(hash); !ok {
		return nil, 0, errNotHeld
	}
	file, err := os.Open(d.path(hash))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0, errors.Join(errNotHeld, d.remove(hash))
	}
	if err != nil {
		return nil, 0, storage("read a blob", err)
	}
	size, err := d.verify(file, hash)
	if err == nil {
		return file, size, nil
	}
	_ = file.Close() // only read from
	if errors.Is(err, errCorrupt) {
		return nil, 0, errors.Join(err, d.remove(hash))
	}
	return nil, 0, err
}

// verify compares a file with its name and rewinds it. A disk that cannot read it has not kept it either.
func (d *disk) verify(file *os.File, hash string) (int64, error) {
	if err := d.fault(opRead); err != nil {
		return 0, errors.Join(errCorrupt, err)
	}
	sum := sha256.New()
	size, err := io.CopyBuffer(sum, onlyReader{file}, make([]byte, copyBuffer))
	if err != nil {
		return 0, errors.Join(errCorrupt, err)
	}
	if hex.EncodeToString(sum.Sum(nil)) != hash {
		return 0, errCorrupt
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return 0, storage("read a blob", err)
	}
	return size, nil
}

// remove deletes a blob.
func (d *disk) remove(hash string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	h, ok := d.held[hash]
	if !ok {
		return nil
	}
	return d.drop(hash, h)
}

// removeOld deletes a blob if it was put last before a moment, and says whether it has.
func (d *disk) removeOld(hash string, before time.Time) (bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	h, ok := d.held[hash]
	if !ok || !h.touched.Before(before) {
		return false, nil
	}
	err := d.drop(hash, h)
	return err == nil, err
}

// drop deletes a blob. The caller holds mu.
func (d *disk) drop(hash string, h held) error {
	if err := ignoreMissing(os.Remove(d.path(hash))); err != nil {
		return storage("delete a blob", err)
	}
	delete(d.held, hash)
	d.bytes -= h.size
	return nil
}

// olderThan lists the blobs that were put last before a moment, ordered by hash.
func (d *disk) olderThan(moment time.Time) []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var list []string
	for hash, h := range d.held {
		if h.touched.Before(moment) {
			list = append(list, hash)
		}
	}
	slices.Sort(list)
	return list
}

// usage says how many blobs are here and how many bytes they take.
func (d *disk) usage() (blobs int, bytes int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.held), d.bytes
}

// check forgets the blobs whose file has gone or has another size than it had.
func (d *disk) check() (lost []string, err error) {
	for _, hash := range d.all() {
		info, err := os.Stat(d.path(hash))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return lost, storage("look at a blob", err)
		}
		size, ok := d.has(hash)
		if !ok || err == nil && info.Size() == size {
			continue
		}
		lost = append(lost, hash)
		if err := d.remove(hash); err != nil {
			return lost, err
		}
	}
	return lost, nil
}

// all lists every blob, ordered by hash.
func (d *disk) all() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	list := make([]string, 0, len(d.held))
	for hash := range d.held {
		list = append(list, hash)
	}
	slices.Sort(list)
	return list
}

func tooLarge(size int64) error {
	return casare.Errorf(casare.CodeTooLarge, "a blob has at most %d bytes, not %d", int64(casare.MaxBlob), size).On("size")
}

// storage gives an error of the disk its code; one that has one keeps it.
func storage(action string, err error) error {
	if _, ok := errors.AsType[*casare.Error](err); ok {
		return err
	}
	if errors.Is(err, syscall.ENOSPC) {
		return casare.Errorf(casare.CodeStorageFull, "%s: %w", action, err)
	}
	return casare.Errorf(casare.CodeInternal, "%s: %w", action, err)
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil // a folder cannot be synced there
	}
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
