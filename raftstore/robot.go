package raftstore

import (
	"bytes"

	"casare"
)

func (w *writer) robot(id string) (casare.Robot, bool, error) {
	return getRow[casare.Robot](w.tx.Bucket(bucketRobot), []byte(id))
}

func (w *writer) putRobot(p casare.Proposal, r casare.Robot, typ casare.EventType) error {
	if err := putRow(w.tx.Bucket(bucketRobot), []byte(r.ID), r); err != nil {
		return err
	}
	w.event(casare.Event{Type: typ, Tenant: r.Tenant, Time: p.Time, RobotID: r.ID, Message: r.Name})
	return nil
}

// applyPutRobot takes over what a robot says of itself; who it is, only joining says.
func applyPutRobot(w *writer, p casare.Proposal, c casare.PutRobot) (*casare.Job, error) {
	known, found, err := w.robot(c.Robot.ID)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, casare.Errorf(casare.CodeNotFound, "there is no robot %s", c.Robot.ID)
	}
	r := c.Robot
	r.Tenant, r.Role, r.PublicKey, r.Recipient, r.JoinedAt = known.Tenant, known.Role, known.PublicKey, known.Recipient, known.JoinedAt
	r.UpdatedAt = known.UpdatedAt
	same, err := sameRow(known, r)
	if err != nil || same {
		return nil, err
	}
	r.UpdatedAt = p.Time
	return nil, w.putRobot(p, r, casare.EventRobotChanged)
}

func sameRow(a, b any) (bool, error) {
	ab, err := encoding.Marshal(a)
	if err != nil {
		return false, err
	}
	bb, err := encoding.Marshal(b)
	return bytes.Equal(ab, bb), err
}
