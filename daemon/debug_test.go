package daemon_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"casare"
	"casare/client"
	"casare/internal/meshtest"
)

func TestDebug_ThroughAnyRobotAndAcrossLeaders(t *testing.T) {
	t.Parallel()
	m := meshtest.Start(t, 3, quickLeases)
	m.WaitCoordinators(3)
	plain := m.Add()
	online(t, m, 4)
	leader := m.Leader()
	runs := m.Others(leader, plain)[0]
	c := plain.Client() // holds no state and does not run the job
	id := submit(t, c, client.Submit{
		Workflow: document(t, setStep("n", 1), logStep("n is {{n}}"), setStep("m", 2), logStep("end")), RobotID: runs.ID(),
		Debug: &casare.DebugSpec{Breakpoints: []casare.Breakpoint{{Step: "s2"}}, Watches: []string{"n + 1"}},
	})
	stopped := func(j client.Job) bool { return j.Paused && j.State == casare.JobRunning }
	job := until(t, m, c, id, "is stopped", stopped)
	require.Equal(t, "s2", job.PausedAt)

	state, err := c.Debug(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, []string{id, "s2", "breakpoint"}, []string{state.JobID, state.Step, state.Reason})
	require.JSONEq(t, "2", string(state.Watches[0].Value))
	state, err = c.DebugDo(t.Context(), id, casare.DebugSetVariable, client.DebugCommand{Name: "n", Value: json.RawMessage("41")})
	require.NoError(t, err)
	require.JSONEq(t, "42", string(state.Watches[0].Value))
	state, err = leader.Client().DebugDo(t.Context(), id, casare.DebugStepOver, client.DebugCommand{})
	require.NoError(t, err)
	require.Equal(t, []string{"s3", "step"}, []string{state.Step, state.Reason})

	leader.Crash()
	next := m.Leader()
	job = until(t, m, next.Client(), id, "is still stopped", stopped)
	require.Equal(t, []any{"s3", 1}, []any{job.PausedAt, job.Attempt})
	state, err = c.SetDebug(t.Context(), id, casare.DebugSpec{Watches: []string{"n"}})
	require.NoError(t, err)
	require.Empty(t, state.Breakpoints)
	require.JSONEq(t, "41", string(state.Watches[0].Value))
	resumed(t, m, c, id)
	done := completed(t, m, next.Client(), id)
	require.False(t, done.Paused)
	require.Contains(t, string(done.Result), `"n":41`)
	require.Equal(t, 1, lines(t, c, id, "n is 41"))
	_, err = c.Debug(t.Context(), id)
	require.Equal(t, casare.CodeTransition, casare.CodeOf(err))
	leader.Restart()
	m.WaitCoordinators(3)
}

func TestDebug_PauseResumeAndCancelOfAJobThatRuns(t *testing.T) {
	t.Parallel()
	m := meshtest.Start(t, 1)
	r := m.Leader()
	c := r.Client()
	for _, end := range []string{"resume", "cancel"} {
		g := newGate(t)
		id := submit(t, c, client.Submit{Workflow: document(t, gateAt(g), logStep("after"))})
		g.visited(t, 1)
		socket := open(t, r, "/ws/jobs/"+id)
		state, err := c.Pause(t.Context(), id)
		require.NoError(t, err)
		require.False(t, state.Paused, "a step is never stopped in its middle")
		g.open()
		job := until(t, m, c, id, "is stopped", func(j client.Job) bool { return j.Paused })
		require.Equal(t, "s2", job.PausedAt)
		for f, ok := socket.read(t); ; f, ok = socket.read(t) {
			require.True(t, ok)
			if f.Type == "debug_update" {
				require.Equal(t, casare.DebugStop{Paused: true, Reason: "pause", Text: "The run was paused.", Step: "s2", Since: f.Debug.Since}, *f.Debug)
				break
			}
		}
		if end == "cancel" {
			_, err = c.Cancel(t.Context(), id, "enough")
			require.NoError(t, err)
			until(t, m, c, id, "is cancelled", func(j client.Job) bool { return j.State == casare.JobCancelled && !j.Paused })
			continue
		}
		_, err = c.Resume(t.Context(), id)
		require.NoError(t, err)
		completed(t, m, c, id)
	}
}

// resumed lets a job go on. Its robot may have to find the new leader first, and is asked again until it has.
func resumed(t *testing.T, m *meshtest.Mesh, c *client.Client, id string) {
	t.Helper()
	m.Eventually("job "+id+" goes on", func(ctx context.Context) error {
		if _, err := c.Resume(ctx, id); err == nil {
			return nil
		}
		job, err := c.Job(ctx, id)
		if err == nil && job.Paused {
			err = errors.New("it is still stopped")
		}
		return err
	})
}

// A job that was stopped when its robot died stops again where its submit says so, on the robot that takes it over.
func TestDebug_ARobotThatDiesWhileTheJobIsStopped(t *testing.T) {
	t.Parallel()
	m := meshtest.Start(t, 3, quickLeases)
	m.WaitCoordinators(3)
	online(t, m, 3)
	var dead *meshtest.Robot
	c := m.Leader().Client()
	var id string
	for dead == nil { // until one is placed on a robot that does not lead
		id = submit(t, c, client.Submit{
			Workflow: document(t, logStep("before"), logStep("after")), Debug: &casare.DebugSpec{Breakpoints: []casare.Breakpoint{{Step: "s2"}}},
		})
		job := until(t, m, c, id, "is stopped", func(j client.Job) bool { return j.Paused })
		for _, r := range m.Others(m.Leader()) {
			if r.ID() == job.RobotID {
				dead = r
			}
		}
	}
	dead.Crash()
	job := until(t, m, c, id, "is stopped elsewhere", func(j client.Job) bool { return j.Paused && j.Attempt == 2 })
	require.NotEqual(t, dead.ID(), job.RobotID)
	resumed(t, m, c, id)
	completed(t, m, c, id)
	require.Equal(t, 1, lines(t, c, id, "] before"), "a stop takes a checkpoint")
	dead.Restart()
	m.WaitCoordinators(3)
}

func TestMode_OfASubmit(t *testing.T) {
	t.Parallel()
	m := meshtest.Start(t, 1)
	c := m.Leader().Client()
	for name, tc := range map[string]struct {
		change func(*client.Submit)
		has    []int // lines "one", "two", "three"
	}{
		"to":   {func(s *client.Submit) { s.RunTo = "s2" }, []int{1, 1, 0}},
		"only": {func(s *client.Submit) { s.RunStep = "s2" }, []int{0, 1, 0}},
		"all":  {func(s *client.Submit) { s.RunAll = true }, []int{1, 1, 1}},
	} {
		s := client.Submit{Workflow: document(t, logStep("one"), logStep("two"), logStep("three"))}
		tc.change(&s)
		id := submit(t, c, s)
		completed(t, m, c, id)
		for i, text := range []string{"] one", "] two", "] three"} {
			require.Equal(t, tc.has[i], lines(t, c, id, text), "%s: %s", name, text)
		}
	}
	a := ask(t, m.Leader(), http.MethodPost, "/api/v1/jobs/submit", []byte(`{"workflow_json":`+string(quick(t))+`,"run_to":"s1","run_all":true}`))
	require.Equal(t, casare.CodeInvalid, a.code())
}
