package raftstore

import (
	"context"
	"log/slog"
	"strconv"
	"time"

	"github.com/hashicorp/raft"
	"go.etcd.io/bbolt"

	"casare"
)

// ManageCoordinators makes copies and coordinators of eligible robots while this robot leads: it returns when it no longer does
// or ctx ends. The daemon runs it on leadership; eligible is called about every 50 ms and must not block.
func (s *Store) ManageCoordinators(ctx context.Context, eligible func() []Candidate) {
	tick := time.NewTicker(s.cfg.CoordinatorTick)
	defer tick.Stop()
	healthySince := map[string]time.Time{}
	for s.Leading() {
		now := time.Now()
		if s.stepCoordinators(ctx, s.situation(now, eligible(), healthySince)) {
			continue // the second of a pair follows the first at once
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// situation gathers what the plan depends on and keeps healthySince up to date.
func (s *Store) situation(now time.Time, candidates []Candidate, healthySince map[string]time.Time) situation {
	meta, err := s.state.meta()
	if err != nil {
		return situation{} // plans nothing
	}
	is := situation{
		self: s.cfg.RobotID, members: meta.members(), index: meta.ConfigurationIndex,
		health: map[string]health{}, patience: s.cfg.HealthyAfterGrown,
	}
	if mesh, err := s.Mesh(); err == nil {
		is.grown = mesh.Grown
	}
	for _, c := range candidates {
		is.eligible = append(is.eligible, c.RobotID)
		if c.CopyOnly {
			is.copyOnly = append(is.copyOnly, c.RobotID)
		}
	}
	last := s.raft.Load().LastIndex()
	for _, m := range is.members {
		h := health{}
		if m.ID != s.cfg.RobotID {
			c := s.transport.contact(m.ID)
			if c.at.IsZero() {
				continue
			}
			h.silent, h.lag = now.Sub(c.at), last-min(c.lastLog, last)
		}
		if h.silent >= answeredWithin || h.lag >= caughtUp {
			delete(healthySince, m.ID)
		} else if healthySince[m.ID].IsZero() {
			healthySince[m.ID] = now
		}
		if since, ok := healthySince[m.ID]; ok {
			h.healthy = now.Sub(since)
		}
		is.health[m.ID] = h
	}
	return is
}

// stepCoordinators makes at most one change; it says whether it made one.
func (s *Store) stepCoordinators(ctx context.Context, is situation) bool {
	if !is.grown && len(is.voters()) >= 3 {
		return s.proposeOwn(ctx, "grown-"+strconv.FormatUint(is.index, 10), casare.MarkGrown{})
	}
	next := is.plan()
	id, address, timeout := raft.ServerID(next.robot), raft.ServerAddress(next.robot), s.cfg.ProposeTimeout
	var name string
	var start func(r *raft.Raft) raft.Future
	switch next.kind {
	case changeNone:
		return false
	case changeAddCopy:
		name = "add copy"
		start = func(r *raft.Raft) raft.Future { return r.AddNonvoter(id, address, next.index, timeout) }
	case changePromote:
		name = "promote to coordinator"
		start = func(r *raft.Raft) raft.Future { return r.AddVoter(id, address, next.index, timeout) }
	case changeDemote:
		name = "demote to copy"
		start = func(r *raft.Raft) raft.Future { return r.DemoteVoter(id, next.index, timeout) }
	}
	if err := s.await(ctx, start); err != nil {
		if s.Leading() && ctx.Err() == nil {
			s.cfg.Logger.LogAttrs(ctx, slog.LevelWarn, "change of coordinators", slog.String("change", name), slog.String("robot", next.robot), slog.Any("error", err))
		}
		return false
	}
	s.cfg.Logger.LogAttrs(ctx, slog.LevelInfo, "coordinators changed", slog.String("change", name), slog.String("robot", next.robot))
	// Raft answers when the change is committed and applied here, so the next plan sees it.
	return true
}

// proposeOwn proposes a command of the store itself.
func (s *Store) proposeOwn(ctx context.Context, id string, c casare.Command) bool {
	results, err := s.Propose(ctx, casare.Proposal{ID: id, Actor: "system", Time: casare.TimeOf(s.cfg.Now()), Command: c})
	if err == nil && results[0].Err != nil {
		err = results[0].Err
	}
	if err != nil && s.Leading() && ctx.Err() == nil {
		s.cfg.Logger.LogAttrs(ctx, slog.LevelWarn, "propose", slog.String("id", id), slog.Any("error", err))
	}
	return err == nil
}

// pruneEvents has the leader forget events beyond the number that is kept, some at a time.
func (s *Store) pruneEvents(ctx context.Context) {
	tick := time.NewTicker(s.cfg.PruneInterval)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		_, _, events := s.state.memory.feedState()
		if !s.Leading() || events <= s.cfg.MaxEvents+s.cfg.MaxEvents/10 {
			continue
		}
		through, err := s.pruneThrough(events - s.cfg.MaxEvents)
		if err != nil {
			s.cfg.Logger.LogAttrs(ctx, slog.LevelWarn, "count events", slog.Any("error", err))
			continue
		}
		s.proposeOwn(ctx, "prune-"+through.String(), casare.PruneEvents{Through: through})
	}
}

// pruneThrough returns the cursor of the last event of the oldest whole entries that hold at most n events.
func (s *Store) pruneThrough(n int) (casare.Cursor, error) {
	var through casare.Cursor
	err := s.state.scan(func(tx *bbolt.Tx) error {
		var oldest []byte
		c := tx.Bucket(bucketEvent).Cursor()
		for k, row := c.First(); k != nil; k, row = c.Next() {
			if n -= eventCount(row); n < 0 {
				break
			}
			oldest = row
		}
		if oldest == nil {
			return nil
		}
		events, err := decodeEvents(oldest)
		if err == nil && len(events) > 0 {
			through = events[len(events)-1].Cursor
		}
		return err
	})
	return through, err
}
