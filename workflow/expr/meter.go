package expr

import (
	"context"

	"casare"
	"casare/value"
)

// The limits of one evaluation.
const (
	MaxSteps     = 1_000_000
	MaxBytes     = 64 << 20
	MaxWidth     = 10_000
	MaxPrecision = 100
	MaxNesting   = 100
	MaxSource    = 64 << 10 // bytes of an expression's text

	checkEvery  = 1024 // steps between two looks at the context
	scanPerStep = 64   // bytes that one step looks through
	slot        = 16   // bytes of one element of a list
)

// machine is the state of one evaluation: what it may still spend, and the variables of the comprehensions it is in.
type machine struct {
	ctx    context.Context //nolint:containedctx // a machine lives for one call of Eval, which was given the context
	env    Env
	steps  int
	bytes  int
	built  bool // a container was made here: the result has to be looked through
	locals []local
}

type local struct {
	name string
	v    any
}

// step charges n units of work about to be done.
func (m *machine) step(n int) error {
	before := m.steps
	m.steps += n
	if before/checkEvery == m.steps/checkEvery {
		return nil
	}
	return m.check()
}

func (m *machine) check() error {
	if m.steps > MaxSteps || m.steps < 0 {
		return limit("the expression takes more than %d steps", MaxSteps)
	}
	if m.ctx.Err() != nil {
		return casare.Errorf(casare.CodeTimeout, "the expression was stopped: %w", context.Cause(m.ctx))
	}
	return nil
}

// alloc charges n bytes about to be made.
func (m *machine) alloc(n int) error {
	if n < 0 || n > MaxBytes-m.bytes {
		return limit("the expression makes more than %d MiB", MaxBytes>>20)
	}
	m.bytes += n
	return nil
}

// slots charges a container of n elements.
func (m *machine) slots(n int) error {
	m.built = true
	if n < 0 || n > MaxBytes/slot {
		return m.alloc(-1)
	}
	return m.alloc(n * slot)
}

// scan charges looking through n bytes.
func (m *machine) scan(n int) error {
	if n < scanPerStep {
		return nil
	}
	return m.step(n / scanPerStep)
}

// text charges a text of n bytes made by one look through as many.
func (m *machine) text(n int) error {
	if err := m.alloc(n); err != nil {
		return err
	}
	return m.scan(n)
}

func limit(format string, args ...any) error { return value.Faultf(value.LimitError, format, args...) }

func typeError(format string, args ...any) error {
	return value.Faultf(value.TypeError, format, args...)
}

func valueError(format string, args ...any) error {
	return value.Faultf(value.ValueError, format, args...)
}
