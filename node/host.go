package node

import (
	"log/slog"
	"time"

	"casare/value"
)

// Host is what a running step may ask of the engine. The engine hands one to each Exec and Resume; it is used only until that call
// returns.
type Host interface {
	// Lookup returns what a bare name in a template or an expression means: a variable or the outputs of a step, whichever was written
	// last, or a system value such as "$currentDate".
	Lookup(name string) (Value, bool)
	// Var returns a variable of the run, never a step's outputs.
	Var(name string) (Value, bool)
	// SetVar creates or replaces a variable of the run.
	SetVar(name string, v Value)
	// Line writes one line to the workflow's own log. The level is one of DEBUG, INFO, WARNING, ERROR, CRITICAL.
	Line(level, text string)
	// Logger is for what an operator should know; it already carries the job and the step. Never nil.
	Logger() *slog.Logger
	// Now is the time of the run's clock.
	Now() time.Time
	// Files is the run's access to files. Never nil.
	Files() Files
}

// Saved is what a control step keeps between its executions. The engine stores it with the scope (or the sleeping step), puts
// it into checkpoints and hands it back to Resume unchanged.
type Saved struct {
	State []byte           // small, written anew by each execution; nil when the step has none
	Kept  map[string]Value // large and never changed once it is there: store each name once per scope
}

// Outcome is what a step wants to happen next. The package comment says how the engine reads it.
type Outcome struct {
	Outputs *value.Dict       // by port, nulls left out; nil: this execution says nothing about the outputs
	Next    []string          // ports that control leaves by, in order
	Or      map[string]string // for a port in Next, another name a wire may use for it; mostly nil
	Open    string            // Body port, or PartPort, whose scope starts or starts again; "" for none
	Exit    *Exit             // leave an enclosing scope
	Saved   Saved             // for Resume, when Open, Sleep, Each or Call is set; Kept always holds everything kept so far
	Sleep   time.Duration     // wait before Resume(Woken)
	Each    *Parallels        // start branches, then Resume(Branches)
	Call    *Call             // run a document, then Resume(Returned)
	Meet    bool              // go on where the step's branches meet; where they do not, as Next says
}

// ExitKind says how a step leaves an enclosing scope.
type ExitKind int

// The ways to leave a scope.
const (
	ExitEnd      ExitKind = iota + 1 // this token has reached the end of the loop's body
	ExitContinue                     // the next iteration starts at once
	ExitBreak                        // the loop is over
	ExitSucceed                      // the attempt of a retry has succeeded: it ends, and control goes on behind this step and behind the retry
	ExitGiveUp                       // the attempt of a retry has failed with Err
	ExitDecline                      // a catch does not handle the error that its try has met
)

// String returns the way in one word.
func (k ExitKind) String() string {
	switch k {
	case ExitEnd:
		return "end"
	case ExitContinue:
		return "continue"
	case ExitBreak:
		return "break"
	case ExitSucceed:
		return "succeed"
	case ExitGiveUp:
		return "give up"
	case ExitDecline:
		return "decline"
	}
	return "unknown"
}

// Exit names the scope a step wants to leave: that of the step Owner, or the innermost one of a kind that fits when Owner is "".
type Exit struct {
	Kind  ExitKind
	Owner string
	Err   *Error // ExitGiveUp
}
