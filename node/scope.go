package node

import (
	"strconv"
	"time"

	"casare/workflow"
)

// ScopeKind says what a scope behind a Body port is for.
type ScopeKind int

// The kinds of scopes.
const (
	Loop     ScopeKind = iota + 1 // Break, Continue and loop ends look for it
	Try                           // its owner is told of a failure inside (Failed), and before it is left from inside (Left)
	Retry                         // its owner is told of a failure inside; ExitSucceed and ExitGiveUp look for it
	Finally                       // runs to its end even when the scope around it is left; its owner is told of no failure
	Parallel                      // a branch begins here: see OpenEach
)

// String returns the word the catalogue uses.
func (k ScopeKind) String() string {
	switch k {
	case Loop:
		return "loop"
	case Try:
		return "try"
	case Retry:
		return "retry"
	case Finally:
		return "finally"
	case Parallel:
		return "parallel"
	}
	return "unknown"
}

// Flow is what a Host offers besides when the step stands in a document. A step without one is alone: nothing is wired to it but
// what it asks about, and no construct is around it.
type Flow interface {
	// Wired says whether a wire of control leaves this port of the step.
	Wired(port string) bool
	// Parts are the steps that hold the catches and the finally of the construct this step opens.
	Parts() workflow.Parts
	// Fault is what went wrong in the construct that this step opens or is a part of, nil for nothing; and whether that construct is open
	// at all. An error that was handled stays until the construct is closed.
	Fault() (fault *Error, open bool)
	// Empty says whether exec_out of the step leads to parts of its construct, and only to such that have a body of their own.
	Empty() bool
}

// Wired says whether a wire of control leaves a port of the step, so that a construct without a body can be passed through. A step that runs
// without a document has wires everywhere.
func (r *Run) Wired(port string) bool {
	if f, ok := r.host.(Flow); ok {
		return f.Wired(port)
	}
	return true
}

// Parts are the steps that hold the catches and the finally of the construct this step opens.
func (r *Run) Parts() workflow.Parts {
	if f, ok := r.host.(Flow); ok {
		return f.Parts()
	}
	return workflow.Parts{}
}

// Fault is what went wrong in the open construct that this step opens or is a part of; nil for nothing.
func (r *Run) Fault() *Error {
	if f, ok := r.host.(Flow); ok {
		fault, _ := f.Fault()
		return fault
	}
	return nil
}

// Within says whether the step runs as a part of a construct that is open.
func (r *Run) Within() bool {
	if f, ok := r.host.(Flow); ok {
		_, open := f.Fault()
		return open
	}
	return false
}

// OpenPart starts a part of the construct that another step holds: the n-th catch, from 0, or the finally.
func (r *Run) OpenPart(kind workflow.PartKind, n int) { r.out.Open, r.part = PartPort(kind, n), true }

// PortAfter stands for what comes after a construct whose parts are steps of their own: what the exec_out of its finally leads to, then what
// its own does, its parts left out.
const PortAfter = "after"

// PartPort is the name under which a part is opened: it takes the place of a Body port in Outcome.Open and Event.Body.
func PartPort(kind workflow.PartKind, n int) string {
	if n == 0 {
		return string(kind)
	}
	return string(kind) + " " + strconv.Itoa(n+1)
}

// GiveUp fails the attempt of the retry around, whatever catches errors in between. Without a retry the step goes on as if it had not
// asked.
func (r *Run) GiveUp(err *Error) {
	r.out.Exit = &Exit{Kind: ExitGiveUp, Err: AsError(err, r.bound.step)}
}

// Parted declares that the type opens a construct whose catch and finally are steps of types that declare PartOf.
func (s *Spec) Parted() { s.t.parted = true }

type partRule struct {
	kind workflow.PartKind
	pair *Field
	body string
}

// PartOf declares that a step of the type is a part of a construct that another step opens: the one that the parameter pairParam, declared
// before, names, or one that the wires tell. Its own steps stand behind the port body.
func (s *Spec) PartOf(kind workflow.PartKind, pairParam, body string) {
	f := s.t.param(pairParam)
	if f == nil {
		panic("node: PartOf before the parameter " + pairParam + " is declared")
	}
	s.t.part = &partRule{kind: kind, pair: f, body: body}
}

// part is what the step is in another step's construct.
func (b *Bound) part() workflow.Part {
	rule := b.spec.part
	if rule == nil {
		return workflow.Part{}
	}
	part := workflow.Part{Kind: rule.kind, Body: rule.body}
	if in := b.input(rule.pair); in != nil {
		part.Pair, _ = in.constant.(string)
	}
	return part
}

type retryRule struct {
	count    int64
	interval float64
	unit     time.Duration
}

// Retries declares the parameters by which a step is tried again when it fails: retry_count, and under the name interval how long to wait
// before that, in units, for the first time; each further wait is twice as long. The engine does it; what may have happened and must not happen twice is
// never tried again.
func (s *Spec) Retries(interval string, unit time.Duration, or float64) {
	rule := &retryRule{unit: unit}
	s.t.retries = rule
	s.Int(Param, &rule.count, "retry_count").Or(0).Min(0).Max(maxRetries).Group("retry").Shown(Advanced).
		Says("How often to try again when the step fails.")
	s.Float(Param, &rule.interval, interval).Or(or).Min(0).Group("retry").Shown(Advanced).
		Says("How long to wait before the first time; each further wait is twice as long.")
}

// maxRetries bounds how often a step is tried again by its own parameters.
const maxRetries = 100

// maxInterval bounds the wait before a step is tried again.
const maxInterval = time.Hour

// Retries returns how often the step that was executed last is to be tried again, and how long to wait before the n-th time, from 1; ok is
// false when its type has no such parameters, or the step leaves them alone.
func (b *Bound) Retries() (count int, wait func(n int) time.Duration, ok bool) {
	rule := b.spec.retries
	if rule == nil || rule.count <= 0 {
		return 0, nil, false
	}
	first := min(max(rule.interval, 0)*float64(rule.unit), float64(maxInterval))
	return int(min(rule.count, maxRetries)), func(n int) time.Duration {
		return time.Duration(min(first*float64(int64(1)<<min(n-1, 30)), float64(maxInterval)))
	}, true
}

// Empty says whether exec_out of a construct without a body leads to nothing but parts of it that have a body of their own: then control does not
// pass through it, for that would run its catch without an error.
func (r *Run) Empty() bool {
	f, ok := r.host.(Flow)
	return ok && f.Empty()
}

// Teller is what a Host offers besides: the name of the workflow, and lines in the log of the job that are not the workflow's own.
type Teller interface {
	Workflow() string
	Notice(level, text string)
}

// Workflow is the name of the workflow that runs; "" when the step runs without one.
func (r *Run) Workflow() string {
	if t, ok := r.host.(Teller); ok {
		return t.Workflow()
	}
	return ""
}

// Notice writes a line to the log of the job, as the engine does: other than those of Line it is no result of the workflow.
func (r *Run) Notice(level, text string) {
	if t, ok := r.host.(Teller); ok {
		t.Notice(level, text)
	}
}
