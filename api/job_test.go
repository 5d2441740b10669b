package api_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"casare"
)

func TestSubmit_ShowsTheJobInTheWordsOfEveryClient(t *testing.T) {
	t.Parallel()
	r := setup(t, 1).robots[0]
	for _, path := range []string{"/api/v1/jobs/submit", "/api/v1/jobs", "/api/jobs/submit"} {
		answer := r.post(path, `{"workflow_name":"hi","workflow_json":`+hello+`,"priority":"HIGH","variables":{"z":15.0,"a":1},
			"robot_id":"ROBOT-A","unknown_key":1}`)
		out := answer.ok()
		require.Equal(t, out["id"], out["job_id"])
		require.Equal(t, "queued", out["status"])
		require.NotEmpty(t, answer.header.Get("X-Casare-Index"))
		require.NotContains(t, string(answer.body), "$schema")

		got := r.get("/api/v1/jobs/" + is[string](out["job_id"]))
		job := got.ok()
		require.Equal(t, out["id"], job["id"])
		require.Equal(t, "hi", job["workflow_name"])
		require.InDelta(t, 5, job["priority"], 0)
		require.Equal(t, "robot-a", job["target_robot_id"])
		require.Nil(t, job["robot_id"])
		require.Nil(t, job["result"])
		require.Contains(t, string(got.body), `"variables":{"z":15.0,"a":1}`, "kind and order of values are kept")
		require.Contains(t, string(got.body), `"rejected_by":[]`, "no list is null")
	}
}

func TestSubmit_TakesADocumentAsText(t *testing.T) {
	t.Parallel()
	w := setup(t, 1)
	text := strings.ReplaceAll(hello, `"`, `\"`)
	id, _ := w.robots[0].post("/api/v1/jobs/submit", `{"workflow_json":"`+text+`","priority":3}`).ok()["job_id"].(string)
	job, err := w.store.Job(id)
	require.NoError(t, err)
	require.Equal(t, casare.RevisionOf([]byte(hello)), job.Revision)
	require.Equal(t, "hello", job.WorkflowName, "the name the document gives itself")
	require.Equal(t, 3, job.Priority)
}

func TestSubmit_TargetAndVariablesMayStandInTheMetadata(t *testing.T) {
	t.Parallel()
	w := setup(t, 2)
	id, _ := w.robots[0].post("/api/v1/jobs/submit",
		`{"workflow_json":`+hello+`,"metadata":{"robot_id":"robot-b","variables":{"n":1}},"timeout":2.5}`).ok()["job_id"].(string)
	job, err := w.store.Job(id)
	require.NoError(t, err)
	require.Equal(t, "robot-b", job.TargetRobot)
	require.JSONEq(t, `{"n":1}`, string(job.Variables))
	require.Equal(t, 3, job.TimeoutSeconds)
}

func TestSubmit_TheSameKeyIsTheSameJob(t *testing.T) {
	t.Parallel()
	w := setup(t, 1)
	r := w.robots[0]
	body := `{"workflow_json":` + hello + `}`
	first := r.post("/api/v1/jobs/submit", body, "Idempotency-Key", "k").ok()["job_id"]
	require.Equal(t, first, r.post("/api/jobs/submit", body, "Idempotency-Key", "k").ok()["job_id"])
	require.NotEqual(t, first, r.post("/api/v1/jobs/submit", body, "Idempotency-Key", "l").ok()["job_id"])
	other := `{"priority":1,"workflow_json":` + hello + `}`
	r.post("/api/v1/jobs/submit", other, "Idempotency-Key", "k").fails(422, casare.CodeIdempotency)
	require.Equal(t, 2, w.store.jobCount())
}

func TestSubmit_ADocumentIsCheckedAndStoredOnce(t *testing.T) {
	t.Parallel()
	w := setup(t, 1)
	for range 3 {
		w.robots[0].submitted()
	}
	require.Equal(t, 1, w.robots[0].checks)
	carried := 0
	for _, p := range w.store.proposals {
		if is[casare.SubmitJob](p.Command).Document != nil {
			carried++
		}
	}
	require.Equal(t, 1, carried)
}

func TestJobs_FiltersTakeTheWordsOfEveryClient(t *testing.T) {
	t.Parallel()
	w := setup(t, 1)
	r := w.robots[0]
	queued, running, done := r.submitted(), r.submitted(), r.submitted()
	w.store.run(running, "robot-a")
	w.store.run(done, "robot-a")
	w.store.finish(done, `{"x":15.0}`)
	for filter, want := range map[string][]string{
		"":                  {done, running, queued},
		"?status=pending":   {queued},
		"?status=QUEUED":    {queued},
		"?status=executing": {running},
		"?status=completed": {done},
		"?status=nonsense":  {},
		"?limit=1&offset=1": {running},
	} {
		var ids []string
		for _, j := range is[[]any](r.get("/api/v1/jobs" + filter).ok()["jobs"]) {
			ids = append(ids, is[string](is[object](j)["job_id"]))
		}
		require.ElementsMatch(t, want, ids, "filter %q", filter)
	}
	require.True(t, strings.HasPrefix(string(r.get("/api/v1/metrics/jobs?status=nonsense").body), "[]"))
	got := r.get("/api/v1/metrics/jobs/" + done)
	job := got.ok()
	require.Equal(t, "completed", job["status"])
	require.InDelta(t, 100, job["progress"], 0)
	require.InDelta(t, 1, job["duration_ms"], 0)
	require.Equal(t, "ROBOT-A", job["robot_name"])
	require.Contains(t, string(got.body), `"result":{"x":15.0}`)
}

func TestLogs_GoOnWhereTheLastAnswerEnded(t *testing.T) {
	t.Parallel()
	w := setup(t, 1)
	r := w.robots[0]
	id := r.submitted()
	epoch := w.store.run(id, "robot-a")
	w.store.addLog(id, casare.LogLine{N: 0, Message: "one", Attempt: epoch}, casare.LogLine{N: 1, Message: "two", Attempt: epoch})
	c := r.client()
	log, err := c.Logs(t.Context(), id, "")
	require.NoError(t, err)
	require.Len(t, log.Lines, 2)
	w.store.addLog(id, casare.LogLine{N: 2, Message: "three", Attempt: epoch})
	log, err = c.Logs(t.Context(), id, log.Next)
	require.NoError(t, err)
	require.Len(t, log.Lines, 1)
	require.Equal(t, "three", log.Lines[0].Message)
	log, err = c.Logs(t.Context(), id, "1")
	require.NoError(t, err)
	require.Len(t, log.Lines, 2, "a bare number is a line of the last attempt")
}

func TestCancel_TellsWhatBecameOfIt(t *testing.T) {
	t.Parallel()
	w := setup(t, 1)
	r := w.robots[0]
	queued, running := r.submitted(), r.submitted()
	w.store.run(running, "robot-a")
	// Old clients send no body, and say that it is of some other kind.
	out := r.post("/api/v1/jobs/"+queued+"/cancel", "", "Content-Type", "application/octet-stream").ok()
	require.Equal(t, true, out["cancelled"])
	require.Equal(t, "queued", out["previous_status"])
	require.Equal(t, "cancelled", out["status"])
	out = r.post("/api/v1/jobs/"+running+"/cancel", `{"reason":"enough"}`).ok()
	require.Equal(t, "running", out["status"])
	out = r.post("/api/v1/jobs/"+queued+"/cancel", "").ok()
	require.Equal(t, false, out["cancelled"])
	require.Equal(t, "Job already cancelled, cannot cancel", out["message"])
	job, err := w.store.Job(queued)
	require.NoError(t, err)
	require.Equal(t, "Cancelled by user", job.CancelReason)
}

func TestBatch_TakesEachJobByItself(t *testing.T) {
	t.Parallel()
	w := setup(t, 1)
	r := w.robots[0]
	answer := r.post("/api/v1/jobs/batch", `{"jobs":[{"workflow_json":`+hello+`},{"workflow_id":"nope"},{"workflow_json":`+hello+`},
		{"priority":[]},{"workflow_json":`+hello+`,"key":"k"}]}`)
	out := answer.ok()
	require.InDelta(t, 3, out["accepted"], 0)
	require.InDelta(t, 2, out["rejected"], 0)
	results := is[[]any](out["results"])
	require.Equal(t, "queued", is[object](results[0])["status"])
	refused := is[object](is[object](results[1])["error"])
	require.Equal(t, "RESOURCE_NOT_FOUND", refused["code"])
	require.Equal(t, "workflow_id", refused["field"])
	require.NotContains(t, results[0], "error")
	require.NotContains(t, results[1], "job_id")
	require.Equal(t, 3, w.store.jobCount())

	again := r.post("/api/v1/jobs/submit", `{"workflow_json":`+hello+`}`, "Idempotency-Key", "k").ok()
	require.Equal(t, is[object](results[4])["job_id"], again["job_id"], "a key names a job however it was sent")
}

func TestBatch_OneJobCarriesTheDocument(t *testing.T) {
	t.Parallel()
	w := setup(t, 1)
	job := `{"workflow_json":` + hello + `}`
	w.robots[0].post("/api/v1/jobs/batch", `{"jobs":[`+strings.Repeat(job+",", 99)+job+`]}`, "Idempotency-Key", "b").ok()
	carried := 0
	for _, p := range w.store.proposals {
		if is[casare.SubmitJob](p.Command).Document != nil {
			carried++
		}
	}
	require.Equal(t, 1, carried)
	require.Equal(t, 100, w.store.jobCount())
	w.robots[0].post("/api/v1/jobs/batch", `{"jobs":[`+strings.Repeat(job+",", 99)+job+`]}`, "Idempotency-Key", "b").ok()
	require.Equal(t, 100, w.store.jobCount())
}

func TestWorkflows_TheOldSubmitStoresAndQueues(t *testing.T) {
	t.Parallel()
	w := setup(t, 1)
	r := w.robots[0]
	body := `{"workflow_name":"hi","workflow_json":` + hello + `,"trigger_type":"manual","execution_mode":"lan","priority":10,
		"metadata":{"robot_id":"robot-a"}}`
	out := r.post("/api/v1/workflows", body).ok()
	require.Equal(t, "success", out["status"])
	require.Equal(t, "Workflow submitted and queued for lan execution", out["message"])
	job, err := w.store.Job(is[string](out["job_id"]))
	require.NoError(t, err)
	require.Equal(t, "robot-a", job.TargetRobot)
	id := is[string](out["workflow_id"])
	require.Equal(t, id, job.WorkflowID)
	got := r.get("/api/v1/workflows/" + id)
	require.Equal(t, "hi", got.ok()["workflow_name"])
	require.Contains(t, string(got.body), `"workflow_json":`+hello)
	require.InDelta(t, 1, r.get("/api/v1/workflows").ok()["total"], 0)
	// A run of what is stored needs only its id.
	again := r.post("/api/v1/jobs", `{"workflow_id":"`+id+`","input_data":{"a":1}}`).ok()
	require.Equal(t, "hi", again["workflow_name"])

	stored, err := r.client().SaveWorkflow(t.Context(), "kept", []byte(hello), false)
	require.NoError(t, err)
	require.Empty(t, stored.JobID)
	require.Equal(t, 2, w.store.jobCount())
}
