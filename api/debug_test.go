package api_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"casare"
)

// runningJob is a job that robot-a runs.
func runningJob(t *testing.T, w *world) string {
	t.Helper()
	id := is[string](w.robots[0].post("/api/v1/jobs", `{"workflow_json":`+hello+`}`).ok()["job_id"])
	w.store.mu.Lock()
	defer w.store.mu.Unlock()
	j := w.store.jobs[id]
	require.NoError(t, j.Assign("robot-a", 7, 1))
	return id
}

func TestDebug_EveryRouteAsksTheRobotThatRunsTheJob(t *testing.T) {
	t.Parallel()
	w := setup(t, 2)
	id := runningJob(t, w)
	w.fleet.answers = casare.DebugState{
		Paused: true, Step: "s", Reason: "breakpoint", Variables: []casare.DebugVariable{{Name: "x", Text: "long…"}, {Name: "y", Value: []byte("15.0")}},
	}
	r := w.robots[1] // does not lead
	for _, c := range []struct {
		method, path, body string
		want               casare.DebugCommand
	}{
		{http.MethodPost, "/pause", "", casare.DebugCommand{Verb: casare.DebugPause}},
		{http.MethodPost, "/resume", "{}", casare.DebugCommand{Verb: casare.DebugContinue}},
		{http.MethodGet, "/debug", "", casare.DebugCommand{Verb: casare.DebugLook}},
		{http.MethodPut, "/debug", `{"breakpoints":[{"step":"a","condition":"x > 1"}],"watches":["x"],"idle_seconds":9,"on_idle":"cancel"}`, casare.DebugCommand{
			Verb: casare.DebugConfigure, Spec: &casare.DebugSpec{
				Breakpoints: []casare.Breakpoint{{Step: "a", Condition: "x > 1"}}, Watches: []string{"x"}, IdleSeconds: 9, OnIdle: "cancel",
			},
		}},
		{http.MethodPost, "/debug/step_over", "", casare.DebugCommand{Verb: casare.DebugStepOver}},
		{http.MethodPost, "/debug/run_to", `{"node_id":"b"}`, casare.DebugCommand{Verb: casare.DebugRunTo, Step: "b"}},
		{http.MethodPost, "/debug/set_variable", `{"name":"x","value":15.0}`, casare.DebugCommand{Verb: casare.DebugSetVariable, Name: "x", Value: []byte("15.0")}},
	} {
		answer := r.do(c.method, "/api/v1/jobs/"+id+c.path, c.body)
		out := answer.ok()
		require.Equal(t, []any{id, true, "s"}, []any{out["job_id"], out["paused"], out["step"]}, c.path)
		require.Contains(t, string(answer.body), `"stack":[]`, "no list is null")
		require.Contains(t, string(answer.body), `"value":15.0`, "the kind of a value is kept")
		w.fleet.mu.Lock()
		got := w.fleet.commands[len(w.fleet.commands)-1]
		w.fleet.mu.Unlock()
		require.Equal(t, c.method == http.MethodGet, got.ID == "", "%s: what changes something is known when it comes again", c.path)
		got.ID = ""
		require.Equal(t, c.want, got, c.path)
	}
}

func TestDebug_WhatIsWrongIsSaid(t *testing.T) {
	t.Parallel()
	w := setup(t, 1)
	r := w.robots[0]
	queued := is[string](r.post("/api/v1/jobs", `{"workflow_json":`+hello+`}`).ok()["job_id"])
	id := runningJob(t, w)
	for _, c := range []struct {
		path, body string
		status     int
	}{
		{queued + "/pause", "", http.StatusConflict},
		{"nobody/pause", "", http.StatusNotFound},
		{id + "/debug/dance", "", http.StatusBadRequest},
		{id + "/debug/configure", "", http.StatusBadRequest},
		{id + "/debug/run_to", "", http.StatusBadRequest},
		{id + "/debug/set_variable", `{"name":"x"}`, http.StatusBadRequest},
	} {
		require.Equal(t, c.status, r.post("/api/v1/jobs/"+c.path, c.body).status, c.path)
	}
	require.Empty(t, w.fleet.commands)
	w.fleet.refuses = casare.Errorf(casare.CodeTransition, "the run is not stopped")
	answer := r.post("/api/v1/jobs/"+id+"/resume", "")
	require.Equal(t, http.StatusConflict, answer.status)
	require.Contains(t, string(answer.body), "the run is not stopped")
	for _, body := range []string{
		`{"workflow_json":` + hello + `,"debug":{"on_idle":"sleep"}}`, `{"workflow_json":` + hello + `,"run_to":"a","run_step":"b"}`,
	} {
		require.Equal(t, http.StatusBadRequest, r.post("/api/v1/jobs", body).status, body)
	}
}

func TestDebug_AStoppedJobSaysSoAndItsSubmitIsKept(t *testing.T) {
	t.Parallel()
	w := setup(t, 1)
	r := w.robots[0]
	id := runningJob(t, w)
	require.Equal(t, false, r.get("/api/v1/jobs/" + id).ok()["paused"])
	w.fleet.mu.Lock()
	w.fleet.stops = map[string]casare.DebugStop{id: {Paused: true, Step: "s"}}
	w.fleet.mu.Unlock()
	job := r.get("/api/v1/jobs/" + id).ok()
	require.Equal(t, []any{true, "s"}, []any{job["paused"], job["paused_at"]})
	require.Contains(t, string(r.get("/api/v1/jobs").body), `"paused":true`)

	next := is[string](r.post("/api/v1/jobs", `{"workflow_json":`+hello+`,"run_to":"b","debug":{"break_on_start":true,"breakpoints":[{"step":"b"}]}}`).ok()["job_id"])
	stored, err := w.store.Job(next)
	require.NoError(t, err)
	require.Equal(t, &casare.RunMode{To: "b"}, stored.Mode)
	require.Equal(t, &casare.DebugSpec{BreakOnStart: true, Breakpoints: []casare.Breakpoint{{Step: "b"}}}, stored.Debug)
	stored, err = w.store.Job(id)
	require.NoError(t, err)
	require.Nil(t, stored.Mode)
	require.Nil(t, stored.Debug)

	key := []string{"Idempotency-Key", "k"}
	require.Equal(t, http.StatusOK, r.post("/api/v1/jobs", `{"workflow_json":`+hello+`,"run_to":"b"}`, key...).status)
	require.NotEqual(t, http.StatusOK, r.post("/api/v1/jobs", `{"workflow_json":`+hello+`,"run_to":"c"}`, key...).status, "another request under the same key")
}
