package fault_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"casare"
	"casare/client"
	"casare/internal/fleet"
)

// kind is a document whose robot is killed while the step "gate" runs: what a robot may be doing when it dies.
type kind struct {
	name      string
	document  map[string]any
	documents map[string]map[string]any // that the document refers to
	visit     int                       // of the gate, from 1, in which the robot dies
}

type obj = map[string]any

// flow makes a document of steps and of wires written "a.port>b" or "a>b".
func flow(steps obj, wires string) obj {
	var list []any
	for wire := range strings.FieldsSeq(wires) {
		from, to, _ := strings.Cut(wire, ">")
		source, port, named := strings.Cut(from, ".")
		if !named {
			port = "exec_out"
		}
		list = append(list, obj{"source_node": source, "source_port": port, "target_node": to, "target_port": "exec_in"})
	}
	nodes := obj{"start": obj{"node_id": "start", "node_type": "StartNode"}}
	for id, s := range steps {
		step, ok := s.(obj)
		if !ok {
			panic("a step is an object")
		}
		step["node_id"] = id
		nodes[id] = step
	}
	return obj{"metadata": obj{"name": "kind"}, "nodes": nodes, "connections": list}
}

func nodeOf(typ string, config obj) obj { return obj{"node_type": typ, "config": config} }

func setTo(name string, v any) obj {
	return nodeOf("SetVariableNode", obj{"variable_name": name, "value": v})
}

func addOne(name string) obj { return nodeOf("IncrementVariableNode", obj{"variable_name": name}) }

func logOf(text string) obj { return nodeOf("LogNode", obj{"message": text, "level": "info"}) }

// gate is where the robot dies: long enough that it is seen, short enough that a run to the end does not take long.
func gate(seconds float64) obj { return nodeOf("WaitNode", obj{"duration": seconds}) }

// kinds are the kinds of steps that a job must survive the loss of its robot in.
func kinds() []kind {
	return []kind{
		{name: "between pure steps", visit: 1, document: flow(obj{
			"a": setTo("x", 1), "gate": gate(1.5), "b": addOne("x"), "c": logOf("x={x}"),
		}, "start>a a>gate gate>b b>c")},
		{name: "inside a loop", visit: 3, document: flow(obj{
			"loop": nodeOf("ForLoopStartNode", obj{"items": []any{"a", "b", "c", "d"}}), "add": addOne("x"), "say": logOf("{item} {x}"),
			"gate": gate(0.8), "end": nodeOf("ForLoopEndNode", obj{"paired_start_id": "loop"}), "last": logOf("done {x}"),
		}, "start>loop loop.body>add add>say say>gate gate>end loop.completed>last")},
		{name: "inside a catch", visit: 1, document: flow(obj{
			"try": nodeOf("TryNode", obj{}), "throw": nodeOf("ThrowErrorNode", obj{"error_message": "ouch"}),
			"catch": nodeOf("CatchNode", obj{"paired_try_id": "try"}), "gate": gate(1.5), "say": logOf("caught {x}"), "keep": setTo("x", "{{catch.error_message}}"),
			"finally": nodeOf("FinallyNode", obj{"paired_try_id": "try"}), "clean": addOne("cleaned"), "last": logOf("last"),
		}, "start>try try.try_body>throw try>catch catch.catch_body>keep keep>gate gate>say catch>finally finally.finally_body>clean finally>last")},
		{name: "between two tries of a retry", visit: 1, document: flow(obj{
			"retry": nodeOf("RetryNode", obj{"max_attempts": 3, "initial_delay": 1.0, "backoff_multiplier": 1.0}),
			"add":   addOne("tries"), "gate": gate(1.0), "enough": nodeOf("IfNode", obj{"expression": "tries >= 2"}),
			"throw": nodeOf("ThrowErrorNode", obj{"error_message": "again"}), "ok": nodeOf("RetrySuccessNode", obj{}), "last": logOf("after {tries}"),
		}, "start>retry retry.retry_body>add add>gate gate>enough enough.false>throw enough.true>ok retry.success>last")},
		{name: "inside a branch", visit: 1, document: flow(obj{
			"fork": nodeOf("ForkNode", obj{"branch_count": 2}), "a": setTo("left", "L"), "gate": gate(1.5), "b": setTo("right", "R"), "w": gate(0.4),
			"join": nodeOf("JoinNode", obj{"paired_fork_id": "fork"}), "last": logOf("joined"),
		}, "start>fork fork.branch_1>a a>gate gate>join fork.branch_2>b b>w w>join join>last")},
		{name: "inside a subflow", visit: 1, document: flow(obj{
			"a": setTo("x", "out"), "sub": nodeOf("SubflowNode", obj{"subflow_path": "part.json"}), "last": logOf("x={x}"),
		}, "start>a a>sub sub>last"), documents: map[string]map[string]any{
			"part.json": flow(obj{"in": setTo("x", "in"), "gate": gate(1.5), "say": logOf("inside {x}")}, "start>in in>gate gate>say"),
		}},
		{name: "behind a file in the workspace", visit: 1, document: flow(obj{
			"write": nodeOf("WriteFileNode", obj{"file_path": "note.txt", "content": "kept"}), "gate": gate(1.5),
			"read": nodeOf("ReadFileNode", obj{"file_path": "note.txt"}), "keep": setTo("x", "{{read.content}}"), "say": logOf("read {x}"),
		}, "start>write write>gate gate>read read>keep keep>say")},
	}
}

// undisturbed is how the document ends on one machine that nothing happens to.
type undisturbed struct {
	Success   bool            `json:"success"`
	Variables json.RawMessage `json:"variables"`
	Logs      []string        `json:"logs"`
}

// alone runs a kind's document with no mesh.
func (k *kind) alone(t *testing.T) undisturbed {
	t.Helper()
	folder := t.TempDir()
	write := func(name string, doc obj) string {
		raw, err := json.Marshal(doc)
		require.NoError(t, err)
		path := filepath.Join(folder, name)
		require.NoError(t, os.WriteFile(path, raw, 0o600))
		return path
	}
	for name, doc := range k.documents {
		write(name, doc)
	}
	cmd := exec.CommandContext(t.Context(), program, "run", write("main.json", k.document), "-o", "json")
	cmd.Dir = folder
	out, err := cmd.Output()
	require.NoError(t, err, "%s", out)
	var end undisturbed
	require.NoError(t, json.Unmarshal(out, &end))
	require.True(t, end.Success)
	return end
}

// through submits the document to a mesh, kills its robot in the gate, and returns the job as it ends and what its steps logged.
func (k *kind) through(t *testing.T, f *fleet.Fleet) (client.Job, []string) {
	t.Helper()
	raw, err := json.Marshal(k.document)
	require.NoError(t, err)
	documents := map[string]json.RawMessage{}
	for name, doc := range k.documents {
		if documents[name], err = json.Marshal(doc); err != nil {
			require.NoError(t, err)
		}
	}
	c := f.Client(f.Robots()...)
	s, err := c.Submit(t.Context(), client.Submit{WorkflowName: k.name, Workflow: raw, Documents: documents})
	require.NoError(t, err)
	victim, seen := "", 0
	watchUntil(t, c, s.JobID, func(u client.Update) bool {
		if u.Job != nil {
			victim = u.Job.RobotName
		}
		if u.Step != nil && strings.HasSuffix(u.Step.Step, "gate") && u.Step.State == casare.StepStarted {
			seen++
		}
		return seen == k.visit
	})
	robot := robotNamed(t, f, victim)
	robot.Kill()
	others := f.Client(f.Others(robot)...)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	job, err := others.WaitJob(ctx, s.JobID)
	require.NoError(t, err)
	require.Equal(t, 2, job.Attempt, "it did not go on elsewhere")
	require.NotEqual(t, victim, job.RobotName)
	log, err := others.Logs(ctx, s.JobID, "")
	require.NoError(t, err)
	require.NoError(t, robot.Start(t.Context()))
	ready(t, f)
	return job, spoken(log.Lines)
}

// spoken are the lines that the document's own log steps wrote.
func spoken(lines []casare.LogLine) []string {
	var out []string
	for _, l := range lines {
		// Inside a subflow a step is called by its place, "f/s", and says only "s" itself.
		if l.Level != "DEBUG" && strings.HasPrefix(l.Message, "["+l.Step[strings.LastIndex(l.Step, "/")+1:]+"] ") {
			out = append(out, l.Message)
		}
	}
	return out
}

func robotNamed(t *testing.T, f *fleet.Fleet, name string) *fleet.Robot {
	t.Helper()
	for _, r := range f.Robots() {
		if r.Name == name {
			return r
		}
	}
	require.FailNow(t, "no robot is called "+name)
	return nil
}

func TestRobotKilled_InEveryKindOfStep(t *testing.T) { //nolint:paralleltest // it kills robots
	f := start(t)
	all := kinds()
	if !long() {
		all = all[1:3]
	}
	for _, k := range all { //nolint:paralleltest // one robot dies at a time
		t.Run(k.name, func(t *testing.T) {
			want := k.alone(t)
			job, said := k.through(t, f)
			require.Equal(t, casare.JobCompleted, job.State, "%+v", job.Error)
			require.JSONEq(t, unplaced(t, want.Variables), unplaced(t, job.Result))
			require.Equal(t, withoutStep(want.Logs), withoutStep(said), "each line once")
		})
	}
	ensureSame(t, f)
}

// unplaced are the variables of a run without those that say where it ran.
func unplaced(t *testing.T, raw json.RawMessage) string {
	t.Helper()
	var all map[string]any
	require.NoError(t, json.Unmarshal(raw, &all))
	if inner, ok := all["variables"].(map[string]any); ok && len(all) <= 2 {
		all = inner
	}
	delete(all, "write") // names the folder
	delete(all, "read")
	text, err := json.Marshal(all)
	require.NoError(t, err)
	return string(text)
}

// withoutStep cuts the step's id off each line: inside a subflow it has another form in a job's log.
func withoutStep(lines []string) []string {
	out := make([]string, 0, len(lines))
	for _, l := range lines {
		_, text, _ := strings.Cut(l, "] ")
		out = append(out, text)
	}
	return out
}

// roots starts robots that may use two folders: one that all of them see, and one that is each robot's own as far as they know.
func roots(t *testing.T) (f *fleet.Fleet, shared, private string) {
	t.Helper()
	shared, private = t.TempDir(), t.TempDir()
	config := filepath.Join(t.TempDir(), "robot.yaml")
	text := fmt.Sprintf("files:\n  roots:\n    - {path: %q, shared: true}\n    - {path: %q}\n", shared, private)
	require.NoError(t, os.WriteFile(config, []byte(text), 0o600))
	f, err := fleet.Start(t.Context(), fleet.Config{
		Program: program, Dir: t.TempDir(), Robots: 3, Args: []string{"--slots", "50", "--log-level", "warn", "--config", config},
	})
	require.NoError(t, err)
	t.Cleanup(f.Kill)
	ready(t, f)
	canary(t, f)
	return f, shared, private
}

// appending is a document that adds a line to a file, which may happen only once, waits, and reads the file.
func appending(path string) map[string]any {
	return flow(obj{
		"append": nodeOf("AppendFileNode", obj{"file_path": path, "content": "line;"}), "gate": gate(1.5),
		"read": nodeOf("ReadFileNode", obj{"file_path": path}), "keep": setTo("x", "{{read.content}}"), "say": logOf("read {x}"),
	}, "start>append append>gate gate>read read>keep keep>say")
}

func TestRobotKilled_BehindAFileThatEverybodySees(t *testing.T) { //nolint:paralleltest // it kills robots
	f, shared, _ := roots(t)
	file := filepath.Join(shared, "log.txt")
	k := kind{name: "shared root", visit: 1, document: appending(file)}
	job, said := k.through(t, f)
	require.Equal(t, casare.JobCompleted, job.State, "%+v", job.Error)
	require.Equal(t, []string{"[say] read line;"}, said)
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, "line;", string(content), "what may happen only once happened twice")
}

// A job that has written where only its robot looks waits for that robot.
func TestRobotKilled_BehindAFileOfItsOwn(t *testing.T) { //nolint:paralleltest // it kills robots
	f, _, private := roots(t)
	file := filepath.Join(private, "log.txt")
	raw, err := json.Marshal(appending(file))
	require.NoError(t, err)
	c := f.Client(f.Robots()...)
	s, err := c.Submit(t.Context(), client.Submit{WorkflowName: "private root", Workflow: raw})
	require.NoError(t, err)
	victim := ""
	watchUntil(t, c, s.JobID, func(u client.Update) bool {
		if u.Job != nil {
			victim = u.Job.RobotName
		}
		return u.Step != nil && u.Step.Step == "gate" && u.Step.State == casare.StepStarted
	})
	robot := robotNamed(t, f, victim)
	robot.Kill()
	others := f.Client(f.Others(robot)...)
	watchUntil(t, others, s.JobID, func(u client.Update) bool {
		return u.Job != nil && !u.Job.State.Active() && strings.Contains(u.Job.WaitingFor, file)
	})
	require.NoError(t, robot.Start(t.Context()))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	job, err := others.WaitJob(ctx, s.JobID)
	require.NoError(t, err)
	require.Equal(t, casare.JobCompleted, job.State, "%+v", job.Error)
	require.Equal(t, victim, job.RobotName)
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, "line;", string(content))
}
