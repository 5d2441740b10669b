package raftstore

import (
	"crypto/subtle"
	"slices"

	"casare"
)

type tokenRow struct {
	Token       casare.Token `cbor:"1,keyasint"`
	LastCommand string       `cbor:"2,keyasint,omitempty"`
}

func (w *writer) putToken(row tokenRow) error {
	return putRow(w.tx.Bucket(bucketToken), []byte(row.Token.ID), row)
}

func (w *writer) token(id string) (tokenRow, bool, error) {
	return getRow[tokenRow](w.tx.Bucket(bucketToken), []byte(id))
}

func applyCreateToken(w *writer, p casare.Proposal, c casare.CreateToken) (*casare.Job, error) {
	if !validID(c.Token.ID) {
		return nil, casare.Errorf(casare.CodeInvalid, "the id of a token has 1 to %d bytes and no zero byte", maxID).On("id")
	}
	known, found, err := w.token(c.Token.ID)
	if err != nil {
		return nil, err
	}
	if found {
		if known.LastCommand == p.ID {
			return nil, nil
		}
		return nil, casare.Errorf(casare.CodeExists, "there is a token %s already", c.Token.ID)
	}
	if err := w.putToken(tokenRow{Token: c.Token, LastCommand: p.ID}); err != nil {
		return nil, err
	}
	w.event(casare.Event{Type: casare.EventMeshChanged, Time: p.Time, Message: "join token created"})
	return nil, nil
}

// applyJoinRobot admits a robot. A robot that was admitted on this token before, with the same key, is admitted again whatever
// became of the token: it may have been cut off before it had its certificate.
func applyJoinRobot(w *writer, p casare.Proposal, c casare.JoinRobot) (*casare.Job, error) {
	if !validID(c.Robot.ID) {
		return nil, casare.Errorf(casare.CodeInvalid, "the id of a robot has 1 to %d bytes and no zero byte", maxID).On("id")
	}
	row, found, err := w.token(c.TokenID)
	if err != nil {
		return nil, err
	}
	if !found || subtle.ConstantTimeCompare(row.Token.SecretHash, c.SecretHash) != 1 {
		return nil, casare.Errorf(casare.CodeUnauthenticated, "the join token is not known here")
	}
	known, joined, err := w.robot(c.Robot.ID)
	if err != nil {
		return nil, err
	}
	if joined && !sameKey(known, c.Robot) {
		return nil, casare.Errorf(casare.CodeExists, "there is a robot %s with another key already", c.Robot.ID)
	}
	used := slices.Contains(row.Token.UsedBy, c.Robot.ID)
	if joined && used {
		return nil, nil
	}
	if err := usable(row.Token, c.Expired, used); err != nil {
		return nil, err
	}
	if !used {
		row.Token.UsedBy = append(row.Token.UsedBy, c.Robot.ID)
	}
	row.LastCommand = p.ID
	if err := w.putToken(row); err != nil {
		return nil, err
	}
	r := c.Robot
	r.Role, r.JoinedAt, r.UpdatedAt = row.Token.Role, p.Time, p.Time
	if joined {
		r.JoinedAt = known.JoinedAt
	}
	return nil, w.putRobot(p, r, casare.EventRobotJoined)
}

func sameKey(a, b casare.Robot) bool {
	return subtle.ConstantTimeCompare(a.PublicKey, b.PublicKey) == 1
}

func usable(t casare.Token, expired, used bool) error {
	if expired {
		return casare.Errorf(casare.CodeUnauthenticated, "the join token expired at %s", t.ExpiresAt)
	}
	if !used && len(t.UsedBy) >= t.MaxUses {
		return casare.Errorf(casare.CodeUnauthenticated, "the join token has been used %d times, which is all it allows", t.MaxUses)
	}
	return nil
}
