package raftstore

import (
	"encoding/binary"
	"fmt"

	"go.etcd.io/bbolt"

	"casare"
)

// The events of one entry are one row: their number in four bytes, so that counting does not decode, and the events.

func eventCount(row []byte) int {
	if len(row) < 4 {
		return 0
	}
	return int(binary.BigEndian.Uint32(row))
}

func encodeEvents(events []casare.Event) ([]byte, error) {
	body, err := encoding.Marshal(events)
	if err != nil {
		return nil, fmt.Errorf("encode events: %w", err)
	}
	row := make([]byte, 4, 4+len(body))
	binary.BigEndian.PutUint32(row, uint32(len(events))) //nolint:gosec // at most a few an entry's commands
	return append(row, body...), nil
}

func decodeEvents(row []byte) ([]casare.Event, error) {
	if len(row) < 4 {
		return nil, fmt.Errorf("event row of %d bytes", len(row))
	}
	var events []casare.Event
	if err := decoding.Unmarshal(row[4:], &events); err != nil {
		return nil, fmt.Errorf("decode events: %w", err)
	}
	return events, nil
}

// putEvents writes the events of the entry that has been applied.
func (w *writer) putEvents() error {
	if len(w.events) == 0 {
		return nil
	}
	row, err := encodeEvents(w.events)
	if err != nil {
		return err
	}
	w.change.events += len(w.events)
	w.change.last = w.events[len(w.events)-1].Cursor
	b := w.tx.Bucket(bucketEvent)
	b.FillPercent = 0.9 // only ever added to at the end
	return b.Put([]byte(number(w.index)), row)
}

// applyPruneEvents forgets events from the front.
func applyPruneEvents(w *writer, _ casare.Proposal, c casare.PruneEvents) (*casare.Job, error) {
	mesh, found, err := w.mesh()
	if err != nil {
		return nil, err
	}
	if !found || !mesh.Pruned.Less(c.Through) {
		return nil, nil
	}
	if c.Through.Index >= w.index {
		return nil, casare.Errorf(casare.CodeInvalid, "cursor %s is in the future", c.Through).On("through")
	}
	if err := w.dropEvents(c.Through); err != nil {
		return nil, err
	}
	mesh.Pruned = c.Through
	w.change.pruned = c.Through
	return nil, w.putMesh(mesh)
}

func (w *writer) dropEvents(through casare.Cursor) error {
	b := w.tx.Bucket(bucketEvent)
	var gone [][]byte // deleting under a cursor would skip rows
	c := b.Cursor()
	for k, row := c.First(); k != nil && numberOf(k) < through.Index; k, row = c.Next() {
		gone = append(gone, append([]byte(nil), k...))
		w.change.events -= eventCount(row)
	}
	for _, k := range gone {
		if err := b.Delete(k); err != nil {
			return err
		}
	}
	return w.cutEvents(b, through)
}

// cutEvents drops the first events of the row a cursor points into.
func (w *writer) cutEvents(b *bbolt.Bucket, through casare.Cursor) error {
	k := []byte(number(through.Index))
	row := b.Get(k)
	if row == nil {
		return nil
	}
	events, err := decodeEvents(row)
	if err != nil {
		return err
	}
	kept := events[:0]
	for _, e := range events {
		if through.Less(e.Cursor) {
			kept = append(kept, e)
		}
	}
	w.change.events -= eventCount(row) - len(kept)
	if len(kept) == 0 {
		return b.Delete(k)
	}
	row, err = encodeEvents(kept)
	if err != nil {
		return err
	}
	return b.Put(k, row)
}
