package raftstore

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"casare"
)

// A power cut between two syncs of the state loses nothing: the folder as it is on the disk replays from the log.
func TestPending_WhatWasNotSyncedIsReplayed(t *testing.T) {
	t.Parallel()
	late := func(c *Config) { c.SyncInterval = time.Hour }
	dir, copied := filepath.Join(t.TempDir(), "r1"), filepath.Join(t.TempDir(), "r1")
	r := startRobot(t, newNetwork(), dir, "r1", late)
	require.NoError(t, r.Bootstrap(t.Context(), initMesh("r1")))
	for i := range 50 {
		r.must(t, submit(fmt.Sprint("j", i)))
	}
	require.NoError(t, os.CopyFS(copied, os.DirFS(dir)))
	onDisk, err := childStore(copied, "r1", nil)
	require.NoError(t, err)
	require.Less(t, onDisk.Index(), r.Index(), "nothing has been synced yet")
	onDisk.Stop()
	want := must(r.Hash(t.Context()))
	index := r.Index()

	again := startRobot(t, newNetwork(), copied, "r1", late)
	require.NoError(t, again.WaitIndex(t.Context(), index))
	require.Equal(t, want, must(again.Hash(t.Context())))
	require.Equal(t, casare.JobCounts{casare.JobQueued: 50}, must(again.Counts("")))
}

func TestPending_ReadersSeeWhatIsNotSynced(t *testing.T) {
	t.Parallel()
	m := newMachine(t).init()
	require.NoError(t, m.state.flush())
	m.ok(submit("j1"))
	require.NotNil(t, m.state.pending)
	_, err := m.store.Document(casare.RevisionOf(document(1)))
	require.NoError(t, err)
	require.NotNil(t, m.state.pending, "a row is read beside the writer")
	page, err := m.store.Jobs(casare.JobQuery{})
	require.NoError(t, err)
	require.Equal(t, 1, page.Total)
	require.Len(t, page.Jobs, 1)
	require.Nil(t, m.state.pending, "a list is read after a sync")
}

func TestPending_AFailedSyncIsLatched(t *testing.T) {
	t.Parallel()
	var armed atomic.Bool
	full := errors.New("no space left")
	r := startRobot(t, newNetwork(), t.TempDir(), "r1", func(c *Config) {
		c.SyncInterval = time.Millisecond
		c.faults = func(op string) error {
			if armed.Load() && op == opStateSync {
				return full
			}
			return nil
		}
	})
	require.NoError(t, r.Bootstrap(t.Context(), initMesh("r1")))
	armed.Store(true)
	// It is in the log, so it may be acknowledged; what comes after the failed sync may not.
	if _, err := r.Propose(t.Context(), submit("j1")); err != nil {
		require.NotEmpty(t, casare.CodeOf(err))
	}
	require.ErrorIs(t, <-r.fatals, full)
	_, err := r.Propose(t.Context(), submit("j2"))
	require.Error(t, err)
	require.Empty(t, r.fatals, "Fatal is called once")
}
