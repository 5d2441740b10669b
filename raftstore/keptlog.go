package raftstore

import (
	"fmt"

	"go.etcd.io/bbolt"

	"casare"
)

// keepPiece adds a piece of a job's run log. One that is there already stays as it is.
func (w *writer) keepPiece(j *casare.Job, p *casare.LogPiece) error {
	if p == nil {
		return nil
	}
	rows := w.tx.Bucket(bucketKept)
	k := keptKey(j.ID, j.Epoch, p.N)
	if rows.Get(k) != nil {
		return nil
	}
	piece := *p
	piece.Epoch = j.Epoch
	if p.Blob != nil {
		owner := casare.BlobOwner{Kind: casare.BlobOwnerJob, ID: j.ID}
		part := casare.BlobPart{Part: fmt.Sprintf("%slog/%d.%d", casare.BlobPartKept, j.Epoch, p.N), Blobs: []casare.BlobRef{*p.Blob}}
		if err := w.putBlobs(owner, []casare.BlobPart{part}); err != nil {
			return err
		}
	}
	return putRow(rows, k, piece)
}

// checkKept refuses a piece that cannot be kept.
func checkKept(p *casare.LogPiece) error {
	switch {
	case p == nil:
		return nil
	case len(p.Data) > casare.MaxInlinePiece || (p.Blob == nil) == (len(p.Data) == 0):
		return casare.Errorf(casare.CodeInvalid, "a piece of a run log lies in a blob or has 1 to %d bytes", casare.MaxInlinePiece).On("kept")
	case p.Blob != nil && (!casare.ValidBlobHash(p.Blob.Hash) || p.Blob.Size < 0 || p.Blob.Size > casare.MaxBlob):
		return casare.Errorf(casare.CodeInvalid, "a piece of a run log refers to no blob").On("kept")
	}
	return nil
}

func keptKey(job string, epoch, n uint64) []byte { return key(job, number(epoch)+number(n)) }

// KeptLog returns the pieces of a job's run logs that are kept, in order. None is no error.
func (s *Store) KeptLog(id string) ([]casare.LogPiece, error) {
	var pieces []casare.LogPiece
	err := s.state.view(func(tx *bbolt.Tx) error {
		pieces = pieces[:0]
		if tx.Bucket(bucketStatus).Get([]byte(id)) == nil {
			return casare.Errorf(casare.CodeNotFound, "there is no job %s", id)
		}
		return readAll(tx, bucketKept, key(id, ""), func(p casare.LogPiece) { pieces = append(pieces, p) })
	})
	return pieces, err
}
