package raftstore

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"path/filepath"

	"github.com/hashicorp/raft"
	raftboltdb "github.com/hashicorp/raft-boltdb/v2"
)

const logFile = "log.db"

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// logStore is raft's log and its term and vote. It adds a checksum to each entry, and latches the first write error: after a sync
// that failed nobody knows what is on the disk, and raft itself would go on with the same store.
type logStore struct {
	store  *raftboltdb.BoltStore
	latch  *latch
	faults faults
}

func openLog(dir string, l *latch, f faults) (*logStore, error) {
	store, err := raftboltdb.New(raftboltdb.Options{Path: filepath.Join(dir, logFile), BoltOptions: boltOptions(mappedLog)})
	if err != nil {
		return nil, fmt.Errorf("open log: %w", err)
	}
	return &logStore{store: store, latch: l, faults: f}, nil
}

// wipeBelow deletes the whole log if the state is beyond its end: a kill between the installation of a snapshot and raft's own
// clean-up leaves it so, and a store that demands consecutive entries would refuse the next one for ever.
func (s *logStore) wipeBelow(index uint64) error {
	first, errFirst := s.store.FirstIndex()
	last, errLast := s.store.LastIndex()
	if err := errors.Join(errFirst, errLast); err != nil {
		return fmt.Errorf("read log: %w", err)
	}
	if last == 0 || index <= last {
		return nil
	}
	if err := s.store.DeleteRange(first, last); err != nil {
		return fmt.Errorf("drop the log before a snapshot: %w", err)
	}
	return nil
}

// IsMonotonic implements raft.MonotonicLogStore: raft asks by type assertion, so a wrapper must pass it on.
func (s *logStore) IsMonotonic() bool {
	m, ok := any(s.store).(raft.MonotonicLogStore)
	return ok && m.IsMonotonic()
}

// FirstIndex implements raft.LogStore.
func (s *logStore) FirstIndex() (uint64, error) { return s.store.FirstIndex() }

// LastIndex implements raft.LogStore.
func (s *logStore) LastIndex() (uint64, error) { return s.store.LastIndex() }

// GetLog implements raft.LogStore. raft compares the error for "not found" with ==.
func (s *logStore) GetLog(index uint64, l *raft.Log) error {
	if err := s.store.GetLog(index, l); err != nil {
		return err
	}
	n := len(l.Extensions) - crc32.Size
	if n < 0 || binary.BigEndian.Uint32(l.Extensions[n:]) != checksum(l, l.Extensions[:n]) {
		return s.latch.fail(fmt.Errorf("entry %d of the log is damaged on this disk", index))
	}
	l.Extensions = l.Extensions[:n:n]
	if n == 0 {
		l.Extensions = nil
	}
	return nil
}

// StoreLog implements raft.LogStore.
func (s *logStore) StoreLog(l *raft.Log) error { return s.StoreLogs([]*raft.Log{l}) }

// StoreLogs implements raft.LogStore. The checksum goes into a copy: raft replicates the same *Log meanwhile.
func (s *logStore) StoreLogs(logs []*raft.Log) error {
	copies := make([]*raft.Log, len(logs))
	for i, l := range logs {
		c := *l
		c.Extensions = binary.BigEndian.AppendUint32(append([]byte(nil), l.Extensions...), checksum(l, l.Extensions))
		copies[i] = &c
	}
	return s.write(opLogWrite, func() error { return s.store.StoreLogs(copies) })
}

// DeleteRange implements raft.LogStore.
func (s *logStore) DeleteRange(first, last uint64) error {
	return s.write(opLogWrite, func() error { return s.store.DeleteRange(first, last) })
}

// Set implements raft.StableStore.
func (s *logStore) Set(k, v []byte) error {
	return s.write(opStableWrite, func() error { return s.store.Set(k, v) })
}

// Get implements raft.StableStore. raft compares the text of "not found".
func (s *logStore) Get(k []byte) ([]byte, error) { return s.store.Get(k) }

// SetUint64 implements raft.StableStore.
func (s *logStore) SetUint64(k []byte, v uint64) error {
	return s.write(opStableWrite, func() error { return s.store.SetUint64(k, v) })
}

// GetUint64 implements raft.StableStore.
func (s *logStore) GetUint64(k []byte) (uint64, error) { return s.store.GetUint64(k) }

func (s *logStore) write(operation string, do func() error) error {
	if err := s.latch.err(); err != nil {
		return err
	}
	err := s.faults.before(operation)
	if err == nil {
		err = do()
	}
	if err != nil {
		return s.latch.fail(fmt.Errorf("write the log: %w", err))
	}
	return nil
}

func (s *logStore) close() error { return s.store.Close() }

func checksum(l *raft.Log, extensions []byte) uint32 {
	head := make([]byte, 0, 17)
	head = binary.BigEndian.AppendUint64(head, l.Index)
	head = binary.BigEndian.AppendUint64(head, l.Term)
	head = append(head, byte(l.Type))
	sum := crc32.Update(0, castagnoli, head)
	sum = crc32.Update(sum, castagnoli, l.Data)
	return crc32.Update(sum, castagnoli, extensions)
}
