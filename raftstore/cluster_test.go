package raftstore

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"casare"
)

func TestStore_BootstrapOnceAndReopen(t *testing.T) {
	t.Parallel()
	n, dir := newNetwork(), filepath.Join(t.TempDir(), "s")
	r := startRobot(t, n, dir, "r1")
	require.False(t, r.HasState())
	require.False(t, r.Replica())
	_, err := r.Propose(t.Context(), submit("j1"))
	require.Equal(t, casare.CodeNotLeader, casare.CodeOf(err))
	require.NoError(t, r.Bootstrap(t.Context(), initMesh("r1")))
	require.True(t, r.HasState())
	require.True(t, r.Replica())
	require.Equal(t, casare.CodeExists, casare.CodeOf(r.Bootstrap(t.Context(), initMesh("r1"))))
	id, term := r.Leader()
	require.Equal(t, "r1", id)
	require.NotZero(t, term)
	res := r.must(t, submit("j1"), submit("j2"))
	require.NoError(t, r.WaitIndex(t.Context(), res[1].Index))
	require.NoError(t, r.Barrier(t.Context()))
	require.NoError(t, r.VerifyLeader(t.Context()))
	require.Equal(t, casare.CodeUnavailable, casare.CodeOf(r.TransferLeadership(t.Context())))
	hash := must(r.Hash(t.Context()))
	r.Stop()
	r.Stop()
	_, err = r.Job("j1")
	require.Equal(t, casare.CodeUnavailable, casare.CodeOf(err))
	_, err = r.Propose(t.Context(), submit("j3"))
	require.Error(t, err)

	c, _ := testConfig(t, n, dir, "r1")
	c.MeshID = "mesh-2"
	_, err = Open(c)
	require.ErrorContains(t, err, "belongs to mesh mesh-1")
	require.NoError(t, c.Network.Listener().Close())

	again := startRobot(t, n, dir, "r1")
	require.Equal(t, hash, must(again.Hash(t.Context())))
	require.Equal(t, []Member{{ID: "r1", Voter: true}}, again.Configuration())
	require.Eventually(t, again.Leading, 5*time.Second, time.Millisecond)
	again.must(t, submit("j3"))
	require.Equal(t, casare.JobCounts{casare.JobQueued: 3}, must(again.Counts(casare.DefaultTenant)))
	active, err := again.Active()
	require.NoError(t, err)
	require.Len(t, active, 3)
}

func TestStore_RefusesAnIncompleteConfig(t *testing.T) {
	t.Parallel()
	_, err := Open(Config{})
	require.ErrorContains(t, err, "MeshID is missing")
	require.Equal(t, casare.CodeInvalid, casare.CodeOf(err))
}

func TestCluster_ThreeRobotsAreThreeCoordinatorsSoon(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 2)
	require.Eventually(t, func() bool { return len(c.leader().Configuration()) == 2 }, 10*time.Second, 5*time.Millisecond)
	require.Equal(t, []Member{{ID: "r1", Voter: true}, {ID: "r2"}}, c.leader().Configuration())
	c.start("r3")
	joined := time.Now()
	c.waitVoters(3)
	t.Logf("three coordinators %v after the third robot", time.Since(joined))
	c.start("r4")
	require.Eventually(t, func() bool { m, err := c.leader().Mesh(); return err == nil && m.Grown }, 10*time.Second, 5*time.Millisecond)
	require.Len(t, c.leader().Configuration(), 3)
	require.False(t, c.get("r4").Replica())
	c.ensureSame()
}

func TestCluster_LeaderDiesAndComesBack(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 3)
	c.waitVoters(3)
	leader := c.leader()
	c.must(submit("before"))
	changed := c.all()
	id := leader.cfg.RobotID
	c.kill(id)
	next := c.leader()
	require.NotEqual(t, id, next.cfg.RobotID)
	require.NotEmpty(t, changed)
	c.must(submit("after"), submit("before"))
	c.start(id)
	c.ensureSame()
	require.Equal(t, casare.JobCounts{casare.JobQueued: 2}, must(c.get(id).Counts("")))
}

func TestCluster_PlannedHandOver(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 3)
	c.waitVoters(3)
	leader := c.leader()
	changed := leader.LeaderChanged()
	require.NoError(t, leader.TransferLeadership(t.Context()))
	<-changed
	require.NotEqual(t, leader.cfg.RobotID, c.leader().cfg.RobotID)
	c.ensureSame()
}

func TestCluster_ALeaderWithoutAMajorityAcknowledgesNothing(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 3)
	c.waitVoters(3)
	leader := c.leader()
	c.must(submit("j0"))
	c.network.isolate(leader.cfg.RobotID, true)
	_, err := leader.Propose(t.Context(), submit("j1"))
	require.Contains(t, []casare.Code{casare.CodeOutcomeUnknown, casare.CodeNotLeader}, casare.CodeOf(err))
	require.Eventually(t, func() bool { return !leader.Leading() }, 5*time.Second, time.Millisecond)
	_, err = leader.Propose(t.Context(), submit("j1"))
	require.Equal(t, casare.CodeNotLeader, casare.CodeOf(err))
	require.Eventually(t, func() bool { return proposeAnywhere(t.Context(), c, submit("j2")) }, 20*time.Second, time.Millisecond)
	c.network.isolate(leader.cfg.RobotID, false)
	// The same command again, on whoever leads, whatever became of the first try.
	var done []casare.Result
	require.Eventually(t, func() bool {
		done, err = c.leader().Propose(t.Context(), submit("j1"))
		return err == nil
	}, 10*time.Second, 10*time.Millisecond)
	require.Nil(t, done[0].Err)
	require.Equal(t, casare.JobCounts{casare.JobQueued: 3}, must(c.leader().Counts("")))
	c.ensureSame()
}

func TestCluster_AcknowledgedIsNeverLost(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 3)
	c.waitVoters(3)
	var acknowledged sync.Map
	var count atomic.Int64
	ctx, cancel := context.WithCancel(t.Context())
	var clients sync.WaitGroup
	for k := range 8 {
		clients.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				p := submit(fmt.Sprintf("c%d-%d", k, i))
				for ctx.Err() == nil {
					if ok := proposeAnywhere(ctx, c, p); ok {
						acknowledged.Store(p.ID, true)
						count.Add(1)
						break
					}
				}
			}
		})
	}
	for range 2 {
		seen := count.Load()
		require.Eventually(t, func() bool { return count.Load() > seen+50 }, 20*time.Second, time.Millisecond)
		id := c.leader().cfg.RobotID
		c.kill(id)
		seen = count.Load()
		require.Eventually(t, func() bool { return count.Load() > seen+50 }, 20*time.Second, time.Millisecond)
		c.start(id)
	}
	cancel()
	clients.Wait()
	leader := c.leader()
	acknowledged.Range(func(id, _ any) bool {
		_, err := leader.Job(as[string](t, id))
		require.NoError(t, err)
		return true
	})
	c.ensureSame()
}

func proposeAnywhere(ctx context.Context, c *cluster, p casare.Proposal) bool {
	for _, r := range c.all() {
		if !r.Leading() {
			continue
		}
		res, err := r.Propose(ctx, p)
		if err == nil && res[0].Err == nil {
			return true
		}
	}
	return false
}

func TestCluster_FarBehindFollowerInstallsASnapshot(t *testing.T) {
	t.Parallel()
	small := func(c *Config) {
		c.SnapshotThreshold, c.TrailingLogs, c.SnapshotInterval = 16, 4, 20*time.Millisecond
	}
	var failing atomic.Pointer[string]
	var failures atomic.Int32
	breakOnce := func(c *Config) {
		if c.RobotID != "r3" {
			return
		}
		c.faults = func(op string) error {
			if name := failing.Load(); name != nil && *name == op && failures.CompareAndSwap(0, 1) {
				return errors.New("injected at " + op)
			}
			return nil
		}
	}
	c := newCluster(t, 3, small, breakOnce)
	c.waitVoters(3)
	c.lead("r1", "r2")
	for i, op := range []string{opSnapshotCreate, opSnapshotClose, opRestoreVerify, opRestoreSync, opRestoreRename, ""} {
		before := c.get("r3").Index()
		c.kill("r3")
		failing.Store(&op)
		failures.Store(0)
		for k := range 60 {
			c.must(submit(fmt.Sprintf("j%d-%d", i, k)))
		}
		// The log the follower needs must be gone, whoever leads.
		require.Eventually(t, func() bool {
			return !slices.ContainsFunc(c.all(), func(r *robot) bool { first, err := r.log.FirstIndex(); return err != nil || first <= before+1 })
		}, 20*time.Second, 5*time.Millisecond)
		r := c.start("r3")
		sub, err := r.Subscribe(r.Cursor(), 100)
		require.NoError(t, err)
		c.ensureSame()
		for range sub.C() { // ends because the state was replaced
			continue
		}
		require.ErrorIs(t, sub.Err(), ErrGap)
		if op != "" {
			require.EqualValues(t, 1, failures.Load(), op)
		}
		// An entry after the snapshot: raft waits longer after each failure until something has got through.
		c.must(submit(fmt.Sprint("after", i)))
		c.ensureSame()
		left, err := filepath.Glob(filepath.Join(r.dir, "snapshot", "*"))
		require.NoError(t, err)
		require.Empty(t, left)
	}
	// And after a restart of everybody.
	for _, id := range []string{"r1", "r2", "r3"} {
		c.kill(id)
		c.start(id)
	}
	c.ensureSame()
}

func TestCluster_ABrokenDiskStopsTheLeaderAndNothingIsLost(t *testing.T) {
	t.Parallel()
	var broken atomic.Bool
	c := newCluster(t, 3, func(cfg *Config) {
		if cfg.RobotID != "r1" {
			return
		}
		cfg.faults = func(op string) error {
			if broken.Load() && op == opLogWrite {
				return errors.New("fsync: input/output error")
			}
			return nil
		}
	})
	c.waitVoters(3)
	r1 := c.lead("r1")
	broken.Store(true)
	_, err := r1.Propose(t.Context(), submit("j1"))
	// Unavailable if an entry of the store itself met the broken disk first.
	require.Contains(t, []casare.Code{casare.CodeOutcomeUnknown, casare.CodeUnavailable, casare.CodeNotLeader}, casare.CodeOf(err))
	require.ErrorContains(t, <-r1.fatals, "input/output error")
	broken.Store(false)
	_, err = r1.Propose(t.Context(), submit("j2"))
	require.Error(t, err, "latched")
	require.Empty(t, r1.fatals, "Fatal is called once")
	c.kill("r1") // what Fatal demands
	require.Eventually(t, func() bool { return proposeAnywhere(t.Context(), c, submit("j1")) }, 20*time.Second, 10*time.Millisecond)
	c.start("r1")
	c.ensureSame()
}

func TestStore_EventsAreForgottenByTheLeader(t *testing.T) {
	t.Parallel()
	r := startRobot(t, newNetwork(), t.TempDir(), "r1", func(c *Config) { c.MaxEvents, c.PruneInterval = 100, 5*time.Millisecond })
	require.NoError(t, r.Bootstrap(t.Context(), initMesh("r1")))
	for i := range 200 {
		r.must(t, submit(fmt.Sprint("j", i)))
	}
	require.Eventually(t, func() bool { _, _, n := r.state.memory.feedState(); return n <= 110 }, 10*time.Second, time.Millisecond)
	_, err := r.Subscribe(casare.Cursor{}, 1)
	require.ErrorIs(t, err, ErrGap)
}

func TestStore_WaitIndexTimesOut(t *testing.T) {
	t.Parallel()
	r := startRobot(t, newNetwork(), t.TempDir(), "r1")
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
	defer cancel()
	require.Equal(t, casare.CodeTimeout, casare.CodeOf(r.WaitIndex(ctx, 100)))
}

func TestStore_ListsJobsNewestFirst(t *testing.T) {
	t.Parallel()
	m := newMachine(t).init()
	add := func(id, tenant, workflow string, created casare.Time) {
		p := submit(id)
		c := as[casare.SubmitJob](t, p.Command)
		p.Tenant, c.Spec.Tenant, c.Spec.WorkflowID, c.Spec.CreatedAt = tenant, tenant, workflow, created
		p.Command = c
		m.ok(p)
	}
	for i := range 30 {
		add(fmt.Sprintf("a%02d", i), "default", fmt.Sprint("w", i%2), casare.Time(1000+2*i))
		add(fmt.Sprintf("b%02d", i), "defaultx", "w0", casare.Time(1001+2*i))
	}
	for i := range 10 {
		epoch := m.ok(system(fmt.Sprint("as", i), casare.AssignJob{JobID: fmt.Sprintf("a%02d", i), RobotID: "r1"}))[0].Index
		if i%2 == 0 {
			m.ok(system(fmt.Sprint("fi", i), casare.FinishJob{JobID: fmt.Sprintf("a%02d", i), Epoch: epoch, State: casare.JobCompleted}))
		}
	}
	ids := func(q casare.JobQuery) ([]string, int) {
		page, err := m.store.Jobs(q)
		require.NoError(t, err)
		var ids []string
		for _, j := range page.Jobs {
			ids = append(ids, j.ID)
		}
		return ids, page.Total
	}
	got, total := ids(casare.JobQuery{Tenant: "default", Limit: 3, Offset: 1})
	require.Equal(t, []string{"a28", "a27", "a26"}, got)
	require.Equal(t, 30, total)
	got, total = ids(casare.JobQuery{Limit: 4})
	require.Equal(t, []string{"b29", "a29", "b28", "a28"}, got)
	require.Equal(t, 60, total)
	got, total = ids(casare.JobQuery{Tenant: "default", States: []casare.JobState{casare.JobCompleted}})
	require.Equal(t, []string{"a08", "a06", "a04", "a02", "a00"}, got)
	require.Equal(t, 5, total)
	got, total = ids(casare.JobQuery{Tenant: "default", States: []casare.JobState{casare.JobAssigned}, Limit: 2, Offset: 1})
	require.Equal(t, []string{"a07", "a05"}, got)
	require.Equal(t, 5, total)
	got, total = ids(casare.JobQuery{Tenant: "default", WorkflowID: "w1", RobotID: "r1", Limit: 2})
	require.Equal(t, []string{"a09", "a07"}, got)
	require.Equal(t, 5, total)
	got, total = ids(casare.JobQuery{Tenant: "none"})
	require.Empty(t, got)
	require.Zero(t, total)
	active, err := m.store.Active()
	require.NoError(t, err)
	require.Len(t, active, 55)
	require.True(t, slices.IsSortedFunc(active, func(a, b *casare.Job) int { return int(a.CreatedAt - b.CreatedAt) }))
}

func TestStore_ASnapshotIsDueWhenTheLogHasGrown(t *testing.T) {
	t.Parallel()
	r := startRobot(t, newNetwork(), t.TempDir(), "r1")
	require.NoError(t, r.Bootstrap(t.Context(), initMesh("r1")))
	require.Equal(t, "0", r.raft.Load().Stats()["last_snapshot_index"])
	r.grew(snapshotBytes - 1)
	r.must(t, submit("j1"))
	require.Eventually(t, func() bool { return r.raft.Load().Stats()["last_snapshot_index"] != "0" }, 5*time.Second, time.Millisecond)
}
