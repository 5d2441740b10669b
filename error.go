package casare

import (
	"errors"
	"fmt"
)

// Code names what went wrong, for programs. The texts are a contract with API clients; api maps each to an HTTP status.
type Code string

// The codes an Error may carry.
const (
	CodeInvalid         Code = "INVALID_INPUT"                 // the request makes no sense as it stands
	CodeValidation      Code = "VALIDATION_ERROR"              // fields of the request break rules; Problems lists them
	CodeUnauthenticated Code = "AUTH_TOKEN_INVALID"            // no credential, or one that is not known
	CodeForbidden       Code = "AUTH_INSUFFICIENT_PERMISSIONS" // a known credential that may not do this
	CodeNotFound        Code = "RESOURCE_NOT_FOUND"
	CodeExists          Code = "RESOURCE_ALREADY_EXISTS"
	CodeConflict        Code = "RESOURCE_CONFLICT"
	CodeTransition      Code = "INVALID_STATE_TRANSITION" // the thing is in a state that does not allow this
	CodeIdempotency     Code = "IDEMPOTENCY_CONFLICT"     // the key was used with another body
	CodeStaleEpoch      Code = "STALE_EPOCH"              // an attempt that is no longer the current one reports
	CodeGap             Code = "CHECKPOINT_GAP"           // a checkpoint whose base is not the one the state holds
	CodeTooLarge        Code = "PAYLOAD_TOO_LARGE"
	CodeUnsupported     Code = "NOT_SUPPORTED" // known, named, and refused on purpose
	CodeRateLimit       Code = "RATE_LIMIT_EXCEEDED"
	CodeNotLeader       Code = "NOT_LEADER"          // this robot does not lead; nothing was proposed
	CodeUnavailable     Code = "SERVICE_UNAVAILABLE" // nothing was proposed; try again
	CodeTimeout         Code = "TIMEOUT"             // a read waited for something that did not come
	CodeOutcomeUnknown  Code = "OUTCOME_UNKNOWN"     // proposed, and nobody can say yet whether it holds
	CodeStorageFull     Code = "STORAGE_FULL"
	CodeInternal        Code = "INTERNAL_ERROR"
)

// Problem is one broken rule of a request or a document.
type Problem struct {
	Field   string `cbor:"1,keyasint,omitempty" json:"field"`
	Message string `cbor:"2,keyasint,omitempty" json:"message"`
}

// Error is what leaves a package: a code for programs, a sentence for people, the field at fault if there is one, and the cause.
type Error struct {
	Code     Code
	Message  string
	Field    string
	Problems []Problem
	Cause    error
}

// Error returns the sentence. The cause is not printed a second time: whoever wraps puts it into the sentence.
func (e *Error) Error() string { return e.Message }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Errorf makes an Error; the operand of a %w verb becomes its cause.
func Errorf(code Code, format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	return &Error{Code: code, Message: err.Error(), Cause: errors.Unwrap(err)}
}

// On returns e with the field at fault.
func (e *Error) On(field string) *Error {
	e.Field = field
	return e
}

// CodeOf returns the code of the first *Error in err's chain, "" for nil, and CodeInternal for any other error.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return CodeInternal
}
