package raftstore

import (
	"bytes"
	"encoding/binary"
	"strings"

	"go.etcd.io/bbolt"

	"casare"
)

// Which blobs are needed, and by whom. The blobs themselves lie outside the state, in package blobstore.

const (
	maxBlobPart   = 1024   // bytes of a part's name
	maxBlobOwner  = 256    // bytes of an owner's id
	maxPartBlobs  = 10_000 // blobs of one part
	maxBlobPage   = 4096
	blobHashBytes = 64
)

func applyReferBlobs(w *writer, p casare.Proposal, c casare.ReferBlobs) (*casare.Job, error) {
	if err := checkBlobs(c.Owner, c.Parts); err != nil {
		return nil, err
	}
	switch c.Owner.Kind {
	case casare.BlobOwnerJob:
		j, found, err := w.findJob(c.Owner.ID)
		if err != nil {
			return nil, err
		}
		if !found || p.Tenant != "" && p.Tenant != j.Tenant {
			return nil, casare.Errorf(casare.CodeNotFound, "there is no job %s", c.Owner.ID)
		}
		for _, part := range c.Parts {
			if forgetsCheckpoint(j.State) && !strings.HasPrefix(part.Part, casare.BlobPartKept) {
				return nil, casare.Errorf(casare.CodeTransition, "job %s is %s and keeps no checkpoint", j.ID, j.State)
			}
		}
	case casare.BlobOwnerWorkflow:
		tenant, id, _ := strings.Cut(c.Owner.ID, "/")
		if p.Tenant != "" && p.Tenant != tenant || w.tx.Bucket(bucketWorkflow).Get(key(tenant, id)) == nil {
			return nil, casare.Errorf(casare.CodeNotFound, "there is no workflow %s", id)
		}
	}
	return nil, w.putBlobs(c.Owner, c.Parts)
}

func applyForgetBlobs(w *writer, _ casare.Proposal, c casare.ForgetBlobs) (*casare.Job, error) {
	if err := checkBlobs(c.Owner, nil); err != nil {
		return nil, err
	}
	return nil, w.dropBlobs(c.Owner, func(string) bool { return true })
}

// checkBlobs refuses what cannot be written down.
func checkBlobs(owner casare.BlobOwner, parts []casare.BlobPart) *casare.Error {
	switch owner.Kind {
	case casare.BlobOwnerJob, casare.BlobOwnerWorkflow:
	default:
		return casare.Errorf(casare.CodeInvalid, "blobs cannot belong to a %q", owner.Kind).On("owner")
	}
	if owner.ID == "" || len(owner.ID) > maxBlobOwner || strings.ContainsRune(owner.ID, 0) {
		return casare.Errorf(casare.CodeInvalid, "the owner of blobs has an id of 1 to %d bytes and no zero byte", maxBlobOwner).On("owner")
	}
	for _, part := range parts {
		if part.Part == "" || len(part.Part) > maxBlobPart || strings.ContainsRune(part.Part, 0) {
			return casare.Errorf(casare.CodeInvalid, "a part that refers to blobs has a name of 1 to %d bytes and no zero byte", maxBlobPart).On("part")
		}
		if len(part.Blobs) > maxPartBlobs {
			return casare.Errorf(casare.CodeTooLarge, "part %q refers to %d blobs, more than %d", part.Part, len(part.Blobs), maxPartBlobs).On("blobs")
		}
		for _, b := range part.Blobs {
			if !casare.ValidBlobHash(b.Hash) || b.Size < 0 || b.Size > casare.MaxBlob {
				return casare.Errorf(casare.CodeInvalid, "%q of %d bytes is no blob", b.Hash, b.Size).On("blobs")
			}
		}
	}
	return nil
}

// putBlobs replaces what parts of an owner refer to. checkBlobs has let them through.
func (w *writer) putBlobs(owner casare.BlobOwner, parts []casare.BlobPart) error {
	for _, part := range parts {
		k := key(string(owner.Kind), owner.ID, part.Part)
		if err := w.dropPart(k); err != nil {
			return err
		}
		if len(part.Blobs) == 0 {
			continue
		}
		if err := putRow(w.tx.Bucket(bucketBlobPart), k, part.Blobs); err != nil {
			return err
		}
		for _, b := range part.Blobs {
			size := binary.BigEndian.AppendUint64(nil, uint64(max(b.Size, 0)))
			if err := w.tx.Bucket(bucketBlob).Put(blobKey(b.Hash, k), size); err != nil {
				return err
			}
		}
		w.change.blobs = true
	}
	return nil
}

// dropPart forgets what a part refers to, given its key.
func (w *writer) dropPart(k []byte) error {
	old, found, err := getRow[[]casare.BlobRef](w.tx.Bucket(bucketBlobPart), k)
	if err != nil || !found {
		return err
	}
	for _, b := range old {
		if err := w.tx.Bucket(bucketBlob).Delete(blobKey(b.Hash, k)); err != nil {
			return err
		}
	}
	w.change.blobs = true
	return w.tx.Bucket(bucketBlobPart).Delete(k)
}

// dropBlobs forgets the parts of an owner that which names.
func (w *writer) dropBlobs(owner casare.BlobOwner, which func(part string) bool) error {
	prefix := key(string(owner.Kind), owner.ID, "")
	var gone [][]byte // deleting under a cursor would skip rows
	c := w.tx.Bucket(bucketBlobPart).Cursor()
	for k, _ := c.Seek(prefix); k != nil && bytes.HasPrefix(k, prefix); k, _ = c.Next() {
		if which(string(k[len(prefix):])) {
			gone = append(gone, bytes.Clone(k))
		}
	}
	for _, k := range gone {
		if err := w.dropPart(k); err != nil {
			return err
		}
	}
	return nil
}

// blobKey finds a reference by the hash it is to; part is the key of the part that refers.
func blobKey(hash string, part []byte) []byte {
	return append(append(make([]byte, 0, len(hash)+1+len(part)), hash+"\x00"...), part...)
}

// Blobs returns a page of the blobs that anybody refers to, ordered by hash, each once, from the first hash after the one given.
// The last page is empty.
func (s *Store) Blobs(after string, limit int) ([]casare.BlobRef, error) {
	if limit <= 0 || limit > maxBlobPage {
		limit = maxBlobPage
	}
	var page []casare.BlobRef
	err := s.state.view(func(tx *bbolt.Tx) error {
		page = page[:0]
		c := tx.Bucket(bucketBlob).Cursor()
		from := after
		if after != "" {
			from += "\x01" // keys of this hash go on with a zero byte
		}
		for k, v := c.Seek([]byte(from)); k != nil && len(page) < limit; k, v = c.Next() {
			hash := string(k[:min(blobHashBytes, len(k))])
			if n := len(page); n == 0 || page[n-1].Hash != hash {
				page = append(page, casare.BlobRef{Hash: hash, Size: int64(numberOf(v))}) //nolint:gosec // written from a size
			}
		}
		return nil
	})
	return page, err
}

// BlobReferred says whether anybody refers to a blob.
func (s *Store) BlobReferred(hash string) (bool, error) {
	return s.blobPrefix([]byte(hash + "\x00"))
}

// BlobOwned says whether an owner refers to a blob.
func (s *Store) BlobOwned(owner casare.BlobOwner, hash string) (bool, error) {
	return s.blobPrefix(blobKey(hash, key(string(owner.Kind), owner.ID, "")))
}

// BlobOwners returns what refers to a blob, each owner once.
func (s *Store) BlobOwners(hash string) ([]casare.BlobOwner, error) {
	var owners []casare.BlobOwner
	err := s.state.view(func(tx *bbolt.Tx) error {
		owners = owners[:0]
		prefix := []byte(hash + "\x00")
		c := tx.Bucket(bucketBlob).Cursor()
		for k, _ := c.Seek(prefix); k != nil && bytes.HasPrefix(k, prefix); k, _ = c.Next() {
			kind, rest, _ := strings.Cut(string(k[len(prefix):]), "\x00")
			id, _, _ := strings.Cut(rest, "\x00")
			owner := casare.BlobOwner{Kind: casare.BlobOwnerKind(kind), ID: id}
			if n := len(owners); n == 0 || owners[n-1] != owner {
				owners = append(owners, owner)
			}
		}
		return nil
	})
	return owners, err
}

func (s *Store) blobPrefix(prefix []byte) (bool, error) {
	var found bool
	err := s.state.view(func(tx *bbolt.Tx) error {
		k, _ := tx.Bucket(bucketBlob).Cursor().Seek(prefix)
		found = bytes.HasPrefix(k, prefix)
		return nil
	})
	return found, err
}

// BlobsOf returns the parts of an owner that refer to blobs, ordered by name.
func (s *Store) BlobsOf(owner casare.BlobOwner) ([]casare.BlobPart, error) {
	var parts []casare.BlobPart
	err := s.state.view(func(tx *bbolt.Tx) error {
		parts = parts[:0]
		prefix := key(string(owner.Kind), owner.ID, "")
		c := tx.Bucket(bucketBlobPart).Cursor()
		for k, v := c.Seek(prefix); k != nil && bytes.HasPrefix(k, prefix); k, v = c.Next() {
			part := casare.BlobPart{Part: string(k[len(prefix):])}
			if err := decoding.Unmarshal(v, &part.Blobs); err != nil {
				return err
			}
			parts = append(parts, part)
		}
		return nil
	})
	return parts, err
}

// BlobsChanged returns a channel that is closed when other blobs are referred to than now, also by a snapshot that replaces the
// state.
func (s *Store) BlobsChanged() <-chan struct{} { return s.state.memory.blobsChanged() }
