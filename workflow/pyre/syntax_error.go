package pyre

import (
	"fmt"
	"strings"

	"casare"
)

// SyntaxError says what is wrong with a pattern or a replacement, in the words of Python's re.error.
type SyntaxError struct {
	Message string
	At      int // code points before the fault, -1 when it has no place
	Line    int // from 1; 0 in a pattern of one line
	Column  int
}

// Error returns what str() of Python's error is.
func (e *SyntaxError) Error() string {
	switch {
	case e.At < 0:
		return e.Message
	case e.Line > 0:
		return fmt.Sprintf("%s at position %d (line %d, column %d)", e.Message, e.At, e.Line, e.Column)
	default:
		return fmt.Sprintf("%s at position %d", e.Message, e.At)
	}
}

// faultAt makes the error for a place in the source.
func faultAt(source []rune, at int, format string, args ...any) error {
	e := &SyntaxError{Message: fmt.Sprintf(format, args...), At: at}
	text := string(source)
	if strings.Contains(text, "\n") {
		before := source[:min(max(at, 0), len(source))]
		e.Line, e.Column = 1, at+1
		for i, c := range before {
			if c == '\n' {
				e.Line++
				e.Column = at - i
			}
		}
	}
	return e
}

// fault makes an error without a place.
func fault(format string, args ...any) error {
	return &SyntaxError{Message: fmt.Sprintf(format, args...), At: -1}
}

// outward gives an error the form in which it leaves the package.
func outward(err error) error {
	if err == nil || casare.CodeOf(err) != casare.CodeInternal {
		return err
	}
	return casare.Errorf(casare.CodeInvalid, "%w", err)
}
