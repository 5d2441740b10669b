package casare

import (
	"slices"
	"strconv"
)

// JobState is where a job stands. The texts are a contract with API clients.
type JobState string

// The states of a job. Waiting and NeedsAttention hold no slot.
const (
	JobPending        JobState = "pending"         // not yet eligible: a start time, a dependency, a retry delay
	JobQueued         JobState = "queued"          // eligible, waiting for a robot
	JobAssigned       JobState = "assigned"        // placed on a robot that has not said yet that it runs
	JobRunning        JobState = "running"         //
	JobWaiting        JobState = "waiting"         // on a timer, a person, an item or another job
	JobNeedsAttention JobState = "needs_attention" // a person must decide; Reason says what
	JobCompleted      JobState = "completed"
	JobFailed         JobState = "failed"
	JobTimeout        JobState = "timeout"
	JobCancelled      JobState = "cancelled"
)

// JobStates lists every state in the order of a job's life.
func JobStates() []JobState {
	return []JobState{
		JobPending, JobQueued, JobAssigned, JobRunning, JobWaiting, JobNeedsAttention,
		JobCompleted, JobFailed, JobTimeout, JobCancelled,
	}
}

// String returns the text of the state.
func (s JobState) String() string { return string(s) }

// Terminal says whether a job in this state can never change again.
func (s JobState) Terminal() bool {
	return s == JobCompleted || s == JobFailed || s == JobTimeout || s == JobCancelled
}

// Active says whether a robot holds a slot for a job in this state.
func (s JobState) Active() bool { return s == JobAssigned || s == JobRunning }

// Priorities run from PriorityHighest to PriorityLowest; 0 is served first.
const (
	PriorityHighest = 0
	PriorityNormal  = 10
	PriorityLowest  = 20
)

// ParsePriority reads CRITICAL (0), HIGH (5), NORMAL (10), LOW (15), in any case, or a number from 0 to 20. The error is
// CodeInvalid on field "priority".
func ParsePriority(text string) (int, error) {
	names := map[string]int{"CRITICAL": 0, "HIGH": 5, "NORMAL": PriorityNormal, "LOW": 15}
	if p, ok := names[upper(text)]; ok {
		return p, nil
	}
	p, err := strconv.Atoi(text)
	if err != nil || p < PriorityHighest || p > PriorityLowest {
		return 0, Errorf(CodeInvalid, "priority %q is neither 0 to 20 nor CRITICAL, HIGH, NORMAL, LOW", text).On("priority")
	}
	return p, nil
}

func upper(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'a' && c <= 'z' {
			b[i] = c - 'a' + 'A'
		}
	}
	return string(b)
}

// DefaultJobTimeoutSeconds bounds a job that asks for no other limit.
const DefaultJobTimeoutSeconds = 3600

// JobSpec is what was asked for. It is written once, at submit, and never changes.
type JobSpec struct {
	ID             string   `cbor:"1,keyasint"`
	Tenant         string   `cbor:"2,keyasint"`
	WorkflowID     string   `cbor:"3,keyasint"`
	WorkflowName   string   `cbor:"4,keyasint,omitempty"`
	Revision       string   `cbor:"5,keyasint"` // content hash of the document, see RevisionOf
	Priority       int      `cbor:"6,keyasint"`
	Environment    string   `cbor:"7,keyasint,omitempty"`
	TargetRobot    string   `cbor:"8,keyasint,omitempty"`  // run there or nowhere
	Needs          []string `cbor:"9,keyasint,omitempty"`  // capabilities a robot must have
	Variables      []byte   `cbor:"10,keyasint,omitempty"` // raw JSON object, read only by package value
	Metadata       []byte   `cbor:"11,keyasint,omitempty"` // raw JSON object, kept for the client
	TimeoutSeconds int      `cbor:"12,keyasint"`
	CreatedAt      Time     `cbor:"13,keyasint"`
	CreatedBy      string   `cbor:"14,keyasint,omitempty"` // the actor
	BodyHash       []byte   `cbor:"15,keyasint,omitempty"` // of the request, when an idempotency key came with it

	Mode   *RunMode   `cbor:"40,keyasint,omitempty"` // nil: the whole document
	Debug  *DebugSpec `cbor:"41,keyasint,omitempty"` // where each attempt stops from its beginning on; nil: nowhere
	Rerun  *Rerun     `cbor:"42,keyasint,omitempty"` // nil: the job begins with its document
	Pinned []Pinned   `cbor:"30,keyasint,omitempty"` // the documents that the document refers to, and those that they do
}

// JobError is why a job did not complete.
type JobError struct {
	NodeID    string `cbor:"1,keyasint,omitempty" json:"node_id"`
	ErrorType string `cbor:"2,keyasint,omitempty" json:"error_type"`
	Message   string `cbor:"3,keyasint,omitempty" json:"message"`
}

// JobStatus is what became of it: the part of a job that commands change.
type JobStatus struct {
	State           JobState  `cbor:"1,keyasint"`
	RobotID         string    `cbor:"2,keyasint,omitempty"` // of the current or last attempt
	Epoch           uint64    `cbor:"3,keyasint,omitempty"` // of the current or last attempt: the index of its Assign entry
	Attempt         int       `cbor:"4,keyasint,omitempty"` // placements so far
	Progress        int       `cbor:"5,keyasint,omitempty"` // 0 to 100; 100 only when completed
	Step            string    `cbor:"6,keyasint,omitempty"` // id of the step at the last checkpoint
	AssignedAt      Time      `cbor:"7,keyasint,omitempty"`
	StartedAt       Time      `cbor:"8,keyasint,omitempty"` // of the first attempt
	CompletedAt     Time      `cbor:"9,keyasint,omitempty"`
	RejectedBy      []string  `cbor:"10,keyasint,omitempty"`
	CancelRequested bool      `cbor:"11,keyasint,omitempty"`
	CancelReason    string    `cbor:"12,keyasint,omitempty"`
	CheckpointSeq   uint64    `cbor:"13,keyasint,omitempty"` // of the checkpoint the state holds for Epoch; 0 = none
	Error           *JobError `cbor:"14,keyasint,omitempty"`
	Reason          string    `cbor:"15,keyasint,omitempty"` // NeedsAttention: what must be decided; queued: what it waits for, if not any free robot
	LastCommand     string    `cbor:"16,keyasint,omitempty"` // id of the last command applied; the same id again changes nothing
	UpdatedAt       Time      `cbor:"17,keyasint,omitempty"`
	Open            string    `cbor:"18,keyasint,omitempty"` // step that may run only once and had begun at the checkpoint held
	Lost            bool      `cbor:"19,keyasint,omitempty"` // NeedsAttention only because its robot was lost: one that had begun Open, or has Pin
	Pin             string    `cbor:"20,keyasint,omitempty"` // what RobotID has and no other robot: the job can go on only there
	// Decisions are what a person decided about the steps of Open, until a checkpoint shows what became of that. Settled says that one did
	// since the last attempt was placed, which therefore cannot take the job back.
	Decisions []Decision `cbor:"22,keyasint,omitempty"`
	Settled   bool       `cbor:"23,keyasint,omitempty"`
	Place     *Placement `cbor:"25,keyasint,omitempty"` // where the steps are that come next; nil: at home
	Intents   uint64     `cbor:"24,keyasint,omitempty"` // how often a step has begun that may run only once
}

// Job is one requested run of one workflow revision. Its methods are the table of legal moves: each either makes the whole
// move or returns an error and has changed nothing.
type Job struct {
	JobSpec
	JobStatus
}

// RunMode says which part of a document a job runs; the zero mode is all of it.
type RunMode struct {
	To   string `cbor:"1,keyasint,omitempty"` // only what leads to this step, and not past it
	Only string `cbor:"2,keyasint,omitempty"` // only this step
	All  bool   `cbor:"3,keyasint,omitempty"` // begin at every StartNode
}

// Validate says what is wrong with m; CodeInvalid.
func (m RunMode) Validate() error {
	given := 0
	for _, is := range []bool{m.To != "", m.Only != "", m.All} {
		if is {
			given++
		}
	}
	if given > 1 {
		return Errorf(CodeInvalid, "only one of run_to, run_step and run_all may be given").On("run_to")
	}
	if len(m.To) > 1024 || len(m.Only) > 1024 {
		return Errorf(CodeInvalid, "the id of a step is longer than 1024 bytes").On("run_to")
	}
	return nil
}

// NewJob returns a job that has just been submitted and may run at once.
func NewJob(spec JobSpec) *Job {
	return &Job{JobSpec: spec, JobStatus: JobStatus{State: JobQueued, UpdatedAt: spec.CreatedAt}}
}

// Assign gives the job to a robot as a new attempt. Epoch is the index of the log entry, so at most one Assign of a job may
// stand in an entry: a second one is refused.
func (j *Job) Assign(robot string, epoch uint64, now Time) error {
	if j.State != JobQueued {
		return j.refuse("assign")
	}
	if epoch <= j.Epoch {
		return Errorf(CodeConflict, "job %s already has epoch %d", j.ID, j.Epoch)
	}
	if slices.Contains(j.RejectedBy, robot) {
		return Errorf(CodeConflict, "robot %s has rejected job %s", robot, j.ID)
	}
	if there := j.BoundTo(); there != "" && there != robot {
		return Errorf(CodeConflict, "job %s can go on only at robot %s, where it left %s", j.ID, there, j.Pin)
	}
	j.State, j.RobotID, j.Epoch, j.AssignedAt, j.UpdatedAt = JobAssigned, robot, epoch, now, now
	j.Settled, j.Reason = false, ""
	j.Attempt++
	return nil
}

// Start records that the robot has begun. An attempt whose job went back to the queue, and was given to nobody else since,
// takes it back.
func (j *Job) Start(epoch uint64, now Time) error {
	if err := j.reattach(epoch, "start"); err != nil {
		return err
	}
	j.found()
	j.State, j.UpdatedAt = JobRunning, now
	if j.StartedAt == 0 {
		j.StartedAt = now
	}
	return nil
}

// Finish ends the job with a terminal state, told by the holder of the current epoch.
func (j *Job) Finish(epoch uint64, state JobState, failure *JobError, now Time) error {
	if !state.Terminal() {
		return Errorf(CodeInvalid, "%s is not a terminal state", state).On("state")
	}
	if err := j.reattach(epoch, "finish"); err != nil {
		return err
	}
	j.found()
	j.State, j.Error, j.CompletedAt, j.UpdatedAt = state, failure, now, now
	if j.StartedAt == 0 {
		j.StartedAt = now
	}
	if state == JobCompleted {
		j.Progress = 100
	}
	return nil
}

// Attention stops the job until a person decides, told by the holder of the current epoch.
func (j *Job) Attention(epoch uint64, reason string, now Time) error {
	if err := j.reattach(epoch, "stop for attention"); err != nil {
		return err
	}
	j.found()
	j.State, j.Reason, j.UpdatedAt = JobNeedsAttention, reason, now
	return nil
}

// Reject puts the job back in the queue and remembers that this robot does not want it.
func (j *Job) Reject(epoch uint64, robot string, now Time) error {
	if err := j.current(epoch, "reject"); err != nil {
		return err
	}
	if !slices.Contains(j.RejectedBy, robot) {
		j.RejectedBy = append(j.RejectedBy, robot)
	}
	j.requeue(now)
	return nil
}

// Release puts the job back in the queue because its robot stops in good order; the last checkpoint stays. A job whose step Open had
// begun waits for a person.
func (j *Job) Release(epoch uint64, now Time) error {
	if err := j.current(epoch, "release"); err != nil {
		return err
	}
	j.requeue(now)
	return nil
}

// Expire puts the job back in the queue because its robot has not been heard of. It keeps its epoch: until the next Assign the
// old attempt may still report and take the job back. A job whose step Open had begun goes to no other robot: nobody but the old one
// can know what became of that step, and if it does not come back a person must decide.
func (j *Job) Expire(epoch uint64, now Time) error {
	if err := j.current(epoch, "expire"); err != nil {
		return err
	}
	j.requeue(now)
	return nil
}

// Cancel ends a job that no robot holds at once. For one that a robot holds it records the wish; the robot's Finish ends it.
// It says whether the job has ended.
func (j *Job) Cancel(reason string, now Time) (ended bool, err error) {
	if j.State.Terminal() {
		return true, j.refuse("cancel")
	}
	j.CancelRequested, j.CancelReason, j.UpdatedAt = true, reason, now
	if j.State.Active() {
		return false, nil
	}
	j.endCancelled(now)
	return true, nil
}

// requeue puts the job back, or ends it when it was to be cancelled anyway.
func (j *Job) requeue(now Time) {
	if j.CancelRequested {
		j.endCancelled(now)
		return
	}
	if len(j.undecided()) > 0 {
		j.State, j.Reason, j.Lost, j.UpdatedAt = JobNeedsAttention, unknownOutcome(j.Open), true, now
		return
	}
	if j.refusedByItsRobot() {
		j.State, j.Reason, j.UpdatedAt = JobNeedsAttention, j.onlyThere(), now
		return
	}
	j.State, j.Reason, j.UpdatedAt = JobQueued, j.waits(), now
}

// unknownOutcome is why a person must decide about a step that had begun.
func unknownOutcome(step string) string {
	return "Step " + step + " may only run once. It had begun when its robot was lost, and nobody knows whether it finished."
}

func (j *Job) endCancelled(now Time) {
	j.found()
	j.State, j.CompletedAt, j.UpdatedAt = JobCancelled, now, now
	j.Error = &JobError{ErrorType: "Cancelled", Message: j.CancelReason}
}

// current demands that a robot holds the job at this epoch.
func (j *Job) current(epoch uint64, move string) error {
	if epoch != j.Epoch {
		return Errorf(CodeStaleEpoch, "job %s is at epoch %d, not %d", j.ID, j.Epoch, epoch)
	}
	if !j.State.Active() {
		return j.refuse(move)
	}
	return nil
}

// reattach is current, but also lets an attempt take back a job that its robot's silence took away and that was given to nobody else
// since.
func (j *Job) reattach(epoch uint64, move string) error {
	if epoch == 0 || epoch != j.Epoch {
		return Errorf(CodeStaleEpoch, "job %s is at epoch %d, not %d", j.ID, j.Epoch, epoch)
	}
	if j.Settled {
		return Errorf(CodeStaleEpoch, "a person has decided how job %s goes on", j.ID)
	}
	if !j.State.Active() && j.State != JobQueued && !j.Lost {
		return j.refuse(move)
	}
	return nil
}

// found is what changes when an attempt goes on after a reattach.
func (j *Job) found() {
	if j.Lost || j.State == JobQueued {
		j.Lost, j.Reason = false, ""
	}
}

func (j *Job) refuse(move string) error {
	return Errorf(CodeTransition, "cannot %s job %s: it is %s", move, j.ID, j.State)
}
