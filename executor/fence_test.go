package executor_test

import (
	"context"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"casare"
	"casare/executor"
	"casare/session"
)

// fenced is blocking, but of documents that stop before the lease ends.
type fenced struct{ blocking }

func (f *fenced) Compile([]byte) (executor.Program, error) { return f, nil }

func (f *fenced) Policy() executor.Policy { return executor.Policy{Fence: true} }

func startWith(t *testing.T, r executor.Runner) (*executor.Executor, *scripted) {
	t.Helper()
	s := &scripted{streams: make(chan net.Conn, 64), changed: make(chan struct{}), term: 3}
	e, err := executor.New(executor.Config{
		Robot: casare.Robot{ID: "r", Slots: 2}, Load: func() executor.Load { return executor.Load{} },
	}, s, r)
	require.NoError(t, err)
	require.NoError(t, e.Start(context.Background()))
	return e, s
}

// leased welcomes the robot with a lease of 5 s.
func leased(t *testing.T, s *scripted, decisions ...session.Decision) *session.Conn {
	t.Helper()
	c := session.NewConn(<-s.streams)
	_, err := c.Receive()
	require.NoError(t, err)
	require.NoError(t, c.Push(&session.Welcome{Term: 3, LeaseMillis: 5000, Decisions: decisions}))
	return c
}

// answerUntil takes what the robot says and answers heartbeats until it is told not to.
func answerUntil(c *session.Conn) (reports chan *session.Report, stop func()) {
	var mu sync.Mutex
	silent := false
	reports = make(chan *session.Report, 64)
	go func() {
		defer close(reports)
		for {
			m, err := c.Receive()
			if err != nil {
				return
			}
			mu.Lock()
			quiet := silent
			mu.Unlock()
			switch m := m.(type) {
			case *session.Report:
				reports <- m
			case *session.Heartbeat:
				if !quiet {
					_ = c.Push(&session.HeartbeatAck{Number: m.Number})
				}
			}
		}
	}()
	return reports, func() { mu.Lock(); defer mu.Unlock(); silent = true }
}

func TestFence_ARunThatWantsItStopsBeforeTheLeaseEndsAndIsGivenBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fenced{}
		e, s := startWith(t, f)
		defer e.Stop()
		c := leased(t, s)
		_, silence := answerUntil(c)
		assign(t, c, 3, "j", 10)
		<-time.After(10500 * time.Millisecond)
		running, _ := f.counts()
		require.Equal(t, 1, running, "heartbeats are answered")
		silence()
		<-time.After(3400 * time.Millisecond) // the last answered heartbeat left at 10 s; 4 s are over at 14 s
		running, _ = f.counts()
		require.Equal(t, 1, running)
		<-time.After(200 * time.Millisecond)
		running, _ = f.counts()
		require.Zero(t, running)
		c.Close()

		c = leased(t, s, session.Decision{JobID: "j", Epoch: 10, Continue: true})
		defer c.Close()
		reports, _ := answerUntil(c)
		for r := range reports {
			if len(r.Releases) > 0 {
				require.Equal(t, casare.ReleaseJob{JobID: "j", Epoch: 10}, r.Releases[0])
				return
			}
		}
		t.Fatal("the job was not given back")
	})
}

func TestFence_OtherRunsGoOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := &blocking{}
		e, s := startWith(t, b)
		defer e.Stop()
		c := leased(t, s)
		_, silence := answerUntil(c)
		assign(t, c, 3, "j", 10)
		silence()
		<-time.After(time.Minute)
		running, _ := b.counts()
		require.Equal(t, 1, running)
		c.Close()
	})
}
