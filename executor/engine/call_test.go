package engine_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"casare"
	"casare/executor/engine"
	"casare/value"
	"casare/workflow"
)

// shelf holds documents by path or id.
type shelf map[string]string

// Document implements node.Documents. A shelf holds the tests' small language, behind a line of declarations as JSON.
func (s shelf) Document(_ context.Context, r workflow.Reference) ([]byte, error) {
	for _, name := range []string{r.Where(), r.ID} {
		source, ok := s[name]
		if !ok {
			continue
		}
		declared := "{}"
		if strings.HasPrefix(source, "{") {
			declared, source, _ = strings.Cut(source, "\n")
		}
		doc := document(panics{}, source)
		v, err := value.ParseJSON([]byte(declared))
		if err != nil {
			return nil, err
		}
		doc.ID, doc.Name = name, name
		doc.Raw, _ = v.(*value.Dict)
		return doc.JSON()
	}
	return nil, casare.Errorf(casare.CodeNotFound, "no such document")
}

// panics fails where there is no test at hand.
type panics struct{}

func (panics) Errorf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }
func (panics) FailNow()                          { panic("failed") }
func (panics) Helper()                           {}

const calling = `
	$x = "mine"
	s StartNode
	f SubflowNode {"subflow_path": "sub", "in": "{{x}}!"}
	z SetNode {"name": "got", "value": "{{f.out}}"}
	e SetNode {"name": "failed", "value": true}
	s > f
	f > z
	f.error > e
`

func TestCall_GivesAndTakes(t *testing.T) {
	t.Parallel()
	sink := &tape{}
	r := run(t, calling, engine.Options{Sink: sink, Documents: shelf{"sub": `{"inputs": [{"name": "in"}], "outputs": [{"name": "out"}]}
		$own = 7
		$x = "not this"
		n1 StartNode
		n2 SetNode {"name": "out", "value": "{{in}} {{x}} {{own}}"}
		n3 SetNode {"name": "x", "value": "changed"}
		n1 > n2
		n2 > n3
	`}})
	require.Equal(t, engine.Completed, r.Status, "%v", r.Error)
	require.Equal(t, "mine! mine 7", variable(r, "got"))
	require.Equal(t, "mine", variable(r, "x"))
	require.Nil(t, variable(r, "own"))
	require.Equal(t, []string{"s", "f", "z"}, r.Order)
	require.Equal(t, []string{
		"s started", "s completed", "f started", "f/n1 started", "f/n1 completed", "f/n2 started", "f/n2 completed", "f/n3 started",
		"f/n3 completed", "f completed", "z started", "z completed",
	}, sink.history())
}

func TestCall_PortsOfStepsInside(t *testing.T) {
	t.Parallel()
	r := run(t, calling, engine.Options{Documents: shelf{"sub": `{"inputs": [{"name": "in", "internal_node_id": "n", "internal_port_name": "value"}], "outputs": [{"name": "out", "internal_node_id": "n", "internal_port_name": "value"}]}
		n SetNode {"name": "inner"}
	`}})
	require.Equal(t, engine.Completed, r.Status, "%v", r.Error)
	require.Equal(t, "mine!", variable(r, "got"))
}

func TestCall_OutputStepsWithoutWiresOfControlComeLast(t *testing.T) {
	t.Parallel()
	for name, begin := range map[string]string{"by itself": "", "at a start": "b StartNode\nb > w"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := run(t, calling, engine.Options{Documents: shelf{"sub": `{"inputs": [{"name": "in"}], "outputs": [{"name": "out"}]}
				o SubflowOutputNode {"port_name": "out"}
				i SubflowInputNode {"port_name": "in"}
				w SetNode {"name": "v"}
				c SetNode {"name": "u"}
				i.value > w.value
				w > c
				w.value > c.value
				c.value > o.value
			` + begin}})
			require.Equal(t, engine.Completed, r.Status, "%v", r.Error)
			require.Equal(t, "mine!", variable(r, "got"))
		})
	}
}

func TestCall_WhatGoesWrongLeavesByTheErrorPort(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		shelf shelf
		step  string
		want  string
	}{
		"no such document": {shelf{}, "f", "subflow sub cannot be read: no such document"},
		"a bad document":   {shelf{"sub": "a NobodyKnowsNode"}, "f", "subflow sub cannot run: UNKNOWN_NODE_TYPE"},
		"a step fails":     {shelf{"sub": "n FailNode {\"text\": \"inside\"}"}, "f/n", "inside"},
		"no value":         {shelf{"sub": "{\"inputs\": [{\"name\": \"must\", \"required\": true}]}\nn PlainNode"}, "f", "required input 'must' has no value"},
		"itself":           {shelf{"sub": "n SubflowNode {\"subflow_path\": \"sub\"}"}, "f/n", "subflow sub calls itself: doc → sub → sub"},
		"too deep": {shelf{
			"sub": "n SubflowNode {\"subflow_path\": \"b\"}", "b": "n SubflowNode {\"subflow_path\": \"c\"}",
			"c": "n SubflowNode {\"subflow_path\": \"d\"}", "d": "n PlainNode",
		}, "f/n/n/n", "subflows may be nested 3 deep, and d would be one more: doc → sub → b → c"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := run(t, calling, engine.Options{Documents: tc.shelf})
			require.Equal(t, engine.Completed, r.Status, "%v", r.Error)
			require.Equal(t, true, variable(r, "failed"))
			r = run(t, strings.Replace(calling, "f.error > e", "", 1), engine.Options{Documents: tc.shelf})
			require.Equal(t, engine.Failed, r.Status)
			require.Equal(t, tc.step, r.Error.NodeID)
			require.Contains(t, r.Error.Message, tc.want)
		})
	}
	require.Equal(t, true, variable(run(t, calling, engine.Options{}), "failed"), "where there are no documents at all")
}

func TestCall_WorkflowsMayBeTenDeep(t *testing.T) {
	t.Parallel()
	books := shelf{}
	for i := range 12 {
		books[fmt.Sprintf("w%d", i)] = fmt.Sprintf("n ExecuteWorkflowNode {\"workflow_path\": \"w%d\"}", i+1)
	}
	r := run(t, "s ExecuteWorkflowNode {\"workflow_path\": \"w0\"}", engine.Options{Documents: books})
	require.Equal(t, engine.Failed, r.Status)
	require.Contains(t, r.Error.Message, "workflows may be nested 10 deep, and w10 would be one more")
	require.Equal(t, "s"+strings.Repeat("/n", 10), r.Error.NodeID)
}

func TestCall_ParametersChangeStepsInside(t *testing.T) {
	t.Parallel()
	books := shelf{"sub": `{"outputs": [{"name": "out"}], "parameters": [
		{"name": "greeting", "internal_node_id": "n", "internal_property_name": "value", "default_value": "Hi"}]}
		n SetNode {"name": "out", "value": "unset"}
	`}
	books["sub"] = strings.Replace(books["sub"], "[\n\t\t{", "[{", 1)
	source := `
		s StartNode
		l LoopNode {"times": 3}
		f SubflowNode {"subflow_id": "sub", "greeting": "{{l.index}}"}
		z SetNode {"name": "got", "value": "{{f.out}}"}
		s > l
		l.body > f
		f > z
	`
	var kept keeper
	r := run(t, source, engine.Options{Documents: books, Checkpoint: kept.keep, Now: slowClock()})
	require.Equal(t, engine.Completed, r.Status, "%v", r.Error)
	require.Equal(t, int64(2), variable(r, "got"))
	for _, cut := range kept.cuts {
		rest := run(t, source, engine.Options{Documents: books, Resume: cut.Records})
		require.Equal(t, engine.Completed, rest.Status, "%v", rest.Error)
		require.Equal(t, text(t, r.Variables), text(t, rest.Variables))
	}
	r = run(t, strings.Replace(source, `, "greeting": "{{l.index}}"`, "", 1), engine.Options{Documents: books})
	require.Equal(t, "Hi", variable(r, "got"))
}

// deep calls a subflow in branches, which call another.
const deep = `
	$n = 0
	s StartNode
	p ParallelForEachNode {"items": [1, 2, 3], "batch_size": 2, "timeout_per_item": 0}
	f SubflowNode {"subflow_path": "lib/sub", "in": "{{item}}"}
	y SetNode {"name": "y", "value": "{{f.out}}"}
	z PlainNode
	s > p
	p.body > f
	f > y
	p.completed > z
`

var deepShelf = shelf{
	"lib/sub": `{"inputs": [{"name": "in"}], "outputs": [{"name": "out"}]}
		n1 PlainNode
		g SubflowNode {"subflow_path": "inner", "a": "{{in}}"}
		k ForkNode {"branch_count": 2}
		a SetNode {"name": "v", "value": "{{g.b}}"}
		b PlainNode
		j JoinNode
		n2 SetNode {"name": "out", "value": "{{branch_1_v}}"}
		n1 > g
		g > k
		k.branch_1 > a
		k.branch_2 > b
		a > j
		b > j
		j > n2
	`,
	"lib/inner": `{"inputs": [{"name": "a"}], "outputs": [{"name": "b"}]}
		l LoopNode {"times": 2}
		x PlainNode
		e EffectNode {"_effect": "idempotent"}
		w SetNode {"name": "b", "value": "<{{a}}>"}
		l.body > x
		x > e
		l.completed > w
	`,
}

func TestCall_ResumedAtAnyCheckpointItGoesOnExactly(t *testing.T) {
	t.Parallel()
	var kept keeper
	now := slowClock()
	whole := run(t, deep, engine.Options{Documents: deepShelf, Checkpoint: kept.keep, Now: now})
	require.Equal(t, engine.Completed, whole.Status, "%v", whole.Error)
	require.Equal(t, []string{"s", "p", "f", "y", "f", "y", "f", "y", "z"}, whole.Order)
	one := []string{"n1", "x", "e", "x", "e", "b"}
	require.Equal(t, append(append(append(append([]string{"s"}, one...), one...), one...), "z"), whole.Logs)
	require.JSONEq(t, `[{"item": 1, "index": 0, "y": "<1>"}, {"item": 2, "index": 1, "y": "<2>"}, {"item": 3, "index": 2, "y": "<3>"}]`,
		text(t, output(whole, "p", "results")))
	require.Greater(t, len(kept.cuts), 20)
	for _, cut := range kept.cuts {
		rest := run(t, deep, engine.Options{Documents: deepShelf, Resume: cut.Records, Now: now})
		require.Equal(t, engine.Completed, rest.Status, "%v", rest.Error)
		require.Equal(t, text(t, whole.Variables), text(t, rest.Variables))
		require.Equal(t, whole.Order, append(append([]string(nil), whole.Order[:cut.Order]...), rest.Order...))
		require.Equal(t, whole.Logs, append(append([]string(nil), whole.Logs[:cut.Logs]...), rest.Logs...))
	}
}

func TestCall_ARunGoesOnWithTheDocumentItBegan(t *testing.T) {
	t.Parallel()
	var kept keeper
	now := slowClock()
	run(t, deep, engine.Options{Documents: deepShelf, Checkpoint: kept.keep, Now: now})
	changed := shelf{"lib/sub": deepShelf["lib/sub"] + "\nmore PlainNode", "lib/inner": deepShelf["lib/inner"]}
	refused := 0
	for _, cut := range kept.cuts {
		r := run(t, deep, engine.Options{Documents: changed, Resume: cut.Records, Now: now})
		if r.Status == engine.Failed {
			refused++
			require.Equal(t, engine.TypeResume, r.Error.ErrorType)
			require.Contains(t, r.Error.Message, "subflow lib/sub has changed since it was begun")
		}
	}
	require.Greater(t, refused, 5)
}

func TestCall_TakesNoLongerThanItMay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		r := run(t, `
			s StartNode
			c CallSubworkflowNode {"subworkflow_id": "w", "timeout_seconds": 5}
			s > c
		`, engine.Options{Documents: shelf{"w": "a BlockNode"}})
		require.Equal(t, engine.Failed, r.Status)
		require.Equal(t, &casare.JobError{NodeID: "c/a", ErrorType: engine.TypeTimeout, Message: "workflow w timed out after 5s"}, r.Error)
		require.Equal(t, 5*time.Second, time.Since(began))
		require.Equal(t, false, output(r, "c", "success"))
	})
}

func TestCall_AWorkflowsVariablesArePorts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := run(t, `
			$kept = "before"
			s StartNode
			a SetNode {"name": "x", "value": 20}
			c CallSubworkflowNode {"subworkflow_id": "w"}
			z SetNode {"name": "got", "value": "{{c.sum}} {{c.success}} {{c.execution_time_ms}} {{kept}}"}
			s > a
			a > c
			a.value > c.n
			c > z
		`, engine.Options{Documents: shelf{"w": `
			$n = 1
			$sum = 0
			w SleepNode {"ms": 1500}
			b SetNode {"name": "sum", "value": "{{n}}"}
			k SetNode {"name": "kept", "value": "inside"}
			w > b
			b > k
		`}})
		require.Equal(t, engine.Completed, r.Status, "%v", r.Error)
		require.Equal(t, "20 True 1500 before", variable(r, "got"))
		require.NotEmpty(t, output(r, "c", "job_id"))
	})
}

const beside = `
	$x = 1
	s StartNode
	c CallSubworkflowNode {"subworkflow_id": "w", "execution_mode": "async"}
	z SetNode {"name": "x", "value": 2}
	p PlainNode
	s > c
	c > z
	z > p
`

func TestCall_Beside(t *testing.T) {
	t.Parallel()
	books := shelf{"w": "w SleepNode {\"ms\": 5000}\nb PlainNode\nl SetNode {\"name\": \"y\", \"value\": \"{{x}}\"}\nf FailNode {\"text\": \"x is {{y}}\"}\nw > b\nb > l\nl > f"}
	synctest.Test(t, func(t *testing.T) {
		began, sink := time.Now(), &tape{}
		r := run(t, beside, engine.Options{Documents: books, Sink: sink})
		require.Equal(t, engine.Completed, r.Status, "its failure is its own: %v", r.Error)
		require.Equal(t, 5*time.Second, time.Since(began))
		require.Equal(t, []string{"s", "p", "b"}, r.Logs)
		require.Equal(t, []string{"s", "c", "z", "p"}, r.Order)
		require.Equal(t, true, output(r, "c", "success"))
		require.Contains(t, sink.history(), "c/f failed")
		require.Contains(t, sink.lines[len(sink.lines)-2].Message, "The workflow w that step c started failed: x is 1", "it has a copy of the variables")
	})
	synctest.Test(t, func(t *testing.T) {
		var kept keeper
		stop := make(chan struct{})
		time.AfterFunc(2*time.Second, func() { close(stop) })
		r := run(t, beside, engine.Options{Documents: books, Checkpoint: kept.keep, Stop: stop})
		require.Equal(t, engine.Released, r.Status)
		require.Equal(t, []string{"s", "p"}, r.Logs)
		began := time.Now()
		r = run(t, beside, engine.Options{Documents: books, Resume: kept.last(t).Records})
		require.Equal(t, engine.Completed, r.Status, "%v", r.Error)
		require.Equal(t, 3*time.Second, time.Since(began))
		require.Equal(t, []string{"b"}, r.Logs)
	})
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, engine.ErrJobTimeout)
		defer cancel()
		r := compile(t, document(t, beside)).Run(ctx, engine.Options{Documents: books})
		require.Equal(t, engine.TimedOut, r.Status)
	})
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		r := run(t, beside+"e FailNode\np > e", engine.Options{Documents: books})
		require.Equal(t, engine.Failed, r.Status)
		require.Zero(t, time.Since(began), "a run that fails waits for nobody")
	})
}

func TestCall_BesideResumedAtAnyCheckpoint(t *testing.T) {
	t.Parallel()
	books := shelf{"w": "l LoopNode {\"times\": 3}\nb PlainNode\nl.body > b"}
	var kept keeper
	now := slowClock()
	whole := run(t, beside, engine.Options{Documents: books, Checkpoint: kept.keep, Now: now})
	require.Equal(t, engine.Completed, whole.Status, "%v", whole.Error)
	require.Equal(t, []string{"s", "p", "b", "b", "b"}, whole.Logs)
	for _, cut := range kept.cuts {
		rest := run(t, beside, engine.Options{Documents: books, Resume: cut.Records, Now: now})
		if rest.Attention != "" {
			continue // the moment between the intent to start it and its start
		}
		require.Equal(t, engine.Completed, rest.Status, "%v", rest.Error)
		require.Equal(t, whole.Logs, append(append([]string(nil), whole.Logs[:cut.Logs]...), rest.Logs...))
	}
}

func TestCall_BreakpointsInside(t *testing.T) {
	t.Parallel()
	d, err := engine.NewDebugger(casare.DebugSpec{Breakpoints: []casare.Breakpoint{{Step: "f/g/x"}}}, nil, nil)
	require.NoError(t, err)
	done := make(chan engine.Result, 1)
	plan := compile(t, document(t, strings.Replace(deep, "[1, 2, 3]", "[1]", 1)))
	go func() { done <- plan.Run(t.Context(), engine.Options{Documents: deepShelf, Debug: d}) }()
	for range 2 {
		var s casare.DebugState
		require.Eventually(t, func() bool { s = d.State(); return s.Paused }, 10*time.Second, time.Millisecond)
		require.Equal(t, "f/g/x", s.Step)
		require.Equal(t, []string{"f/g/x", "f/g/l", "f/g", "f", "p"}, callers(s.Stack))
		_, err := d.Do(t.Context(), casare.DebugCommand{Verb: casare.DebugContinue})
		require.NoError(t, err)
	}
	r := <-done
	require.Equal(t, engine.Completed, r.Status, "%v", r.Error)
}

func callers(stack []casare.DebugFrame) (out []string) {
	for _, f := range stack {
		out = append(out, f.Step)
	}
	return out
}
