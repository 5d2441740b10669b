package casare

import "strconv"

// Rerun says that a job begins at a checkpoint of another one, with that one's variables but for those it brings itself.
type Rerun struct {
	JobID      string        `cbor:"1,keyasint"`
	Checkpoint CheckpointRef `cbor:"2,keyasint"`
	Root       string        `cbor:"3,keyasint"` // the first job of the chain: whose key secrets in the checkpoint are sealed with
}

// CheckpointRef names a checkpoint of a job: the attempt that took it and its number there.
type CheckpointRef struct {
	Attempt uint64 `cbor:"1,keyasint"` // the epoch
	N       uint64 `cbor:"2,keyasint"`
}

// String prints r as "attempt.number".
func (r CheckpointRef) String() string {
	return strconv.FormatUint(r.Attempt, 10) + "." + strconv.FormatUint(r.N, 10)
}

// Before says whether r was taken before o.
func (r CheckpointRef) Before(o CheckpointRef) bool {
	return r.Attempt < o.Attempt || r.Attempt == o.Attempt && r.N < o.N
}

// Beginning is where a job begins that does not begin with its document.
type Beginning struct {
	Records   []Record   `cbor:"1,keyasint"` // the checkpoint, ordered by key; at most MaxPiece
	Step      string     `cbor:"2,keyasint,omitempty"`
	Progress  int        `cbor:"3,keyasint,omitempty"`
	Open      string     `cbor:"4,keyasint,omitempty"`
	Decisions []Decision `cbor:"5,keyasint,omitempty"` // about Open
}

// beginningSeq is the number of the checkpoint that a job begins at.
const beginningSeq = 1

// Begin makes a new job begin at b.
func (j *Job) Begin(b *Beginning) {
	j.CheckpointSeq, j.Step, j.Progress, j.Open, j.Decisions = beginningSeq, b.Step, min(max(b.Progress, 0), 99), b.Open, b.Decisions
}

// Edits are the variables that override those of the checkpoint the job began at; nil once it has gone on from there.
func (j *Job) Edits() []byte {
	if j.Rerun == nil || j.CheckpointSeq > beginningSeq {
		return nil
	}
	return j.Variables
}
