package value

import (
	"errors"
	"fmt"

	"casare"
)

// Kind names the Python exception that an operation on values would raise. A workflow's Catch compares with these names.
type Kind string

// The kinds of fault; LimitError and SyntaxError come from expressions only.
const (
	TypeError         Kind = "TypeError"
	ValueError        Kind = "ValueError"
	OverflowError     Kind = "OverflowError"
	ZeroDivisionError Kind = "ZeroDivisionError"
	IndexError        Kind = "IndexError"
	KeyError          Kind = "KeyError"
	AttributeError    Kind = "AttributeError"
	NameError         Kind = "NameError"
	SyntaxError       Kind = "SyntaxError"
	LimitError        Kind = "LimitError"
)

// FaultError is what Python would raise: the exception's name and its text.
type FaultError struct {
	Kind    Kind
	Message string
}

// Error returns the text.
func (f *FaultError) Error() string { return f.Message }

// Faultf makes a FaultError.
func Faultf(kind Kind, format string, args ...any) *FaultError {
	return &FaultError{Kind: kind, Message: fmt.Sprintf(format, args...)}
}

// KindOf returns the kind of the first FaultError in err's chain, or "".
func KindOf(err error) Kind {
	if f, ok := errors.AsType[*FaultError](err); ok {
		return f.Kind
	}
	return ""
}

var errSecret = casare.Errorf(casare.CodeUnsupported, "a secret is not written in the clear")

// refused wraps a fault in the error that may leave the package.
func refused(f *FaultError) error { return casare.Errorf(casare.CodeInvalid, "%w", f) }
