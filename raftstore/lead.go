package raftstore

import (
	"context"
	"slices"
	"time"

	"github.com/hashicorp/raft"

	"casare"
)

// answeredWithin is how fresh a peer's last answer must be for it to count as there.
const answeredWithin = time.Second

var errNotStarted = casare.Errorf(casare.CodeUnavailable, "the store is not started")

// Propose applies commands, in order, and answers each. Only the leader can: elsewhere it is CodeNotLeader and nothing was
// proposed. CodeUnavailable also says that nothing was proposed; after CodeOutcomeUnknown nobody can say yet. With an error the
// results hold the answers that are known, those of a prefix of ps, and the error speaks of the rest.
func (s *Store) Propose(ctx context.Context, ps ...casare.Proposal) ([]casare.Result, error) {
	if s.raft.Load() == nil {
		return nil, errNotStarted
	}
	if !s.Leading() {
		return nil, casare.Errorf(casare.CodeNotLeader, "this robot does not lead")
	}
	ctx, cancel := context.WithTimeout(ctx, s.cfg.ProposeTimeout)
	defer cancel()
	return s.proposer.propose(ctx, ps)
}

// Leading says whether this robot leads, as far as it knows.
func (s *Store) Leading() bool {
	r := s.raft.Load()
	return r != nil && r.State() == raft.Leader
}

// Leader returns the id of the robot that leads, "" when unknown, and the term this robot is in.
func (s *Store) Leader() (robotID string, term uint64) {
	r := s.raft.Load()
	if r == nil {
		return "", 0
	}
	for {
		term = r.CurrentTerm()
		_, id := r.LeaderWithID()
		if r.CurrentTerm() == term {
			return string(id), term
		}
	}
}

// LeaderChanged returns a channel that is closed when the leader, or whether this robot leads, changes next.
func (s *Store) LeaderChanged() <-chan struct{} {
	s.leaderMu.Lock()
	defer s.leaderMu.Unlock()
	return s.leaderChanged
}

func (s *Store) watchLeader(r *raft.Raft) func(ctx context.Context) {
	seen := make(chan raft.Observation, 16)
	// A full channel loses nothing: whoever is told of one change looks for himself.
	observer := raft.NewObserver(seen, false, func(o *raft.Observation) bool {
		switch o.Data.(type) {
		case raft.LeaderObservation, raft.RaftState:
			return true
		}
		return false
	})
	r.RegisterObserver(observer)
	return func(ctx context.Context) {
		defer r.DeregisterObserver(observer)
		for {
			s.leaderMu.Lock()
			close(s.leaderChanged)
			s.leaderChanged = make(chan struct{})
			s.leaderMu.Unlock()
			select {
			case <-seen:
			case <-ctx.Done():
				return
			}
		}
	}
}

// Barrier waits until everything the leader has accepted before is applied here. Leader only.
func (s *Store) Barrier(ctx context.Context) error {
	err := s.await(ctx, func(r *raft.Raft) raft.Future { return r.Barrier(s.cfg.ProposeTimeout) })
	if err == nil {
		err = s.latch.err()
	}
	return err
}

// VerifyLeader asks a majority whether this robot still leads. The error is CodeNotLeader.
func (s *Store) VerifyLeader(ctx context.Context) error {
	err := s.await(ctx, func(r *raft.Raft) raft.Future { return r.VerifyLeader() })
	if err != nil && casare.CodeOf(err) != casare.CodeTimeout {
		return casare.Errorf(casare.CodeNotLeader, "this robot does not lead any more: %w", err)
	}
	return err
}

// await waits for a future of raft as long as ctx allows. raft ends each by itself, at the latest when it shuts down.
func (s *Store) await(ctx context.Context, start func(r *raft.Raft) raft.Future) error {
	r := s.raft.Load()
	if r == nil {
		return errNotStarted
	}
	ctx, cancel := context.WithTimeout(ctx, s.cfg.ProposeTimeout)
	defer cancel()
	answer := make(chan error, 1)
	if !s.background.Go(func(context.Context) { answer <- start(r).Error() }) { //nolint:contextcheck // the group gives its own context
		return errClosed
	}
	select {
	case err := <-answer:
		if failure := translate(err); failure != nil {
			return failure
		}
		return nil
	case <-ctx.Done():
		return casare.Errorf(casare.CodeTimeout, "wait for raft: %w", context.Cause(ctx))
	}
}

// Index returns the index of the last entry in the state.
func (s *Store) Index() uint64 { return s.fsm.index.Load() }

// WaitIndex waits until the state holds the entry. The error is CodeTimeout.
func (s *Store) WaitIndex(ctx context.Context, index uint64) error {
	return s.fsm.progress.wait(ctx, index)
}

// TransferLeadership hands leadership to the coordinator that answers and whose log reaches furthest. The error is CodeUnavailable
// when there is none.
func (s *Store) TransferLeadership(ctx context.Context) error {
	if !s.Leading() {
		return casare.Errorf(casare.CodeNotLeader, "this robot does not lead")
	}
	best, reach := "", uint64(0)
	for _, m := range s.Configuration() {
		if !m.Voter || m.ID == s.cfg.RobotID {
			continue
		}
		c := s.transport.contact(m.ID)
		if time.Since(c.at) < answeredWithin && (best == "" || c.lastLog > reach) {
			best, reach = m.ID, c.lastLog
		}
	}
	if best == "" {
		return casare.Errorf(casare.CodeUnavailable, "no other coordinator answers")
	}
	return s.await(ctx, func(r *raft.Raft) raft.Future {
		return r.LeadershipTransferToServer(raft.ServerID(best), raft.ServerAddress(best))
	})
}

// Replica says whether this robot is in the raft configuration, so that its reads mean something.
func (s *Store) Replica() bool {
	return slices.ContainsFunc(s.Configuration(), func(m Member) bool { return m.ID == s.cfg.RobotID })
}

// Configuration returns who holds the state, as this robot knows it, ordered by id.
func (s *Store) Configuration() []Member {
	if r := s.raft.Load(); r != nil {
		return membersOf(r.GetConfiguration().Configuration())
	}
	meta, err := s.state.meta()
	if err != nil {
		return nil
	}
	return meta.members()
}

// Hash returns the SHA-256 of the replicated state. Robots with equal Index have equal hashes.
func (s *Store) Hash(ctx context.Context) (string, error) { return s.state.hash(ctx) }
