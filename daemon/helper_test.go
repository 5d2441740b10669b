package daemon_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"casare"
	"casare/api"
	"casare/client"
	"casare/daemon"
	"casare/executor"
	"casare/internal/meshtest"
	"casare/scheduler"
)

// patience is for what must happen in the end, on a machine that does other things too.
const patience = 45 * time.Second

// quickLeases makes robots that are away lose their jobs sooner than the product's 5 s.
func quickLeases(o *daemon.Options) {
	o.Tuning.Scheduler = func(c *scheduler.Config) { c.TTL, c.Grace = 2500*time.Millisecond, time.Second }
	o.Tuning.Executor = func(c *executor.Config) { c.Heartbeat, c.Drain = 500*time.Millisecond, 500*time.Millisecond }
}

// quickRefusals makes requests that nobody can answer end sooner than in the product.
func quickRefusals(o *daemon.Options) {
	o.Tuning.API = func(c *api.Config) {
		c.WriteWait, c.LeaderWait, c.ReadWait = 8*time.Second, 2*time.Second, 300*time.Millisecond
	}
}

// step is one step of a document made by a test, executed in the order given.
type step map[string]any

func logStep(text string) step {
	return step{"node_type": "LogNode", "config": step{"message": text, "level": "info"}}
}

func waitStep(seconds float64) step {
	return step{"node_type": "WaitNode", "config": step{"duration": seconds}}
}

func setStep(name string, v any) step {
	return step{"node_type": "SetVariableNode", "config": step{"variable_name": name, "default_value": v}}
}

func gateAt(g *gate) step {
	return step{"node_type": "TestGateNode", "config": step{"gate": g.name}}
}

// document makes a workflow that runs the steps one after another; they are called s1, s2, …
func document(t *testing.T, steps ...step) json.RawMessage {
	t.Helper()
	nodes := map[string]any{"start": step{"node_type": "StartNode"}, "end": step{"node_type": "EndNode"}}
	var wires []any
	last := "start"
	for i, s := range steps {
		id := fmt.Sprintf("s%d", i+1)
		nodes[id] = s
		wires = append(wires, step{"source_node": last, "target_node": id})
		last = id
	}
	wires = append(wires, step{"source_node": last, "target_node": "end"})
	text, err := json.Marshal(step{"metadata": step{"name": t.Name()}, "nodes": nodes, "connections": wires})
	require.NoError(t, err)
	return text
}

// quick is a document that ends at once.
func quick(t *testing.T) json.RawMessage {
	t.Helper()
	return document(t, setStep("n", 1))
}

// submit queues a job and returns its id.
func submit(t *testing.T, c *client.Client, s client.Submit) string {
	t.Helper()
	if s.WorkflowName == "" {
		s.WorkflowName = "test"
	}
	out, err := c.Submit(t.Context(), s)
	require.NoError(t, err)
	return out.JobID
}

// until waits until a job is as the test wants it, asking one robot or another.
func until(t *testing.T, m *meshtest.Mesh, c *client.Client, id, what string, holds func(client.Job) bool) client.Job {
	t.Helper()
	var job client.Job
	m.Eventually("job "+id+" "+what, func(ctx context.Context) error {
		var err error
		if job, err = c.Job(ctx, id); err != nil {
			return err
		}
		if !holds(job) {
			return fmt.Errorf("it is %s on %s, attempt %d, error %+v", job.State, job.RobotName, job.Attempt, job.Error)
		}
		return nil
	})
	return job
}

// completed waits until a job has ended, and demands that it ended well.
func completed(t *testing.T, m *meshtest.Mesh, c *client.Client, id string) client.Job {
	t.Helper()
	job := until(t, m, c, id, "has ended", func(j client.Job) bool { return j.State.Terminal() })
	require.Equal(t, casare.JobCompleted, job.State, "%+v", job.Error)
	return job
}

// running waits until a job runs, and returns it.
func running(t *testing.T, m *meshtest.Mesh, c *client.Client, id string) client.Job {
	t.Helper()
	return until(t, m, c, id, "runs", func(j client.Job) bool { return j.State == casare.JobRunning })
}

// gated is a job that stops at a gate of its own.
type gated struct {
	id   string
	gate *gate
	job  client.Job // as it was when it came to the gate
}

// spread starts gated jobs until one robot runs n of them; those that were placed elsewhere end.
func spread(t *testing.T, m *meshtest.Mesh, c *client.Client, on *meshtest.Robot, n int) []gated {
	t.Helper()
	online(t, m, len(m.Others()))
	var chosen, rest []gated
	for len(chosen) < n {
		require.Less(t, len(rest), 3*len(m.Robots()), "no job is placed on robot %d", on.Index+1)
		j := gated{gate: newGate(t)}
		j.id = submit(t, c, client.Submit{Workflow: document(t, logStep("before"), gateAt(j.gate), logStep("after"))})
		j.gate.visited(t, 1)
		if j.job = running(t, m, c, j.id); j.job.RobotID == on.ID() {
			chosen = append(chosen, j)
		} else {
			rest = append(rest, j) // it fills the other robot until there are enough
		}
	}
	for _, j := range rest {
		j.gate.open()
		completed(t, m, c, j.id)
	}
	return chosen
}

// lines counts the lines of a job's log that hold a text.
func lines(t *testing.T, c *client.Client, id, text string) int {
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

// answer is what one robot said to one request.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// ask sends one request to one robot, with the administrator's key. It is not repeated.
func ask(t *testing.T, r *meshtest.Robot, method, path string, body []byte, header ...string) answer {
	t.Helper()
	a, err := try(t.Context(), r, method, path, body, header...)
	require.NoError(t, err)
	return a
}

func try(ctx context.Context, r *meshtest.Robot, method, path string, body []byte, header ...string) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, r.URL()+path, bytes.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	req.Header.Set("Authorization", "Bearer "+r.Key())
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	transport := &http.Transport{DisableKeepAlives: true}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return answer{status: resp.StatusCode, header: resp.Header, body: text}, err
}

// code is the code of an error answer.
func (a answer) code() casare.Code {
	var envelope struct {
		Error struct {
			Code casare.Code `json:"code"`
		} `json:"error"`
	}
	_ = json.Unmarshal(a.body, &envelope) // anything else has no code
	return envelope.Error.Code
}

// field is a text in an answer.
func (a answer) field(t *testing.T, name string) string {
	t.Helper()
	var all map[string]any
	require.NoError(t, json.Unmarshal(a.body, &all), "%s", a.body)
	text, ok := all[name].(string)
	require.True(t, ok, "%s has no text %q", a.body, name)
	return text
}

// submission is the body of a submit.
func submission(t *testing.T, doc json.RawMessage) []byte {
	t.Helper()
	text, err := json.Marshal(step{"workflow_name": "test", "workflow_json": doc})
	require.NoError(t, err)
	return text
}

// frame is what the tests read of the messages of a WebSocket.
type frame struct {
	Type   string            `json:"type"`
	Cursor string            `json:"cursor"`
	Event  casare.EventType  `json:"event"`
	JobID  string            `json:"job_id"`
	State  casare.JobState   `json:"state"`
	Step   *casare.StepEvent `json:"step"`
	Line   *casare.LogLine   `json:"line"`
	Debug  *casare.DebugStop `json:"debug"`
	Final  bool              `json:"final"`
}

// socket is one WebSocket at one robot, which is never opened again. It is read all the time, as every client does.
type socket struct {
	conn   *websocket.Conn
	frames chan frame
	err    error // why there are no more, once frames is closed
}

// maxFrames is more than any test is shown.
const maxFrames = 10_000

var errHandshake = errors.New("no WebSocket")

// open opens a WebSocket at a robot, which may have to find its leader first.
func open(t *testing.T, r *meshtest.Robot, path string) *socket {
	t.Helper()
	for until := time.Now().Add(patience); ; {
		s, status, err := dial(t, r, path)
		if status == http.StatusServiceUnavailable && time.Now().Before(until) {
			continue // it has waited some seconds before it said so
		}
		require.NoError(t, err, "status %d", status)
		return s
	}
}

func dial(t *testing.T, r *meshtest.Robot, path string) (*socket, int, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	web := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	conn, resp, err := websocket.Dial(ctx, "ws://"+r.HTTP()+path, &websocket.DialOptions{
		HTTPClient: web, HTTPHeader: http.Header{"Authorization": {"Bearer " + r.Key()}},
	})
	if err != nil {
		status := 0
		if resp != nil {
			status = resp.StatusCode
			if resp.Body != nil {
				_ = resp.Body.Close()
			}
		}
		return nil, status, fmt.Errorf("%w: %w", errHandshake, err)
	}
	conn.SetReadLimit(16 << 20)
	s := &socket{conn: conn, frames: make(chan frame, maxFrames)}
	done := make(chan struct{})
	go func() { // awaited in the cleanup
		defer close(done)
		defer close(s.frames)
		for s.err == nil {
			var text []byte
			if _, text, s.err = conn.Read(context.Background()); s.err == nil {
				var f frame
				if s.err = json.Unmarshal(text, &f); s.err == nil {
					s.frames <- f
				}
			}
		}
	}()
	t.Cleanup(func() {
		s.close()
		<-done
	})
	return s, http.StatusSwitchingProtocols, nil
}

// close closes the socket; nothing is lost with it.
func (s *socket) close() { _ = s.conn.CloseNow() }

// read returns the next frame; false when the robot has closed the socket in good order.
func (s *socket) read(t *testing.T) (frame, bool) {
	t.Helper()
	limit := time.NewTimer(patience)
	defer limit.Stop()
	select {
	case f, ok := <-s.frames:
		if !ok {
			require.Equal(t, websocket.StatusNormalClosure, websocket.CloseStatus(s.err), "%v", s.err)
		}
		return f, ok
	case <-limit.C:
		require.Fail(t, "nothing comes")
		return frame{}, false
	}
}

// events reads events until one says that a job has ended.
func (s *socket) events(t *testing.T, last string) []frame {
	t.Helper()
	var all []frame
	for {
		f, ok := s.read(t)
		require.True(t, ok, "the socket was closed")
		require.NotEqual(t, "gap", f.Type, "events are missing")
		if f.Event == "" {
			continue
		}
		all = append(all, f)
		if f.Event == casare.EventJobFinished && f.JobID == last {
			return all
		}
	}
}

// history is every event of the mesh so far, as one robot tells them.
func history(t *testing.T, m *meshtest.Mesh, r *meshtest.Robot) []frame {
	t.Helper()
	last := submit(t, r.Client(), client.Submit{Workflow: quick(t)})
	completed(t, m, r.Client(), last)
	s := open(t, r, "/ws/live-jobs?since=0.0")
	defer s.close()
	return s.events(t, last)
}

// endedOnce demands that each of the jobs completed, and ended exactly once in the history.
func endedOnce(t *testing.T, m *meshtest.Mesh, r *meshtest.Robot, ids ...string) {
	t.Helper()
	for _, id := range ids {
		completed(t, m, r.Client(), id)
	}
	ends := map[string]int{}
	for _, f := range history(t, m, r) {
		if f.Event == casare.EventJobFinished {
			ends[f.JobID]++
		}
	}
	for _, id := range ids {
		require.Equal(t, 1, ends[id], "job %s ended %d times", id, ends[id])
	}
}

// view is the mesh as one robot sees it.
func view(t *testing.T, r *meshtest.Robot) client.Mesh {
	t.Helper()
	info, err := r.Client().Mesh(t.Context())
	require.NoError(t, err)
	return info
}

// state is what a robot believes of another one.
func state(info client.Mesh, of *meshtest.Robot) string {
	for _, member := range info.Members {
		if member.RobotID == of.ID() {
			return member.State
		}
	}
	return ""
}
