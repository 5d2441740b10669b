package blobstore

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"time"

	"casare"
)

func (s *Store) get(ctx context.Context, c claim, hash string) (io.ReadCloser, int64, error) {
	if !casare.ValidBlobHash(hash) {
		return nil, 0, casare.Errorf(casare.CodeInvalid, "%q is no name of a blob", hash).On("hash")
	}
	if !s.cfg.State.Replica() {
		return s.download(ctx, c, hash)
	}
	file, size, err := s.openOrFetch(ctx, hash)
	if err != nil {
		return nil, 0, err
	}
	return file, size, nil
}

// openOrFetch opens a blob, fetched if it is not here. A fetch that somebody else had begun may have ended before the disk lost what it
// brought, so once is not always enough.
func (s *Store) openOrFetch(ctx context.Context, hash string) (*os.File, int64, error) {
	var here error
	for range fetchTries {
		file, size, err := s.openHere(ctx, hash)
		if err == nil {
			return file, size, nil
		}
		here = err
		if err := s.fetch(ctx, hash); err != nil {
			return nil, 0, err
		}
	}
	return nil, 0, casare.Errorf(casare.CodeInternal, "blob %s does not stay on this disk: %w", hash, here)
}

// fetchTries is how often a blob is fetched that is not here afterwards.
const fetchTries = 4

// openHere opens a blob that is here.
func (s *Store) openHere(ctx context.Context, hash string) (*os.File, int64, error) {
	file, size, err := s.disk.open(hash)
	if errors.Is(err, errCorrupt) {
		s.cfg.Logger.WarnContext(ctx, "a blob on this disk is damaged, it is fetched again", slog.String("hash", hash), slog.Any("error", err))
		s.filling.wake()
	}
	return file, size, err
}

// fetch is one fetch of a blob that several may wait for.
type fetch struct {
	done chan struct{}
	err  error
}

// fetch gets a blob from another coordinator into this folder, once for all who ask.
func (s *Store) fetch(ctx context.Context, hash string) error {
	s.mu.Lock()
	f := s.fetching[hash]
	if f == nil {
		f = &fetch{done: make(chan struct{})}
		if !s.group.Go(func(ctx context.Context) { //nolint:contextcheck // others wait for it too
			f.err = s.fetchFrom(ctx, hash)
			s.mu.Lock()
			delete(s.fetching, hash)
			s.mu.Unlock()
			close(f.done)
		}) {
			s.mu.Unlock()
			return errStopped()
		}
		s.fetching[hash] = f
	}
	s.mu.Unlock()
	select {
	case <-f.done:
		return f.err
	case <-ctx.Done():
		return casare.Errorf(casare.CodeTimeout, "blob %s: %w", hash, context.Cause(ctx))
	}
}

// fetchFrom asks every other coordinator until one has it or all say that they have not.
func (s *Store) fetchFrom(ctx context.Context, hash string) error {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.GetWait+allowance(casare.MaxBlob))
	defer cancel()
	until := time.Now().Add(s.cfg.GetWait)
	for wait := firstRetry; ; wait = min(2*wait, lastRetry) {
		missing, last := true, error(nil)
		for _, m := range s.others() {
			file, err := s.fetchOne(ctx, m, &request{Op: opGet, Hash: hash})
			if err == nil {
				_, _, err = file.publish()
				s.discard(ctx, file)
				return err
			}
			if casare.CodeOf(err) == casare.CodeStorageFull {
				return err
			}
			missing = missing && casare.CodeOf(err) == casare.CodeNotFound
			last = worse(last, err)
		}
		if missing {
			return casare.Errorf(casare.CodeNotFound, "no coordinator has blob %s", hash)
		}
		if time.Now().After(until) || !pause(ctx, wait) {
			return casare.Errorf(casare.CodeUnavailable, "blob %s: %w", hash, last)
		}
	}
}

// others are the other robots that hold the state, voters first.
func (s *Store) others() []string {
	var voters, copies []string
	for _, m := range s.cfg.State.Members() {
		switch {
		case m.ID == s.cfg.RobotID:
		case m.Voter:
			voters = append(voters, m.ID)
		default:
			copies = append(copies, m.ID)
		}
	}
	return append(voters, copies...)
}

// fetchOne gets a blob from one robot into a file without a name.
func (s *Store) fetchOne(ctx context.Context, robotID string, r *request) (*staged, error) {
	st, a, err := s.ask(ctx, robotID, s.cfg.GetWait, r)
	if err != nil {
		return nil, err
	}
	defer st.Close()
	return s.take(st, casare.BlobRef{Hash: r.Hash, Size: a.Size})
}

// download gets a blob through a coordinator into a file of its own, which goes when it is closed.
func (s *Store) download(ctx context.Context, c claim, hash string) (io.ReadCloser, int64, error) {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.GetWait+allowance(casare.MaxBlob))
	defer cancel()
	began := time.Now()
	for wait := firstRetry; ; wait = min(2*wait, lastRetry) {
		var last error
		for _, robotID := range s.cfg.Coordinators() {
			file, err := s.fetchOne(ctx, robotID, &request{Op: opRelay, Hash: hash, Job: c.job, Epoch: c.epoch})
			if err == nil {
				return openPassing(file)
			}
			if !passing(err) && !lagging(err) {
				return nil, 0, err
			}
			last = worse(last, err)
		}
		if last == nil {
			last = casare.Errorf(casare.CodeUnavailable, "no coordinator is known")
		}
		waited := time.Since(began)
		if lagging(last) && waited > lagTime || waited > s.cfg.GetWait || !pause(ctx, wait) {
			return nil, 0, casare.Errorf(codeOf(last), "blob %s: %w", hash, last)
		}
	}
}

// openPassing opens a file that goes when it is closed.
func openPassing(file *staged) (io.ReadCloser, int64, error) {
	content, err := file.open()
	if err != nil {
		return nil, 0, errors.Join(err, file.discard())
	}
	return &passingFile{File: content, staged: file}, file.Size, nil
}

type passingFile struct {
	*os.File
	staged *staged
}

// Close closes and deletes the file.
func (f *passingFile) Close() error { return errors.Join(f.File.Close(), f.staged.discard()) }
