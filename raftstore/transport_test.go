package raftstore

import (
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/raft"
	"github.com/stretchr/testify/require"
)

// answering starts a transport that answers every append.
func answering(t *testing.T, n *network, id string) *transport {
	t.Helper()
	tr := newTransport(newStreams(planeNetwork{n.join(t, id)}, id), newRaftLogger(slog.New(slog.DiscardHandler), time.Now))
	done := make(chan struct{})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case rpc := <-tr.Consumer():
				switch c := rpc.Command.(type) {
				case *raft.AppendEntriesRequest:
					rpc.Respond(&raft.AppendEntriesResponse{Term: c.Term, LastLog: 42, Success: true}, nil)
				case *raft.InstallSnapshotRequest:
					_, err := io.Copy(io.Discard, rpc.Reader)
					rpc.Respond(&raft.InstallSnapshotResponse{Term: c.Term, Success: true}, err)
				}
			case <-done:
				return
			}
		}
	}()
	t.Cleanup(func() { _ = tr.Close(); close(done); <-ended })
	return tr
}

func TestTransport_KnowsWhoAnsweredAndHoldsReplicationToTheSilentBack(t *testing.T) {
	t.Parallel()
	n := newNetwork()
	leader, _ := answering(t, n, "a"), answering(t, n, "b")
	_, preVote := any(leader).(raft.WithPreVote)
	require.True(t, preVote, "raft does without pre-vote unless the wrapper offers it")
	require.Equal(t, raft.ServerAddress("a"), leader.LocalAddr())
	heartbeat := func() error {
		return leader.AppendEntries("b", "b", &raft.AppendEntriesRequest{Term: 1}, &raft.AppendEntriesResponse{})
	}
	replicate := func() error {
		return leader.AppendEntries("b", "b", &raft.AppendEntriesRequest{Term: 1, PrevLogEntry: 7}, &raft.AppendEntriesResponse{})
	}
	require.NoError(t, heartbeat())
	require.EqualValues(t, 42, leader.contact("b").lastLog)
	require.Less(t, time.Since(leader.contact("b").at), 5*time.Second)
	require.True(t, leader.contact("c").at.IsZero())

	n.isolate("b", true)
	require.Error(t, replicate(), "the first failure is raft's own")
	require.Eventually(t, func() bool { return heartbeat() != nil }, 5*time.Second, time.Millisecond)
	held, snapshot := make(chan error, 1), make(chan error, 1)
	go func() { held <- replicate() }()
	go func() {
		snapshot <- leader.InstallSnapshot("b", "b", &raft.InstallSnapshotRequest{Term: 1, Size: 1}, &raft.InstallSnapshotResponse{}, strings.NewReader("x"))
	}()
	require.Never(t, func() bool { return len(held)+len(snapshot) > 0 }, 50*time.Millisecond, 5*time.Millisecond)
	n.isolate("b", false)
	require.Eventually(t, func() bool { return heartbeat() == nil }, 5*time.Second, time.Millisecond)
	require.NoError(t, <-held)
	require.ErrorIs(t, <-snapshot, errWasSilent)
	require.NoError(t, leader.InstallSnapshot("b", "b", &raft.InstallSnapshotRequest{Term: 1, Size: 1}, &raft.InstallSnapshotResponse{}, strings.NewReader("x")))

	// Nothing is held back when the store stops.
	n.isolate("b", true)
	require.Eventually(t, func() bool { return heartbeat() != nil }, 5*time.Second, time.Millisecond)
	go func() { held <- replicate() }()
	leader.release()
	require.Error(t, <-held)
}
