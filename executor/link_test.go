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

// blocking runs until it is stopped, and counts.
type blocking struct {
	mu      sync.Mutex
	running int
	began   int
}

func (b *blocking) Compile([]byte) (executor.Program, error) { return b, nil }

func (b *blocking) Policy() executor.Policy { return executor.Policy{} }

func (b *blocking) Run(ctx context.Context, o executor.RunOptions) executor.Outcome {
	b.add(1)
	defer b.add(-1)
	select {
	case <-ctx.Done():
		return executor.Outcome{State: casare.JobCancelled}
	case <-o.Stop:
		return executor.Outcome{Released: true}
	}
}

func (b *blocking) add(n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.running += n
	b.began += max(0, n)
}

func (b *blocking) counts() (running, began int) {
	synctest.Wait()
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.running, b.began
}

// scripted is a leader whose side of the session the test plays.
type scripted struct {
	streams chan net.Conn

	mu      sync.Mutex
	term    uint64
	changed chan struct{}
}

func (s *scripted) Dial(context.Context) (net.Conn, uint64, error) {
	here, there := net.Pipe()
	s.streams <- there
	s.mu.Lock()
	defer s.mu.Unlock()
	return here, s.term, nil
}

func (s *scripted) Changed() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed
}

func (s *scripted) elect(term uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.term = term
	close(s.changed)
	s.changed = make(chan struct{})
}

// meet accepts a session and welcomes it.
func (s *scripted) meet(t *testing.T, term uint64, decisions ...session.Decision) (*session.Conn, *session.Hello) {
	t.Helper()
	c := session.NewConn(<-s.streams)
	m, err := c.Receive()
	require.NoError(t, err)
	hello, ok := m.(*session.Hello)
	require.True(t, ok)
	require.NoError(t, c.Push(&session.Welcome{Term: term, Decisions: decisions}))
	return c, hello
}

func start(t *testing.T, slots int) (*executor.Executor, *scripted, *blocking) {
	t.Helper()
	s := &scripted{streams: make(chan net.Conn, 64), changed: make(chan struct{}), term: 3}
	b := &blocking{}
	e, err := executor.New(executor.Config{
		Robot: casare.Robot{ID: "r", Slots: slots}, Load: func() executor.Load { return executor.Load{} },
	}, s, b)
	require.NoError(t, err)
	require.NoError(t, e.Start(context.Background()))
	return e, s, b
}

var revision = casare.RevisionOf([]byte("{}"))

func assign(t *testing.T, c *session.Conn, term uint64, jobID string, epoch uint64) {
	t.Helper()
	require.NoError(t, c.Push(&session.Document{Revision: revision, Data: []byte("{}")}))
	require.NoError(t, c.Push(&session.Assign{Term: term, Attempts: []session.Assignment{
		{JobID: jobID, Epoch: epoch, Revision: revision, TimeoutMillis: 3_600_000},
	}}))
}

// drainConn takes whatever the robot says, answers heartbeats if told to, and keeps the reports.
func drainConn(c *session.Conn, answer bool) chan *session.Report {
	reports := make(chan *session.Report, 64)
	go func() {
		defer close(reports)
		for {
			m, err := c.Receive()
			if err != nil {
				return
			}
			switch m := m.(type) {
			case *session.Report:
				reports <- m
			case *session.Heartbeat:
				if answer {
					_ = c.Push(&session.HeartbeatAck{Number: m.Number})
				}
			}
		}
	}()
	return reports
}

func TestAssign_RepeatsLowerTermsAndOlderEpochsDoNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e, s, b := start(t, 2)
		defer e.Stop()
		c, _ := s.meet(t, 3)
		defer c.Close()
		drainConn(c, true)
		assign(t, c, 3, "j", 10)
		assign(t, c, 3, "j", 10)
		assign(t, c, 3, "j", 9)
		assign(t, c, 2, "k", 11) // a deposed leader
		running, began := b.counts()
		require.Equal(t, 1, running)
		require.Equal(t, 1, began)
		assign(t, c, 3, "j", 12) // the job came back as a new attempt
		running, began = b.counts()
		require.Equal(t, 1, running)
		require.Equal(t, 2, began)
		require.NoError(t, c.Push(&session.Stop{JobID: "j", Epoch: 10, Code: casare.CodeStaleEpoch}))
		running, _ = b.counts()
		require.Equal(t, 1, running)
		require.NoError(t, c.Push(&session.Stop{JobID: "j", Epoch: 12, Code: casare.CodeStaleEpoch}))
		running, _ = b.counts()
		require.Zero(t, running)
		require.Empty(t, e.Running())
	})
}

func TestSlots_BoundWhatRunsAndTheRestWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e, s, b := start(t, 1)
		defer e.Stop()
		c, _ := s.meet(t, 3)
		defer c.Close()
		reports := drainConn(c, true)
		assign(t, c, 3, "a", 1)
		synctest.Wait()
		assign(t, c, 3, "b", 2)
		running, began := b.counts()
		require.Equal(t, 1, running)
		require.Equal(t, 1, began)
		require.NoError(t, c.Push(&session.Cancel{JobID: "a", Epoch: 1, Reason: "enough"}))
		<-time.After(50 * time.Millisecond)
		running, began = b.counts()
		require.Equal(t, 1, running)
		require.Equal(t, 2, began)
		for r := range reports {
			if len(r.Finishes) > 0 {
				require.Equal(t, casare.JobCancelled, r.Finishes[0].State)
				require.Equal(t, "enough", r.Finishes[0].Error.Message)
				break
			}
		}
	})
}

func TestHello_NamesWhatIsHeldAndTheWelcomeDecides(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e, s, b := start(t, 3)
		defer e.Stop()
		c, first := s.meet(t, 3)
		drainConn(c, true)
		assign(t, c, 3, "goes-on", 1)
		assign(t, c, 3, "stale", 2)
		assign(t, c, 3, "unnamed", 3)
		synctest.Wait()
		c.Close()
		c, second := s.meet(t, 4,
			session.Decision{JobID: "goes-on", Epoch: 1, Continue: true, Seq: 5},
			session.Decision{JobID: "stale", Epoch: 2, Code: casare.CodeStaleEpoch})
		defer c.Close()
		drainConn(c, true)
		require.Equal(t, first.Instance, second.Instance)
		require.Greater(t, second.Number, first.Number)
		require.Len(t, second.Attempts, 3)
		running, _ := b.counts()
		require.Equal(t, 1, running)
		require.Equal(t, []string{"goes-on"}, e.Running())
	})
}

func TestLink_ASilentLeaderAndANewOneAreLeftForAnother(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e, s, _ := start(t, 1)
		defer e.Stop()
		c, _ := s.meet(t, 3)
		begin := time.Now()
		reports := drainConn(c, false)
		for range reports { // until the robot gives up
		}
		c.Close()
		require.LessOrEqual(t, time.Since(begin), 4*time.Second)

		c, _ = s.meet(t, 3)
		defer c.Close()
		drainConn(c, true)
		<-time.After(time.Minute)
		require.Empty(t, s.streams)
		begin = time.Now()
		s.elect(4)
		c, _ = s.meet(t, 4)
		defer c.Close()
		drainConn(c, true)
		require.LessOrEqual(t, time.Since(begin), 50*time.Millisecond)
		synctest.Wait() // it has read the welcome, and the term with it

		// One that welcomes with a term that is over is not believed.
		s.elect(4)
		c, _ = s.meet(t, 3)
		_, err := c.Receive()
		require.Error(t, err)
		c.Close()
		c, _ = s.meet(t, 4)
		defer c.Close()
		drainConn(c, true)
		synctest.Wait()
	})
}

func TestDrain_WithoutALeaderEndsWithItsContextAndStopLeavesNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e, s, _ := start(t, 1)
		c, _ := s.meet(t, 3)
		drainConn(c, true)
		assign(t, c, 3, "j", 1)
		synctest.Wait()
		c.Close()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.Equal(t, casare.CodeTimeout, casare.CodeOf(e.Drain(ctx)))
		e.Stop()
		e.Stop()
	})
}

func TestDrain_WithNothingToDoReturnsAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e, s, _ := start(t, 1)
		defer e.Stop()
		c, _ := s.meet(t, 3)
		defer c.Close()
		drainConn(c, true)
		require.NoError(t, e.Drain(t.Context()))
		require.NoError(t, e.Drain(t.Context()))
		assign(t, c, 3, "late", 1)
		synctest.Wait()
	})
}

func TestConfig_Validates(t *testing.T) {
	t.Parallel()
	_, err := executor.New(executor.Config{}, &scripted{}, &blocking{})
	require.ErrorContains(t, err, "robot id")
	_, err = executor.New(executor.Config{Robot: casare.Robot{ID: "r", Slots: 1 << 20}}, &scripted{}, &blocking{})
	require.ErrorContains(t, err, "slots")
	require.Positive(t, executor.Config{}.WithDefaults().Robot.Slots)
}
