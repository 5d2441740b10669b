package raftstore

import (
	"errors"
	"testing"

	"github.com/hashicorp/raft"
	"github.com/stretchr/testify/require"
)

func newLog(t *testing.T, f faults) (*logStore, chan error) {
	t.Helper()
	fatals := make(chan error, 4)
	s, err := openLog(t.TempDir(), newLatch(func(err error) { fatals <- err }), f)
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.close() })
	return s, fatals
}

func entries(from, to uint64) []*raft.Log {
	var logs []*raft.Log
	for i := from; i <= to; i++ {
		logs = append(logs, &raft.Log{Index: i, Term: 2, Type: raft.LogCommand, Data: []byte{byte(i)}})
	}
	return logs
}

func TestLog_ChecksumIsKeptCheckedAndStripped(t *testing.T) {
	t.Parallel()
	s, fatals := newLog(t, nil)
	logs := entries(1, 3)
	logs[1].Extensions = []byte("theirs")
	require.NoError(t, s.StoreLogs(logs))
	require.Nil(t, logs[0].Extensions, "raft replicates the same entry meanwhile")
	var l raft.Log
	require.NoError(t, s.GetLog(1, &l))
	require.Nil(t, l.Extensions)
	require.Equal(t, []byte{1}, l.Data)
	l = raft.Log{}
	require.NoError(t, s.GetLog(2, &l))
	require.Equal(t, "theirs", string(l.Extensions))

	damaged := *logs[2]
	require.NoError(t, s.GetLog(3, &l))
	damaged.Extensions = []byte{1, 2, 3, 4}
	require.NoError(t, s.store.StoreLog(&damaged))
	require.ErrorContains(t, s.GetLog(3, &l), "damaged")
	require.ErrorContains(t, <-fatals, "entry 3 of the log is damaged")
	require.Error(t, s.StoreLogs(entries(4, 4)), "latched")
}

func TestLog_PassesOnWhatRaftCompares(t *testing.T) {
	t.Parallel()
	s, _ := newLog(t, nil)
	var l raft.Log
	require.Equal(t, raft.ErrLogNotFound, s.GetLog(7, &l))
	_, err := s.Get([]byte("k"))
	require.EqualError(t, err, "not found")
	_, err = s.GetUint64([]byte("k"))
	require.EqualError(t, err, "not found")
	require.False(t, s.IsMonotonic())
	var _ raft.MonotonicLogStore = s
}

func TestLog_LatchesTheFirstWriteError(t *testing.T) {
	t.Parallel()
	for _, op := range []string{opLogWrite, opStableWrite} {
		broken := errors.New("fsync failed")
		once := false
		s, fatals := newLog(t, func(operation string) error {
			if operation == op && !once {
				once = true
				return broken
			}
			return nil
		})
		write := func() error {
			if op == opLogWrite {
				return s.StoreLog(entries(1, 1)[0])
			}
			return s.SetUint64([]byte("term"), 3)
		}
		require.ErrorIs(t, write(), broken)
		require.ErrorIs(t, <-fatals, broken)
		require.ErrorIs(t, write(), broken)
		require.ErrorIs(t, s.DeleteRange(1, 1), broken)
		require.ErrorIs(t, s.Set([]byte("a"), nil), broken)
		require.Empty(t, fatals)
	}
}

func TestLog_IsWipedWhenTheStateIsBeyondIt(t *testing.T) {
	t.Parallel()
	s, _ := newLog(t, nil)
	require.NoError(t, s.wipeBelow(0))
	require.NoError(t, s.StoreLogs(entries(5, 20)))
	require.NoError(t, s.wipeBelow(20))
	last, err := s.LastIndex()
	require.NoError(t, err)
	require.EqualValues(t, 20, last)
	require.NoError(t, s.wipeBelow(21))
	last, err = s.LastIndex()
	require.NoError(t, err)
	require.Zero(t, last)
}
