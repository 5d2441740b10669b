package raftstore

import (
	"casare"
)

var keyMesh = []byte("mesh")

// meshRow is what the state knows of the mesh itself.
type meshRow struct {
	MeshID      string        `cbor:"1,keyasint"`
	CACert      []byte        `cbor:"2,keyasint,omitempty"`
	Grown       bool          `cbor:"3,keyasint,omitempty"`
	Pruned      casare.Cursor `cbor:"4,keyasint,omitempty"` // events up to here were forgotten
	LastCommand string        `cbor:"5,keyasint,omitempty"`
}

func (w *writer) mesh() (meshRow, bool, error) {
	return getRow[meshRow](w.tx.Bucket(bucketMesh), keyMesh)
}

func (w *writer) putMesh(row meshRow) error { return putRow(w.tx.Bucket(bucketMesh), keyMesh, row) }

func applyInitMesh(w *writer, p casare.Proposal, c casare.InitMesh) (*casare.Job, error) {
	row, found, err := w.mesh()
	if err != nil {
		return nil, err
	}
	if found {
		if row.LastCommand == p.ID {
			return nil, nil
		}
		return nil, casare.Errorf(casare.CodeExists, "the mesh %s exists already", row.MeshID)
	}
	meta, err := metaOf(w.tx)
	if err != nil {
		return nil, err
	}
	if meta.MeshID != c.MeshID {
		return nil, casare.Errorf(casare.CodeInvalid, "this state belongs to mesh %s, not %s", meta.MeshID, c.MeshID)
	}
	if !validID(c.Robot.ID) || !validID(c.JoinToken.ID) {
		return nil, casare.Errorf(casare.CodeInvalid, "the first robot and the first token need ids")
	}
	if _, err := w.newKey(p, c.AdminKey); err != nil {
		return nil, err
	}
	return nil, w.writeMesh(p, c)
}

func (w *writer) writeMesh(p casare.Proposal, c casare.InitMesh) error {
	if err := w.putMesh(meshRow{MeshID: c.MeshID, CACert: c.CACert, LastCommand: p.ID}); err != nil {
		return err
	}
	w.event(casare.Event{Type: casare.EventMeshChanged, Time: p.Time, Message: "mesh created"})
	robot := c.Robot
	robot.JoinedAt, robot.UpdatedAt = p.Time, p.Time
	if err := w.putRobot(p, robot, casare.EventRobotJoined); err != nil {
		return err
	}
	if len(c.Keys.Sealed) > 0 {
		if err := putRow(w.tx.Bucket(bucketSealed), []byte(c.Keys.RobotID), c.Keys); err != nil {
			return err
		}
	}
	if err := w.putKey(p, c.AdminKey); err != nil {
		return err
	}
	return w.putToken(tokenRow{Token: c.JoinToken, LastCommand: p.ID})
}

func applySealKeys(w *writer, p casare.Proposal, c casare.SealKeys) (*casare.Job, error) {
	if w.tx.Bucket(bucketRobot).Get([]byte(c.Keys.RobotID)) == nil {
		return nil, casare.Errorf(casare.CodeNotFound, "there is no robot %s", c.Keys.RobotID)
	}
	known, found, err := getRow[casare.SealedKeys](w.tx.Bucket(bucketSealed), []byte(c.Keys.RobotID))
	if err != nil {
		return nil, err
	}
	if found && string(known.Sealed) == string(c.Keys.Sealed) {
		return nil, nil
	}
	if err := putRow(w.tx.Bucket(bucketSealed), []byte(c.Keys.RobotID), c.Keys); err != nil {
		return nil, err
	}
	w.event(casare.Event{Type: casare.EventMeshChanged, Time: p.Time, RobotID: c.Keys.RobotID, Message: "keys sealed"})
	return nil, nil
}

func applyMarkGrown(w *writer, p casare.Proposal, _ casare.MarkGrown) (*casare.Job, error) {
	row, found, err := w.mesh()
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, casare.Errorf(casare.CodeNotFound, "there is no mesh yet")
	}
	if row.Grown {
		return nil, nil
	}
	row.Grown = true
	w.event(casare.Event{Type: casare.EventMeshChanged, Time: p.Time, Message: "three coordinators"})
	return nil, w.putMesh(row)
}
