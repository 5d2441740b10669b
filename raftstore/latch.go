package raftstore

import (
	"sync"

	"casare"
)

// latch remembers the first failure after which nothing may be acknowledged any more, and tells Fatal once.
type latch struct {
	fatal    func(error)
	tripped  chan struct{} // closed at the failure
	released chan struct{} // closed by Stop: whoever waits because of the failure may return
	once     sync.Once
	release  sync.Once
	cause    error // set before tripped is closed
}

func newLatch(fatal func(error)) *latch {
	return &latch{fatal: fatal, tripped: make(chan struct{}), released: make(chan struct{})}
}

// fail latches err if it is the first, and returns what holds from now on.
func (l *latch) fail(err error) error {
	first := false
	l.once.Do(func() {
		l.cause = err
		first = true
		close(l.tripped)
	})
	if first {
		l.fatal(err)
	}
	return l.err()
}

func (l *latch) broken() bool {
	select {
	case <-l.tripped:
		return true
	default:
		return false
	}
}

// err is nil before the failure.
func (l *latch) err() error {
	if !l.broken() {
		return nil
	}
	return casare.Errorf(casare.CodeInternal, "the store has stopped: %w", l.cause)
}

func (l *latch) free() { l.release.Do(func() { close(l.released) }) }
