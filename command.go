package casare

// CommandType numbers the commands of the replicated log. Numbers are only ever added.
type CommandType uint8

// The commands. Who may propose which is the table in package daemon.
const (
	CommandInitMesh      CommandType = 1
	CommandPutWorkflow   CommandType = 2
	CommandSubmitJob     CommandType = 3
	CommandAssignJob     CommandType = 4
	CommandStartJob      CommandType = 5
	CommandCheckpointJob CommandType = 6
	CommandFinishJob     CommandType = 7
	CommandRejectJob     CommandType = 8
	CommandReleaseJob    CommandType = 9
	CommandExpireJob     CommandType = 10
	CommandCancelJob     CommandType = 11
	CommandPutRobot      CommandType = 12
	CommandCreateToken   CommandType = 13
	CommandJoinRobot     CommandType = 14
	CommandCreateKey     CommandType = 15
	CommandRevokeKey     CommandType = 16
	CommandSealKeys      CommandType = 17
	CommandPruneEvents   CommandType = 18
	CommandMarkGrown     CommandType = 19
	CommandReferBlobs    CommandType = 20
	CommandForgetBlobs   CommandType = 21
	CommandPutSecret     CommandType = 22
	CommandDeleteSecret  CommandType = 23
	CommandPutDocument   CommandType = 24
	CommandStrandJob     CommandType = 25
	CommandResolveJob    CommandType = 26
)

// Command is one change of the replicated state. The proposer decides every id, time and random value and puts it in; applying
// a command is a pure function of the state and the entry.
type Command interface{ Type() CommandType }

// Proposal is a command with what holds for every command. ID makes it idempotent: the same proposal twice has one effect.
type Proposal struct {
	ID      string // at most 64 bytes; the job's id for SubmitJob
	Tenant  string // set where the credential was checked
	Actor   string // set where the credential was checked; a robot's id, a key's id, or "system"
	Time    Time   // of the leader when it proposed: data, never compared by apply
	Command Command
}

// Result answers a proposal that was applied: at which index, and the refusal if the command was refused (then it wrote nothing).
type Result struct {
	Index uint64
	Err   *Error
	Job   *Job // the job a job command left behind, for SubmitJob also when it repeated an earlier one
}

// PutWorkflow saves a revision as the current one of a workflow. Document may be left out when the state holds the revision.
type PutWorkflow struct {
	Workflow Workflow `cbor:"1,keyasint"` // Version is counted by the state
	Document []byte   `cbor:"2,keyasint,omitempty"`
}

// SubmitJob queues a job. The proposal's id is the job's id, so a repeat finds the job and answers with it; with another
// BodyHash it is refused as CodeIdempotency. Document may be left out when the state holds the revision.
type SubmitJob struct {
	Spec     JobSpec `cbor:"1,keyasint"`
	Document []byte  `cbor:"2,keyasint,omitempty"`
	// Begin is where it begins; nil: with its document. Set if and only if Spec.Rerun is.
	Begin *Beginning `cbor:"3,keyasint,omitempty"`
}

// AssignJob places a queued job; its epoch is the index of the entry.
type AssignJob struct {
	JobID   string `cbor:"1,keyasint"`
	RobotID string `cbor:"2,keyasint"`
}

// StartJob says that the robot has begun.
type StartJob struct {
	JobID string `cbor:"1,keyasint"`
	Epoch uint64 `cbor:"2,keyasint"`
}

// LogChunk is the next piece of a job's log: whole lines of JSON, each ended by "\n". From is the number of its first line
// within the attempt; lines the state already holds are skipped, so a repeat is harmless.
type LogChunk struct {
	From  uint64   `cbor:"1,keyasint"`
	Lines [][]byte `cbor:"2,keyasint,omitempty"`
}

// FinishJob ends an attempt and with it the job. Attention is set, and State is NeedsAttention, when a person must decide.
type FinishJob struct {
	JobID     string    `cbor:"1,keyasint"`
	Epoch     uint64    `cbor:"2,keyasint"`
	State     JobState  `cbor:"3,keyasint"`
	Error     *JobError `cbor:"4,keyasint,omitempty"`
	Result    []byte    `cbor:"5,keyasint,omitempty"` // raw JSON object: the variables at the end
	Log       LogChunk  `cbor:"6,keyasint,omitempty"`
	StartedAt Time      `cbor:"7,keyasint,omitempty"` // when the robot began, if it never said so before
	Attention string    `cbor:"8,keyasint,omitempty"`
	Kept      *LogPiece `cbor:"9,keyasint,omitempty"` // the last piece of the run log, if it is small
}

// RejectJob says that the robot does not want the job.
type RejectJob struct {
	JobID   string `cbor:"1,keyasint"`
	Epoch   uint64 `cbor:"2,keyasint"`
	RobotID string `cbor:"3,keyasint"`
	Reason  string `cbor:"4,keyasint,omitempty"`
}

// ReleaseJob gives a job back in good order. With Moves it goes on at Place, or at home when that is nil.
type ReleaseJob struct {
	JobID string     `cbor:"1,keyasint"`
	Epoch uint64     `cbor:"2,keyasint"`
	Moves bool       `cbor:"3,keyasint,omitempty"`
	Place *Placement `cbor:"4,keyasint,omitempty"`
}

// ExpireJob puts a job whose robot is not heard of back in the queue.
type ExpireJob struct {
	JobID string `cbor:"1,keyasint"`
	Epoch uint64 `cbor:"2,keyasint"`
}

// CancelJob asks for a job's end.
type CancelJob struct {
	JobID  string `cbor:"1,keyasint"`
	Reason string `cbor:"2,keyasint,omitempty"`
}

// Type implements Command.
func (PutWorkflow) Type() CommandType { return CommandPutWorkflow }

// Type implements Command.
func (SubmitJob) Type() CommandType { return CommandSubmitJob }

// Type implements Command.
func (AssignJob) Type() CommandType { return CommandAssignJob }

// Type implements Command.
func (StartJob) Type() CommandType { return CommandStartJob }

// Type implements Command.
func (FinishJob) Type() CommandType { return CommandFinishJob }

// Type implements Command.
func (RejectJob) Type() CommandType { return CommandRejectJob }

// Type implements Command.
func (ReleaseJob) Type() CommandType { return CommandReleaseJob }

// Type implements Command.
func (ExpireJob) Type() CommandType { return CommandExpireJob }

// Type implements Command.
func (CancelJob) Type() CommandType { return CommandCancelJob }
