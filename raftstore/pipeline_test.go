package raftstore

import (
	"log/slog"
	"testing"
	"time"

	"github.com/hashicorp/raft"
	"github.com/stretchr/testify/require"
)

func TestPipeline_SenderIsNotLeftWaitingWhenRaftReadsNoMore(t *testing.T) {
	t.Parallel()
	n := newNetwork()
	open := func(id string) *transport {
		tr := newTransport(newStreams(planeNetwork{n.join(t, id)}, id), newRaftLogger(slog.New(slog.DiscardHandler), time.Now))
		t.Cleanup(func() { _ = tr.Close() })
		return tr
	}
	leader, peer := open("a"), open("b")
	done, ended := make(chan struct{}), make(chan struct{})
	t.Cleanup(func() { close(done); <-ended })
	go func() { // refuses everything
		defer close(ended)
		for {
			select {
			case rpc := <-peer.Consumer():
				rpc.Respond(&raft.AppendEntriesResponse{Term: 1}, nil)
			case <-done:
				return
			}
		}
	}()
	p, err := leader.AppendEntriesPipeline("b", "b")
	require.NoError(t, err)
	sent := make(chan error, 1)
	go func() {
		for {
			if _, err := p.AppendEntries(&raft.AppendEntriesRequest{Term: 1}, &raft.AppendEntriesResponse{}); err != nil {
				sent <- err
				return
			}
		}
	}()
	answer := <-p.Consumer() // and, as raft, nothing after it
	require.False(t, answer.Response().Success)
	select {
	case err := <-sent:
		require.Error(t, err)
	case <-time.After(5 * time.Second):
		t.Error("the sender waits for ever")
	}
	require.NoError(t, p.Close())
	require.NoError(t, p.Close())
}
