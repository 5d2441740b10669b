package raftstore

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"go.etcd.io/bbolt"

	"casare"
)

// checkpointHead says what the state holds of a job's checkpoint, and how much of the next one has come in pieces.
type checkpointHead struct {
	Records int    `cbor:"1,keyasint,omitempty"`
	Bytes   int    `cbor:"2,keyasint,omitempty"`
	Next    uint64 `cbor:"3,keyasint,omitempty"` // number of the checkpoint that comes in pieces; 0: none does
	Base    uint64 `cbor:"4,keyasint,omitempty"`
	Pieces  int    `cbor:"5,keyasint,omitempty"` // that are here
	Waiting int    `cbor:"6,keyasint,omitempty"` // bytes of them
}

// The first byte of a record's row.
const (
	recordInline = 0 // its data follow
	recordBlob   = 1 // a casare.BlobRef follows
)

// partOfRecord is what a record's blob is kept for.
const partOfRecord = "record/"

// applyCheckpointJob records what a running attempt reports. Without a number it moves progress and log only.
func applyCheckpointJob(w *writer, p casare.Proposal, c casare.CheckpointJob) (*casare.Job, error) {
	owner := casare.BlobOwner{Kind: casare.BlobOwnerJob, ID: c.JobID}
	if err := checkBlobs(owner, c.Blobs); err != nil {
		return nil, err
	}
	if len(c.Pin) > casare.MaxPin {
		return nil, casare.Errorf(casare.CodeTooLarge, "what pins the job takes %d bytes, more than %d", len(c.Pin), casare.MaxPin)
	}
	if err := checkKept(c.Kept); err != nil {
		return nil, err
	}
	j, repeated, err := w.jobFor(p, c.JobID)
	if err != nil || repeated {
		return j, err
	}
	from := j.State
	fresh, err := j.Checkpoint(&c, p.Time)
	if err != nil {
		return nil, err
	}
	if fresh {
		next, err := w.nextCheckpoint(&c)
		if err != nil {
			return nil, err
		}
		if err := next.write(w); err != nil {
			return nil, err
		}
		if err := w.putBlobs(owner, c.Blobs); err != nil {
			return nil, err
		}
	}
	if err := errors.Join(w.appendLog(j, c.Log), w.keepPiece(j, c.Kept)); err != nil {
		return nil, err
	}
	if err := w.saveJob(p, j, from); err != nil {
		return nil, err
	}
	if from != j.State {
		w.jobEvent(p, j, casare.EventJobStarted, "")
	}
	if fresh && !c.More || c.Seq == 0 {
		w.jobEvent(p, j, casare.EventJobProgress, "")
	}
	return j, nil
}

// nextCheckpoint is what a command makes of a job's checkpoint: decided before anything is written.
type nextCheckpoint struct {
	job     string
	head    checkpointHead
	piece   []byte          // to keep until the rest has come
	drop    int             // pieces to forget
	whole   bool            // what is held goes first
	changes []casare.Record // to write
}

func (w *writer) nextCheckpoint(c *casare.CheckpointJob) (*nextCheckpoint, error) {
	head, _, err := getRow[checkpointHead](w.tx.Bucket(bucketCheckpoint), []byte(c.JobID))
	if err != nil {
		return nil, err
	}
	next := &nextCheckpoint{job: c.JobID, head: head, changes: c.Changes}
	if c.More || c.Part > 0 {
		if err := next.collect(w, c); err != nil || c.More {
			return next, err
		}
	} else {
		next.forgetPieces()
	}
	return next, next.merge(w, c.Base == 0)
}

// collect takes in a piece; with the last one it has all changes.
func (n *nextCheckpoint) collect(w *writer, c *casare.CheckpointJob) error {
	switch {
	case len(c.Piece) == 0 || len(c.Piece) > casare.MaxPiece || len(c.Changes) > 0:
		return casare.Errorf(casare.CodeInvalid, "a piece of a checkpoint has 1 to %d bytes and nothing beside it", casare.MaxPiece)
	case c.Part == 0:
		n.forgetPieces()
		n.head.Next, n.head.Base = c.Seq, c.Base
	case c.Seq != n.head.Next || c.Base != n.head.Base || c.Part != n.head.Pieces:
		return casare.Errorf(casare.CodeGap, "checkpoint %d of job %s lacks pieces before number %d", c.Seq, n.job, c.Part)
	case n.head.Waiting+len(c.Piece) > 2*casare.MaxCheckpoint:
		return casare.Errorf(casare.CodeTooLarge, "the checkpoint takes more than %d bytes", casare.MaxCheckpoint)
	}
	if c.More {
		n.piece, n.changes = c.Piece, nil
		return nil
	}
	var all []byte
	for i := range n.head.Pieces {
		all = append(all, w.tx.Bucket(bucketPiece).Get(pieceKey(n.job, i))...)
	}
	if err := decoding.Unmarshal(append(all, c.Piece...), &n.changes); err != nil {
		return casare.Errorf(casare.CodeInvalid, "the pieces of checkpoint %d of job %s make no changes: %w", c.Seq, n.job, err)
	}
	n.forgetPieces()
	return nil
}

func (n *nextCheckpoint) forgetPieces() {
	n.drop = n.head.Pieces
	n.head.Next, n.head.Base, n.head.Pieces, n.head.Waiting = 0, 0, 0, 0
}

// merge finds out what the checkpoint will be with the changes in it.
func (n *nextCheckpoint) merge(w *writer, whole bool) error {
	n.whole = whole
	if whole {
		n.head.Records, n.head.Bytes = 0, 0
	}
	rows := w.tx.Bucket(bucketRecord)
	before := ""
	for i := range n.changes {
		r := &n.changes[i]
		switch {
		case r.Key == "" || len(r.Key) > casare.MaxRecordKey || strings.ContainsRune(r.Key, 0):
			return casare.Errorf(casare.CodeInvalid, "a record's key has 1 to %d bytes and no zero byte", casare.MaxRecordKey)
		case r.Key <= before:
			return casare.Errorf(casare.CodeInvalid, "the records of a checkpoint are not ordered by key at %q", r.Key)
		case r.Blob != nil && (len(r.Data) > 0 || !casare.ValidBlobHash(r.Blob.Hash) || r.Blob.Size < 0 || r.Blob.Size > casare.MaxBlob):
			return casare.Errorf(casare.CodeInvalid, "record %q refers to no blob", r.Key)
		}
		before = r.Key
		if !whole {
			if old := rows.Get(recordKey(n.job, r.Key)); old != nil {
				n.head.Records--
				n.head.Bytes -= len(r.Key) + len(old)
			}
		}
		if !r.Deleted() {
			n.head.Records++
			n.head.Bytes += len(r.Key) + len(recordRow(r))
		}
	}
	if n.head.Records > casare.MaxRecords || n.head.Bytes > casare.MaxCheckpoint {
		return casare.Errorf(casare.CodeTooLarge, "the checkpoint of job %s takes %d bytes in %d records, more than %d or %d",
			n.job, n.head.Bytes, n.head.Records, casare.MaxCheckpoint, casare.MaxRecords)
	}
	return nil
}

// write makes it so.
func (n *nextCheckpoint) write(w *writer) error {
	for i := range n.drop {
		if err := w.tx.Bucket(bucketPiece).Delete(pieceKey(n.job, i)); err != nil {
			return err
		}
	}
	if n.piece != nil {
		if err := w.tx.Bucket(bucketPiece).Put(pieceKey(n.job, n.head.Pieces), n.piece); err != nil {
			return err
		}
		n.head.Pieces++
		n.head.Waiting += len(n.piece)
	}
	if n.whole {
		if err := w.dropRecords(n.job); err != nil {
			return err
		}
	}
	owner := casare.BlobOwner{Kind: casare.BlobOwnerJob, ID: n.job}
	rows := w.tx.Bucket(bucketRecord)
	for i := range n.changes {
		r, k := &n.changes[i], recordKey(n.job, n.changes[i].Key)
		part := casare.BlobPart{Part: partOfRecord + r.Key}
		if r.Blob != nil {
			part.Blobs = []casare.BlobRef{*r.Blob}
		}
		err := w.putBlobs(owner, []casare.BlobPart{part})
		switch {
		case err != nil:
		case r.Deleted():
			err = rows.Delete(k)
		default:
			err = rows.Put(k, recordRow(r))
		}
		if err != nil {
			return err
		}
	}
	return putRow(w.tx.Bucket(bucketCheckpoint), []byte(n.job), n.head)
}

// dropCheckpoint forgets a job's checkpoint and what has come of the next one.
func (w *writer) dropCheckpoint(job string) error {
	if err := w.dropRecords(job); err != nil {
		return err
	}
	return w.dropPieces(job)
}

// dropPieces forgets the pieces of a checkpoint that is not whole, and the head.
func (w *writer) dropPieces(job string) error {
	head, found, err := getRow[checkpointHead](w.tx.Bucket(bucketCheckpoint), []byte(job))
	if err != nil || !found {
		return err
	}
	for i := range head.Pieces {
		if err := w.tx.Bucket(bucketPiece).Delete(pieceKey(job, i)); err != nil {
			return err
		}
	}
	return w.tx.Bucket(bucketCheckpoint).Delete([]byte(job))
}

func (w *writer) dropRecords(job string) error {
	rows := w.tx.Bucket(bucketRecord)
	prefix := recordKey(job, "")
	var gone [][]byte // deleting under a cursor would skip rows
	c := rows.Cursor()
	for k, _ := c.Seek(prefix); k != nil && bytes.HasPrefix(k, prefix); k, _ = c.Next() {
		gone = append(gone, bytes.Clone(k))
	}
	for _, k := range gone {
		if err := rows.Delete(k); err != nil {
			return err
		}
	}
	owner := casare.BlobOwner{Kind: casare.BlobOwnerJob, ID: job}
	return w.dropBlobs(owner, func(part string) bool { return strings.HasPrefix(part, partOfRecord) })
}

// readRecords returns a job's checkpoint, ordered by key.
func readRecords(tx *bbolt.Tx, job string) ([]casare.Record, error) {
	var records []casare.Record
	prefix := recordKey(job, "")
	c := tx.Bucket(bucketRecord).Cursor()
	for k, v := c.Seek(prefix); k != nil && bytes.HasPrefix(k, prefix); k, v = c.Next() {
		r := casare.Record{Key: string(k[len(prefix):])}
		switch firstByte(v) {
		case recordInline:
			r.Data = append(make([]byte, 0, len(v)-1), v[1:]...)
		case recordBlob:
			r.Blob = new(casare.BlobRef)
			if err := decoding.Unmarshal(v[1:], r.Blob); err != nil {
				return nil, fmt.Errorf("decode record %q of job %s: %w", r.Key, job, err)
			}
		default:
			return nil, fmt.Errorf("record %q of job %s is of no known kind", r.Key, job)
		}
		records = append(records, r)
	}
	return records, nil
}

// recordRow is how a record lies in the state.
func recordRow(r *casare.Record) []byte {
	if r.Blob == nil {
		return append(append(make([]byte, 0, len(r.Data)+1), recordInline), r.Data...)
	}
	ref, err := encoding.Marshal(r.Blob)
	if err != nil {
		panic(fmt.Errorf("a text and a number do not encode: %w", err))
	}
	return append([]byte{recordBlob}, ref...)
}

func recordKey(job, k string) []byte { return key(job, k) }

func pieceKey(job string, n int) []byte { return key(job, number(uint64(n))) } //nolint:gosec // counted up from 0
