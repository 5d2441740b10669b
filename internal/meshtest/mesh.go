// Package meshtest runs whole robots in the process of a test, over real sockets whose packets can be dropped: meshes that are
// split, lose robots and get them back, in seconds. Every mesh ends with the check that all coordinators hold the same state.
package meshtest

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"casare/client"
	"casare/configs"
	"casare/daemon"
	"casare/mesh"
)

const (
	patience = 30 * time.Second // for what must happen in the end
	tick     = 20 * time.Millisecond
)

// Mesh is a mesh of robots in this process.
type Mesh struct {
	tb      testing.TB
	dir     string
	network *network
	robots  []*Robot
	key     string
	token   string
}

// Robot is one robot of a Mesh. It keeps its folder and its addresses over crashes.
type Robot struct {
	Index  int
	mesh   *Mesh
	data   string
	http   string
	addr   netip.AddrPort
	daemon *daemon.Daemon
}

// Start brings up n robots: the first makes the mesh, the others join it one after another. At the end of the test the mesh is
// healed, all robots are checked to hold the same state, and stopped.
func Start(tb testing.TB, n int) *Mesh {
	tb.Helper()
	m := &Mesh{tb: tb, dir: tb.TempDir(), network: newNetwork()}
	tb.Cleanup(m.stop)
	for range n {
		m.Add()
	}
	return m
}

// Add makes one more robot; all but the first join through the first that runs.
func (m *Mesh) Add() *Robot {
	m.tb.Helper()
	r := &Robot{Index: len(m.robots), mesh: m, data: filepath.Join(m.dir, "robot-"+strconv.Itoa(len(m.robots)+1)), http: "127.0.0.1:0"}
	join := ""
	for _, other := range m.robots {
		if other.daemon != nil {
			join = other.addr.String()
			break
		}
	}
	m.robots = append(m.robots, r)
	r.start("127.0.0.1:0", join)
	if m.key == "" {
		m.key = m.read(r, daemon.AdminKeyFile)
		m.token = m.read(r, daemon.JoinTokenFile)
	}
	return r
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

// start opens and starts the robot's daemon at a mesh address.
func (r *Robot) start(address, join string) {
	tb := r.mesh.tb
	tb.Helper()
	socket, err := r.mesh.network.listen(address)
	require.NoError(tb, err)
	r.addr = socket.self
	listener, err := (&net.ListenConfig{}).Listen(tb.Context(), "tcp", r.http)
	require.NoError(tb, err)
	r.http = listener.Addr().String()
	token := ""
	if join != "" {
		token = r.mesh.token
	}
	d, err := daemon.Open(tb.Context(), daemon.Options{
		Data: r.data, Join: join, Token: token, Version: "test", Log: logWriter{tb},
		Config: configs.Config{Name: "robot-" + strconv.Itoa(r.Index+1), HTTP: r.http, Mesh: r.addr.String(), Slots: 4, LogLevel: "info"},
		Fatal:  func(err error) { tb.Errorf("robot %d: %v", r.Index+1, err) },
		Tuning: daemon.Tuning{
			PacketConn: socket.asPacketConn(),
			HTTP:       listener,
			Mesh:       mesh.Timing{Rejoin: 500 * time.Millisecond},
		},
	})
	require.NoError(tb, err)
	require.NoError(tb, d.Start(tb.Context()))
	r.daemon = d
}

// Running says whether the robot is there.
func (r *Robot) Running() bool { return r.daemon != nil }

// ID returns the robot's id.
func (r *Robot) ID() string { return r.daemon.ID() }

// Stop ends the robot in good order.
func (r *Robot) Stop() {
	r.daemon.Stop()
	r.daemon = nil
}

// Crash ends the robot without a word: nobody hears from it from this moment on.
func (r *Robot) Crash() {
	r.daemon.Abort()
	r.daemon = nil
}

// Restart brings a robot back that was stopped or has crashed, by its folder alone.
func (r *Robot) Restart() {
	r.mesh.tb.Helper()
	require.Nil(r.mesh.tb, r.daemon, "robot %d runs", r.Index+1)
	r.start(r.addr.String(), "")
}

// Client talks to the mesh through this robot alone.
func (r *Robot) Client() *client.Client { return client.New(r.mesh.key, "http://"+r.http) }

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

// Heal makes all robots hear each other again.
func (m *Mesh) Heal() { m.network.split(nil) }

// Leader waits until a robot leads that the others agree on, and returns it.
func (m *Mesh) Leader(among ...*Robot) *Robot {
	m.tb.Helper()
	if len(among) == 0 {
		among = m.robots
	}
	var leader *Robot
	m.Eventually("a leader", func(context.Context) error {
		leader = nil
		for _, r := range among {
			if r.daemon != nil && r.daemon.Leading() {
				leader = r
			}
		}
		if leader == nil {
			return fmt.Errorf("none of %d robots leads", len(among))
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
	for {
		err := try(ctx)
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			require.NoError(m.tb, err, "waiting for %s", what)
		case <-ticker.C:
		}
	}
}

// EnsureSame waits until every running coordinator has applied the same entries, and fails unless their states are equal.
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
			hashes[hash] = r.ID()
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
	done := make(chan struct{})
	running := 0
	for _, r := range m.robots {
		if r.daemon == nil {
			continue
		}
		running++
		go func() { // awaited below
			r.daemon.Abort()
			done <- struct{}{}
		}()
	}
	for range running {
		<-done
	}
}

// logWriter shows log lines with the test that they belong to.
type logWriter struct{ tb testing.TB }

func (w logWriter) Write(line []byte) (int, error) {
	w.tb.Log(strings.TrimRight(string(line), "\n"))
	return len(line), nil
}
