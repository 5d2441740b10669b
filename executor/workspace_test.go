package executor_test

import (
	"context"
	"errors"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"casare"
	"casare/executor"
	"casare/node"
	"casare/session"
)

// folders counts what becomes of workspaces.
type folders struct {
	mu      sync.Mutex
	made    []string
	closed  int
	removed []string
	broken  error

	records  []casare.Record // what Collect gives, once
	pin      string
	full     chan struct{} // Flush waits for it; nil: nothing is pending
	flushed  bool
	restored [][]casare.Record
	restore  []error // what Restore gives, one after the other, then nil
}

type workspace struct {
	node.Files

	f *folders
}

func (w workspace) Restore(_ context.Context, records []casare.Record) error {
	w.f.mu.Lock()
	defer w.f.mu.Unlock()
	w.f.restored = append(w.f.restored, records)
	if len(w.f.restore) == 0 {
		return nil
	}
	err := w.f.restore[0]
	w.f.restore = w.f.restore[1:]
	return err
}

func (w workspace) Collect(bool) ([]casare.Record, error) {
	w.f.mu.Lock()
	defer w.f.mu.Unlock()
	return w.f.records, nil
}

func (w workspace) Pending() bool {
	w.f.mu.Lock()
	defer w.f.mu.Unlock()
	return w.f.full != nil && !w.f.flushed
}

func (w workspace) Flush(ctx context.Context) error {
	select {
	case <-w.f.full:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	w.f.mu.Lock()
	defer w.f.mu.Unlock()
	w.f.flushed = true
	return nil
}

func (w workspace) Pin() string {
	w.f.mu.Lock()
	defer w.f.mu.Unlock()
	return w.f.pin
}

func (w workspace) Reread() {}

func (w workspace) Changes() []node.Change { return nil }

func (w workspace) Close() {
	w.f.mu.Lock()
	defer w.f.mu.Unlock()
	w.f.closed++
}

func (f *folders) Create(jobID string, _ uint64) (executor.Workspace, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.broken != nil {
		return nil, f.broken
	}
	f.made = append(f.made, jobID)
	return workspace{node.NoFiles(), f}, nil
}

func (f *folders) Remove(jobID string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.removed = append(f.removed, jobID)
	return nil
}

func (f *folders) gone() []string {
	synctest.Wait()
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]string{}, f.removed...)
}

func startWorking(t *testing.T, f *folders) (*executor.Executor, *session.Conn, *blocking) {
	t.Helper()
	b := &blocking{}
	e, c := startRunner(t, f, b)
	return e, c, b
}

func startRunner(t *testing.T, f *folders, r executor.Runner) (*executor.Executor, *session.Conn) {
	t.Helper()
	s := &scripted{streams: make(chan net.Conn, 64), changed: make(chan struct{}), term: 3}
	e, err := executor.New(executor.Config{
		Robot: casare.Robot{ID: "r", Slots: 4}, Load: func() executor.Load { return executor.Load{} }, Work: f,
	}, s, r)
	require.NoError(t, err)
	require.NoError(t, e.Start(context.Background()))
	c, _ := s.meet(t, 3)
	return e, c
}

func TestWorkspace_GoesWithTheLastWhoUsesIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &folders{}
		e, c, b := startWorking(t, f)
		defer e.Stop()
		defer c.Close()
		drainConn(c, true)
		assign(t, c, 3, "j", 10)
		require.Empty(t, f.gone())
		assign(t, c, 3, "j", 12) // a newer attempt of the same job
		require.Empty(t, f.gone(), "the newer attempt uses it")
		require.Equal(t, []string{"j", "j"}, f.made)
		require.NoError(t, c.Push(&session.Stop{JobID: "j", Epoch: 12, Code: casare.CodeStaleEpoch}))
		require.Equal(t, []string{"j"}, f.gone())
		require.Equal(t, 2, f.closed)
		running, _ := b.counts()
		require.Zero(t, running)
	})
}

func TestWorkspace_OfARobotThatStopsStays(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &folders{}
		e, c, _ := startWorking(t, f)
		drainConn(c, true)
		assign(t, c, 3, "j", 10)
		synctest.Wait()
		e.Stop()
		c.Close()
		require.Empty(t, f.gone(), "the same attempt may come back")
		require.Equal(t, 1, f.closed)
	})
}

func TestWorkspace_ThatCannotBeMadeSendsTheJobElsewhere(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e, c, b := startWorking(t, &folders{broken: errors.New("disk full")})
		defer e.Stop()
		defer c.Close()
		reports := drainConn(c, true)
		assign(t, c, 3, "j", 10)
		<-time.After(50 * time.Millisecond)
		_, began := b.counts()
		require.Zero(t, began)
		for r := range reports {
			if len(r.Rejects) > 0 {
				require.Contains(t, r.Rejects[0].Reason, "disk full")
				return
			}
		}
	})
}
