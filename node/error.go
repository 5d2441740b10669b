package node

import (
	"errors"
	"fmt"
)

// The types of errors the kit itself makes. A document's Catch matches against them.
const (
	TypeExecution = "ExecutionError" // a step failed and said no more
	TypeInput     = "InputError"     // an input is missing or cannot be converted
	TypePanic     = "InternalError"  // the node type has a bug
)

// Error is what a step fails with.
type Error struct {
	Type     string // for the document: what Catch.error_types is matched against
	Message  string // for the user; the whole sentence
	Port     string // control leaves by this port when it is wired; "" for none
	Step     string // id of the step, filled in by the kit
	Stack    string // where it happened, for people; filled in by the engine when a construct handles the error
	Harmless bool   // it certainly had no effect on the world: see NoEffect
	Unknown  bool   // set by the engine: a step that must not run twice failed, and nobody knows whether it had its effect
	Cause    error
}

// Error returns the message.
func (e *Error) Error() string { return e.Message }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Via returns e with the port that control leaves by when it is wired.
func (e *Error) Via(port string) *Error {
	e.Port = port
	return e
}

// Fail makes the error a step fails with; the operand of a %w verb becomes its cause. An empty type is TypeExecution.
func Fail(typ, format string, a ...any) *Error {
	if typ == "" {
		typ = TypeExecution
	}
	err := fmt.Errorf(format, a...)
	return &Error{Type: typ, Message: err.Error(), Cause: errors.Unwrap(err)}
}

// NoEffect marks a failure that certainly left the world as it was, such as a connection that was refused before anything was sent. Only
// then may a step that must not run twice be tried again. err itself is not changed.
func NoEffect(err error) *Error {
	if err == nil {
		return nil
	}
	out := AsError(err, "")
	marked := *out
	marked.Harmless = true
	return &marked
}

// AsError returns err as an *Error that names the step, made from the *Error in err's chain if there is one, else of TypeExecution;
// nil stays nil. What err wrapped around it stays in the message. err itself is not changed.
func AsError(err error, step string) *Error {
	if err == nil {
		return nil
	}
	out := &Error{Type: TypeExecution, Step: step}
	if e, ok := errors.AsType[*Error](err); ok {
		*out = *e
		if out.Step == "" {
			out.Step = step
		}
		if error(e) == err { //nolint:errorlint // asks whether anything was wrapped around e
			return out
		}
	}
	out.Message, out.Cause = err.Error(), err
	return out
}
