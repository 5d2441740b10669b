package raftstore

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/raft"

	"casare"
	"casare/internal/service"
)

// Figures of design.md §5.
const (
	maxAppendEntries = 32
	logCacheEntries  = 64
	snapshotBytes    = 64 << 20
	stopPatience     = 5 * time.Second
)

// Member is a robot that holds the replicated state.
type Member struct {
	ID    string
	Voter bool // a coordinator; else a copy that does not vote
}

// Store is this robot's part of the replicated state.
type Store struct {
	cfg       Config
	latch     *latch
	state     *state
	log       *logStore
	snapshots *snapshots
	fsm       *fsm
	feed      *feed
	proposer  *proposer

	background  service.Group // the proposer, leader watch, snapshots by size, pruning
	subscribers service.Group
	grown       atomic.Int64 // bytes of log applied since the last snapshot
	snapshotDue chan struct{}

	mu        sync.Mutex
	started   bool
	stopped   bool
	raft      atomic.Pointer[raft.Raft] // nil before Start
	transport *transport

	leaderMu      sync.Mutex
	leaderChanged chan struct{}
}

// Open opens the files under cfg.Dir, making them if need be. Reads work at once; nothing runs before Start.
func Open(cfg Config) (*Store, error) {
	if err := cfg.Validate(); err != nil {
		return nil, casare.Errorf(casare.CodeInvalid, "%w", err)
	}
	s := &Store{
		cfg: cfg.withDefaults(), latch: newLatch(cfg.Fatal), snapshotDue: make(chan struct{}, 1), leaderChanged: make(chan struct{}),
	}
	if err := s.openFiles(); err != nil {
		return nil, casare.Errorf(casare.CodeInternal, "open the replicated state in %s: %w", cfg.Dir, err)
	}
	s.feed = &feed{state: s.state, group: &s.subscribers, subscribers: map[*Subscription]struct{}{}}
	s.fsm = &fsm{state: s.state, latch: s.latch, feed: s.feed, grew: s.grew}
	meta, err := s.state.meta()
	if err != nil {
		return nil, errors.Join(err, s.closeFiles())
	}
	s.fsm.advance(meta.Reached)
	if err := s.log.wipeBelow(meta.Index); err != nil {
		return nil, errors.Join(casare.Errorf(casare.CodeInternal, "%w", err), s.closeFiles())
	}
	s.proposer = newProposer(s.latch, func(entry []byte, timeout time.Duration) raft.ApplyFuture {
		return s.raft.Load().Apply(entry, timeout)
	})
	return s, nil
}

func (s *Store) openFiles() (err error) {
	if err := os.MkdirAll(s.cfg.Dir, folderMode); err != nil {
		return err
	}
	if s.state, err = openState(s.cfg.Dir, s.cfg.MeshID, s.latch, s.cfg.faults); err != nil {
		return err
	}
	if s.snapshots, err = openSnapshots(s.state, s.latch, s.cfg.faults); err != nil {
		return errors.Join(err, s.state.close())
	}
	if s.log, err = openLog(s.cfg.Dir, s.latch, s.cfg.faults); err != nil {
		return errors.Join(err, s.state.close())
	}
	return nil
}

func (s *Store) closeFiles() error { return errors.Join(s.log.close(), s.state.close()) }

// Start starts raft and the goroutines of the store; Stop ends them. The end of ctx ends the goroutines, but only Stop closes.
func (s *Store) Start(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.started || s.stopped {
		return casare.Errorf(casare.CodeInternal, "the store was started before")
	}
	cache, err := raft.NewLogCache(logCacheEntries, s.log)
	if err != nil {
		return casare.Errorf(casare.CodeInternal, "log cache: %w", err)
	}
	logger := newRaftLogger(s.cfg.Logger, time.Now)
	s.transport = newTransport(newStreams(s.cfg.Network, s.cfg.RobotID), logger)
	c := s.raftConfig()
	c.Logger = logger
	r, err := raft.NewRaft(c, s.fsm, cache, s.log, s.snapshots, s.transport)
	if err != nil {
		return errors.Join(casare.Errorf(casare.CodeInternal, "start raft: %w", err), s.transport.Close())
	}
	s.started = true
	s.raft.Store(r)
	s.background.Start(ctx)
	s.subscribers.Start(ctx)
	s.background.Go(s.watchLeader(r))                    //nolint:contextcheck // the group gives its own context
	s.background.Go(s.proposer.run)                      //nolint:contextcheck // the group gives its own context
	s.background.Go(s.state.flushes(s.cfg.SyncInterval)) //nolint:contextcheck // the group gives its own context
	s.background.Go(s.snapshotBySize)                    //nolint:contextcheck // the group gives its own context
	s.background.Go(s.pruneEvents)                       //nolint:contextcheck // the group gives its own context
	return nil
}

func (s *Store) raftConfig() *raft.Config {
	c := raft.DefaultConfig()
	c.LocalID = raft.ServerID(s.cfg.RobotID)
	c.HeartbeatTimeout = s.cfg.HeartbeatTimeout
	c.ElectionTimeout = s.cfg.ElectionTimeout
	c.LeaderLeaseTimeout = s.cfg.LeaderLeaseTimeout
	c.CommitTimeout = s.cfg.CommitTimeout
	c.SnapshotInterval = s.cfg.SnapshotInterval
	c.SnapshotThreshold = s.cfg.SnapshotThreshold
	c.TrailingLogs = s.cfg.TrailingLogs
	c.MaxAppendEntries = maxAppendEntries
	c.NoSnapshotRestoreOnStart = true // the live file is the snapshot
	c.ShutdownOnRemove = false
	c.NoLegacyTelemetry = true
	return c
}

// Stop hands leadership over if it can, ends everything and closes the files. Twice is fine.
func (s *Store) Stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return
	}
	s.stopped = true
	s.feed.interrupt(nil, true)
	if r := s.raft.Load(); r != nil {
		s.handOver()
		s.latch.free() // whoever waits in ApplyBatch answers that it has failed
		s.background.Stop()
		if !s.proposer.drain(stopPatience) {
			s.cfg.Logger.LogAttrs(context.Background(), slog.LevelWarn, "proposals were in flight when the store stopped")
		}
		s.transport.release()
		if err := r.Shutdown().Error(); err != nil {
			s.cfg.Logger.LogAttrs(context.Background(), slog.LevelWarn, "stop raft", slog.Any("error", err))
		}
	}
	s.subscribers.Stop()
	if err := s.closeFiles(); err != nil {
		s.cfg.Logger.LogAttrs(context.Background(), slog.LevelWarn, "close the replicated state", slog.Any("error", err))
	}
}

func (s *Store) handOver() {
	if !s.Leading() || s.latch.broken() {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*s.cfg.ElectionTimeout)
	defer cancel()
	if err := s.TransferLeadership(ctx); err != nil && casare.CodeOf(err) != casare.CodeUnavailable {
		s.cfg.Logger.LogAttrs(ctx, slog.LevelWarn, "hand leadership over", slog.Any("error", err))
	}
}

// HasState says whether this robot has ever been part of a mesh's raft group.
func (s *Store) HasState() bool {
	has, err := raft.HasExistingState(s.log, s.log, s.snapshots)
	return has || err != nil // what cannot be read is state: never bootstrap over it
}

// Bootstrap makes this robot the only coordinator of a new mesh and applies the mesh's first command. The store must be started. A
// Bootstrap that was cut short goes on; in a mesh that exists it is CodeExists.
func (s *Store) Bootstrap(ctx context.Context, c casare.InitMesh) error {
	r := s.raft.Load()
	if r == nil {
		return errNotStarted
	}
	if _, err := s.Mesh(); casare.CodeOf(err) != casare.CodeNotFound {
		if err == nil {
			err = casare.Errorf(casare.CodeExists, "this robot belongs to a mesh already")
		}
		return err
	}
	self := raft.Server{Suffrage: raft.Voter, ID: raft.ServerID(s.cfg.RobotID), Address: raft.ServerAddress(s.cfg.RobotID)}
	err := r.BootstrapCluster(raft.Configuration{Servers: []raft.Server{self}}).Error()
	if err != nil && !errors.Is(err, raft.ErrCantBootstrap) {
		return casare.Errorf(casare.CodeInternal, "bootstrap: %w", err)
	}
	members := s.Configuration()
	if len(members) != 1 || members[0] != (Member{ID: s.cfg.RobotID, Voter: true}) {
		return casare.Errorf(casare.CodeExists, "this robot is part of a raft group already")
	}
	for !s.Leading() {
		changed := s.LeaderChanged()
		if s.Leading() {
			break
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return casare.Errorf(casare.CodeTimeout, "wait to lead a new mesh: %w", context.Cause(ctx))
		}
	}
	results, err := s.Propose(ctx, casare.Proposal{
		ID: "init-mesh", Tenant: casare.DefaultTenant, Actor: "system", Time: casare.TimeOf(s.cfg.Now()), Command: c,
	})
	if err != nil {
		return fmt.Errorf("first command: %w", err)
	}
	if results[0].Err != nil {
		return results[0].Err
	}
	return nil
}

// grew counts applied log; beyond snapshotBytes a snapshot is due, whatever the number of entries.
func (s *Store) grew(bytes int) {
	if s.grown.Add(int64(bytes)) < snapshotBytes {
		return
	}
	select {
	case s.snapshotDue <- struct{}{}:
	default:
	}
}

func (s *Store) snapshotBySize(ctx context.Context) {
	for {
		select {
		case <-s.snapshotDue:
		case <-ctx.Done():
			return
		}
		s.grown.Store(0)
		err := s.raft.Load().Snapshot().Error()
		if err != nil && !errors.Is(err, raft.ErrNothingNewToSnapshot) && !errors.Is(err, raft.ErrRaftShutdown) {
			s.cfg.Logger.LogAttrs(ctx, slog.LevelWarn, "note a snapshot", slog.Any("error", err))
		}
	}
}
