package raftstore

import (
	"context"
	"errors"
	"sync"

	"go.etcd.io/bbolt"

	"casare"
	"casare/internal/service"
)

// ErrGap says that events after the cursor are no longer kept, or that a received snapshot replaced the state: the subscriber
// reads what it needs afresh and subscribes after Cursor.
var ErrGap = errors.New("change feed: events between the cursor and now are not kept")

// ErrSlow says that the subscriber did not keep up and was dropped. It may subscribe again after the last cursor it has seen.
var ErrSlow = errors.New("change feed: the subscriber is too slow")

// backlogPage is how many rows of old events are read in one transaction.
const backlogPage = 64

// feed gives what was applied to subscribers.
type feed struct {
	state *state
	group *service.Group

	mu          sync.Mutex
	ended       bool
	subscribers map[*Subscription]struct{}
}

// Subscription receives the change feed from Subscribe until Close.
type Subscription struct {
	feed  *feed
	c     chan []casare.Event
	live  chan []casare.Event // from publish, which never waits
	ended chan struct{}       // closed with err set

	once sync.Once
	err  error
}

// C delivers events in order, in batches; it is closed when the subscription has ended, Err says why. The events are shared:
// nobody may change them.
func (s *Subscription) C() <-chan []casare.Event { return s.c }

// Err says why C was closed: nil after Close or Stop, ErrGap, ErrSlow. It is valid once C is closed.
func (s *Subscription) Err() error {
	select {
	case <-s.ended:
		return s.err
	default:
		return nil
	}
}

// Close ends the subscription. Twice is fine.
func (s *Subscription) Close() { s.end(nil) }

func (s *Subscription) end(why error) {
	s.once.Do(func() {
		s.err = why
		close(s.ended)
		s.feed.mu.Lock()
		delete(s.feed.subscribers, s)
		s.feed.mu.Unlock()
	})
}

// Cursor returns the cursor of the last event. Whoever shows the state first takes the cursor, then reads, then subscribes after it.
func (s *Store) Cursor() casare.Cursor {
	last, _, _ := s.state.memory.feedState()
	return last
}

// Subscribe delivers every event after a cursor. Up to buffer batches wait for a subscriber that does not take them; then it is
// dropped. The error is ErrGap, or CodeUnavailable before Start and after Stop.
func (s *Store) Subscribe(after casare.Cursor, buffer int) (*Subscription, error) {
	return s.feed.subscribe(after, max(buffer, 1))
}

func (f *feed) subscribe(after casare.Cursor, buffer int) (*Subscription, error) {
	s := &Subscription{
		feed: f, c: make(chan []casare.Event), live: make(chan []casare.Event, buffer), ended: make(chan struct{}),
	}
	f.mu.Lock()
	if f.ended {
		f.mu.Unlock()
		return nil, errClosed
	}
	// Whatever memory does not tell of yet is published after this, to us as well.
	last, pruned, _ := f.state.memory.feedState()
	if after.Less(pruned) {
		f.mu.Unlock()
		return nil, ErrGap
	}
	f.subscribers[s] = struct{}{}
	f.mu.Unlock()
	if !f.group.Go(func(ctx context.Context) { s.pump(ctx, after, last) }) {
		s.end(nil)
		return nil, errClosed
	}
	return s, nil
}

// publish gives the events of a committed batch to everybody. It never waits.
func (f *feed) publish(events []casare.Event) {
	if len(events) == 0 {
		return
	}
	var slow []*Subscription
	f.mu.Lock()
	for s := range f.subscribers {
		select {
		case s.live <- events:
		default:
			slow = append(slow, s)
		}
	}
	f.mu.Unlock()
	for _, s := range slow {
		s.end(ErrSlow)
	}
}

// interrupt ends all subscriptions; ended means that there will be none any more.
func (f *feed) interrupt(why error, ended bool) {
	f.mu.Lock()
	f.ended = f.ended || ended
	all := make([]*Subscription, 0, len(f.subscribers))
	for s := range f.subscribers {
		all = append(all, s)
	}
	f.mu.Unlock()
	for _, s := range all {
		s.end(why)
	}
}

// pump sends what was kept from after up to last, then what is published.
func (s *Subscription) pump(ctx context.Context, after, last casare.Cursor) {
	defer close(s.c)
	for after.Less(last) {
		events, err := s.feed.backlog(after)
		if err != nil || len(events) == 0 {
			s.end(err)
			return
		}
		if !s.send(ctx, events) {
			return
		}
		after = events[len(events)-1].Cursor
	}
	for {
		select {
		case events := <-s.live:
			if events = eventsAfter(events, after); len(events) > 0 && !s.send(ctx, events) {
				return
			}
		case <-s.ended:
			return
		case <-ctx.Done():
			s.end(nil)
			return
		}
	}
}

func (s *Subscription) send(ctx context.Context, events []casare.Event) bool {
	select {
	case s.c <- events:
		return true
	case <-s.ended:
		return false
	case <-ctx.Done():
		s.end(nil)
		return false
	}
}

// backlog reads a page of kept events after a cursor; ErrGap if they were forgotten meanwhile.
func (f *feed) backlog(after casare.Cursor) ([]casare.Event, error) {
	var events []casare.Event
	err := f.state.scan(func(tx *bbolt.Tx) error {
		mesh, _, err := getRow[meshRow](tx.Bucket(bucketMesh), keyMesh)
		if err != nil {
			return err
		}
		if after.Less(mesh.Pruned) {
			return nil
		}
		c := tx.Bucket(bucketEvent).Cursor()
		rows := 0
		for k, v := c.Seek([]byte(number(after.Index))); k != nil && (rows < backlogPage || len(events) == 0); k, v = c.Next() {
			row, err := decodeEvents(v)
			if err != nil {
				return err
			}
			events = append(events, eventsAfter(row, after)...)
			rows++
		}
		return nil
	})
	if err == nil && len(events) == 0 {
		err = ErrGap
	}
	return events, err
}

// eventsAfter cuts what is at or before the cursor off the front.
func eventsAfter(events []casare.Event, after casare.Cursor) []casare.Event {
	for i := range events {
		if after.Less(events[i].Cursor) {
			return events[i:]
		}
	}
	return nil
}
