package api_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"casare"
	"casare/runlog"
)

// keptLog makes a job's run log of an attempt: so many lines and step events in each piece. Every other piece lies in a blob.
func (w *world) keptLog(id string, epoch uint64, each ...int) {
	w.t.Helper()
	n := uint64(0)
	for i, size := range each {
		p := casare.LogPiece{Epoch: epoch, N: uint64(i), Lines: size, Steps: size}
		var data []byte
		for range size {
			for _, e := range []*runlog.Entry{
				{Line: &casare.LogLine{N: n, Message: fmt.Sprint("line ", n)}},
				{Step: &casare.StepEvent{N: n, Step: fmt.Sprint("s", n), State: casare.StepCompleted}},
			} {
				var err error
				data, err = runlog.Append(data, e)
				require.NoError(w.t, err)
			}
			p.LastLine, p.LastStep = n, n
			n++
		}
		if i%2 == 0 {
			p.Data = data
		} else {
			hash := w.keep(string(data), casare.DefaultTenant)
			p.Blob = &casare.BlobRef{Hash: hash, Size: int64(len(data))}
		}
		w.store.mu.Lock()
		w.store.kept[id] = append(w.store.kept[id], p)
		w.store.mu.Unlock()
	}
}

func TestLogs_ArePagedThroughWhatIsKeptAndThenTheLastLines(t *testing.T) {
	t.Parallel()
	w := setup(t, 1)
	r := w.robots[0]
	id := r.submitted()
	epoch := w.store.run(id, "robot-a")
	w.keptLog(id, epoch, 10, 10, 7)
	for n := 20; n < 33; n++ { // the state has the last ones, some of them twice
		w.store.addLog(id, casare.LogLine{N: uint64(n), Message: fmt.Sprint("line ", n), Attempt: epoch})
	}
	w.store.addLog(id, casare.LogLine{N: 0, Message: "again", Attempt: epoch + 5})
	for _, limit := range []int{0, 1, 4, 10, 13, 100} {
		var got []string
		since := ""
		for range 100 {
			out := r.get(fmt.Sprintf("/api/v1/jobs/%s/logs?since=%s&limit=%d", id, since, limit)).ok()
			require.EqualValues(t, 34, out["total"])
			list, _ := out["logs"].([]any)
			if len(list) == 0 {
				break
			}
			for _, l := range list {
				line, _ := l.(map[string]any)
				got = append(got, fmt.Sprint(line["message"]))
			}
			since, _ = out["next"].(string)
		}
		require.Len(t, got, 34, "limit %d", limit)
		for i := range 33 {
			require.Equal(t, fmt.Sprint("line ", i), got[i], "limit %d", limit)
		}
		require.Equal(t, "again", got[33])
	}
}

func TestSteps_ArePagedAndAPieceThatIsLostIsLeftOut(t *testing.T) {
	t.Parallel()
	w := setup(t, 1)
	r := w.robots[0]
	id := r.submitted()
	epoch := w.store.run(id, "robot-a")
	w.keptLog(id, epoch, 5, 5, 5)
	steps := func(query string) (names []string, next string) {
		out := r.get("/api/v1/jobs/" + id + "/steps" + query).ok()
		list, _ := out["steps"].([]any)
		for _, s := range list {
			step, _ := s.(map[string]any)
			require.EqualValues(t, epoch, step["attempt"])
			names = append(names, fmt.Sprint(step["node_id"]))
		}
		next, _ = out["next"].(string)
		return names, next
	}
	all, _ := steps("")
	require.Len(t, all, 15)
	some, next := steps("?limit=7")
	require.Equal(t, all[:7], some)
	rest, _ := steps("?since=" + next)
	require.Equal(t, all[7:], rest)
	clear(r.blobs.content)
	left, _ := steps("")
	require.Equal(t, append(append([]string{}, all[:5]...), all[10:]...), left)
}

func TestLive_TheEndShowsTheStepsThatWereMissed(t *testing.T) {
	t.Parallel()
	w := setup(t, 1)
	r := w.robots[0]
	id := r.submitted()
	epoch := w.store.run(id, "robot-a")
	w.keptLog(id, epoch, 3, 3)
	w.store.change(id, casare.EventJobFinished, func(j *casare.Job, _ uint64) error { return j.Finish(epoch, casare.JobCompleted, nil, 9) })
	v := r.view("/ws/jobs/" + id)
	var names []string
	for {
		f := v.next("job_update", "step_event")
		if step, ok := f["step"].(map[string]any); ok {
			names = append(names, fmt.Sprint(step["node_id"]))
		}
		if f["final"] == true {
			break
		}
	}
	require.Equal(t, []string{"s0", "s1", "s2", "s3", "s4", "s5"}, names)
}
