// Package meshtest runs whole robots in the process of a test, over real sockets whose packets can be dropped: meshes that are
// split, lose robots and get them back, in seconds. Every mesh ends with the check that all coordinators hold the same state.
package meshtest

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"casare/client"
	"casare/daemon"
)

const (
	patience = 45 * time.Second // for what must happen in the end
	tick     = 20 * time.Millisecond
)

// Mesh is a mesh of robots in this process.
type Mesh struct {
	tb      testing.TB
	dir     string
	network *network
	tune    []func(*daemon.Options)
	robots  []*Robot
	key     string
	token   string
}

// Start brings up n robots: the first makes the mesh, the others join it one after another. Every start of a robot is tuned by
// tune. At the end of the test the mesh is healed, all robots are checked to hold the same state, and stopped.
func Start(tb testing.TB, n int, tune ...func(*daemon.Options)) *Mesh {
	tb.Helper()
	m := &Mesh{tb: tb, dir: tb.TempDir(), network: newNetwork(), tune: tune}
	tb.Cleanup(m.stop)
	for range n {
		m.Add()
	}
	return m
}

// Joining says how a robot joins. What is left out is chosen: the first robot that runs, the mesh's own token (which makes
// coordinators), a fresh folder.
type Joining struct {
	Through *Robot
	Token   string
	Data    string
	Tune    func(*daemon.Options) // of this start alone
}

// Add makes one more robot; the first one makes the mesh.
func (m *Mesh) Add() *Robot {
	m.tb.Helper()
	r, err := m.Join(Joining{})
	require.NoError(m.tb, err)
	return r
}

// Join makes one more robot. A join that is refused leaves no robot, and says why.
func (m *Mesh) Join(j Joining) (*Robot, error) {
	m.tb.Helper()
	r := &Robot{Index: len(m.robots), mesh: m, data: j.Data}
	if r.data == "" {
		r.data = filepath.Join(m.dir, "robot-"+strconv.Itoa(len(m.robots)+1))
	}
	s := starting{mesh: "127.0.0.1:0", http: "127.0.0.1:0", first: true, tune: j.Tune}
	if j.Through == nil {
		j.Through = m.running()
	}
	if j.Through != nil {
		s.join, s.token = j.Through.MeshAddr(), m.token
		if j.Token != "" {
			s.token = j.Token
		}
	}
	if err := r.start(s); err != nil {
		return nil, err
	}
	m.robots = append(m.robots, r)
	if m.key == "" {
		m.key, m.token = m.read(r, daemon.AdminKeyFile), m.read(r, daemon.JoinTokenFile)
	}
	r.client = m.Client(r)
	return r, nil
}

// running is the first robot that runs, nil when none does.
func (m *Mesh) running() *Robot {
	for _, r := range m.robots {
		if r.Running() {
			return r
		}
	}
	return nil
}

func (m *Mesh) read(r *Robot, name string) string {
	m.tb.Helper()
	text, err := os.ReadFile(filepath.Join(r.data, name))
	require.NoError(m.tb, err)
	return strings.TrimSpace(string(text))
}

// Robots returns all robots, running or not.
func (m *Mesh) Robots() []*Robot { return m.robots }

// Robot returns a robot by its index.
func (m *Mesh) Robot(i int) *Robot { return m.robots[i] }

// ByID returns the robot with an id.
func (m *Mesh) ByID(id string) *Robot {
	m.tb.Helper()
	for _, r := range m.robots {
		if r.id == id {
			return r
		}
	}
	require.Fail(m.tb, "there is no robot "+id)
	return nil
}

// Others returns the running robots but these.
func (m *Mesh) Others(but ...*Robot) []*Robot {
	var others []*Robot
next:
	for _, r := range m.robots {
		for _, b := range but {
			if r == b {
				continue next
			}
		}
		if r.Running() {
			others = append(others, r)
		}
	}
	return others
}

// Token is the join token that the mesh was made with: role coordinator, 16 uses.
func (m *Mesh) Token() string { return m.token }

// Client talks to the mesh through these robots, the first that answers first.
func (m *Mesh) Client(robots ...*Robot) *client.Client {
	m.tb.Helper()
	urls := make([]string, 0, len(robots))
	for _, r := range robots {
		urls = append(urls, r.URL())
	}
	c := client.New(m.key, urls...)
	m.tb.Cleanup(c.Close)
	return c
}

// Split puts the robots of each list on a network of their own; those in no list are together on another one.
func (m *Mesh) Split(lists ...[]*Robot) {
	groups := map[netip.AddrPort]int{}
	for i, list := range lists {
		for _, r := range list {
			groups[r.addr] = i + 1
		}
	}
	m.network.split(groups)
}

// Unanswered lets one robot send so many bytes to another one; from then on nothing comes back, while everything goes on that way.
func (m *Mesh) Unanswered(from, to *Robot, bytes int) { m.network.fuse(from.addr, to.addr, bytes) }

// Heal makes all robots hear each other again.
func (m *Mesh) Heal() { m.network.split(nil) }

// Crash crashes robots all at the same moment.
func (m *Mesh) Crash(robots ...*Robot) { each(robots, (*Robot).Crash) }

// Stop stops robots in good order, all at the same time.
func (m *Mesh) Stop(robots ...*Robot) { each(robots, (*Robot).Stop) }

// each does something with every robot at once.
func each(robots []*Robot, do func(*Robot)) {
	var all sync.WaitGroup
	for _, r := range robots {
		all.Go(func() { do(r) })
	}
	all.Wait()
}

// Leader waits until one robot leads and all of those (all robots that run, if none is named) agree, and returns it.
func (m *Mesh) Leader(among ...*Robot) *Robot {
	m.tb.Helper()
	if len(among) == 0 {
		among = m.Others()
	}
	var leader *Robot
	m.Eventually("a leader", func(ctx context.Context) error {
		leader = nil
		for _, r := range among {
			if r.daemon != nil && r.daemon.Leading() {
				leader = r
			}
		}
		if leader == nil {
			return fmt.Errorf("none of %d robots leads", len(among))
		}
		for _, r := range among {
			ready, err := r.Client().Ready(ctx)
			if err != nil {
				return err
			}
			if ready.LeaderID != leader.id {
				return fmt.Errorf("robot %d takes %q for the leader", r.Index+1, ready.LeaderID)
			}
		}
		return nil
	})
	return leader
}

// WaitCoordinators waits until the mesh has n coordinators that are alive.
func (m *Mesh) WaitCoordinators(n int) {
	m.tb.Helper()
	m.Eventually(fmt.Sprintf("%d coordinators", n), func(ctx context.Context) error {
		info, err := m.Leader().Client().Mesh(ctx)
		if err != nil {
			return err
		}
		found := 0
		for _, member := range info.Members {
			if member.Coordinator && member.State == "alive" {
				found++
			}
		}
		if found != n {
			return fmt.Errorf("%d coordinators", found)
		}
		return nil
	})
}

// Eventually repeats try until it succeeds; the test fails when that takes too long.
func (m *Mesh) Eventually(what string, try func(ctx context.Context) error) {
	m.tb.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(m.tb.Context()), patience)
	defer cancel()
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	last := errors.New("not tried")
	for {
		err := try(ctx)
		if err == nil {
			return
		}
		if ctx.Err() == nil {
			last = err
		}
		select {
		case <-ctx.Done():
			require.NoError(m.tb, last, "waiting for %s", what)
		case <-ticker.C:
		}
	}
}

// EnsureSame waits until every running robot that holds the state has applied the same entries, and fails unless their states
// are equal.
func (m *Mesh) EnsureSame() {
	m.tb.Helper()
	m.Eventually("equal states", func(ctx context.Context) error {
		hashes := map[string]string{}
		var index uint64
		for _, r := range m.robots {
			if r.daemon == nil || !r.daemon.Replica() {
				continue
			}
			at, hash, err := r.daemon.StateHash(ctx)
			if err != nil {
				return err
			}
			if index == 0 {
				index = at
			}
			if at != index {
				return fmt.Errorf("robot %d is at entry %d, another at %d", r.Index+1, at, index)
			}
			hashes[hash] = r.id
		}
		if len(hashes) > 1 {
			return fmt.Errorf("%d different states at entry %d", len(hashes), index)
		}
		return nil
	})
}

func (m *Mesh) stop() {
	m.Heal()
	if !m.tb.Failed() {
		m.EnsureSame()
	}
	each(m.Others(), (*Robot).Crash)
}

// logWriter shows log lines with the test that they belong to. An error that says nothing fails it.
type logWriter struct{ tb testing.TB }

func (w logWriter) Write(line []byte) (int, error) {
	if strings.Contains(string(line), `error=""`) {
		w.tb.Errorf("an error without a text: %s", line)
	}
	w.tb.Log(strings.TrimRight(string(line), "\n"))
	return len(line), nil
}
