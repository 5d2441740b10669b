package engine

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"casare"
	"casare/node"
	"casare/value"
)

// The causes a run's context is cancelled with. A run asks context.Cause why it has to end: ErrJobTimeout (or a deadline) gives
// TimedOut, ErrCancelled and anything else gives Cancelled.
var (
	ErrCancelled  = errors.New("job cancelled")
	ErrJobTimeout = errors.New("job timed out")
)

// MaxEntries caps the order and the logs of a Result; what comes after is counted but not kept.
const MaxEntries = 1_000_000

// The error types the engine itself gives a failure; all others come from node types.
const (
	TypeTimeout    = "TimeoutError"    // a step or the job took too long
	TypeCancelled  = "Cancelled"       // the job was cancelled
	TypeResume     = "ResumeError"     // the snapshot does not fit the document
	TypeCheckpoint = "CheckpointError" // the position could not be written or stored
	TypeUnknown    = "OutcomeUnknown"  // a step that may run only once may have run
	TypeTooLarge   = "ValueTooLarge"   // the variables do not fit into a checkpoint
)

// Status is how a run ended.
type Status string

// The ways a run ends. Released means that it stopped in good order at a checkpoint, to be continued elsewhere.
const (
	Completed Status = "completed"
	Failed    Status = "failed"
	Cancelled Status = "cancelled"
	TimedOut  Status = "timed_out"
	Released  Status = "released"
)

// String returns the text of the status.
func (s Status) String() string { return string(s) }

// Sink hears what a run does while it does it. Goroutines of the run call it, one at a time, and it must not block: steps
// wait for it. N counts events and lines from 0 within one Run; job, robot and attempt are filled in by whoever owns the sink.
type Sink interface {
	StepEvent(e casare.StepEvent)
	LogLine(l casare.LogLine)
}

// Files is a job's access to files and the record of what its steps wrote.
type Files interface {
	node.Files
	// Changes returns what has been written since the last call.
	Changes() []node.Change
}

// Options are what one run is started with. The zero value runs the whole document with its own variables and keeps no checkpoints.
type Options struct {
	Variables *value.Dict // override the document's defaults; ignored when Resume is set
	Sink      Sink        // may be nil
	// Checkpoint takes a snapshot over: before and after a step that changes the world or may run only once, when 100 ms have passed since
	// the last one, when a wait of that length begins, and when the run is stopped. It is never called concurrently. An error ends the run as
	// Failed (or as the context says): the owner of the run returns one only when going on would be wrong; one with casare.CodeTooLarge says
	// that the values are too large, and the run then tells which. nil: no checkpoints, and no limit on the size of variables.
	Checkpoint func(ctx context.Context, s Snapshot) error
	// Settle waits until what was taken over is safe enough for a frame to go on after a moment; frames wait beside one another. Its
	// errors are as those of Checkpoint. nil: it is at once.
	Settle    func(ctx context.Context, frame string, m Moment) error
	Resume    []Record         // all records of an earlier snapshot of the same document, in any order; empty starts from the beginning
	Now       func() time.Time // nil: time.Now; several goroutines may call it
	Stop      <-chan struct{}  // closed: stop at the next step boundary or in a wait, take a checkpoint, return Released
	Logger    *slog.Logger     // nil: discard
	Documents node.Documents   // the documents that steps run; nil: there are none
	Files     Files            // what steps may read and write; nil: nothing
	// Here says whether a step that names a place may run here; nil is the place of all steps that name none. When it may not, the run takes
	// a snapshot and ends as Released, to be taken up where Result.Move says, unless Held tells what keeps it here. nil: every place is here.
	Here func(place *casare.Placement) bool
	Held func() string
	// Edit makes Variables override those of the snapshot that is resumed.
	Edit bool
	// Decisions are what a person decided about steps of the snapshot that is resumed.
	Decisions []Decision

	// Secrets returns the text that {{$secret:name}} stands for, false when there is none; then, and without Secrets, such a template
	// stays as it is. Several goroutines may call it.
	Secrets func(name string) (text string, ok bool)
	// Seal and Open keep the texts of secrets in snapshots from everybody but those who may run the job: Open undoes Seal. Without them a
	// run that has a secret in a variable or an output takes no checkpoint and fails where it would. Called from several goroutines.
	Seal func(text string) ([]byte, error)
	Open func(sealed []byte) (string, error)

	Cleanup bool // a run that is cancelled or out of time runs the Finally steps of what is open, whatever the document says

	Debug   *Debugger   // nil: the run stops nowhere
	RunTo   string      // run only what leads to this step, and stop after it
	RunStep string      // run only this step, once
	Inputs  *value.Dict // with RunStep: values that arrive at the step by wire; they win over what wires bring
	RunAll  bool        // begin at every StartNode instead of the first
}

// Moment is why a snapshot is taken.
type Moment uint8

// The moments.
const (
	MomentPause   Moment = iota // it was time for one
	MomentEffect                // before a step that changes the world and may do so twice
	MomentIntent                // before a step that may run only once
	MomentOutcome               // after it
	MomentStop                  // the run stops in good order
	MomentWait                  // a wait begins
)

// String returns the moment in one word.
func (m Moment) String() string {
	switch m {
	case MomentPause:
		return "pause"
	case MomentEffect:
		return "effect"
	case MomentIntent:
		return "intent"
	case MomentOutcome:
		return "outcome"
	case MomentStop:
		return "stop"
	case MomentWait:
		return "wait"
	}
	return "unknown"
}

// Decision says how a run goes on at a step that may run only once and of which nobody knows whether it has: it runs the step, or with
// Skip takes it as done with these outputs.
type Decision struct {
	Step    string // its id
	Skip    bool
	Outputs *value.Dict // may be nil
}

// Result is what a run left behind. Order and Logs hold what this Run did: after a resume, without what came before the snapshot.
type Result struct {
	Status    Status
	Error     *casare.JobError // nil when Completed or Released
	Variables *value.Dict      // at the end, with the outputs of each step under its id; never nil
	Logs      []string         // texts the steps wrote to the workflow's log, in order
	Order     []string         // ids of executed steps, repeats included
	// Attention is what a person must decide, "" for nothing: a step that may run only once had begun when the snapshot that was resumed was
	// taken. Status is Failed then, nothing has run, and the job needs attention.
	Attention string
	// Moves says that the run was Released to go on at another place, Move; nil: where steps run that name none.
	Moves  bool
	Move   *casare.Placement
	Single *Single // with RunStep, what the step did; nil when it did not come to run
}
