package executor

import (
	"context"
	"log/slog"
	"time"

	"casare"
	"casare/executor/engine"
	"casare/node"
)

// Runner makes programs of documents. NewRunner gives the real one.
type Runner interface {
	// Compile reads a document. A document that needs a node type this robot does not have is CodeUnsupported, any other
	// broken one CodeInvalid.
	Compile(document []byte) (Program, error)
}

// Program is a compiled document. It may run many times at once.
type Program interface {
	// Run ends when the document does, or ctx, whose cause says why. It waits for all that it started.
	Run(ctx context.Context, o RunOptions) Outcome
	// Policy is what the document wants of its checkpoints.
	Policy() Policy
}

// RunOptions is what one run gets.
type RunOptions struct {
	Variables []byte                 // raw JSON object that overrides the document's defaults; may be empty
	Stop      <-chan struct{}        // closed: stop at the next step boundary
	Secrets   *Secrets               // nil: the job needs none
	Step      func(casare.StepEvent) // called in order, from N = 0
	Log       func(casare.LogLine)   // called in order, from N = 0
	Files     engine.Files           // what the steps may read and write; nil: nothing
	Mode      *casare.RunMode        // which part of the document to run; nil: all of it
	Debug     *engine.Debugger       // nil: the run stops nowhere
	Documents node.Documents         // those that the document refers to
	Now       func() time.Time
	Logger    *slog.Logger

	// Resume is the checkpoint to go on from; empty starts at the beginning.
	Resume []casare.Record
	// Here says whether steps at a place may run here, nil being the place of all that name none; Held says what keeps the run here.
	Here func(place *casare.Placement) bool
	Held func() string
	// Edit says that Variables override those of the checkpoint; else they are those of a run that begins.
	Edit bool
	// Decisions are what a person decided about steps that had begun there.
	Decisions []casare.Decision
	// Checkpoint takes a checkpoint over; it does not wait, and is never called concurrently. With CodeTooLarge the values of the run
	// do not fit.
	Checkpoint func(ctx context.Context, s Snapshot) error
	// Settle waits until enough is recorded for the run to go on after a checkpoint was taken at a moment. frame names the branch that
	// asks: branches wait beside one another. An error ends the run.
	Settle func(ctx context.Context, frame string, m Moment) error
}

// Snapshot is where a run stands.
type Snapshot struct {
	Changes  []casare.Record // since the one before, ordered by key
	Whole    bool            // they are everything
	Moment   Moment
	Open     []string // steps that may run only once and have begun or begin now
	Step     string
	Progress int
}

// Outcome is how a run ended. State is terminal unless Released or Rejected is set.
type Outcome struct {
	State     casare.JobState
	Rejected  string // this robot cannot run it, and why; set by the executor, not by a Program
	Released  bool   // it stopped in the middle because Stop was closed; the last Snapshot is where
	Error     *casare.JobError
	Moves     bool // Released, to go on at Move; nil: where the job is at home
	Move      *casare.Placement
	Attention string // a person must decide before the job can go on: what about
	Variables []byte // raw JSON object at the end
}
