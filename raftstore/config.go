package raftstore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"
)

// Network carries raft's connections. Peers are robot ids; who resolves them, and proves that the other end is that robot, is the
// business of whoever implements it.
type Network interface {
	// Dial connects to the raft plane of exactly that robot.
	Dial(ctx context.Context, robotID string) (net.Conn, error)
	// Listener accepts what other robots dial. It is asked for once, by Start; Stop closes what it gave.
	Listener() net.Listener
}

// Config says where a Store keeps its files and whom it talks to.
type Config struct {
	Dir     string // the store's own folder; made with mode 0700 if missing
	RobotID string
	MeshID  string // a state file of another mesh is refused
	Network Network
	Logger  *slog.Logger
	// Fatal is called once, from any goroutine, when the store can no longer be trusted: a write failed, or the log holds what
	// this program does not know. Nothing is acknowledged from then on. It must end the process, and must not wait for Stop.
	Fatal func(error)
	Now   func() time.Time // the leader's clock, for what the store itself proposes; nil: time.Now

	HeartbeatTimeout   time.Duration // 0: 500 ms
	ElectionTimeout    time.Duration // 0: 500 ms
	LeaderLeaseTimeout time.Duration // 0: 250 ms
	CommitTimeout      time.Duration // 0: 50 ms
	ProposeTimeout     time.Duration // longest wait for a proposal whose context has no earlier end; 0: 10 s
	SyncInterval       time.Duration // how long what was applied waits until it is synced to the state; 0: 250 ms
	SnapshotInterval   time.Duration // 0: 10 s
	SnapshotThreshold  uint64        // entries; 0: 1024
	TrailingLogs       uint64        // 0: 1024
	CoordinatorTick    time.Duration // how often ManageCoordinators looks; 0: 50 ms
	HealthyAfterGrown  time.Duration // how long a robot must be healthy before it is promoted in a grown mesh; 0: 30 s
	MaxEvents          int           // events kept; 0: 100,000
	PruneInterval      time.Duration // how often the leader looks for events to forget; 0: 10 s

	faults faults // tests only: what to break
}

// Validate says what is missing.
func (c *Config) Validate() error {
	var errs []error
	for _, f := range []struct {
		name    string
		missing bool
	}{
		{"Dir", c.Dir == ""},
		{"RobotID", c.RobotID == ""},
		{"MeshID", c.MeshID == ""},
		{"Network", c.Network == nil},
		{"Logger", c.Logger == nil},
		{"Fatal", c.Fatal == nil},
	} {
		if f.missing {
			errs = append(errs, fmt.Errorf("raftstore config: %s is missing", f.name))
		}
	}
	return errors.Join(errs...)
}

func (c *Config) withDefaults() Config {
	d := *c
	if d.Now == nil {
		d.Now = time.Now
	}
	d.HeartbeatTimeout = cmp.Or(d.HeartbeatTimeout, 500*time.Millisecond)
	d.ElectionTimeout = cmp.Or(d.ElectionTimeout, 500*time.Millisecond)
	d.LeaderLeaseTimeout = cmp.Or(d.LeaderLeaseTimeout, 250*time.Millisecond)
	d.CommitTimeout = cmp.Or(d.CommitTimeout, 50*time.Millisecond)
	d.ProposeTimeout = cmp.Or(d.ProposeTimeout, 10*time.Second)
	d.SyncInterval = cmp.Or(d.SyncInterval, 250*time.Millisecond)
	d.SnapshotInterval = cmp.Or(d.SnapshotInterval, 10*time.Second)
	d.SnapshotThreshold = cmp.Or(d.SnapshotThreshold, 1024)
	d.TrailingLogs = cmp.Or(d.TrailingLogs, 1024)
	d.CoordinatorTick = cmp.Or(d.CoordinatorTick, 50*time.Millisecond)
	d.HealthyAfterGrown = cmp.Or(d.HealthyAfterGrown, 30*time.Second)
	d.MaxEvents = cmp.Or(d.MaxEvents, 100_000)
	d.PruneInterval = cmp.Or(d.PruneInterval, 10*time.Second)
	return d
}
