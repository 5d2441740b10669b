package bench_test

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"
	raftboltdb "github.com/hashicorp/raft-boltdb/v2"
	"github.com/stretchr/testify/require"
)

const (
	floorSpan  = 2 * time.Second
	recordSize = 300 // about what a submitted job takes in the log
)

// floorSync measures the disk: append 4 KiB, sync.
func floorSync(b *testing.B) {
	b.Helper()
	f, err := os.Create(filepath.Join(b.TempDir(), "log"))
	require.NoError(b, err)
	defer f.Close()
	block := make([]byte, 4<<10)
	n := int64(0)
	began := time.Now()
	for time.Since(began) < floorSpan {
		_, err := f.Write(block)
		require.NoError(b, err)
		require.NoError(b, f.Sync())
		n++
	}
	report(b, "floor: append 4 KiB and sync, per second", perSecond(n, time.Since(began)))
}

// emptyState is a state machine that does nothing.
type emptyState struct{}

func (emptyState) Apply(*raft.Log) any                 { return nil }
func (emptyState) Snapshot() (raft.FSMSnapshot, error) { return emptyState{}, nil }
func (emptyState) Restore(r io.ReadCloser) error       { return r.Close() }
func (emptyState) Persist(s raft.SnapshotSink) error   { return s.Close() }
func (emptyState) Release()                            {}

// floorRaft measures raft alone: three voters in this process over TCP, the log store we use, one command an entry, nothing applied.
func floorRaft(b *testing.B) {
	b.Helper()
	nodes := raftCluster(b)
	leader := awaitLeader(b, nodes)
	for _, load := range []struct{ clients, bytes, commands int }{{clients, recordSize, 1}, {8, recordSize * batch, batch}} {
		var done atomic.Int64
		var wait sync.WaitGroup
		began := time.Now()
		for range load.clients {
			wait.Go(func() {
				record := make([]byte, load.bytes)
				for time.Since(began) < floorSpan {
					if err := leader.Apply(record, 5*time.Second).Error(); err != nil {
						b.Error(err)
						return
					}
					done.Add(int64(load.commands))
				}
			})
		}
		wait.Wait()
		what := "floor: raft, empty state, " + strconv.Itoa(load.commands) + " a entry, " + strconv.Itoa(load.clients) + " clients"
		report(b, what, perSecond(done.Load(), time.Since(began)))
	}
	for _, r := range nodes {
		require.NoError(b, r.Shutdown().Error())
	}
}

func raftCluster(b *testing.B) []*raft.Raft {
	b.Helper()
	var nodes []*raft.Raft
	var servers []raft.Server
	var transports []*raft.NetworkTransport
	for i := range 3 {
		addr := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)}
		l, err := net.ListenTCP("tcp", addr)
		require.NoError(b, err)
		at := l.Addr().String()
		require.NoError(b, l.Close())
		tr, err := raft.NewTCPTransportWithLogger(at, nil, 3, time.Second, hclog.NewNullLogger())
		require.NoError(b, err)
		transports = append(transports, tr)
		servers = append(servers, raft.Server{ID: raft.ServerID(strconv.Itoa(i)), Address: tr.LocalAddr()})
	}
	for i := range 3 {
		store, err := raftboltdb.New(raftboltdb.Options{Path: filepath.Join(b.TempDir(), "raft.db")})
		require.NoError(b, err)
		cfg := raft.DefaultConfig()
		cfg.LocalID, cfg.Logger = servers[i].ID, hclog.NewNullLogger()
		r, err := raft.NewRaft(cfg, emptyState{}, store, store, raft.NewDiscardSnapshotStore(), transports[i])
		require.NoError(b, err)
		if i == 0 {
			require.NoError(b, r.BootstrapCluster(raft.Configuration{Servers: servers}).Error())
		}
		nodes = append(nodes, r)
	}
	return nodes
}

func awaitLeader(b *testing.B, nodes []*raft.Raft) *raft.Raft {
	b.Helper()
	var leader *raft.Raft
	require.Eventually(b, func() bool {
		for _, r := range nodes {
			if r.State() == raft.Leader {
				leader = r
			}
		}
		return leader != nil
	}, 10*time.Second, 10*time.Millisecond)
	return leader
}
