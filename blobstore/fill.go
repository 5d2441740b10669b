package blobstore

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"casare"
)

// maxFetches is how many blobs are fetched at a time.
const maxFetches = 4

// Status is how full a robot's folder is.
type Status struct {
	Held     int   `cbor:"1,keyasint" json:"held"`      // blobs here
	Bytes    int64 `cbor:"2,keyasint" json:"bytes"`     // that they take
	MaxBytes int64 `cbor:"3,keyasint" json:"max_bytes"` // that they may take
	Referred int   `cbor:"4,keyasint" json:"referred"`  // blobs that the state names, as far as this robot knows it
	Missing  int   `cbor:"5,keyasint" json:"missing"`   // of them, those that are not here
	Lost     int   `cbor:"6,keyasint" json:"lost"`      // of the missing, those that no coordinator has
}

// filling is what is known of the blobs that are missing here.
type filling struct {
	mu   sync.Mutex
	lost map[string]bool // no coordinator has them
	call chan struct{}   // one slot: look again
}

func (f *filling) wake() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.call == nil {
		f.call = make(chan struct{}, 1)
	}
	select {
	case f.call <- struct{}{}:
	default:
	}
}

func (f *filling) calls() <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.call == nil {
		f.call = make(chan struct{}, 1)
	}
	return f.call
}

// Status counts what is here and what is missing.
func (s *Store) Status(ctx context.Context) (Status, error) {
	out := Status{MaxBytes: s.cfg.MaxBytes}
	out.Held, out.Bytes = s.disk.usage()
	if !s.cfg.State.Replica() {
		return out, nil
	}
	s.filling.mu.Lock()
	lost := maps.Clone(s.filling.lost)
	s.filling.mu.Unlock()
	err := s.referred(ctx, func(b casare.BlobRef) {
		out.Referred++
		if _, ok := s.disk.has(b.Hash); !ok {
			out.Missing++
			if lost[b.Hash] {
				out.Lost++
			}
		}
	})
	return out, err
}

// referred goes through every blob that the state names.
func (s *Store) referred(ctx context.Context, each func(casare.BlobRef)) error {
	for after := ""; ; {
		page, err := s.cfg.State.Blobs(after, 0)
		if err != nil || len(page) == 0 {
			return err
		}
		for _, b := range page {
			each(b)
			after = b.Hash
		}
		if ctx.Err() != nil {
			return casare.Errorf(casare.CodeTimeout, "go through the blobs: %w", context.Cause(ctx))
		}
	}
}

// Ready asks another robot whether it has all that anybody has: then it may become a voter. What no coordinator has keeps nobody
// from it.
func (s *Store) Ready(ctx context.Context, robotID string) (bool, error) {
	st, a, err := s.ask(ctx, robotID, s.cfg.Stall, &request{Op: opStatus})
	if err != nil {
		return false, err
	}
	_ = st.Close() // all is read
	if a.Status == nil {
		return false, casare.Errorf(casare.CodeInvalid, "robot %s does not say what it has", robotID)
	}
	return a.Status.Missing == a.Status.Lost, nil
}

// fill keeps this folder as full as the state asks for, while this robot holds the state.
func (s *Store) fill(ctx context.Context) {
	check := time.NewTicker(s.cfg.CheckInterval)
	defer check.Stop()
	calls := s.filling.calls()
	for {
		changed := s.cfg.State.BlobsChanged()
		again := s.fillOnce(ctx)
		var retry <-chan time.Time
		if again {
			retry = time.After(s.cfg.FillRetry)
		}
		select {
		case <-ctx.Done():
			return
		case <-retry:
		case <-calls:
		case <-check.C:
			s.checkFolder(ctx)
		case <-changed:
			if !pause(ctx, s.cfg.FillDelay) {
				return
			}
		}
	}
}

// checkFolder finds what the disk has lost.
func (s *Store) checkFolder(ctx context.Context) {
	lost, err := s.disk.check()
	if len(lost) > 0 {
		s.cfg.Logger.WarnContext(ctx, "blobs have gone from this disk, they are fetched again", slog.Int("blobs", len(lost)))
	}
	if err != nil {
		s.cfg.Logger.WarnContext(ctx, "check the folder of blobs", slog.Any("error", err))
	}
}

// fillOnce fetches what is missing. It says whether to try again soon.
func (s *Store) fillOnce(ctx context.Context) bool {
	if !s.cfg.State.Replica() {
		return true
	}
	missing := map[string]struct{}{}
	err := s.referred(ctx, func(b casare.BlobRef) {
		if _, ok := s.disk.has(b.Hash); !ok {
			missing[b.Hash] = struct{}{}
		}
	})
	if err != nil {
		if ctx.Err() == nil {
			s.cfg.Logger.WarnContext(ctx, "find out which blobs are missing", slog.Any("error", err))
		}
		return true
	}
	lost, failed := s.fetchAll(ctx, slices.Sorted(maps.Keys(missing)))
	s.filling.mu.Lock()
	s.filling.lost = lost
	s.filling.mu.Unlock()
	if failed != nil && ctx.Err() == nil {
		s.cfg.Logger.WarnContext(ctx, "blobs are missing here", slog.Int("missing", len(missing)), slog.Int("lost", len(lost)), slog.Any("error", failed))
	}
	return failed != nil
}

// fetchAll fetches blobs, a few at a time. It returns those that nobody has, and why any could not be had.
func (s *Store) fetchAll(ctx context.Context, hashes []string) (lost map[string]bool, failed error) {
	var mu sync.Mutex
	lost = map[string]bool{}
	next := make(chan string)
	var working sync.WaitGroup
	for range min(maxFetches, len(hashes)) {
		working.Go(func() {
			for hash := range next {
				err := s.fetch(ctx, hash)
				mu.Lock()
				if casare.CodeOf(err) == casare.CodeNotFound {
					lost[hash] = true
				}
				failed = worse(failed, err)
				mu.Unlock()
			}
		})
	}
	for _, hash := range hashes {
		if ctx.Err() != nil {
			break
		}
		next <- hash
	}
	close(next)
	working.Wait()
	return lost, failed
}
