package scheduler_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"casare"
	"casare/scheduler"
	"casare/scheduler/schedulertest"
	"casare/session"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// leader is a scheduler that leads, in a bubble.
type leader struct {
	t     *testing.T
	store *schedulertest.Store
	s     *scheduler.Scheduler
	end   func()
}

func lead(t *testing.T, store *schedulertest.Store) *leader {
	t.Helper()
	s, err := scheduler.New(scheduler.Config{RobotID: "l"}, store)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Lead(ctx, 7) }()
	synctest.Wait()
	return &leader{t: t, store: store, s: s, end: func() { cancel(); require.NoError(t, <-done) }}
}

// dial is a robot's connection, with what Serve returned in the end.
func (l *leader) dial(robotID string) (*session.Conn, <-chan error) {
	here, there := net.Pipe()
	served := make(chan error, 1)
	go func() { served <- l.s.Serve(context.Background(), there, robotID, "x") }()
	return session.NewConn(here), served
}

// greet dials and says hello, and returns the answer.
func (l *leader) greet(h *session.Hello) (*session.Conn, session.Message) {
	l.t.Helper()
	c, _ := l.dial(h.Robot.ID)
	require.NoError(l.t, c.Push(h))
	m, err := c.Receive()
	require.NoError(l.t, err)
	return c, m
}

func hello(robotID string, slots int, held ...session.Held) *session.Hello {
	return &session.Hello{
		Version: session.Version, Instance: 1, Number: 1, Robot: casare.Robot{ID: robotID, Name: robotID, Slots: slots}, Attempts: held,
	}
}

func (l *leader) submit(id string) {
	l.t.Helper()
	submit(l.t, l.store, id, 0)
}

func submit(tb testing.TB, store *schedulertest.Store, id string, priority int) {
	tb.Helper()
	spec := casare.JobSpec{ID: id, Tenant: casare.DefaultTenant, Revision: store.AddDocument([]byte("{}")), Priority: priority, CreatedAt: 1}
	propose(tb, store, casare.SubmitJob{Spec: spec}, id)
}

func propose(tb testing.TB, store *schedulertest.Store, cmd casare.Command, id string) casare.Result {
	tb.Helper()
	results, err := store.Propose(context.Background(), casare.Proposal{ID: id, Tenant: casare.DefaultTenant, Command: cmd})
	require.NoError(tb, err)
	require.Nil(tb, results[0].Err)
	return results[0]
}

func robots(ids ...string) *schedulertest.Store {
	store := schedulertest.New()
	for _, id := range ids {
		store.AddRobot(casare.Robot{ID: id, Name: id})
	}
	return store
}

// next returns the next message that is not a document or an answer to a heartbeat.
func next[M session.Message](t *testing.T, c *session.Conn) M {
	t.Helper()
	for {
		m, err := c.Receive()
		require.NoError(t, err)
		if k := m.Kind(); k != session.KindDocument && k != session.KindHeartbeatAck {
			return as[M](t, m)
		}
	}
}

func as[M session.Message](t *testing.T, m session.Message) M {
	t.Helper()
	typed, ok := m.(M)
	require.True(t, ok, "%#v", m)
	return typed
}

// quiet demands that the leader has nothing to say for a moment.
func quiet(t *testing.T, c *session.Conn) {
	t.Helper()
	require.NoError(t, c.SetReadDeadline(time.Now().Add(time.Second)))
	m, err := c.Receive()
	require.Error(t, err, "%#v", m)
}

func TestReconcile_EveryStateMeetsEveryHello(t *testing.T) {
	t.Parallel()
	// What the state says of the job when robot a says hello; each returns the epoch a was given, 0 for none.
	states := map[string]func(t *testing.T, s *schedulertest.Store) uint64{
		"unknown": func(*testing.T, *schedulertest.Store) uint64 { return 3 },
		"assigned": func(t *testing.T, s *schedulertest.Store) uint64 {
			t.Helper()
			submit(t, s, "j", 0)
			return propose(t, s, casare.AssignJob{JobID: "j", RobotID: "a"}, "1").Index
		},
		"running": func(t *testing.T, s *schedulertest.Store) uint64 {
			t.Helper()
			submit(t, s, "j", 0)
			e := propose(t, s, casare.AssignJob{JobID: "j", RobotID: "a"}, "1").Index
			propose(t, s, casare.CheckpointJob{JobID: "j", Epoch: e, Seq: 1, Changes: []casare.Record{{Key: "pos", Data: []byte("c1")}}, Log: casare.LogChunk{
				Lines: [][]byte{fmt.Appendf(nil, `{"n":0,"attempt":%d}`+"\n", e)},
			}}, "2")
			return e
		},
		"expired": func(t *testing.T, s *schedulertest.Store) uint64 {
			t.Helper()
			submit(t, s, "j", 0)
			e := propose(t, s, casare.AssignJob{JobID: "j", RobotID: "a"}, "1").Index
			propose(t, s, casare.ExpireJob{JobID: "j", Epoch: e}, "2")
			return e
		},
		"lost": func(t *testing.T, s *schedulertest.Store) uint64 {
			t.Helper()
			submit(t, s, "j", 0)
			e := propose(t, s, casare.AssignJob{JobID: "j", RobotID: "a"}, "1").Index
			propose(t, s, casare.CheckpointJob{JobID: "j", Epoch: e, Seq: 1, Open: "pay"}, "2")
			propose(t, s, casare.ExpireJob{JobID: "j", Epoch: e}, "3")
			return e
		},
		"moved": func(t *testing.T, s *schedulertest.Store) uint64 {
			t.Helper()
			submit(t, s, "j", 0)
			e := propose(t, s, casare.AssignJob{JobID: "j", RobotID: "a"}, "1").Index
			propose(t, s, casare.ExpireJob{JobID: "j", Epoch: e}, "2")
			propose(t, s, casare.AssignJob{JobID: "j", RobotID: "b"}, "3")
			return e
		},
		"completed": func(t *testing.T, s *schedulertest.Store) uint64 {
			t.Helper()
			submit(t, s, "j", 0)
			e := propose(t, s, casare.AssignJob{JobID: "j", RobotID: "a"}, "1").Index
			propose(t, s, casare.FinishJob{JobID: "j", Epoch: e, State: casare.JobCompleted}, "2")
			return e
		},
		"cancelling": func(t *testing.T, s *schedulertest.Store) uint64 {
			t.Helper()
			submit(t, s, "j", 0)
			e := propose(t, s, casare.AssignJob{JobID: "j", RobotID: "a"}, "1").Index
			propose(t, s, casare.CancelJob{JobID: "j", Reason: "r"}, "2")
			return e
		},
	}
	type want struct {
		decision string // of the attempt that hello names
		pushed   string // what follows the welcome
	}
	wants := map[string]map[string]want{
		"unknown":    {"holds": {"stop RESOURCE_NOT_FOUND", ""}, "finished": {"stop RESOURCE_NOT_FOUND", ""}, "older": {"stop RESOURCE_NOT_FOUND", ""}, "lacks": {"", ""}},
		"assigned":   {"holds": {"continue 0", ""}, "finished": {"continue 0", ""}, "older": {"stop STALE_EPOCH", "assign 0 0"}, "lacks": {"", "assign 0 0"}},
		"running":    {"holds": {"continue 1", ""}, "finished": {"continue 1", ""}, "older": {"stop STALE_EPOCH", "assign 1 1"}, "lacks": {"", "assign 1 1"}},
		"expired":    {"holds": {"continue 0", ""}, "finished": {"continue 0", ""}, "older": {"stop STALE_EPOCH", "assign 0 0"}, "lacks": {"", "assign 0 0"}},
		"lost":       {"holds": {"continue 1", ""}, "finished": {"continue 1", ""}, "older": {"stop STALE_EPOCH", ""}, "lacks": {"", ""}},
		"moved":      {"holds": {"stop STALE_EPOCH", ""}, "finished": {"stop STALE_EPOCH", ""}, "older": {"stop STALE_EPOCH", ""}, "lacks": {"", ""}},
		"completed":  {"holds": {"stop INVALID_STATE_TRANSITION", ""}, "finished": {"stop INVALID_STATE_TRANSITION", ""}, "older": {"stop STALE_EPOCH", ""}, "lacks": {"", ""}},
		"cancelling": {"holds": {"cancel 0", ""}, "finished": {"cancel 0", ""}, "older": {"stop STALE_EPOCH", "assign 0 0"}, "lacks": {"", "assign 0 0"}},
	}
	for state, prepare := range states {
		for says, expected := range wants[state] {
			t.Run(state+" and hello "+says, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					store := robots("a", "b", "l")
					epoch := prepare(t, store)
					l := lead(t, store)
					defer l.end()
					var held []session.Held
					switch says {
					case "holds":
						held = append(held, session.Held{JobID: "j", Epoch: epoch})
					case "finished":
						held = append(held, session.Held{JobID: "j", Epoch: epoch, Finished: true})
					case "older":
						held = append(held, session.Held{JobID: "j", Epoch: epoch - 1})
					}
					c, m := l.greet(hello("a", 2, held...))
					defer c.Close()
					w := as[*session.Welcome](t, m)
					require.Equal(t, uint64(7), w.Term)
					require.Len(t, w.Decisions, len(held))
					if len(held) > 0 {
						require.Equal(t, expected.decision, decision(w.Decisions[0]))
					}
					if expected.pushed == "" {
						quiet(t, c)
						return
					}
					a := next[*session.Assign](t, c).Attempts[0]
					require.Equal(t, expected.pushed, fmt.Sprintf("assign %d %d", a.Seq, a.Lines))
					if state != "expired" {
						require.Equal(t, epoch, a.Epoch)
					}
					if state == "cancelling" {
						next[*session.Cancel](t, c)
					}
				})
			})
		}
	}
}

func decision(d session.Decision) string {
	switch {
	case d.Cancel:
		return fmt.Sprintf("cancel %d", d.Seq)
	case d.Continue:
		return fmt.Sprintf("continue %d", d.Seq)
	default:
		return "stop " + string(d.Code)
	}
}

func TestHello_TheNewerSessionClosesTheOlder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := lead(t, robots("a"))
		defer l.end()
		say := func(instance, number uint64) *session.Hello {
			h := hello("a", 1)
			h.Instance, h.Number = instance, number
			return h
		}
		first, m := l.greet(say(1, 5))
		require.IsType(t, &session.Welcome{}, m)
		defer first.Close()
		second, m := l.greet(say(1, 6))
		require.IsType(t, &session.Welcome{}, m)
		defer second.Close()
		_, err := first.Receive()
		require.ErrorIs(t, err, io.EOF)

		late, served := l.dial("a")
		defer late.Close()
		require.NoError(t, late.Push(say(1, 5)))
		require.Equal(t, casare.CodeConflict, casare.CodeOf(<-served))

		restarted, m := l.greet(say(9, 1))
		require.IsType(t, &session.Welcome{}, m)
		defer restarted.Close()
		_, err = second.Receive()
		require.ErrorIs(t, err, io.EOF)

		l.submit("j")
		next[*session.Assign](t, restarted)
	})
}

func TestHello_RefusalsSayWhy(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := robots("a")
		l := lead(t, store)
		for name, c := range map[string]struct {
			peer  string
			hello *session.Hello
			code  casare.Code
		}{
			"another robot's name": {"a", hello("b", 1), casare.CodeForbidden},
			"never joined":         {"stranger", hello("stranger", 1), casare.CodeForbidden},
			"another version":      {"a", &session.Hello{Version: 99}, casare.CodeUnsupported},
		} {
			conn, served := l.dial(c.peer)
			require.NoError(t, conn.Push(c.hello), name)
			m, err := conn.Receive()
			require.NoError(t, err, name)
			require.Equal(t, c.code, as[*session.Refused](t, m).Code, name)
			require.Equal(t, c.code, casare.CodeOf(<-served), name)
			conn.Close()
		}
		silent, served := l.dial("a")
		require.Error(t, <-served) // after the time for a hello
		silent.Close()
		l.end()

		conn, served := l.dial("a")
		defer conn.Close()
		m, err := conn.Receive()
		require.NoError(t, err)
		require.Equal(t, &session.NotLeader{Leader: "x"}, m)
		require.NoError(t, <-served)
	})
}

func TestAuthority_ARobotReportsOnlyOnItsOwnAttempts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := robots("a", "b")
		l := lead(t, store)
		defer l.end()
		a, _ := l.greet(hello("a", 1))
		defer a.Close()
		l.submit("j")
		epoch := next[*session.Assign](t, a).Attempts[0].Epoch
		b, _ := l.greet(hello("b", 0))
		defer b.Close()

		attempts := []*session.Report{
			{Started: []casare.StartJob{{JobID: "j", Epoch: epoch}}},
			{Checkpoints: []casare.CheckpointJob{{JobID: "j", Epoch: epoch, Seq: 1, Changes: []casare.Record{{Key: "pos", Data: []byte("x")}}}}},
			{Finishes: []casare.FinishJob{{JobID: "j", Epoch: epoch, State: casare.JobCompleted}}},
			{Rejects: []casare.RejectJob{{JobID: "j", Epoch: epoch, RobotID: "a"}}},
			{Releases: []casare.ReleaseJob{{JobID: "j", Epoch: epoch}}},
		}
		for _, r := range attempts {
			require.NoError(t, b.Push(r))
			acks := next[*session.Acks](t, b).Acks
			require.Len(t, acks, 1)
			require.Equal(t, casare.CodeForbidden, acks[0].Code)
		}
		require.NoError(t, b.Push(&session.Live{Attempts: []session.LiveAttempt{{JobID: "j", Epoch: epoch}}}))
		j, err := store.Job("j")
		require.NoError(t, err)
		require.Equal(t, casare.JobAssigned, j.State)

		require.NoError(t, a.Push(&session.Report{Finishes: []casare.FinishJob{
			{JobID: "j", Epoch: epoch - 1, State: casare.JobFailed},
			{JobID: "nothing", Epoch: 1, State: casare.JobFailed},
			{JobID: "j", Epoch: epoch, State: casare.JobCompleted},
		}}))
		codes := map[casare.Code]int{}
		for _, ack := range next[*session.Acks](t, a).Acks {
			codes[ack.Code]++
		}
		require.Equal(t, map[casare.Code]int{"": 1, casare.CodeStaleEpoch: 1, casare.CodeNotFound: 1}, codes)

		// A message only a leader sends ends the session.
		require.NoError(t, b.Push(&session.Welcome{Term: 99}))
		_, err = b.Receive()
		require.Error(t, err)
	})
}

func TestReject_NamesTheSessionsRobotWhateverTheReportSays(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := robots("a", "b")
		l := lead(t, store)
		defer l.end()
		a, _ := l.greet(hello("a", 1))
		defer a.Close()
		l.submit("j")
		epoch := next[*session.Assign](t, a).Attempts[0].Epoch
		require.NoError(t, a.Push(&session.Report{Rejects: []casare.RejectJob{{JobID: "j", Epoch: epoch, RobotID: "b", Reason: "no"}}}))
		require.Empty(t, next[*session.Acks](t, a).Acks[0].Code)
		j, err := store.Job("j")
		require.NoError(t, err)
		require.Equal(t, []string{"a"}, j.RejectedBy)
	})
}

func TestDocuments_GoOnceASessionAndAgainWhenAskedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := robots("a")
		l := lead(t, store)
		defer l.end()
		a, _ := l.greet(hello("a", 4))
		defer a.Close()
		var kinds []session.Kind
		receive := func() session.Message {
			m, err := a.Receive()
			require.NoError(t, err)
			kinds = append(kinds, m.Kind())
			return m
		}
		l.submit("j1")
		revision := as[*session.Document](t, receive()).Revision
		receive()
		l.submit("j2")
		receive()
		require.NoError(t, a.Push(&session.Want{Revisions: []string{revision}}))
		require.Equal(t, []byte("{}"), as[*session.Document](t, receive()).Data)
		require.Equal(t, []session.Kind{session.KindDocument, session.KindAssign, session.KindAssign, session.KindDocument}, kinds)
	})
}

func TestLease_AClosedSessionExpiresNothingASilentOneDoes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := robots("a")
		l := lead(t, store)
		defer l.end()
		a, _ := l.greet(hello("a", 1))
		l.submit("j")
		next[*session.Assign](t, a)
		a.Close()
		state := func() casare.JobState {
			j, err := store.Job("j")
			require.NoError(t, err)
			return j.State
		}
		<-time.After(4900 * time.Millisecond)
		require.Equal(t, casare.JobAssigned, state())
		<-time.After(200 * time.Millisecond)
		require.Equal(t, casare.JobQueued, state())
	})
}

func TestLease_AfterLeadershipIsWonEveryAttemptGetsTTLAndGrace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := robots("a")
		submit(t, store, "j", 0)
		propose(t, store, casare.AssignJob{JobID: "j", RobotID: "a"}, "1")
		l := lead(t, store)
		defer l.end()
		<-time.After(6900 * time.Millisecond)
		j, err := store.Job("j")
		require.NoError(t, err)
		require.Equal(t, casare.JobAssigned, j.State)
		<-time.After(200 * time.Millisecond)
		j, err = store.Job("j")
		require.NoError(t, err)
		require.Equal(t, casare.JobQueued, j.State)
	})
}

func TestHandover_PlacesNothingMeanwhile(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := robots("a")
		l := lead(t, store)
		defer l.end()
		a, _ := l.greet(hello("a", 1))
		defer a.Close()
		go func() { // a robot that takes everything
			for {
				if _, err := a.Receive(); err != nil {
					return
				}
			}
		}()
		entries := 0
		err := l.s.Handover(context.Background(), func(context.Context) error {
			l.submit("j") //nolint:contextcheck // what is handed over is not this
			entries = store.Entries()
			<-time.After(time.Second)
			require.Equal(t, entries, store.Entries())
			return casare.Errorf(casare.CodeUnavailable, "nobody to hand over to")
		})
		require.Equal(t, casare.CodeUnavailable, casare.CodeOf(err))
		synctest.Wait()
		require.Equal(t, entries+1, store.Entries()) // placing goes on
	})
}

func TestWatch_ASlowWatcherIsDroppedAndTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := robots("a")
		l := lead(t, store)
		defer l.end()
		a, _ := l.greet(hello("a", 1))
		defer a.Close()
		l.submit("j")
		epoch := next[*session.Assign](t, a).Attempts[0].Epoch
		w, err := l.s.Watch("")
		require.NoError(t, err)
		other, err := l.s.Watch("elsewhere")
		require.NoError(t, err)
		require.True(t, next[*session.Watch](t, a).On)
		for i := range uint64(1000) {
			require.NoError(t, a.Push(&session.Live{Attempts: []session.LiveAttempt{
				{JobID: "j", Epoch: epoch, Steps: []casare.StepEvent{{N: i, Step: "s", State: casare.StepStarted}}},
			}}))
		}
		synctest.Wait()
		var got []uint64
		for batch := range w.C() { // closed behind what fitted
			for _, u := range batch {
				got = append(got, u.Step.N)
			}
		}
		require.True(t, slices.IsSorted(got))
		require.Len(t, got, 256)
		require.Equal(t, casare.CodeTimeout, casare.CodeOf(w.Err()))
		w.Close()
		other.Close()
		require.False(t, next[*session.Watch](t, a).On)
		require.NoError(t, other.Err())
	})
}
