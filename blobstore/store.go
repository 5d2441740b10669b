package blobstore

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"sync"

	"casare"
	"casare/internal/service"
)

// Store is this robot's part of the blob store: its own folder, and the way to the others'.
type Store struct {
	cfg   Config
	disk  *disk
	group service.Group

	mu       sync.Mutex
	fetching map[string]*fetch // by hash, what is being fetched
	filling  filling
	serving  map[string]int // streams by robot
	listener net.Listener
}

// Open opens the folder, making it if need be. Nothing runs before Start.
func Open(cfg Config) (*Store, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	s := &Store{cfg: cfg.withDefaults(), fetching: map[string]*fetch{}, serving: map[string]int{}}
	var err error
	if s.disk, err = openDisk(s.cfg); err != nil {
		return nil, casare.Errorf(casare.CodeInternal, "open the blobs in %s: %w", cfg.Dir, err)
	}
	return s, nil
}

// Start answers other robots, and begins to fetch what is missing here and to sweep what nobody needs.
func (s *Store) Start(ctx context.Context) {
	s.group.Start(ctx)
	s.listener = s.cfg.Network.Listener()
	s.group.Go(s.accept) //nolint:contextcheck // the group gives its own context
	s.group.Go(s.fill)   //nolint:contextcheck // the same
	s.group.Go(s.sweep)  //nolint:contextcheck // the same
}

// Stop ends everything that runs and waits for it. It may be called twice, and without Start.
func (s *Store) Stop() {
	if s.listener != nil {
		_ = s.listener.Close() // it may be closed
	}
	s.group.Stop()
}

// Put keeps what r gives, and returns its name when a majority of the coordinators has it synced. Size is how much it is, at most
// casare.MaxBlob, or -1 when nobody knows. A blob that no command refers to within Config.SweepAge is deleted. Errors are
// *casare.Error: CodeTooLarge; CodeInvalid when r gives another amount; CodeStorageFull, naming the key, when there is no room;
// CodeUnavailable when there is no majority in time, and then nobody counts on the blob: put it again. r is read once.
func (s *Store) Put(ctx context.Context, r io.Reader, size int64) (hash string, err error) {
	return s.put(ctx, claim{}, r, size)
}

// PutBytes is Put for what is in memory.
func (s *Store) PutBytes(ctx context.Context, content []byte) (casare.BlobRef, error) {
	hash, err := s.Put(ctx, bytes.NewReader(content), int64(len(content)))
	return casare.BlobRef{Hash: hash, Size: int64(len(content))}, err
}

// Get opens a blob, wherever it is. Its content has been compared with its name. The caller closes it. Errors are *casare.Error:
// CodeNotFound when no coordinator has it, CodeUnavailable when those that can be reached have not.
func (s *Store) Get(ctx context.Context, hash string) (blob io.ReadCloser, size int64, err error) {
	return s.get(ctx, claim{}, hash)
}

// GetBytes is Get into memory; a blob of more than limit bytes is CodeTooLarge.
func (s *Store) GetBytes(ctx context.Context, hash string, limit int64) ([]byte, error) {
	return readAll(ctx, s.Get, hash, limit)
}

func readAll(ctx context.Context, get func(context.Context, string) (io.ReadCloser, int64, error), hash string, limit int64) ([]byte, error) {
	blob, size, err := get(ctx, hash)
	if err != nil {
		return nil, err
	}
	defer blob.Close()
	if size > limit {
		return nil, casare.Errorf(casare.CodeTooLarge, "blob %s has %d bytes, more than %d", hash, size, limit)
	}
	content := make([]byte, size)
	if _, err := io.ReadFull(blob, content); err != nil {
		return nil, casare.Errorf(casare.CodeInternal, "read blob %s: %w", hash, err)
	}
	return content, nil
}

// claim is the attempt that a robot acts for.
type claim struct {
	job   string
	epoch uint64
}

// Attempt is the store as an attempt of a job may use it: on a robot that is no coordinator it says for whom it asks.
type Attempt struct {
	store *Store
	claim claim
}

// For returns the store for an attempt of a job. It needs no closing.
func (s *Store) For(jobID string, epoch uint64) *Attempt {
	return &Attempt{store: s, claim: claim{job: jobID, epoch: epoch}}
}

// Put is Store.Put.
func (a *Attempt) Put(ctx context.Context, r io.Reader, size int64) (hash string, err error) {
	return a.store.put(ctx, a.claim, r, size)
}

// PutBytes is Store.PutBytes.
func (a *Attempt) PutBytes(ctx context.Context, content []byte) (casare.BlobRef, error) {
	hash, err := a.Put(ctx, bytes.NewReader(content), int64(len(content)))
	return casare.BlobRef{Hash: hash, Size: int64(len(content))}, err
}

// Get is Store.Get.
func (a *Attempt) Get(ctx context.Context, hash string) (blob io.ReadCloser, size int64, err error) {
	return a.store.get(ctx, a.claim, hash)
}

// GetBytes is Store.GetBytes.
func (a *Attempt) GetBytes(ctx context.Context, hash string, limit int64) ([]byte, error) {
	return readAll(ctx, a.Get, hash, limit)
}

// errStopped says that the store is not running.
func errStopped() error {
	return casare.Errorf(casare.CodeUnavailable, "the blob store of this robot is not running")
}

// worse returns the error that tells the caller more: one he can do something about before one that passes.
func worse(a, b error) error {
	if a == nil || b == nil {
		return errors.Join(a, b)
	}
	if passing(a) && !passing(b) {
		return b
	}
	return a
}

// passing says whether trying again may help.
func passing(err error) bool {
	switch casare.CodeOf(err) { //nolint:exhaustive // every other code is a verdict
	case casare.CodeUnavailable, casare.CodeNotLeader, casare.CodeTimeout, casare.CodeOutcomeUnknown, casare.CodeRateLimit:
		return true
	}
	return false
}
