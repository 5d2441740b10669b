package daemon_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"casare"
	"casare/client"
	"casare/internal/meshtest"
)

// onceAt is a step that may run only once and stops at a gate.
func onceAt(g *gate) step {
	return step{"node_type": "TestGateNode", "config": step{"gate": g.name, "_effect": "once"}}
}

// visits is how often a step has come to a gate.
func visits(g *gate) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.visits)
}

// attention waits until a job needs it.
func attention(t *testing.T, m *meshtest.Mesh, c *client.Client, id string) client.Job {
	t.Helper()
	var job client.Job
	m.Eventually("job "+id+" needs attention", func(ctx context.Context) (err error) {
		if job, err = c.Job(ctx, id); err == nil && job.State != casare.JobNeedsAttention {
			err = fmt.Errorf("it is %s", job.State)
		}
		return err
	})
	return job
}

func TestResolve_AStepThatMayRunOnlyOnceIsNotRunAgainBeforeAPersonSaysSo(t *testing.T) {
	t.Parallel()
	m := meshtest.Start(t, 3, quickLeases)
	m.WaitCoordinators(3)
	leader := m.Leader()
	runner := m.Others(leader)[0]
	g := newGate(t)
	submitOnce := func() string {
		id := submit(t, leader.Client(), client.Submit{
			Workflow: document(t, setStep("x", 1), onceAt(g), logStep("paid {{s2.receipt}}")), RobotID: runner.ID(),
		})
		return id
	}
	var ids []string
	for i := range 3 {
		ids = append(ids, submitOnce())
		g.visited(t, i+1)
	}
	runner.Crash()
	for _, id := range ids {
		job := attention(t, m, leader.Client(), id)
		require.Equal(t, []string{"s2"}, job.OpenSteps)
		require.Contains(t, job.Reason, "Step s2 may only run once")
	}
	runner.Restart() // it does not know either
	g.open()
	require.Equal(t, 3, visits(g))
	resolve := func(id string, r client.Resolve) client.Resolved {
		attention(t, m, leader.Client(), id)
		var done client.Resolved
		m.Eventually("a decision", func(ctx context.Context) (err error) { // its robot may just be looking
			done, err = leader.Client().Resolve(ctx, id, r)
			return err
		})
		return done
	}
	require.Equal(t, casare.JobQueued, resolve(ids[0], client.Resolve{Action: casare.ResolveRetry}).State)
	require.Equal(t, casare.JobQueued, resolve(ids[1], client.Resolve{
		Action: casare.ResolveSkip, Outputs: json.RawMessage(`{"receipt":"by hand"}`),
	}).State)
	require.Equal(t, casare.JobFailed, resolve(ids[2], client.Resolve{Action: casare.ResolveFail, Message: "not paid"}).State)
	completed(t, m, leader.Client(), ids[0])
	completed(t, m, leader.Client(), ids[1])
	require.Equal(t, 1, lines(t, leader.Client(), ids[1], "paid by hand"))
	failed, err := leader.Client().Job(t.Context(), ids[2])
	require.NoError(t, err)
	require.Equal(t, &casare.JobError{NodeID: "s2", ErrorType: "Resolved", Message: "not paid"}, failed.Error)
	require.Equal(t, 4, visits(g), "only the one that was to be tried again ran again")
}
