package executor

import (
	"context"
	"log/slog"
	"time"

	"casare"
	"casare/executor/engine"
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
}

// RunOptions is what one run gets.
type RunOptions struct {
	Variables  []byte                                      // raw JSON object that overrides the document's defaults; may be empty
	Resume     []byte                                      // Snapshot.Data to go on from; empty starts at the beginning
	Stop       <-chan struct{}                             // closed: stop at the next step boundary
	Checkpoint func(ctx context.Context, s Snapshot) error // called between steps, never concurrently
	Secrets    *Secrets                                    // nil: the job needs none
	Step       func(casare.StepEvent)                      // called in order, from N = 0
	Log        func(casare.LogLine)                        // called in order, from N = 0
	Files      engine.Files                                // what the steps may read and write; nil: nothing
	Now        func() time.Time
	Logger     *slog.Logger
}

// Snapshot is where a run stands.
type Snapshot struct {
	Data     []byte
	Step     string
	Progress int
}

// Outcome is how a run ended. State is terminal unless Released or Rejected is set.
type Outcome struct {
	State     casare.JobState
	Rejected  string // this robot cannot run it, and why; set by the executor, not by a Program
	Released  bool   // it stopped in the middle because Stop was closed; the last Snapshot is where
	Error     *casare.JobError
	Attention string // a person must decide before the job can go on: what about
	Variables []byte // raw JSON object at the end
}
