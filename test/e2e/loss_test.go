package e2e_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"casare"
	"casare/client"
	"casare/internal/fleet"
)

// ends counts how often each job was reported as ended, from the change feed of a mesh.
type ends struct {
	mu     sync.Mutex
	seen   map[string]bool // cursors: a frame may come again after a reconnect
	counts map[string]int
}

func (e *ends) add(cursor, job string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.seen[cursor] {
		e.seen[cursor] = true
		e.counts[job]++
	}
}

func (e *ends) of(job string) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.counts[job]
}

// follow reads the change feed through a robot until the test ends, and takes it up again where it broke off.
func (e *ends) follow(t *testing.T, f *fleet.Fleet, through *fleet.Robot) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	t.Cleanup(func() {
		cancel()
		<-done
	})
	go func() { // awaited in the cleanup
		defer close(done)
		since := ""
		for ctx.Err() == nil {
			e.read(ctx, f, through, &since)
		}
	}()
}

func (e *ends) read(ctx context.Context, f *fleet.Fleet, through *fleet.Robot, since *string) {
	url := "ws://" + through.HTTP + "/ws/live-jobs"
	if *since != "" {
		url += "?since=" + *since
	}
	conn, _, err := websocket.Dial(ctx, url, &websocket.DialOptions{HTTPHeader: http.Header{"Authorization": {"Bearer " + f.Key()}}}) //nolint:bodyclose // closed by the library
	if err != nil {
		return
	}
	defer conn.CloseNow() //nolint:errcheck // reconnects
	conn.SetReadLimit(16 << 20)
	for {
		_, data, err := conn.Read(ctx)
		if err != nil {
			return
		}
		var frame struct {
			Cursor string `json:"cursor"`
			JobID  string `json:"job_id"`
			Event  string `json:"event"`
		}
		if json.Unmarshal(data, &frame) != nil || frame.Cursor == "" {
			continue
		}
		*since = frame.Cursor
		if frame.Event == string(casare.EventJobFinished) {
			e.add(frame.Cursor, frame.JobID)
		}
	}
}

// jobsUnderKills submits jobs to random robots while the leader is killed and restarted again and again, and checks that every
// job that was acknowledged completed exactly once and that the robots agree in the end.
func jobsUnderKills(t *testing.T, jobs, kills int) {
	t.Helper()
	f := startFleet(t, 3)
	finished := &ends{seen: map[string]bool{}, counts: map[string]int{}}
	finished.follow(t, f, f.Robots()[0])
	doc := document(t, set("n", 1), wait(1), logStep("one"), wait(1), logStep("two"), wait(0.5), set("n", 2))
	ids := make([]string, jobs)
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	var group errgroup.Group
	group.SetLimit(16)
	submitted := make(chan struct{})
	go func() { // awaited through submitted
		defer close(submitted)
		for i := range jobs {
			group.Go(func() error {
				// Each client knows one robot only and goes on with the others when that one is dead.
				robots := f.Robots()
				first := rand.IntN(len(robots))
				c := f.Client(robots[first], robots[(first+1)%3], robots[(first+2)%3])
				defer c.Close()
				s, err := c.Submit(ctx, client.Submit{WorkflowName: fmt.Sprintf("job %d", i), Workflow: doc})
				ids[i] = s.JobID
				return err
			})
		}
	}()
	for i := range kills {
		leader, err := f.Leader(ctx)
		require.NoError(t, err)
		leader.Kill()
		next, err := f.Leader(ctx)
		require.NoError(t, err)
		t.Logf("kill %d: %s led, %s leads", i+1, leader.Name, next.Name)
		require.NoError(t, leader.Start(ctx))
		wait, stop := context.WithTimeout(ctx, 20*time.Second)
		require.NoError(t, f.WaitCoordinators(wait, 3))
		stop()
	}
	<-submitted
	require.NoError(t, group.Wait())
	c := f.Client()
	for _, id := range ids {
		require.NotEmpty(t, id)
		job := waitJob(t, c, id, time.Minute)
		require.Equal(t, casare.JobCompleted, job.State, "%s: %+v", id, job.Error)
		require.Contains(t, string(job.Result), `"n":2`)
	}
	for _, id := range ids {
		require.Eventually(t, func() bool { return finished.of(id) >= 1 }, 20*time.Second, 50*time.Millisecond, "job %s ended nowhere in the feed", id)
		require.Equal(t, 1, finished.of(id), "job %s ended more than once", id)
	}
	all, err := c.Jobs(t.Context(), client.JobFilter{Limit: 1})
	require.NoError(t, err)
	require.Equal(t, jobs, all.Total, "jobs that nobody was told of, or lost ones")
	ensureSame(t, f)
}

func TestLeaderKills_EveryAcknowledgedJobCompletesExactlyOnce(t *testing.T) {
	t.Parallel()
	jobs := 200
	jobsUnderKills(t, jobs, 3)
}

func TestRobotKilled_ItsJobIsResumedElsewhere(t *testing.T) {
	t.Parallel()
	f := startFleet(t, 3)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	leader, err := f.Leader(ctx)
	require.NoError(t, err)
	victim := f.Others(leader)[0]
	c := f.Client(leader, f.Others(leader)[1])
	doc := document(t, set("n", 1), logStep("before"), wait(0.5), set("n", 2), wait(6), logStep("after {{n}}"))
	id := submitTo(t, c, victim, doc)
	waitStep(t, c, id, "s4")
	killed := time.Now()
	victim.Kill()
	job := waitJob(t, c, id, 40*time.Second)
	t.Logf("the job ended %s after its robot died", time.Since(killed).Round(100*time.Millisecond))
	require.Equal(t, casare.JobCompleted, job.State, "%+v", job.Error)
	require.NotEqual(t, victim.Name, job.RobotName)
	require.Equal(t, 2, job.Attempt)
	require.Equal(t, 1, countLines(t, c, id, "before"), "the job began anew instead of going on")
	require.Equal(t, 1, countLines(t, c, id, "after 2"))
	require.NoError(t, victim.Start(ctx))
	ensureSame(t, f)
}

func TestPlannedStop_TheJobMovesAtOnce(t *testing.T) {
	t.Parallel()
	f := startFleet(t, 3)
	leader, err := f.Leader(t.Context())
	require.NoError(t, err)
	c := f.Client(f.Others(leader)...)
	id := submitTo(t, c, leader, document(t, logStep("before"), wait(1), logStep("middle"), wait(4), logStep("after")))
	waitStep(t, c, id, "s3")
	began := time.Now()
	require.NoError(t, leader.Stop(t.Context()))
	t.Logf("the leader stopped within %s", time.Since(began).Round(10*time.Millisecond))
	job := waitJob(t, c, id, 30*time.Second)
	require.Equal(t, casare.JobCompleted, job.State, "%+v", job.Error)
	require.NotEqual(t, leader.Name, job.RobotName)
	require.Equal(t, 1, countLines(t, c, id, "before"))
	require.Equal(t, 1, countLines(t, c, id, "middle"))
	require.Less(t, time.Since(began), 9*time.Second, "the job waited for a lease although its robot stopped in good order")
	require.NoError(t, leader.Start(t.Context()))
	ensureSame(t, f)
}

func TestJoin_WorksAfterTheFirstRobotIsGone(t *testing.T) {
	t.Parallel()
	f := startFleet(t, 3)
	token, err := os.ReadFile(f.Robots()[0].Data + "/join.token")
	require.NoError(t, err)
	f.Robots()[0].Kill()
	late, err := fleet.NewJoining(t.Context(), fleet.Config{Program: program, Dir: t.TempDir()}, "late", f.Robots()[1].Mesh, strings.TrimSpace(string(token)))
	require.NoError(t, err)
	t.Cleanup(late.Kill)
	require.NoError(t, late.Start(t.Context()))
	c := client.New(f.Key(), late.URL())
	s, err := c.Submit(t.Context(), client.Submit{WorkflowName: "through the new robot", Workflow: document(t, set("n", 1))})
	require.NoError(t, err)
	require.Equal(t, casare.JobCompleted, waitJob(t, c, s.JobID, 30*time.Second).State)
}

// submitTo queues a document on one robot, chosen by name as the mesh knows it, and not elsewhere at first: the other robots are
// kept busy by nothing, so the job is placed by target and the target is dropped again by the loss of the robot.
func submitTo(t *testing.T, c *client.Client, robot *fleet.Robot, doc json.RawMessage) string {
	t.Helper()
	for range 50 {
		s, err := c.Submit(t.Context(), client.Submit{WorkflowName: t.Name(), Workflow: doc})
		require.NoError(t, err)
		if job := waitState(t, c, s.JobID, casare.JobRunning); job.RobotName == robot.Name {
			return s.JobID
		}
		_, err = c.Cancel(t.Context(), s.JobID, "placed elsewhere")
		require.NoError(t, err)
	}
	require.Fail(t, "no job was placed on "+robot.Name)
	return ""
}

// waitStep waits until a step of the job has completed.
func waitStep(t *testing.T, c *client.Client, id, step string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	require.ErrorIs(t, c.Watch(ctx, id, "", func(u client.Update) error {
		if u.Step != nil && u.Step.Step == step && u.Step.State == casare.StepCompleted {
			return errReached
		}
		return nil
	}), errReached)
}

var errReached = errors.New("reached")

func countLines(t *testing.T, c *client.Client, id, text string) int {
	t.Helper()
	log, err := c.Logs(t.Context(), id, "")
	require.NoError(t, err)
	n := 0
	for _, l := range log.Lines {
		if strings.Contains(l.Message, text) {
			n++
		}
	}
	return n
}
