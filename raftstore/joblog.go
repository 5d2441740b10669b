package raftstore

import (
	"bytes"

	"go.etcd.io/bbolt"

	"casare"
)

// maxJobLog is how much of a job's log the state keeps; the oldest whole lines go first.
const maxJobLog = 256 << 10

// logHead says what the state holds of a job's log. Lines lie in chunks, one a command, so that adding some does not rewrite all.
type logHead struct {
	Epoch uint64 `cbor:"1,keyasint"` // attempt of the newest line
	Next  uint64 `cbor:"2,keyasint"` // number that the attempt's next line has
	First uint64 `cbor:"3,keyasint"` // number of the oldest chunk
	End   uint64 `cbor:"4,keyasint"` // one past the newest chunk
	Bytes int    `cbor:"5,keyasint"`
}

func chunkKey(job string, n uint64) []byte { return key(job, number(n)) }

// appendLog adds the lines of a chunk that are not held yet. The caller has checked that j's epoch is the reporter's.
func (w *writer) appendLog(j *casare.Job, c casare.LogChunk) error {
	if len(c.Lines) == 0 {
		return nil
	}
	heads := w.tx.Bucket(bucketLogHead)
	head, _, err := getRow[logHead](heads, []byte(j.ID))
	if err != nil {
		return err
	}
	if head.Epoch != j.Epoch {
		head.Epoch, head.Next = j.Epoch, 0
	}
	lines := c.Lines
	if c.From < head.Next {
		lines = lines[min(head.Next-c.From, uint64(len(lines))):]
	}
	if len(lines) == 0 {
		return nil
	}
	var chunk []byte
	for _, line := range lines {
		chunk = append(chunk, line...)
		if !bytes.HasSuffix(line, []byte("\n")) {
			chunk = append(chunk, '\n')
		}
	}
	chunk = lastLines(chunk, maxJobLog)
	chunks := w.tx.Bucket(bucketLog)
	if err := chunks.Put(chunkKey(j.ID, head.End), chunk); err != nil {
		return err
	}
	head.Next = c.From + uint64(len(c.Lines))
	head.End++
	head.Bytes += len(chunk)
	if err := trimLog(chunks, j.ID, &head); err != nil {
		return err
	}
	return putRow(heads, []byte(j.ID), head)
}

// trimLog drops chunks from the front that are not needed to hold maxJobLog bytes. readLog cuts the oldest one to size.
func trimLog(chunks *bbolt.Bucket, job string, head *logHead) error {
	for head.First < head.End {
		k := chunkKey(job, head.First)
		size := len(chunks.Get(k))
		if head.Bytes-size < maxJobLog {
			return nil
		}
		if err := chunks.Delete(k); err != nil {
			return err
		}
		head.First++
		head.Bytes -= size
	}
	return nil
}

// readLog returns the lines held, oldest first, without their line ends.
func readLog(tx *bbolt.Tx, job string) ([][]byte, error) {
	head, found, err := getRow[logHead](tx.Bucket(bucketLogHead), []byte(job))
	if err != nil || !found {
		return nil, err
	}
	all := make([]byte, 0, head.Bytes)
	for n := head.First; n < head.End; n++ {
		all = append(all, tx.Bucket(bucketLog).Get(chunkKey(job, n))...)
	}
	lines := bytes.Split(lastLines(all, maxJobLog), []byte("\n"))
	return lines[:len(lines)-1], nil
}

// lastLines returns as many whole lines of the end of text as fit into limit; a last line that is longer alone is lost.
func lastLines(text []byte, limit int) []byte {
	if len(text) <= limit {
		return text
	}
	cut := len(text) - limit
	if text[cut-1] == '\n' {
		return text[cut:]
	}
	end := bytes.IndexByte(text[cut:], '\n')
	return text[cut+end+1:]
}
