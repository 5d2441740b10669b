package node

import (
	"context"

	"casare/value"
)

// Value is a value of a run; see package value for the kinds. Values are immutable.
type Value = value.Value

// Node is one step being executed. The kit makes one per bound step, zeroes and binds it before each execution, and reads its
// outputs afterwards.
type Node interface {
	// Spec describes the type and binds the fields of the receiver. It is called once for the registry and once per bound step,
	// and must do the same each time.
	Spec(s *Spec)
	// Run does the work. An error fails the step; Fail gives it a type and a port.
	Run(ctx context.Context, r *Run) error
}

// Resumer is a step that is called again: when the scope it opened has ended, or when the time it slept is over. Its inputs are bound
// anew; what it saved comes through Run.State and Run.Keep.
type Resumer interface {
	Resume(ctx context.Context, r *Run, e Event) error
}

// EventKind is why a step is called again.
type EventKind int

// The reasons to call a step again.
const (
	Ended     EventKind = iota + 1 // no live token is left in the scope it opened
	Continued                      // a step in the scope asked for the next iteration
	Broken                         // a step in the scope asked to leave the loop
	Woken                          // the time it slept is over
	Failed                         // a step in the scope failed and Err was not handled inside; returning nil means that it is handled now
	Left                           // control has left the scope from inside (break, cancel…): clean up, then end without going on
	Declined                       // the catch that was asked does not handle such errors
	Branches                       // all branches it started have ended
	Returned                       // the document it called has ended
)

// String returns the reason in one word.
func (k EventKind) String() string {
	switch k {
	case Ended:
		return "ended"
	case Continued:
		return "continued"
	case Broken:
		return "broken"
	case Woken:
		return "woken"
	case Failed:
		return "failed"
	case Left:
		return "left"
	case Declined:
		return "declined"
	case Branches:
		return "branches"
	case Returned:
		return "returned"
	}
	return "unknown"
}

// Event tells a Resumer why it is called again.
type Event struct {
	Kind EventKind
	Body string // the Body port that opened the scope; "" for Woken
	Err  *Error // Failed: what happened in the scope
	// Branches is what became of each branch, in the order in which they were given, or of the one document that was called.
	Branches []BranchResult
}

// Effect says what running a step does to the world, and so whether it may run again after a crash.
type Effect int

// The effects, from harmless to delicate.
const (
	Pure       Effect = iota + 1 // nothing outside the run
	Read                         // looks at the world; may be run again, its result is kept
	Idempotent                   // changes the world; doing it twice is as doing it once
	Once                         // must never happen twice
)

// Effects lists every effect, from harmless to delicate.
func Effects() []Effect { return []Effect{Pure, Read, Idempotent, Once} }

// String returns the word that documents and catalogue use.
func (e Effect) String() string {
	switch e {
	case Pure:
		return "pure"
	case Read:
		return "read"
	case Idempotent:
		return "idempotent"
	case Once:
		return "once"
	}
	return "unknown"
}

// Role says where a field gets its value or where it goes.
type Role int

// The roles of a field.
const (
	In    Role = iota + 1 // port and form field of one name: wire, else config, else default
	Wire                  // port only
	Param                 // form field only, cannot be wired
	Out                   // data output
)

// String returns the word the catalogue uses.
func (r Role) String() string {
	switch r {
	case In:
		return "in"
	case Wire:
		return "wire"
	case Param:
		return "param"
	case Out:
		return "out"
	}
	return "unknown"
}

// Kind is the kind of value a field holds.
type Kind string

// The kinds of fields.
const (
	KindText  Kind = "string"
	KindInt   Kind = "integer"
	KindFloat Kind = "float"
	KindBool  Kind = "boolean"
	KindList  Kind = "list"
	KindDict  Kind = "dict"
	KindBytes Kind = "bytes"
	KindAny   Kind = "any"
	KindExpr  Kind = "expression"

	// KindSecret is a text that nobody may read but the node itself.
	KindSecret Kind = "secret"
)

// Opt is a value that may be unset: an input nobody gave, an output Run did not set.
type Opt[T any] struct {
	V   T
	Set bool
}

// Some returns an Opt that is set.
func Some[T any](v T) Opt[T] { return Opt[T]{V: v, Set: true} }

// Body is a port behind which a step opens a scope.
type Body struct {
	Port string
	Kind ScopeKind
}
