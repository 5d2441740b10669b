package raftstore

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"casare"
)

// feedMachine is a machine whose feed runs.
func feedMachine(t *testing.T) *machine {
	t.Helper()
	m := newMachine(t).init()
	m.store.subscribers.Start(context.WithoutCancel(t.Context()))
	return m
}

func receive(tb testing.TB, s *Subscription) []casare.Event {
	tb.Helper()
	select {
	case events, ok := <-s.C():
		require.True(tb, ok, "ended: %v", s.Err())
		return events
	case <-time.After(10 * time.Second):
		require.Fail(tb, "no event came")
		return nil
	}
}

func collect(tb testing.TB, s *Subscription, until casare.Cursor) []casare.Event {
	tb.Helper()
	var all []casare.Event
	for len(all) == 0 || all[len(all)-1].Cursor.Less(until) {
		all = append(all, receive(tb, s)...)
	}
	return all
}

func TestFeed_ResumesAfterAnyCursor(t *testing.T) {
	t.Parallel()
	m := feedMachine(t)
	for i := range 150 { // more rows than a page of the backlog
		m.ok(submit(fmt.Sprint("j", i)), submit(fmt.Sprint("k", i)))
	}
	all := keptEvents(t, m.store)
	for _, from := range []int{0, 1, 57, 58, len(all) - 2} {
		s, err := m.store.Subscribe(all[from].Cursor, 4)
		require.NoError(t, err)
		require.Equal(t, all[from+1:], collect(t, s, all[len(all)-1].Cursor))
		s.Close()
	}
	s, err := m.store.Subscribe(casare.Cursor{}, 4)
	require.NoError(t, err)
	require.Equal(t, all, collect(t, s, all[len(all)-1].Cursor))
	m.ok(submit("later"))
	live := receive(t, s)
	require.Equal(t, "later", live[0].JobID)
	require.True(t, all[len(all)-1].Cursor.Less(live[0].Cursor))
	s.Close()
	s.Close()
	_, open := <-s.C()
	require.False(t, open)
	require.NoError(t, s.Err())
}

func TestFeed_LosesAndRepeatsNothingWhileEventsCome(t *testing.T) {
	t.Parallel()
	m := feedMachine(t)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range 300 {
			m.Apply(m.entry(submit(fmt.Sprint("j", i))))
		}
	}()
	var subs []*Subscription
	for range 5 {
		s, err := m.store.Subscribe(casare.Cursor{}, 1000)
		require.NoError(t, err)
		subs = append(subs, s)
		collect(t, s, casare.Cursor{Index: 1})
	}
	<-done
	want := keptEvents(t, m.store)
	for _, s := range subs {
		got := collect(t, s, m.store.Cursor())
		require.Equal(t, want[len(want)-len(got):], got)
		s.Close()
	}
}

func TestFeed_SlowSubscriberIsDroppedAndTold(t *testing.T) {
	t.Parallel()
	m := feedMachine(t)
	s, err := m.store.Subscribe(m.store.Cursor(), 2)
	require.NoError(t, err)
	for i := range 10 {
		m.ok(submit(fmt.Sprint("j", i)))
	}
	require.Eventually(t, func() bool { return s.Err() != nil }, 5*time.Second, time.Millisecond)
	require.ErrorIs(t, s.Err(), ErrSlow)
	for range s.C() {
		_ = s
	}
}

func TestFeed_GapWhenForgotten(t *testing.T) {
	t.Parallel()
	m := feedMachine(t)
	for i := range 10 {
		m.ok(submit(fmt.Sprint("j", i)))
	}
	events := keptEvents(t, m.store)
	cut := events[len(events)-3].Cursor
	m.ok(system("p", casare.PruneEvents{Through: cut}))
	_, err := m.store.Subscribe(events[0].Cursor, 1)
	require.ErrorIs(t, err, ErrGap)
	s, err := m.store.Subscribe(cut, 1)
	require.NoError(t, err)
	require.Equal(t, events[len(events)-2:], collect(t, s, m.store.Cursor()))
	m.store.feed.interrupt(ErrGap, false) // as an installed snapshot does
	for range s.C() {
		_ = s
	}
	require.ErrorIs(t, s.Err(), ErrGap)
	m.store.Stop()
	_, err = m.store.Subscribe(cut, 1)
	require.Equal(t, casare.CodeUnavailable, casare.CodeOf(err))
}
