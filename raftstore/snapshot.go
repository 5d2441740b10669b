package raftstore

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"sync"

	"github.com/hashicorp/raft"
	"go.etcd.io/bbolt"

	"casare"
)

const (
	liveID         = "live"
	receivedPrefix = "received-"
)

// snapshots implements raft.SnapshotStore on the live file. A snapshot this robot takes is nothing but a note in meta up to where
// raft may cut its log; one that it sends is a copy of the file; one that it receives lies in a file of its own until fsm.Restore
// puts it in the place of the live one.
type snapshots struct {
	dir    string // of received and sent files; emptied at open
	state  *state
	latch  *latch
	faults faults

	mu       sync.Mutex
	received map[string]*sink
}

func openSnapshots(s *state, l *latch, f faults) (*snapshots, error) {
	dir := filepath.Join(s.dir, "snapshot")
	if err := os.RemoveAll(dir); err != nil {
		return nil, fmt.Errorf("empty the snapshot folder: %w", err)
	}
	if err := os.MkdirAll(dir, folderMode); err != nil {
		return nil, fmt.Errorf("make the snapshot folder: %w", err)
	}
	return &snapshots{dir: dir, state: s, latch: l, faults: f, received: map[string]*sink{}}, nil
}

// List implements raft.SnapshotStore. On start raft takes index, term and voters from here and reads only the log after them, so
// they are those of the state itself.
func (s *snapshots) List() ([]*raft.SnapshotMeta, error) {
	var meta metaRow
	err := s.state.scan(func(tx *bbolt.Tx) (err error) {
		meta, err = metaOf(tx)
		return err
	})
	if err != nil {
		return nil, err
	}
	if meta.Index == 0 {
		return nil, nil
	}
	return []*raft.SnapshotMeta{snapshotMeta(meta, liveID, 0)}, nil
}

func snapshotMeta(m metaRow, id string, size int64) *raft.SnapshotMeta {
	meta := &raft.SnapshotMeta{
		Version: raft.SnapshotVersionMax, ID: id, Index: m.Index, Term: m.Term, ConfigurationIndex: m.ConfigurationIndex, Size: size,
	}
	if len(m.Configuration) > 0 {
		meta.Configuration = raft.DecodeConfiguration(m.Configuration)
	}
	return meta
}

// Open implements raft.SnapshotStore. The live file is copied first: while a read transaction is open no page is used again and,
// where the mapping is small, no writer can make the file grow.
func (s *snapshots) Open(id string) (*raft.SnapshotMeta, io.ReadCloser, error) {
	if id != liveID {
		return s.openReceived(id)
	}
	f, err := os.CreateTemp(s.dir, "sent-*")
	if err != nil {
		return nil, nil, fmt.Errorf("copy the state: %w", err)
	}
	var meta metaRow
	var size int64
	err = s.state.scan(func(tx *bbolt.Tx) (err error) {
		if meta, err = metaOf(tx); err != nil {
			return err
		}
		size, err = tx.WriteTo(f)
		return err
	})
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	copied := &sentFile{File: f}
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("copy the state: %w", err), copied.Close())
	}
	return snapshotMeta(meta, liveID, size), copied, nil
}

func (s *snapshots) openReceived(id string) (*raft.SnapshotMeta, io.ReadCloser, error) {
	s.mu.Lock()
	k := s.received[id]
	s.mu.Unlock()
	if k == nil {
		return nil, nil, fmt.Errorf("there is no snapshot %s", id)
	}
	f, err := os.Open(k.path)
	if err != nil {
		return nil, nil, fmt.Errorf("open received snapshot: %w", err)
	}
	return snapshotMeta(k.meta, id, k.size), &receivedFile{File: f, sink: k}, nil
}

// sentFile is a copy of the live file that goes away when it has been sent.
type sentFile struct{ *os.File }

// Close implements io.Closer.
func (f *sentFile) Close() error {
	return errors.Join(f.File.Close(), os.Remove(f.Name()))
}

// receivedFile is what raft hands to fsm.Restore, wrapped.
type receivedFile struct {
	*os.File
	sink *sink
}

// Create implements raft.SnapshotStore: for a snapshot of our own, which nobody writes to, and for one that is received.
func (s *snapshots) Create(_ raft.SnapshotVersion, index, term uint64, configuration raft.Configuration, configurationIndex uint64, _ raft.Transport) (raft.SnapshotSink, error) {
	if err := s.latch.err(); err != nil {
		return nil, err
	}
	id := receivedPrefix + strconv.FormatUint(term, 10) + "-" + strconv.FormatUint(index, 10)
	return &sink{
		store: s, id: id, path: filepath.Join(s.dir, id),
		meta: metaRow{
			Index: index, Term: term, Configuration: raft.EncodeConfiguration(configuration), ConfigurationIndex: configurationIndex,
		},
	}, nil
}

// sink takes a snapshot.
type sink struct {
	store *snapshots
	id    string
	path  string
	meta  metaRow
	file  *os.File // nil until something is written
	size  int64
}

// ID implements raft.SnapshotSink.
func (k *sink) ID() string {
	if k.size == 0 {
		return liveID
	}
	return k.id
}

// Write implements io.Writer.
func (k *sink) Write(b []byte) (int, error) {
	if k.file == nil {
		if err := k.store.faults.before(opSnapshotCreate); err != nil {
			return 0, err
		}
		f, err := os.OpenFile(k.path, os.O_RDWR|os.O_CREATE|os.O_TRUNC, filesMode)
		if err != nil {
			return 0, fmt.Errorf("receive snapshot: %w", err)
		}
		k.file = f
	}
	n, err := k.file.Write(b)
	k.size += int64(n)
	return n, err
}

// Close implements io.Closer: the snapshot is whole.
func (k *sink) Close() error {
	if k.file == nil {
		return nil
	}
	err := k.store.faults.before(opSnapshotClose)
	if err := errors.Join(err, k.file.Sync(), k.file.Close()); err != nil {
		return errors.Join(fmt.Errorf("receive snapshot: %w", err), os.Remove(k.path))
	}
	k.store.mu.Lock()
	k.store.received[k.id] = k
	k.store.mu.Unlock()
	return nil
}

// Cancel implements raft.SnapshotSink.
func (k *sink) Cancel() error {
	if k.file == nil {
		return nil
	}
	return errors.Join(k.file.Close(), os.Remove(k.path))
}

// forget drops a received snapshot that was installed or cannot be.
func (k *sink) forget() error {
	k.store.mu.Lock()
	delete(k.store.received, k.id)
	k.store.mu.Unlock()
	if err := os.Remove(k.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// liveSnapshot implements raft.FSMSnapshot for the live file.
type liveSnapshot struct {
	state *state
	latch *latch
}

// Persist implements raft.FSMSnapshot. The no-op that begins a term and barriers never reach the state, but raft cuts its log at
// its own count: meta takes that over, or a restart would look for entries that are gone.
func (l *liveSnapshot) Persist(to raft.SnapshotSink) error {
	k, ok := to.(*sink)
	if !ok {
		return fmt.Errorf("a snapshot sink of type %T", to)
	}
	if err := l.latch.err(); err != nil {
		return err
	}
	err := l.state.update(0, func(tx *bbolt.Tx) error {
		meta, err := metaOf(tx)
		if err != nil {
			return err
		}
		if k.meta.Index > meta.Index {
			meta.Index, meta.Term = k.meta.Index, k.meta.Term
		}
		if k.meta.ConfigurationIndex > meta.ConfigurationIndex {
			meta.Configuration, meta.ConfigurationIndex = k.meta.Configuration, k.meta.ConfigurationIndex
		}
		return putRow(tx.Bucket(bucketMeta), keyMeta, meta)
	})
	if err == nil {
		err = l.state.flush() // raft cuts its log when this returns
	}
	if err != nil {
		return l.latch.fail(fmt.Errorf("note a snapshot: %w", err))
	}
	return k.Close()
}

// Release implements raft.FSMSnapshot.
func (l *liveSnapshot) Release() {}

// Restore implements raft.FSM: a received snapshot takes the place of the live file.
func (f *fsm) Restore(source io.ReadCloser) error {
	if w, ok := source.(raft.ReadCloserWrapper); ok {
		source = w.WrappedReadCloser()
	}
	received, ok := source.(*receivedFile)
	if !ok {
		return fmt.Errorf("a snapshot of type %T", source)
	}
	if err := f.latch.err(); err != nil {
		return err
	}
	// Windows renames no open file. raft closes it a second time, which does nothing.
	if err := received.Close(); err != nil {
		return err
	}
	if err := f.state.install(received.sink, f.latch); err != nil {
		return errors.Join(err, received.sink.forget())
	}
	meta, err := f.state.meta()
	if err != nil {
		return f.latch.fail(err)
	}
	f.advance(meta.Reached)
	f.feed.interrupt(ErrGap, false)
	return errors.Join(received.sink.forget(), f.state.faults.before(opRestoreFinished))
}

// install checks a received file and swaps it in. Until the rename an error leaves the live file as it was; after it, one means
// that there is no state any more that could be trusted.
func (s *state) install(k *sink, l *latch) error {
	if err := s.faults.before(opRestoreVerify); err != nil {
		return err
	}
	if err := s.verify(k); err != nil {
		return fmt.Errorf("received snapshot: %w", err)
	}
	if err := s.sync(k.path); err != nil {
		return fmt.Errorf("sync received snapshot: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.db == nil {
		return errClosed
	}
	// Synced first: if the new file cannot take its place, the old one must hold all that was applied.
	if err := errors.Join(s.faults.before(opRestoreClose), s.commit(), s.db.Close()); err != nil {
		return l.fail(fmt.Errorf("close state: %w", err))
	}
	err := s.faults.before(opRestoreRename)
	if err == nil {
		err = os.Rename(k.path, s.path())
	}
	if err != nil {
		if again := s.open(); again != nil {
			s.db = nil
			return l.fail(errors.Join(err, again))
		}
		return fmt.Errorf("install snapshot: %w", err)
	}
	err = s.faults.before(opRestoreSyncDir)
	if err == nil {
		err = errors.Join(syncDir(s.dir), s.faults.before(opRestoreReopen))
	}
	if err == nil {
		err = s.open()
	}
	if err != nil {
		s.db = nil
		return l.fail(fmt.Errorf("install snapshot: %w", err))
	}
	return nil
}

// verify opens the received file and compares it with what was announced.
func (s *state) verify(k *sink) error {
	options := *bbolt.DefaultOptions
	options.Timeout, options.ReadOnly = openTimeout, true
	db, err := bbolt.Open(k.path, filesMode, &options)
	if err != nil {
		return err
	}
	_, err = s.load(db) // mesh id and every bucket
	if err == nil {
		err = db.View(func(tx *bbolt.Tx) error {
			meta, err := metaOf(tx)
			if err == nil && meta.Index != k.meta.Index {
				err = casare.Errorf(casare.CodeInternal, "it holds index %d, not %d", meta.Index, k.meta.Index)
			}
			return err
		})
	}
	return errors.Join(err, db.Close())
}

func (s *state) sync(path string) error {
	if err := s.faults.before(opRestoreSync); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_RDWR, filesMode)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
