package api_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"casare"
	"casare/client"
	"casare/runlog"
)

// checkpointed adds a piece with checkpoints to a job's run log. The first of a piece with the first number is whole; each sets the record
// of its number and "at".
func (w *world) checkpointed(id string, epoch, piece uint64, cs ...runlog.Checkpoint) {
	w.t.Helper()
	var data []byte
	for i := range cs {
		c := &cs[i]
		c.Whole, c.Time = c.N == 1, casare.Time(c.N)
		c.Changes = append(c.Changes, casare.Record{Key: "at", Data: fmt.Append(nil, c.N)}, casare.Record{Key: fmt.Sprintf("n%03d", c.N), Data: []byte("x")})
		var err error
		data, err = runlog.Append(data, &runlog.Entry{Checkpoint: c})
		require.NoError(w.t, err)
	}
	w.store.mu.Lock()
	defer w.store.mu.Unlock()
	w.store.kept[id] = append(w.store.kept[id], casare.LogPiece{Epoch: epoch, N: piece, Data: data, Checkpoints: len(cs)})
}

func TestRerun_BeginsAtACheckpointWithOtherVariables(t *testing.T) {
	t.Parallel()
	w := setup(t, 1)
	r := w.robots[0]
	id := r.submitted()
	c := r.client()
	_, err := c.Rerun(t.Context(), id, client.Rerun{})
	require.Equal(t, casare.CodeNotFound, casare.CodeOf(err), "nothing is kept yet")
	epoch := w.store.run(id, "robot-a")
	w.checkpointed(id, epoch, 0, runlog.Checkpoint{N: 1, Step: "a"}, runlog.Checkpoint{N: 2, Step: "b", Progress: 40})
	w.checkpointed(id, epoch, 1, runlog.Checkpoint{N: 2, Step: "b", Progress: 40}, runlog.Checkpoint{N: 3, Step: "c", Moment: "wait"})

	all, err := c.Checkpoints(t.Context(), id, "")
	require.NoError(t, err)
	require.Equal(t, 3, all.Total, "pieces may overlap")
	require.Equal(t, client.Checkpoint{
		Checkpoint: fmt.Sprint(epoch, ".3"), Time: 3, Step: "c", Moment: "wait", Open: []string{},
	}, all.Checkpoints[2])
	rest, err := c.Checkpoints(t.Context(), id, all.Next)
	require.NoError(t, err)
	require.Empty(t, rest.Checkpoints)

	again, err := c.Rerun(t.Context(), id, client.Rerun{Checkpoint: fmt.Sprint(epoch, ".2"), Variables: json.RawMessage(`{"x":15.0}`)})
	require.NoError(t, err)
	job, err := w.store.Job(again.JobID)
	require.NoError(t, err)
	old, err := w.store.Job(id)
	require.NoError(t, err)
	require.Equal(t, old.Revision, job.Revision)
	require.Equal(t, `{"x":15.0}`, string(job.Variables))
	require.Equal(t, `{"x":15.0}`, string(job.Edits()))
	require.Equal(t, &casare.Rerun{JobID: id, Checkpoint: casare.CheckpointRef{Attempt: epoch, N: 2}, Root: id}, job.Rerun)
	require.Equal(t, "b", job.Step)
	require.Equal(t, 40, job.Progress)
	require.Equal(t, []casare.Record{
		{Key: "at", Data: []byte("2")}, {Key: "n001", Data: []byte("x")}, {Key: "n002", Data: []byte("x")},
	}, w.store.begun[job.ID].Records)
	view := r.get("/api/v1/jobs/" + job.ID).ok()
	require.Equal(t, map[string]any{"job_id": id, "checkpoint": fmt.Sprint(epoch, ".2")}, view["rerun_of"])

	last, err := c.Rerun(t.Context(), id, client.Rerun{})
	require.NoError(t, err)
	job, err = w.store.Job(last.JobID)
	require.NoError(t, err)
	require.EqualValues(t, 3, job.Rerun.Checkpoint.N)
	require.Empty(t, job.Variables)

	for body, status := range map[string]int{
		`{"checkpoint":"x"}`: 422, fmt.Sprintf(`{"checkpoint":"%d.9"}`, epoch): 404, `{"variables":[1]}`: 422, `{"robot_id":"nobody"}`: 404,
	} {
		require.Equal(t, status, r.post("/api/v1/jobs/"+id+"/rerun", body).status, body)
	}
	first := r.post("/api/v1/jobs/"+id+"/rerun", `{}`, "Idempotency-Key", "k").ok()
	second := r.post("/api/v1/jobs/"+id+"/rerun", `{}`, "Idempotency-Key", "k").ok()
	require.Equal(t, first["job_id"], second["job_id"])
	require.Equal(t, 422, r.post("/api/v1/jobs/"+id+"/rerun", `{"variables":{"x":1}}`, "Idempotency-Key", "k").status)
}

func TestRerun_StepsThatMayRunOnlyOnceAreNotRunAgainUnasked(t *testing.T) {
	t.Parallel()
	w := setup(t, 1)
	r := w.robots[0]
	id := r.submitted()
	epoch := w.store.run(id, "robot-a")
	w.checkpointed(id, epoch, 0,
		runlog.Checkpoint{N: 1}, runlog.Checkpoint{N: 2, Open: []string{"pay"}, Intents: 1}, runlog.Checkpoint{N: 3, Intents: 1})
	w.store.change(id, casare.EventJobProgress, func(j *casare.Job, _ uint64) error {
		_, err := j.Checkpoint(&casare.CheckpointJob{Epoch: epoch, Seq: 1, Intents: 1}, 1)
		return err
	})
	c := r.client()
	at := func(n int, repeat bool) (client.Submitted, error) {
		return c.Rerun(t.Context(), id, client.Rerun{Checkpoint: fmt.Sprintf("%d.%d", epoch, n), RepeatOnce: repeat})
	}
	for _, n := range []int{1, 2} {
		_, err := at(n, false)
		require.Equal(t, casare.CodeConflict, casare.CodeOf(err), n)
		require.ErrorContains(t, err, "pay")
	}
	_, err := at(3, false)
	require.NoError(t, err)
	again, err := at(2, true)
	require.NoError(t, err)
	job, err := w.store.Job(again.JobID)
	require.NoError(t, err)
	require.Equal(t, "pay", job.Open)
	require.Len(t, job.Decisions, 1)
	require.Equal(t, casare.ResolveRetry, job.Decisions[0].Action)

	// It has begun again since, and the log does not tell.
	w.store.change(id, casare.EventJobProgress, func(j *casare.Job, _ uint64) error {
		_, err := j.Checkpoint(&casare.CheckpointJob{Epoch: epoch, Seq: 2, Base: 1, Intents: 2}, 1)
		return err
	})
	_, err = at(3, false)
	require.Equal(t, casare.CodeConflict, casare.CodeOf(err))
}

func TestRerun_WhatCannotBePutTogetherIsLeftOutAndWhatIsLargeGoesToBlobs(t *testing.T) {
	t.Parallel()
	w := setup(t, 1)
	r := w.robots[0]
	id := r.submitted()
	epoch := w.store.run(id, "robot-a")
	large := casare.Record{Key: "a", Data: []byte(strings.Repeat("x", casare.MaxPiece))}
	gone := casare.Record{Key: "w/c/1", Blob: &casare.BlobRef{Hash: casare.BlobHash([]byte("gone")), Size: 4}}
	w.checkpointed(id, epoch, 0, runlog.Checkpoint{N: 1, Changes: []casare.Record{large}}, runlog.Checkpoint{N: 2})
	w.checkpointed(id, epoch, 1, runlog.Checkpoint{N: 4}, runlog.Checkpoint{N: 5}) // the piece between is lost
	w.checkpointed(id, epoch+7, 0, runlog.Checkpoint{N: 1, Changes: []casare.Record{gone}})
	c := r.client()
	all, err := c.Checkpoints(t.Context(), id, "")
	require.NoError(t, err)
	require.Equal(t, 3, all.Total)
	again, err := c.Rerun(t.Context(), id, client.Rerun{Checkpoint: fmt.Sprint(epoch, ".2")})
	require.NoError(t, err)
	records := w.store.begun[again.JobID].Records
	require.Equal(t, casare.BlobHash(large.Data), records[0].Blob.Hash)
	require.Equal(t, string(large.Data), r.blobs.content[records[0].Blob.Hash])
	_, err = c.Rerun(t.Context(), id, client.Rerun{})
	require.Equal(t, casare.CodeConflict, casare.CodeOf(err))
	require.ErrorContains(t, err, "files that the job had")
}
