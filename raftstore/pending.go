package raftstore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"go.etcd.io/bbolt"

	"casare"
)

// maxPendingLog is how much applied log one transaction may hold before it is synced ahead of time.
const maxPendingLog = 8 << 20

// What is applied goes into one open transaction, which is synced a moment later: raft's log already holds, synced on a majority,
// everything that was acknowledged, and a restart replays it from the index that the last transaction wrote. So nothing may cut the
// log, send the file or replace it before flush. Readers of single rows share the open transaction, between two writes; those
// that walk through many get one of their own, after a flush, so that they hold nobody up.

// begin returns the open transaction. The caller holds working for writing.
func (s *state) begin() (*bbolt.Tx, error) {
	if s.pending != nil {
		return s.pending, nil
	}
	tx, err := s.db.Begin(true)
	if err != nil {
		return nil, err
	}
	for _, b := range allBuckets {
		tx.Bucket(b) // a transaction remembers its buckets; found now, so that readers beside one another only look them up
	}
	s.pending = tx
	return tx, nil
}

// update writes into the open transaction. After an error that is gone with all it held: the state can be trusted no more, and the
// log still has it.
func (s *state) update(bytes int, fn func(tx *bbolt.Tx) error) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.db == nil {
		return errClosed
	}
	s.working.Lock()
	defer s.working.Unlock()
	tx, err := s.begin()
	if err == nil {
		err = fn(tx)
	}
	if err == nil {
		err = s.faults.before(opStateCommit)
	}
	if err != nil {
		return errors.Join(err, s.discard())
	}
	if s.pendingLog += bytes; s.pendingLog >= maxPendingLog {
		return s.commit()
	}
	select {
	case s.dirty <- struct{}{}:
	default:
	}
	return nil
}

func (s *state) discard() error {
	if s.pending == nil {
		return nil
	}
	tx := s.pending
	s.pending, s.pendingLog = nil, 0
	return tx.Rollback()
}

// flush syncs what was applied.
func (s *state) flush() error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	s.working.Lock()
	defer s.working.Unlock()
	return s.commit()
}

// commit is flush for a caller that holds working, or has mu for itself.
func (s *state) commit() error {
	if s.pending == nil {
		return nil
	}
	if err := s.faults.before(opStateSync); err != nil {
		return errors.Join(err, s.discard())
	}
	tx := s.pending
	s.pending, s.pendingLog = nil, 0
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("sync the state: %w", err)
	}
	return nil
}

// view reads single rows, as they were applied last. It must be short: nothing is applied meanwhile.
func (s *state) view(fn func(tx *bbolt.Tx) error) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.db == nil {
		return errClosed
	}
	s.working.RLock()
	if s.pending != nil {
		defer s.working.RUnlock()
		return readError(fn(s.pending))
	}
	tx, err := s.db.Begin(false)
	s.working.RUnlock()
	return readIn(tx, err, fn)
}

// scan reads many rows, as they were applied last, in a transaction of its own: pages it needs are not used again meanwhile.
func (s *state) scan(fn func(tx *bbolt.Tx) error) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.db == nil {
		return errClosed
	}
	s.working.Lock()
	if err := s.commit(); err != nil {
		s.working.Unlock()
		return s.latch.fail(err)
	}
	tx, err := s.db.Begin(false)
	s.working.Unlock()
	return readIn(tx, err, fn)
}

func readIn(tx *bbolt.Tx, err error, fn func(tx *bbolt.Tx) error) error {
	if err != nil {
		return readError(err)
	}
	err = fn(tx)
	return readError(cmp.Or(err, tx.Rollback()))
}

func readError(err error) error {
	if _, ours := errors.AsType[*casare.Error](err); err != nil && !ours {
		return casare.Errorf(casare.CodeInternal, "read state: %w", err)
	}
	return err
}

// flushes syncs what was applied, a moment after the first of it, until ctx ends; close does it for the last time.
func (s *state) flushes(interval time.Duration) func(ctx context.Context) {
	return func(ctx context.Context) {
		timer := time.NewTimer(interval)
		defer timer.Stop()
		for {
			select {
			case <-s.dirty:
			case <-ctx.Done():
				return
			}
			timer.Reset(interval)
			select {
			case <-timer.C:
			case <-ctx.Done():
				return
			}
			if err := s.flush(); err != nil {
				_ = s.latch.fail(err) // it tells whoever must know
				return
			}
		}
	}
}
