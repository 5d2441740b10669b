package raftstore

import (
	"casare"
)

type keyRow struct {
	Key         casare.APIKey `cbor:"1,keyasint"`
	LastCommand string        `cbor:"2,keyasint,omitempty"`
}

func (w *writer) putKey(p casare.Proposal, k casare.APIKey) error {
	if err := putRow(w.tx.Bucket(bucketKey), k.Hash, keyRow{Key: k, LastCommand: p.ID}); err != nil {
		return err
	}
	if err := w.tx.Bucket(bucketKeyID).Put(key(k.Tenant, k.ID), k.Hash); err != nil {
		return err
	}
	w.event(casare.Event{Type: casare.EventKeyChanged, Tenant: k.Tenant, Time: p.Time, Message: k.Name})
	return nil
}

// newKey says whether a key may be added; repeated means that this very command has added it.
func (w *writer) newKey(p casare.Proposal, k casare.APIKey) (repeated bool, err error) {
	if !validID(k.ID) || k.Tenant == "" || len(k.Hash) == 0 {
		return false, casare.Errorf(casare.CodeInvalid, "an API key needs an id, a tenant and a hash")
	}
	known, found, err := getRow[keyRow](w.tx.Bucket(bucketKey), k.Hash)
	if err != nil {
		return false, err
	}
	if found && known.LastCommand == p.ID {
		return true, nil
	}
	if found || w.tx.Bucket(bucketKeyID).Get(key(k.Tenant, k.ID)) != nil {
		return false, casare.Errorf(casare.CodeExists, "there is an API key %s already", k.ID)
	}
	return false, nil
}

func applyCreateKey(w *writer, p casare.Proposal, c casare.CreateKey) (*casare.Job, error) {
	repeated, err := w.newKey(p, c.Key)
	if err != nil || repeated {
		return nil, err
	}
	return nil, w.putKey(p, c.Key)
}

func applyRevokeKey(w *writer, p casare.Proposal, c casare.RevokeKey) (*casare.Job, error) {
	hash := w.tx.Bucket(bucketKeyID).Get(key(p.Tenant, c.KeyID))
	if hash == nil {
		return nil, casare.Errorf(casare.CodeNotFound, "there is no API key %s", c.KeyID)
	}
	row, _, err := getRow[keyRow](w.tx.Bucket(bucketKey), hash)
	if err != nil || row.Key.RevokedAt != 0 {
		return nil, err
	}
	row.Key.RevokedAt = p.Time
	return nil, w.putKey(p, row.Key)
}
