package fault_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"casare"
	"casare/client"
	"casare/internal/fleet"
)

// writer submits one quick job after another through one robot, and remembers when each was acknowledged.
type writer struct {
	mu   sync.Mutex
	ids  []string
	acks []time.Time
	err  error
}

// run writes until ctx ends.
func (w *writer) run(ctx context.Context, t *testing.T, c *client.Client) {
	t.Helper()
	defer c.Close()
	for n := 0; ctx.Err() == nil; n++ {
		s, err := c.Submit(ctx, client.Submit{WorkflowName: fmt.Sprintf("write %d", n), Workflow: quick(t)})
		w.mu.Lock()
		switch {
		case err == nil:
			w.ids = append(w.ids, s.JobID)
			w.acks = append(w.acks, time.Now())
		case ctx.Err() == nil:
			w.err = err
		}
		w.mu.Unlock()
	}
}

// gapFrom returns the longest time without an acknowledged write from a moment on.
func (w *writer) gapFrom(moment time.Time) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	last, longest := moment, time.Duration(0)
	for _, at := range w.acks {
		if at.After(moment) {
			longest = max(longest, at.Sub(last))
			last = at
		}
	}
	return longest
}

// count returns how many writes were acknowledged after a moment.
func (w *writer) count(moment time.Time) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := 0
	for _, at := range w.acks {
		if at.After(moment) {
			n++
		}
	}
	return n
}

// enough writes show that writing goes on.
const enough = 5

func (w *writer) goesOn(t *testing.T, moment time.Time) {
	t.Helper()
	require.Eventually(t, func() bool { return w.count(moment) >= enough }, 30*time.Second, 2*time.Millisecond, "no writes are acknowledged")
}

// disturb runs a writer through a robot that does not lead while fault is done to the leader, n times, each time with three
// coordinators. It returns the longest time without an acknowledged write that each fault made.
func disturb(t *testing.T, f *fleet.Fleet, n int, fault func(leader *fleet.Robot)) *figures {
	t.Helper()
	var gaps figures
	var ids []string
	for i := range n {
		leader, err := f.Leader(t.Context())
		require.NoError(t, err)
		ctx, stop := context.WithCancel(t.Context())
		var w writer
		var done sync.WaitGroup
		done.Go(func() { w.run(ctx, t, f.Client(f.Others(leader)[i%2])) })
		w.goesOn(t, time.Now())
		moment := time.Now()
		fault(leader)
		_, err = f.Leader(t.Context())
		require.NoError(t, err)
		w.goesOn(t, time.Now())
		gaps.add(w.gapFrom(moment))
		stop()
		done.Wait()
		require.NoError(t, w.err)
		ids = append(ids, w.ids...)
		require.NoError(t, leader.Start(t.Context()))
		ready(t, f)
	}
	// A write that was cut off with its writer may or may not hold; every other one must.
	all, err := f.Client().Jobs(t.Context(), client.JobFilter{Limit: 1})
	require.NoError(t, err)
	require.GreaterOrEqual(t, all.Total, len(ids), "jobs were lost")
	require.LessOrEqual(t, all.Total, len(ids)+n+1, "jobs were doubled") // one is the canary's
	c := f.Client()
	for _, id := range ids {
		require.Eventually(t, func() bool {
			job, err := c.Job(t.Context(), id)
			return err == nil && job.State == casare.JobCompleted
		}, 30*time.Second, 20*time.Millisecond, "job %s", id)
	}
	ensureSame(t, f)
	t.Logf("%d faults, %d acknowledged jobs: none lost, none doubled", n, len(ids))
	return &gaps
}

func TestLeaderKilled_WritesGoOn(t *testing.T) { //nolint:paralleltest // it measures
	f := start(t)
	gaps := disturb(t, f, times(3, 100), func(leader *fleet.Robot) { leader.Kill() })
	gaps.report(t, "leader killed, next write through a robot that does not lead")
	gaps.within(t, 0.5, 1200*time.Millisecond)
	gaps.within(t, 0.99, 2*time.Second)
}

func TestLeaderStopped_WritesGoOnAtOnce(t *testing.T) { //nolint:paralleltest // it measures
	f := start(t)
	gaps := disturb(t, f, times(2, 30), func(leader *fleet.Robot) { require.NoError(t, leader.Stop(t.Context())) })
	gaps.report(t, "leader stopped in good order, next write")
	gaps.within(t, 0.99, 200*time.Millisecond)
}

func TestRobotKilled_ItsJobGoesOnElsewhere(t *testing.T) { //nolint:paralleltest // it measures
	f := start(t)
	var plain, leading figures
	for i := range times(2, 30) {
		c := f.Client(f.Robots()...)
		s, err := c.Submit(t.Context(), client.Submit{WorkflowName: "patient", Workflow: patient(t, 10)})
		require.NoError(t, err)
		var victim *fleet.Robot
		watchUntil(t, c, s.JobID, func(u client.Update) bool {
			if u.Job != nil {
				for _, r := range f.Robots() {
					if r.Name == u.Job.RobotName {
						victim = r
					}
				}
			}
			return u.Step != nil && u.Step.Step == "short" && u.Step.State == casare.StepCompleted
		})
		require.NotNil(t, victim)
		leader, err := f.Leader(t.Context())
		require.NoError(t, err)
		victim.Kill()
		killed := time.Now()
		others := f.Client(f.Others(victim)...)
		watchUntil(t, others, s.JobID, func(u client.Update) bool {
			return u.Job != nil && u.Job.Attempt == 2 && u.Job.State == casare.JobRunning
		})
		took := time.Since(killed)
		if victim == leader {
			leading.add(took)
		} else {
			plain.add(took)
		}
		t.Logf("kill %d: resumed after %s (it led: %v)", i+1, took.Round(time.Millisecond), victim == leader)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		job, err := others.WaitJob(ctx, s.JobID)
		cancel()
		require.NoError(t, err)
		require.Equal(t, casare.JobCompleted, job.State)
		log, err := others.Logs(t.Context(), s.JobID, "")
		require.NoError(t, err)
		first := 0
		for _, l := range log.Lines {
			if l.Step == "first" {
				first++
			}
		}
		require.Equal(t, 1, first, "the job began anew instead of going on")
		require.NoError(t, victim.Start(t.Context()))
		ready(t, f)
	}
	plain.report(t, "robot killed, its job runs elsewhere")
	leading.report(t, "the same when it also led")
	plain.within(t, 1, 8*time.Second)
	leading.within(t, 1, 10*time.Second)
	ensureSame(t, f)
}
