package raftstore

import (
	"bytes"

	"go.etcd.io/bbolt"

	"casare"
)

// maxSealedSecret is what sealing may add to the largest secret.
const maxSealedSecret = casare.MaxSecret + 1024

type secretRow struct {
	Secret      casare.Secret `cbor:"1,keyasint"`
	LastCommand string        `cbor:"2,keyasint,omitempty"`
}

func applyPutSecret(w *writer, p casare.Proposal, c casare.PutSecret) (*casare.Job, error) {
	s := c.Secret
	if err := casare.CheckSecretName(s.Name); err != nil {
		return nil, err
	}
	if p.Tenant == "" || len(s.Sealed) == 0 || len(s.Sealed) > maxSealedSecret || len(s.Description) > casare.MaxDocument/64 {
		return nil, casare.Errorf(casare.CodeInvalid, "a secret needs a tenant and a sealed text of at most %d bytes", maxSealedSecret)
	}
	bucket := w.tx.Bucket(bucketSecret)
	known, found, err := getRow[secretRow](bucket, key(p.Tenant, s.Name))
	if err != nil {
		return nil, err
	}
	if found && known.LastCommand == p.ID {
		return nil, nil
	}
	if !found && countPrefix(bucket, key(p.Tenant, ""), casare.MaxSecrets) == casare.MaxSecrets {
		return nil, casare.Errorf(casare.CodeConflict, "there are %d secrets already, and no more may be", casare.MaxSecrets)
	}
	s.Tenant, s.Version, s.CreatedAt, s.UpdatedAt, s.UpdatedBy = p.Tenant, known.Secret.Version+1, p.Time, p.Time, p.Actor
	if found {
		s.CreatedAt = known.Secret.CreatedAt
	}
	w.event(casare.Event{Type: casare.EventSecretChanged, Tenant: p.Tenant, Time: p.Time, Message: s.Name})
	return nil, putRow(bucket, key(p.Tenant, s.Name), secretRow{Secret: s, LastCommand: p.ID})
}

func applyDeleteSecret(w *writer, p casare.Proposal, c casare.DeleteSecret) (*casare.Job, error) {
	bucket := w.tx.Bucket(bucketSecret)
	if bucket.Get(key(p.Tenant, c.Name)) == nil {
		return nil, casare.Errorf(casare.CodeNotFound, "there is no secret %s", c.Name).On("name")
	}
	w.event(casare.Event{Type: casare.EventSecretChanged, Tenant: p.Tenant, Time: p.Time, Message: c.Name + " deleted"})
	return nil, bucket.Delete(key(p.Tenant, c.Name))
}

// countPrefix counts the keys with a prefix, up to most.
func countPrefix(b *bbolt.Bucket, prefix []byte, most int) int {
	n := 0
	c := b.Cursor()
	for k, _ := c.Seek(prefix); k != nil && bytes.HasPrefix(k, prefix) && n < most; k, _ = c.Next() {
		n++
	}
	return n
}

// Secret returns a secret of a tenant, sealed as it is; else CodeNotFound.
func (s *Store) Secret(tenant, name string) (*casare.Secret, error) {
	row, err := readRow[secretRow](s, bucketSecret, key(tenant, name), "secret "+name)
	if err != nil {
		return nil, err
	}
	return &row.Secret, nil
}

// Secrets returns the secrets of a tenant by name, sealed as they are.
func (s *Store) Secrets(tenant string) ([]*casare.Secret, error) {
	var found []*casare.Secret
	err := s.state.view(func(tx *bbolt.Tx) error {
		prefix := key(tenant, "")
		c := tx.Bucket(bucketSecret).Cursor()
		for k, v := c.Seek(prefix); k != nil && bytes.HasPrefix(k, prefix); k, v = c.Next() {
			var row secretRow
			if err := decoding.Unmarshal(v, &row); err != nil {
				return err
			}
			found = append(found, &row.Secret)
		}
		return nil
	})
	return found, err
}
