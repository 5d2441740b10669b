package blobstore

import (
	"context"
	"log/slog"
	"time"

	"casare"
)

// sweep deletes, once in a while, what nobody refers to.
func (s *Store) sweep(ctx context.Context) {
	tick := time.NewTicker(s.cfg.SweepInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if _, err := s.Sweep(ctx); err != nil && ctx.Err() == nil {
			s.cfg.Logger.DebugContext(ctx, "sweep blobs", slog.Any("error", err)) // the next one does
		}
	}
}

// Sweep deletes the blobs here that nobody refers to and that were put last more than Config.SweepAge ago, and says how many. It
// runs by itself every Config.SweepInterval. On a robot that does not hold the state, or cannot learn how far the leader's goes,
// it deletes nothing: an old state knows less of what is referred to.
func (s *Store) Sweep(ctx context.Context) (int, error) {
	if !s.cfg.State.Replica() {
		return 0, nil
	}
	// Before the state is asked: whatever is put from now on is younger.
	before := s.cfg.Now().Add(-s.cfg.SweepAge)
	old := s.disk.olderThan(before)
	if len(old) == 0 {
		return 0, nil
	}
	if err := s.catchUp(ctx); err != nil {
		return 0, err
	}
	deleted := 0
	for _, hash := range old {
		referred, err := s.cfg.State.BlobReferred(hash)
		if err != nil {
			return deleted, err
		}
		if referred {
			continue
		}
		// Only if nobody has put it again meanwhile: then a command may be about to refer to it.
		gone, err := s.disk.removeOld(hash, before)
		if err != nil {
			return deleted, err
		}
		if gone {
			deleted++
		}
	}
	if deleted > 0 {
		s.cfg.Logger.InfoContext(ctx, "blobs that nobody needs were deleted", slog.Int("blobs", deleted))
	}
	return deleted, nil
}

// catchUp returns when this robot's state holds all that was committed before.
func (s *Store) catchUp(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.GetWait)
	defer cancel()
	if s.cfg.State.Leading() {
		return s.cfg.State.Barrier(ctx)
	}
	leader, _ := s.cfg.State.Leader()
	if leader == "" || leader == s.cfg.RobotID {
		return casare.Errorf(casare.CodeUnavailable, "no robot leads the mesh at the moment")
	}
	st, a, err := s.ask(ctx, leader, s.cfg.GetWait, &request{Op: opIndex})
	if err != nil {
		return err
	}
	_ = st.Close() // all is read
	return s.cfg.State.WaitIndex(ctx, a.Index)
}
