package raftstore

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"casare"
)

const meshID = "mesh-1"

// network connects stores over loopback by robot id and can cut robots off.
type network struct {
	mu    sync.Mutex
	peers map[string]*plane
	cut   map[string]bool
}

func newNetwork() *network { return &network{peers: map[string]*plane{}, cut: map[string]bool{}} }

// plane is one robot's end.
type plane struct {
	network *network
	id      string
	net.Listener

	mu    sync.Mutex
	conns []net.Conn
}

func (n *network) join(tb testing.TB, id string) *plane {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(tb, err)
	p := &plane{network: n, id: id, Listener: l}
	n.mu.Lock()
	n.peers[id] = p
	n.mu.Unlock()
	return p
}

func (p *plane) Dial(ctx context.Context, robot string) (net.Conn, error) {
	p.network.mu.Lock()
	to, ok := p.network.peers[robot]
	cut := p.network.cut[robot] || p.network.cut[p.id]
	p.network.mu.Unlock()
	if !ok || cut {
		return nil, errors.New("no way to " + robot)
	}
	c, err := (&net.Dialer{}).DialContext(ctx, "tcp", to.Addr().String())
	if err != nil {
		return nil, err
	}
	for _, end := range []*plane{p, to} {
		end.mu.Lock()
		end.conns = append(end.conns, c)
		end.mu.Unlock()
	}
	return c, nil
}

func (p *plane) plane() net.Listener { return p.Listener }

type planeNetwork struct{ *plane }

func (p planeNetwork) Listener() net.Listener { return p.plane.plane() }

// isolate cuts a robot off, or lets it back.
func (n *network) isolate(id string, cut bool) {
	n.mu.Lock()
	n.cut[id] = cut
	p := n.peers[id]
	n.mu.Unlock()
	if !cut {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.conns {
		_ = c.Close()
	}
	p.conns = nil
}

// robot is a store under test.
type robot struct {
	*Store
	dir    string
	fatals chan error
}

func testConfig(tb testing.TB, n *network, dir, id string) (Config, chan error) {
	tb.Helper()
	fatals := make(chan error, 8)
	return Config{
		Dir: dir, RobotID: id, MeshID: meshID, Network: planeNetwork{n.join(tb, id)}, Logger: testLogger(id),
		Fatal:            func(err error) { fatals <- err },
		HeartbeatTimeout: 200 * time.Millisecond, ElectionTimeout: 200 * time.Millisecond, LeaderLeaseTimeout: 100 * time.Millisecond,
		CommitTimeout: 5 * time.Millisecond, CoordinatorTick: 10 * time.Millisecond, HealthyAfterGrown: 300 * time.Millisecond,
	}, fatals
}

// startRobot opens and starts a store; it is stopped at the end of the test.
func startRobot(tb testing.TB, n *network, dir, id string, edit ...func(*Config)) *robot {
	tb.Helper()
	c, fatals := testConfig(tb, n, dir, id)
	for _, e := range edit {
		e(&c)
	}
	s, err := Open(c)
	require.NoError(tb, err)
	tb.Cleanup(s.Stop)
	require.NoError(tb, s.Start(context.WithoutCancel(tb.Context())))
	return &robot{Store: s, dir: dir, fatals: fatals}
}

func initMesh(robotID string) casare.InitMesh {
	return casare.InitMesh{
		MeshID: meshID, CACert: []byte("ca"), Robot: robotRow(robotID),
		Keys:      casare.SealedKeys{RobotID: robotID, Sealed: []byte("sealed")},
		AdminKey:  casare.APIKey{ID: "admin", Tenant: casare.DefaultTenant, Name: "admin", Role: "admin", Hash: []byte("hash-admin"), CreatedAt: 1},
		JoinToken: casare.Token{ID: "token", SecretHash: []byte("secret"), Role: casare.RoleCoordinator, ExpiresAt: 100, MaxUses: 16},
	}
}

func robotRow(id string) casare.Robot {
	return casare.Robot{ID: id, Tenant: casare.DefaultTenant, Name: id, Role: casare.RoleCoordinator, PublicKey: []byte("key-" + id), Labels: map[string]string{"b": "2", "a": "1", "c": "3"}}
}

// cluster is a mesh of stores whose coordinators are managed by whoever leads.
type cluster struct {
	t       testing.TB
	network *network
	edit    []func(*Config)
	mu      sync.Mutex
	robots  map[string]*robot
	dirs    map[string]string
	stop    context.CancelFunc
	ctx     context.Context //nolint:containedctx // the cluster's own lifetime
	wait    sync.WaitGroup
}

func newCluster(tb testing.TB, size int, edit ...func(*Config)) *cluster {
	tb.Helper()
	c := &cluster{t: tb, network: newNetwork(), edit: edit, robots: map[string]*robot{}, dirs: map[string]string{}}
	c.ctx, c.stop = context.WithCancel(context.WithoutCancel(tb.Context()))
	tb.Cleanup(func() { c.stop(); c.wait.Wait() })
	first := c.start("r1")
	require.NoError(tb, first.Bootstrap(tb.Context(), initMesh("r1")))
	for i := 2; i <= size; i++ {
		c.start(fmt.Sprintf("r%d", i))
	}
	return c
}

// start starts a robot, again in its old folder if it had one.
func (c *cluster) start(id string) *robot {
	c.t.Helper()
	dir, known := c.dirs[id]
	if !known {
		dir = filepath.Join(c.t.TempDir(), id)
		c.dirs[id] = dir
	}
	r := startRobot(c.t, c.network, dir, id, c.edit...)
	c.mu.Lock()
	c.robots[id] = r
	c.mu.Unlock()
	c.wait.Go(func() { c.manage(r) })
	return r
}

func (c *cluster) manage(r *robot) {
	for c.ctx.Err() == nil && c.get(r.cfg.RobotID) == r {
		changed := r.LeaderChanged()
		if r.Leading() {
			r.ManageCoordinators(c.ctx, c.candidates)
		}
		select {
		case <-changed:
		case <-c.ctx.Done():
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (c *cluster) get(id string) *robot {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.robots[id]
}

func (c *cluster) candidates() []Candidate {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []Candidate
	for id := range c.robots {
		all = append(all, Candidate{RobotID: id})
	}
	slices.SortFunc(all, func(a, b Candidate) int { return compare(a.RobotID, b.RobotID) })
	return all
}

func (c *cluster) kill(id string) {
	c.t.Helper()
	c.mu.Lock()
	r := c.robots[id]
	delete(c.robots, id)
	c.mu.Unlock()
	c.network.isolate(id, true) // no good-bye: it must not hand leadership over
	r.Stop()
	c.network.isolate(id, false)
}

func (c *cluster) all() []*robot {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []*robot
	for _, r := range c.robots {
		all = append(all, r)
	}
	return all
}

// leader waits for a robot that leads and can prove it.
func (c *cluster) leader() *robot {
	c.t.Helper()
	var leader *robot
	require.Eventually(c.t, func() bool {
		for _, r := range c.all() {
			if r.Leading() && r.VerifyLeader(c.t.Context()) == nil {
				leader = r
				return true
			}
		}
		return false
	}, 20*time.Second, 10*time.Millisecond, "nobody leads")
	return leader
}

// waitVoters waits until there are n coordinators and all of them know. Raft cannot elect anybody when the leader dies in the
// moments between: who has not heard of the last promotion refuses its vote to the promoted.
func (c *cluster) waitVoters(n int) {
	c.t.Helper()
	require.Eventually(c.t, func() bool {
		members := c.leader().Configuration()
		voters := 0
		for _, m := range members {
			if !m.Voter {
				continue
			}
			if r := c.get(m.ID); r == nil || !slices.Equal(r.Configuration(), members) {
				return false
			}
			voters++
		}
		return voters == n
	}, 20*time.Second, 10*time.Millisecond, "not %d coordinators", n)
}

// ensureSame waits until every replica has applied the same, and compares their states.
func (c *cluster) ensureSame() {
	c.t.Helper()
	require.NoError(c.t, c.leader().Barrier(c.t.Context()))
	deadline := time.Now().Add(20 * time.Second)
	for {
		leader := c.leader()
		index, hash := leader.standing(c.t)
		behind := ""
		for _, r := range c.all() {
			if !r.Replica() {
				continue
			}
			reached, got := r.standing(c.t)
			// raft takes over the configuration of an installed snapshot just after the state.
			if reached != index || !slices.Equal(leader.Configuration(), r.Configuration()) {
				behind = fmt.Sprintf("%s is at %d with %v, not %d with %v", r.cfg.RobotID, reached, r.Configuration(), index, leader.Configuration())
				continue
			}
			require.Equal(c.t, hash, got, "state of %s at %d", r.cfg.RobotID, index)
			require.Empty(c.t, r.fatals)
		}
		if behind == "" {
			return
		}
		require.True(c.t, time.Now().Before(deadline), behind)
		time.Sleep(5 * time.Millisecond) //nolint:forbidigo // other goroutines, sockets and disks are what it waits for
	}
}

// standing returns the hash of a state and the last entry that changed it.
func (r *robot) standing(tb testing.TB) (uint64, string) {
	tb.Helper()
	for {
		before, err := r.state.meta()
		require.NoError(tb, err)
		hash, err := r.Hash(tb.Context())
		require.NoError(tb, err)
		after, err := r.state.meta()
		require.NoError(tb, err)
		if before.Reached == after.Reached {
			return after.Reached, hash
		}
	}
}

func document(n int) []byte { return fmt.Appendf(nil, `{"nodes":{"n":%d}}`, n) }

func submit(id string) casare.Proposal {
	d := document(1)
	return casare.Proposal{ID: id, Tenant: casare.DefaultTenant, Actor: "key", Time: 1000, Command: casare.SubmitJob{
		Spec: casare.JobSpec{
			ID: id, Tenant: casare.DefaultTenant, WorkflowID: "w1", WorkflowName: "One", Revision: casare.RevisionOf(d), Priority: 10,
			TimeoutSeconds: 60, Variables: []byte(`{"a":1}`), BodyHash: []byte("body"), CreatedAt: 1000,
		},
		Document: d,
	}}
}

func system(id string, c casare.Command) casare.Proposal {
	return casare.Proposal{ID: id, Actor: "system", Time: 2000, Command: c}
}

// must proposes and demands that nothing is refused.
func (r *robot) must(tb testing.TB, ps ...casare.Proposal) []casare.Result {
	tb.Helper()
	results, err := r.Propose(tb.Context(), ps...)
	require.NoError(tb, err)
	require.Len(tb, results, len(ps))
	for _, res := range results {
		require.Nil(tb, res.Err)
		require.NotZero(tb, res.Index)
	}
	return results
}

// must proposes on whoever leads, again under the same ids when that was lost meanwhile, and demands that nothing is refused.
func (c *cluster) must(ps ...casare.Proposal) {
	c.t.Helper()
	var results []casare.Result
	require.Eventually(c.t, func() bool {
		var err error
		results, err = c.leader().Propose(c.t.Context(), ps...)
		return err == nil
	}, 20*time.Second, time.Millisecond)
	for _, r := range results {
		require.Nil(c.t, r.Err)
	}
}

// lead makes a robot the leader.
func (c *cluster) lead(ids ...string) *robot {
	c.t.Helper()
	var leader *robot
	require.Eventually(c.t, func() bool {
		if leader = c.leader(); slices.Contains(ids, leader.cfg.RobotID) {
			return true
		}
		_ = leader.TransferLeadership(c.t.Context())
		return false
	}, 20*time.Second, 10*time.Millisecond)
	return leader
}

// as asserts that v has a type.
func as[T any](tb testing.TB, v any) T {
	tb.Helper()
	typed, ok := v.(T)
	require.True(tb, ok, "%T", v)
	return typed
}

func testLogger(id string) *slog.Logger {
	if os.Getenv("RS_LOG") != "" {
		return slog.New(slog.NewTextHandler(os.Stderr, nil)).With(slog.String("me", id))
	}
	return slog.New(slog.DiscardHandler)
}
