package casare

// The caps on a checkpoint as the state holds it. Values that do not fit lie in blobs.
const (
	MaxRecordKey  = 900       // bytes of a record's key
	MaxRecords    = 1 << 16   // records of a checkpoint
	MaxCheckpoint = 8 << 20   // bytes of all its keys and data
	MaxPiece      = 192 << 10 // bytes of changes, or of a piece of them, in one command
)

// Record is one keyed piece of a checkpoint: a variable, a scope, the queue. A checkpoint is the records that hold; the next one is
// told as the records that changed since. Keys are texts without zero bytes; only the run reads what is behind them.
type Record struct {
	Key  string   `cbor:"1,keyasint"`
	Data []byte   `cbor:"2,keyasint"` // nil without Blob: the record is deleted
	Blob *BlobRef `cbor:"3,keyasint,omitempty"`
}

// Deleted says whether r takes a record away.
func (r *Record) Deleted() bool { return r.Data == nil && r.Blob == nil }

// Size is about what r takes.
func (r *Record) Size() int { return len(r.Key) + len(r.Data) }

// CheckpointJob moves the checkpoint that the state holds of a job. Without a Seq it only moves progress and log.
//
// Seq numbers the checkpoints of a job; no number is ever used twice for different contents. Changes are against the checkpoint Base,
// which must be the one that the state holds, else CodeGap; with a Base of 0 they are the whole checkpoint. They are ordered by key.
// Changes that are larger than MaxPiece come as CBOR in pieces, one a command, Part 0 first: More says that another one follows, and
// the last one makes all of them count at once.
type CheckpointJob struct {
	JobID    string   `cbor:"1,keyasint"`
	Epoch    uint64   `cbor:"2,keyasint"`
	Seq      uint64   `cbor:"3,keyasint"`
	Step     string   `cbor:"5,keyasint,omitempty"` // number 4 was the whole checkpoint
	Progress int      `cbor:"6,keyasint,omitempty"`
	Log      LogChunk `cbor:"7,keyasint,omitempty"`
	Base     uint64   `cbor:"8,keyasint,omitempty"`
	Changes  []Record `cbor:"9,keyasint,omitempty"`
	Piece    []byte   `cbor:"10,keyasint,omitempty"`
	Part     int      `cbor:"11,keyasint,omitempty"`
	More     bool     `cbor:"12,keyasint,omitempty"`
	Open     string   `cbor:"13,keyasint,omitempty"` // step that may run only once and begins now: this is its intent
	// Blobs replaces what these parts of the job refer to; a numbered checkpoint only.
	Blobs []BlobPart `cbor:"20,keyasint,omitempty"`
	// Intents counts how often a step of the job has begun that may run only once.
	Intents uint64 `cbor:"15,keyasint,omitempty"`
	// Kept is a piece of the run log to be kept.
	Kept *LogPiece `cbor:"14,keyasint,omitempty"`
	// Pin is what the run has left on its robot and no other robot has, "" for nothing; a numbered checkpoint only.
	Pin string `cbor:"21,keyasint,omitempty"`
}

// Type implements Command.
func (CheckpointJob) Type() CommandType { return CommandCheckpointJob }

// Checkpoint records where the attempt stands. It says whether c brings anything new: one that the state is past already changes
// nothing and is no error, and neither is log without a checkpoint.
func (j *Job) Checkpoint(c *CheckpointJob, now Time) (fresh bool, err error) {
	if err := j.reattach(c.Epoch, "checkpoint"); err != nil {
		return false, err
	}
	fresh = c.Seq > j.CheckpointSeq
	switch {
	case c.Seq != 0 && !fresh:
		return false, nil
	case fresh && c.Base != 0 && c.Base != j.CheckpointSeq:
		return false, Errorf(CodeGap, "job %s holds checkpoint %d, not %d, the base of %d", j.ID, j.CheckpointSeq, c.Base, c.Seq)
	}
	j.found()
	j.State, j.UpdatedAt = JobRunning, now
	if j.StartedAt == 0 {
		j.StartedAt = now
	}
	if c.More {
		return fresh, nil
	}
	if fresh {
		j.CheckpointSeq, j.Open, j.Pin, j.Decisions = c.Seq, c.Open, c.Pin, nil
		j.Intents = max(j.Intents, c.Intents)
	}
	if c.Step != "" || fresh {
		j.Step = c.Step
	}
	j.Progress = max(j.Progress, min(c.Progress, 99))
	return fresh, nil
}
