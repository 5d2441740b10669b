package api_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"casare"
	"casare/api"
	"casare/client"
)

// viewer is a WebSocket client of a robot.
type viewer struct {
	t    testing.TB
	conn *websocket.Conn
	last map[string]map[string]any // frame by type, also of those that nobody waited for
}

func (r *robot) view(path string) *viewer {
	t := r.world.t
	t.Helper()
	conn, resp, err := websocket.Dial(t.Context(), r.public.URL+path, &websocket.DialOptions{ //nolint:bodyclose // the library owns it
		HTTPHeader: http.Header{"X-Api-Key": {adminKey}}, HTTPClient: &http.Client{Transport: r.dial},
	})
	require.NoError(t, err, "%v", resp)
	t.Cleanup(func() { _ = conn.CloseNow() })
	return &viewer{t: t, conn: conn, last: map[string]map[string]any{}}
}

// next returns the next frame of one of the types, within a few seconds.
func (v *viewer) next(types ...string) map[string]any {
	v.t.Helper()
	ctx, cancel := context.WithTimeout(v.t.Context(), 5*time.Second)
	defer cancel()
	for {
		_, text, err := v.conn.Read(ctx)
		require.NoError(v.t, err)
		var f map[string]any
		require.NoError(v.t, json.Unmarshal(text, &f), "%s", text)
		v.last[is[string](f["type"])] = f
		for _, typ := range types {
			if f["type"] == typ {
				return f
			}
		}
	}
}

func TestLive_ASnapshotFirstThenChanges(t *testing.T) {
	t.Parallel()
	w := setup(t, 2)
	w.fleet.set(casare.RobotStatus{RobotID: "robot-a", State: casare.RobotIdle})
	first := w.robots[0].submitted()
	for _, path := range []string{"/ws/live-jobs", "/ws/monitoring/live-jobs/", "/api/v1/ws/live-jobs"} {
		for _, r := range w.robots {
			v := r.view(path)
			f := v.next("job_update", "robot_status", "queue_metrics")
			require.Equal(t, "job_update", f["type"], "the jobs come first")
			require.Equal(t, first, f["job_id"])
			require.Equal(t, "queued", f["status"])
			require.Equal(t, "robot-a", v.next("robot_status")["robot_id"])
			require.InDelta(t, 1, v.next("queue_metrics")["depth"], 0)
			require.NoError(t, v.conn.Close(websocket.StatusNormalClosure, ""))
		}
	}
	v := w.robots[1].view("/ws/live-jobs")
	v.next("queue_metrics")
	w.store.run(first, "robot-a")
	require.Equal(t, "assigned", v.next("job_update")["status"])
	require.Equal(t, "running", v.next("job_update")["status"])
	w.store.finish(first, "{}")
	f := v.next("job_update")
	require.Equal(t, "completed", f["status"])
	require.InDelta(t, 100, f["progress"], 0)
	for v.last["queue_metrics"]["depth"] != 0.0 || v.last["queue_metrics"]["active_jobs"] != 0.0 {
		v.next("queue_metrics")
	}
}

func TestLive_GoesOnAfterACursor(t *testing.T) {
	t.Parallel()
	w := setup(t, 2)
	w.robots[0].submitted()
	for _, r := range w.robots {
		v := r.view("/ws/live-jobs")
		cursor := is[string](v.next("job_update")["cursor"])
		second := r.submitted()
		v = r.view("/ws/live-jobs?since=" + cursor)
		require.Equal(t, second, v.next("job_update", "gap")["job_id"])
		// Older than what is kept, or not a cursor at all: said so, then a snapshot.
		w.store.mu.Lock()
		w.store.forgotten = casare.Cursor{Index: 1, Position: 1}
		w.store.mu.Unlock()
		for _, since := range []string{"1.0", "nonsense"} {
			v = r.view("/ws/live-jobs?since=" + since)
			require.Equal(t, "gap", v.next("job_update", "gap")["type"])
			v.next("job_update")
		}
		w.store.mu.Lock()
		w.store.forgotten = casare.Cursor{}
		w.store.mu.Unlock()
	}
}

func TestLive_TheClientStaysWhenTheLeaderChanges(t *testing.T) {
	t.Parallel()
	w := setup(t, 3)
	viewers := make([]*viewer, 0, len(w.robots))
	for _, r := range w.robots {
		v := r.view("/ws/live-jobs")
		v.next("queue_metrics")
		viewers = append(viewers, v)
	}
	w.elect(nil)
	w.elect(w.robots[1])
	job := w.robots[1].submitted()
	w.elect(w.robots[2])
	w.store.run(job, "robot-a")
	for i, v := range viewers {
		for _, status := range []string{"queued", "assigned", "running"} {
			f := v.next("job_update", "gap")
			require.Equal(t, job, f["job_id"], "viewer %d", i)
			require.Equal(t, status, f["status"], "viewer %d: no event is missed or shown twice", i)
		}
	}
}

func TestLive_NobodyLeads(t *testing.T) {
	t.Parallel()
	w := setup(t, 2, func(c *api.Config) { c.ReadWait = 100 * time.Millisecond })
	job := w.robots[0].submitted()
	w.elect(nil)
	v := w.robots[1].view("/ws/live-jobs")
	require.Equal(t, job, v.next("job_update")["job_id"], "the copy is shown")
	w.elect(w.robots[0])
	second := w.robots[0].submitted()
	require.Equal(t, second, v.next("job_update")["job_id"], "and then what the new leader says")

	w.elect(nil)
	w.robots[1].replica.Store(false)
	_, resp, err := websocket.Dial(t.Context(), w.robots[1].public.URL+"/ws/live-jobs?api_key="+adminKey, nil) //nolint:bodyclose // the library owns it
	require.Error(t, err)
	require.Equal(t, http.StatusServiceUnavailable, resp.StatusCode)
}

func TestLive_TheHandshakeIsRefusedLikeAnyRequest(t *testing.T) {
	t.Parallel()
	w := setup(t, 2)
	for _, r := range w.robots {
		for path, status := range map[string]int{
			"/ws/live-jobs": 401, "/ws/live-jobs?token=nobody": 401, "/ws/jobs/nope?token=" + adminKey: 404,
		} {
			_, resp, err := websocket.Dial(t.Context(), r.public.URL+path, nil) //nolint:bodyclose // the library owns it
			require.Error(t, err)
			require.Equal(t, status, resp.StatusCode, path)
		}
		for _, key := range []string{"token", "api_key", "api_secret"} {
			conn, _, err := websocket.Dial(t.Context(), r.public.URL+"/ws/queue-metrics?"+key+"="+adminKey, nil) //nolint:bodyclose // the library owns it
			require.NoError(t, err)
			_, text, err := conn.Read(t.Context())
			require.NoError(t, err)
			require.Contains(t, string(text), "queue_metrics")
			require.NoError(t, conn.CloseNow())
		}
	}
}

func TestLive_PingIsAnsweredByPong(t *testing.T) {
	t.Parallel()
	w := setup(t, 2)
	for _, r := range w.robots {
		v := r.view("/ws/robot-status")
		require.NoError(t, v.conn.Write(t.Context(), websocket.MessageText, []byte("ping")))
		for {
			_, text, err := v.conn.Read(t.Context())
			require.NoError(t, err)
			if string(text) == "pong" {
				break
			}
		}
	}
}

func TestLive_RobotsAreShownWhenTheyChange(t *testing.T) {
	t.Parallel()
	w := setup(t, 2)
	v := w.robots[1].view("/ws/robot-status")
	require.Equal(t, "offline", v.next("robot_status")["status"])
	v.next("robot_status")
	w.fleet.set(casare.RobotStatus{RobotID: "robot-b", State: casare.RobotBusy, Running: []string{"j"}, CPUPercent: 3})
	f := v.next("robot_status")
	require.Equal(t, "robot-b", f["robot_id"])
	require.Equal(t, "busy", f["status"])
	require.Equal(t, "j", f["current_job"])
}

func TestLive_StopEndsEverySocketAndRefusesNewOnes(t *testing.T) {
	t.Parallel()
	w := setup(t, 2)
	v := w.robots[1].view("/ws/live-jobs")
	v.next("queue_metrics")
	w.robots[1].api.Stop()
	for err := error(nil); err == nil; {
		_, _, err = v.conn.Read(t.Context())
	}
	w.robots[1].get("/ws/live-jobs").fails(http.StatusServiceUnavailable, casare.CodeUnavailable)
}

func TestLive_ASlowClientIsDropped(t *testing.T) {
	t.Parallel()
	w := setup(t, 1, func(c *api.Config) { c.LiveWrite = 50 * time.Millisecond })
	r := w.robots[0]
	v := r.view("/ws/live-jobs")
	v.next("queue_metrics")
	// Nothing is read from here on: the sockets fill, and the robot lets go.
	step := strings.Repeat("x", 64<<10)
	id := r.submitted()
	epoch := w.store.run(id, "robot-a")
	subscribed := func() int {
		w.store.mu.Lock()
		defer w.store.mu.Unlock()
		return len(w.store.subs)
	}
	require.Eventually(t, func() bool { return subscribed() == 2 }, 5*time.Second, time.Millisecond, "the viewer, and the API itself")
	seq := uint64(0)
	require.Eventually(t, func() bool {
		for range 20 {
			seq++
			w.store.change(id, casare.EventJobProgress, func(j *casare.Job, _ uint64) error {
				_, err := j.Checkpoint(&casare.CheckpointJob{Epoch: epoch, Seq: seq, Base: seq - 1, Step: step, Progress: 1}, 1)
				return err
			})
		}
		return subscribed() == 1
	}, 10*time.Second, 10*time.Millisecond)
}

func TestLiveJob_ShowsStepsLinesAndTheEnd(t *testing.T) {
	t.Parallel()
	w := setup(t, 2)
	for _, r := range w.robots {
		id := r.submitted()
		var seen []string
		watched := make(chan error, 1)
		go func() {
			watched <- r.client().Watch(t.Context(), id, "", func(u client.Update) error {
				switch {
				case u.Job != nil:
					seen = append(seen, string(u.Job.State))
				case u.Step != nil:
					seen = append(seen, u.Step.Step+":"+string(u.Step.State))
				case u.Line != nil:
					seen = append(seen, u.Line.Message)
				}
				return nil
			})
		}()
		require.Eventually(t, func() bool { return w.fleet.watching(id) }, 5*time.Second, time.Millisecond)
		epoch := w.store.run(id, "robot-a")
		w.fleet.tell(casare.LiveUpdate{JobID: id, Epoch: epoch, Step: &casare.StepEvent{N: 0, Step: "n1", State: casare.StepStarted}})
		line := casare.LogLine{N: 0, Message: "hello", Attempt: epoch}
		w.fleet.tell(casare.LiveUpdate{JobID: id, Epoch: epoch, Line: &line}, casare.LiveUpdate{JobID: id, Epoch: epoch, Line: &line})
		w.fleet.tell(casare.LiveUpdate{JobID: id, Epoch: epoch, Step: &casare.StepEvent{N: 1, Step: "n1", State: casare.StepCompleted}})
		w.store.addLog(id, line, casare.LogLine{N: 1, Message: "bye", Attempt: epoch})
		w.store.finish(id, `{"x":15.0}`)
		require.NoError(t, <-watched)
		require.Equal(t, "completed", seen[len(seen)-1])
		text := strings.Join(seen, " ")
		for _, once := range []string{"n1:started", "hello", "n1:completed", "bye"} {
			require.Equal(t, 1, strings.Count(text, once), "%s in %s", once, text)
		}
		job, err := r.client().WaitJob(t.Context(), id)
		require.NoError(t, err)
		require.JSONEq(t, `{"x":15.0}`, string(job.Result))
		require.Equal(t, casare.JobCompleted, job.State)
	}
}

func TestLiveJob_IsFollowedAcrossLeadersAndRobots(t *testing.T) {
	t.Parallel()
	w := setup(t, 3)
	id := w.robots[1].submitted()
	epoch := w.store.run(id, "robot-b")
	var mu sync.Mutex
	var lines []string
	watched := make(chan error, 1)
	c := w.robots[1].client(w.robots[2])
	go func() {
		watched <- c.Watch(t.Context(), id, "", func(u client.Update) error {
			mu.Lock()
			defer mu.Unlock()
			if u.Line != nil {
				lines = append(lines, u.Line.Message)
			}
			return nil
		})
	}()
	say := func(n uint64) {
		l := casare.LogLine{N: n, Message: strconv.FormatUint(n, 10), Attempt: epoch}
		w.store.addLog(id, l)
		w.fleet.tell(casare.LiveUpdate{JobID: id, Epoch: epoch, Line: &l})
		w.store.change(id, casare.EventJobProgress, func(j *casare.Job, _ uint64) error {
			_, err := j.Checkpoint(&casare.CheckpointJob{Epoch: epoch, Seq: n + 1, Base: n, Step: "s", Progress: 1}, 1)
			return err
		})
	}
	heard := func(n int) {
		require.Eventually(t, func() bool {
			mu.Lock()
			defer mu.Unlock()
			return len(lines) == n
		}, 5*time.Second, time.Millisecond, "line %d", n)
	}
	say(0)
	heard(1)
	w.elect(w.robots[2])
	say(1)
	heard(2)
	w.robots[1].api.Stop() // the client goes on at another robot
	say(2)
	heard(3)
	w.store.finish(id, "{}")
	require.NoError(t, <-watched)
	require.Equal(t, []string{"0", "1", "2"}, lines)
}

func TestClient_RepeatsOnAnotherRobotAndMakesOneJob(t *testing.T) {
	t.Parallel()
	w := setup(t, 2)
	lost := &http.Client{Transport: losing{&http.Transport{DisableKeepAlives: true}, new(sync.Once)}}
	c := client.NewWith(client.Config{URLs: []string{w.robots[0].public.URL, w.robots[1].public.URL}, Key: adminKey, HTTP: lost})
	out, err := c.Submit(t.Context(), client.Submit{Workflow: json.RawMessage(hello), Priority: "LOW"})
	require.NoError(t, err)
	require.Equal(t, 1, w.store.jobCount())
	require.Equal(t, 2, w.store.writes())
	job, err := c.Job(t.Context(), out.JobID)
	require.NoError(t, err)
	require.Equal(t, 15, job.Priority)

	results, err := c.SubmitBatch(t.Context(), []client.Submit{{Workflow: json.RawMessage(hello)}, {WorkflowID: "nope"}})
	require.NoError(t, err)
	require.Nil(t, results[0].Error)
	require.Equal(t, casare.CodeNotFound, results[1].Error.Code)

	_, err = c.Submit(t.Context(), client.Submit{WorkflowID: "nope"})
	e, ok := errors.AsType[*casare.Error](err)
	require.True(t, ok)
	require.Equal(t, casare.CodeNotFound, e.Code)
	require.Equal(t, "workflow_id", e.Field)
	cancelled, err := c.Cancel(t.Context(), out.JobID, "enough")
	require.NoError(t, err)
	require.True(t, cancelled.Cancelled)
	_, err = c.Job(t.Context(), "nope")
	require.Equal(t, casare.CodeNotFound, casare.CodeOf(err))
	health, err := c.Health(t.Context())
	require.NoError(t, err)
	require.Equal(t, "healthy", health.Status)
}

func TestClient_SaysWhenNobodyAnswers(t *testing.T) {
	t.Parallel()
	c := client.NewWith(client.Config{URLs: []string{"127.0.0.1:1"}, Patience: 50 * time.Millisecond})
	_, err := c.Job(t.Context(), "x")
	require.Equal(t, casare.CodeUnavailable, casare.CodeOf(err))
	err = c.Watch(t.Context(), "x", "", nil)
	require.Equal(t, casare.CodeUnavailable, casare.CodeOf(err))
	_, err = client.New("key").Mesh(t.Context())
	require.Equal(t, casare.CodeInvalid, casare.CodeOf(err))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = c.Job(ctx, "x")
	require.Equal(t, casare.CodeTimeout, casare.CodeOf(err))
	require.ErrorIs(t, err, context.Canceled)
}

// losing drops the first answer, after the robot has done what was asked.
type losing struct {
	*http.Transport

	first *sync.Once
}

func (l losing) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := l.Transport.RoundTrip(req)
	l.first.Do(func() {
		if err == nil {
			_ = resp.Body.Close()
		}
		resp, err = nil, errors.New("connection reset")
	})
	return resp, err
}
