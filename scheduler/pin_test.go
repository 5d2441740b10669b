package scheduler_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"casare"
	"casare/session"
)

// pinned has robot a run job j, which leaves something there, and then go silent. It returns the job's epoch.
func pinned(t *testing.T, l *leader, pin string) uint64 {
	t.Helper()
	c, _ := l.greet(hello("a", 1))
	l.submit("j")
	a := next[*session.Assign](t, c).Attempts[0]
	require.NoError(t, c.Push(&session.Report{Checkpoints: []casare.CheckpointJob{{
		JobID: "j", Epoch: a.Epoch, Seq: 1, Changes: []casare.Record{{Key: "pos", Data: []byte("1")}}, Pin: pin,
	}}}))
	require.Empty(t, next[*session.Acks](t, c).Acks[0].Code)
	c.Close()
	return a.Epoch
}

// beats keeps a robot's session until the test ends it, and gives what it is assigned.
func beats(t *testing.T, c *session.Conn) (assigned <-chan session.Assignment, stop func()) {
	t.Helper()
	out, over, ended := make(chan session.Assignment, 16), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for n := uint64(1); ; n++ {
			select {
			case <-over:
				return
			case <-tick.C:
				_ = c.Push(&session.Heartbeat{Number: n, Clock: casare.TimeOf(time.Now())})
			}
		}
	}()
	go func() {
		for {
			m, err := c.Receive()
			if err != nil {
				return
			}
			if a, ok := m.(*session.Assign); ok {
				for _, one := range a.Attempts {
					out <- one
				}
			}
		}
	}()
	return out, func() {
		close(over)
		c.Close()
		<-ended
	}
}

func pass(d time.Duration) { <-time.After(d) }

func TestPin_AJobWaitsForItsRobotThenForAPerson(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := robots("a", "b", "l")
		l := lead(t, store)
		defer l.end()
		epoch := pinned(t, l, "/data/out.csv")
		other, _ := l.greet(hello("b", 4))
		assigned, stop := beats(t, other)
		defer stop()
		pass(10 * time.Minute) // less than the lease and the wait
		j, err := store.Job("j")
		require.NoError(t, err)
		require.Equal(t, casare.JobQueued, j.State)
		pass(10 * time.Second)
		j, err = store.Job("j")
		require.NoError(t, err)
		require.Equal(t, casare.JobNeedsAttention, j.State)
		require.Contains(t, j.Reason, "/data/out.csv")
		require.Contains(t, j.Reason, "robot a")
		require.Empty(t, assigned, "another robot was given it")

		// Its robot was only cut off: it goes on where it is.
		back, m := l.greet(hello("a", 1, session.Held{JobID: "j", Epoch: epoch, Seq: 1}))
		defer back.Close()
		require.True(t, as[*session.Welcome](t, m).Decisions[0].Continue)
		j, err = store.Job("j")
		require.NoError(t, err)
		require.Equal(t, casare.JobRunning, j.State)
		require.Empty(t, j.Reason)
	})
}

func TestPin_ItsRobotComesBackInTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := robots("a", "b", "l")
		l := lead(t, store)
		defer l.end()
		epoch := pinned(t, l, "/data/out.csv")
		other, _ := l.greet(hello("b", 4))
		assigned, stop := beats(t, other)
		defer stop()
		pass(9 * time.Minute)
		h := hello("a", 1)
		h.Instance = 2 // it was restarted
		c, _ := l.greet(h)
		again := next[*session.Assign](t, c).Attempts[0]
		require.Equal(t, "j", again.JobID)
		require.Greater(t, again.Epoch, epoch)
		// From now on the wait begins anew whenever it goes.
		c.Close()
		pass(10 * time.Minute)
		j, err := store.Job("j")
		require.NoError(t, err)
		require.Equal(t, casare.JobQueued, j.State)
		require.Equal(t, "a", j.BoundTo())
		require.Empty(t, assigned)
	})
}

func TestPin_ABusyRobotIsWaitedForWithoutEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := robots("a", "b", "l")
		l := lead(t, store)
		defer l.end()
		pinned(t, l, "/data/out.csv")
		pass(6 * time.Second) // its lease ends
		h := hello("a", 1)
		h.Instance, h.Stopping = 2, false
		for i := range 2 { // as many as it has slots, and older
			spec := casare.JobSpec{ID: string(rune('x' + i)), Tenant: casare.DefaultTenant, Revision: store.AddDocument([]byte("{}")), CreatedAt: -1, TargetRobot: "a"}
			propose(t, store, casare.SubmitJob{Spec: spec}, spec.ID)
		}
		c, _ := l.greet(h)
		assigned, stop := beats(t, c)
		defer stop()
		pass(30 * time.Minute)
		require.Len(t, assigned, 1)
		j, err := store.Job("j")
		require.NoError(t, err)
		require.Equal(t, casare.JobQueued, j.State)
	})
}

func TestPin_ANewLeaderCountsFromWhenTheJobBeganToWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := robots("a", "b", "l")
		l := lead(t, store)
		pinned(t, l, "/data/out.csv")
		pass(6 * time.Minute)
		l.end()
		l = lead(t, store)
		defer l.end()
		pass(5 * time.Minute)
		j, err := store.Job("j")
		require.NoError(t, err)
		require.Equal(t, casare.JobNeedsAttention, j.State)
	})
}
