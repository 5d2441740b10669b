package raftstore

import (
	"errors"

	"casare"
)

// ErrGap says that events after the cursor are no longer kept, or that a received snapshot replaced the state: the subscriber
// reads what it needs afresh and subscribes after Cursor.
var ErrGap = errors.New("change feed: events between the cursor and now are not kept")

// ErrSlow says that the subscriber did not keep up and was dropped. It may subscribe again after the last cursor it has seen.
var ErrSlow = errors.New("change feed: the subscriber is too slow")

// Subscription receives the change feed from Subscribe until Close.
type Subscription struct{ c chan []casare.Event }

// C delivers events in order, in batches; it is closed when the subscription has ended, Err says why. The events are shared:
// nobody may change them.
func (s *Subscription) C() <-chan []casare.Event { return s.c }

// Err says why C was closed: nil after Close or Stop, ErrGap, ErrSlow.
func (s *Subscription) Err() error { return nil }

// Close ends the subscription. Twice is fine.
func (s *Subscription) Close() {}

// Cursor returns the cursor of the last event. Whoever shows the state first takes the cursor, then reads, then subscribes after it.
func (s *Store) Cursor() casare.Cursor { return casare.Cursor{} }

// Subscribe delivers every event after a cursor. Up to buffer batches wait for a subscriber that does not take them; then it is
// dropped. The error is ErrGap.
func (s *Store) Subscribe(after casare.Cursor, buffer int) (*Subscription, error) {
	_, _ = after, buffer
	return nil, errEarly
}
