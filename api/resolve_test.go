package api_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"casare"
	"casare/client"
)

func TestResolve_DecidesHowAJobGoesOn(t *testing.T) {
	t.Parallel()
	w := setup(t, 1)
	r := w.robots[0]
	id := r.submitted()
	epoch := w.store.run(id, "robot-a")
	c := r.client()
	_, err := c.Resolve(t.Context(), id, client.Resolve{Action: casare.ResolveRetry})
	require.Equal(t, casare.CodeTransition, casare.CodeOf(err))
	w.store.change(id, casare.EventJobProgress, func(j *casare.Job, _ uint64) error {
		_, err := j.Checkpoint(&casare.CheckpointJob{Epoch: epoch, Seq: 1, Open: "pay, mail"}, 1)
		return err
	})
	w.store.change(id, casare.EventJobAttention, func(j *casare.Job, _ uint64) error { return j.Expire(epoch, 1) })
	j, err := c.Job(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, []string{"pay", "mail"}, j.OpenSteps)
	require.Contains(t, j.Reason, "pay, mail")

	for body, field := range map[string]string{
		`{"action":"wait"}`:                            "action",
		`{"action":"skip"}`:                            "step",
		`{"action":"skip","step":"x"}`:                 "step",
		`{"action":"skip","step":"pay","outputs":[1]}`: "outputs",
		`{"action":"retry","outputs":{"x":1}}`:         "outputs",
	} {
		refused := r.post("/api/v1/jobs/"+id+"/resolve", body)
		require.Equal(t, 400, refused.status/100*100, body)
		var answer struct {
			Error struct {
				Field string `json:"field"`
			} `json:"error"`
		}
		require.NoError(t, json.Unmarshal(refused.body, &answer))
		require.Contains(t, string(refused.body), field, body)
	}
	done, err := c.Resolve(t.Context(), id, client.Resolve{Action: casare.ResolveSkip, Step: "pay", Outputs: json.RawMessage(`{"receipt":15.0}`)})
	require.NoError(t, err)
	require.Equal(t, casare.JobNeedsAttention, done.State)
	require.Contains(t, done.Reason, "mail")
	done, err = c.Resolve(t.Context(), id, client.Resolve{Action: casare.ResolveRetry, Step: "mail"})
	require.NoError(t, err)
	require.Equal(t, casare.JobQueued, done.State)
	job, err := w.store.Job(id)
	require.NoError(t, err)
	require.Equal(t, `{"receipt":15.0}`, string(job.Decisions[0].Outputs))
	_, err = c.Resolve(t.Context(), "nope", client.Resolve{Action: casare.ResolveFail})
	require.Equal(t, casare.CodeNotFound, casare.CodeOf(err))
}
