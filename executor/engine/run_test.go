package engine_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"casare"
	"casare/executor/engine"
	"casare/node"
	"casare/value"
	"casare/workflow"
)

func TestRun_FansOutBreadthFirst(t *testing.T) {
	t.Parallel()
	r := run(t, `
		s StartNode
		a PlainNode
		b PlainNode
		c PlainNode
		a2 PlainNode
		b2 PlainNode
		s > a
		s > b
		s > c
		a > a2
		b > b2
	`, engine.Options{})
	require.Equal(t, engine.Completed, r.Status)
	require.Equal(t, []string{"s", "a", "b", "c", "a2", "b2"}, r.Order)
}

func TestRun_TwoWiresRunAnIfTwiceAndItsTargetOnce(t *testing.T) {
	t.Parallel()
	r := run(t, `
		s StartNode
		a PlainNode
		b PlainNode
		i IfNode {"pattern": "T"}
		z PlainNode
		s > a
		s > b
		a > i
		b > i
		i.true > z
	`, engine.Options{})
	require.Equal(t, []string{"s", "a", "b", "i", "i", "z"}, r.Order)
}

func TestRun_ALoopGoesOnWhenItsBodyIsDone(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		source string
		want   string
	}{
		"two wires into the end": {`
			s StartNode
			l LoopNode {"times": 2}
			p PlainNode
			q PlainNode
			e LoopEndNode {"pair": "l"}
			z PlainNode
			s > l
			l.body > p
			l.body > q
			p > e
			q > e
			l.completed > z
		`, "s l p q e e l p q e e l z"},
		"a dead branch": {`
			s StartNode
			l LoopNode {"times": 2}
			i IfNode {"pattern": "FT"}
			e LoopEndNode {"pair": "l"}
			z PlainNode
			s > l
			l.body > i
			i.true > e
			l.completed > z
		`, "s l i l i e l z"},
		"nothing in the body": {`
			s StartNode
			l LoopNode {"times": 2}
			z PlainNode
			s > l
			l.completed > z
		`, "s l l l z"},
		"no time at all": {`
			s StartNode
			l LoopNode {"times": 0}
			p PlainNode
			z PlainNode
			s > l
			l.body > p
			l.completed > z
		`, "s l z"},
		"completed leads to the end": {`
			s StartNode
			l LoopNode {"times": 1}
			p PlainNode
			e LoopEndNode {"pair": "l"}
			z PlainNode
			s > l
			l.body > p
			p > e
			l.completed > e
			e > z
		`, "s l p e l e z"},
		"break leaves two loops": {`
			s StartNode
			o LoopNode {"times": 3}
			i LoopNode {"times": 3}
			f IfNode {"pattern": "FT"}
			x BreakNode {"pair": "o"}
			e LoopEndNode {"pair": "i"}
			p PlainNode
			z PlainNode
			s > o
			o.body > i
			i.body > f
			f.true > x
			f.false > e
			i.completed > p
			o.completed > z
		`, "s o i f e i f x o z"},
		"continue discards what is inside": {`
			s StartNode
			o LoopNode {"times": 2}
			i LoopNode {"times": 3}
			x ContinueNode {"pair": "o"}
			p PlainNode
			z PlainNode
			s > o
			o.body > i
			i.body > p
			p > x
			o.completed > z
		`, "s o i p x o i p x o z"},
		"break without a loop": {`
			s StartNode
			x BreakNode {"pair": "l"}
			l LoopNode
			z PlainNode
			s > x
			x > z
			z > l
		`, "s x z l l l"},
		"unpaired, the innermost is meant": {`
			s StartNode
			o LoopNode {"times": 2}
			i LoopNode {"times": 2}
			x BreakNode
			z PlainNode
			s > o
			o.body > i
			i.body > x
			o.completed > z
		`, "s o i x i o i x i o z"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := run(t, tc.source, engine.Options{})
			require.Equal(t, engine.Completed, r.Status)
			require.Equal(t, strings.Fields(tc.want), r.Order)
		})
	}
}

const failing = `
	s StartNode
	f FailNode {"text": "boom", "port": "error"}
	b PlainNode
	z PlainNode
	s > f
	s > b
	f > z
`

func TestRun_AFailureSaysWhatAndWhere(t *testing.T) {
	t.Parallel()
	sink := &tape{}
	r := run(t, failing, engine.Options{Sink: sink})
	require.Equal(t, engine.Failed, r.Status)
	require.Equal(t, &casare.JobError{NodeID: "f", ErrorType: "TestError", Message: "boom"}, r.Error)
	require.Equal(t, []string{"s", "f"}, r.Order)
	require.Equal(t, []string{"s started", "s completed", "f started", "f failed"}, sink.history())
	require.Equal(t, "boom", sink.events[3].Message)
}

func TestRun_AFailureFollowsItsPort(t *testing.T) {
	t.Parallel()
	r := run(t, failing+`
	e PlainNode
	f.error > e
	`, engine.Options{})
	require.Equal(t, engine.Completed, r.Status)
	require.Equal(t, []string{"s", "f", "b", "e"}, r.Order)
}

func TestRun_AFailureEndsItsPathOnly(t *testing.T) {
	t.Parallel()
	doc := document(t, failing)
	doc.Settings.StopOnError = false
	sink := &tape{}
	r := compile(t, doc).Run(t.Context(), engine.Options{Sink: sink})
	require.Equal(t, engine.Completed, r.Status)
	require.Equal(t, []string{"s", "f", "b"}, r.Order)
	require.Condition(t, func() bool {
		for _, l := range sink.lines {
			if l.Step == "f" && l.Level == "ERROR" && strings.Contains(l.Message, "boom") {
				return true
			}
		}
		return false
	}, "the failure is in the log")
	require.NotContains(t, r.Logs, "boom", "but it is no line of the workflow's own")
}

func TestRun_AFailingStepIsTriedAgain(t *testing.T) {
	t.Parallel()
	for until, want := range map[int64]engine.Status{0: engine.Completed, 2: engine.Completed, 3: engine.Failed} {
		doc := document(t, `
			s StartNode
			f FailNode
			z PlainNode
			s > f
			f > z
		`)
		doc.Step("f").Config = config("until", until)
		doc.Settings.RetryCount = 2
		r := compile(t, doc).Run(t.Context(), engine.Options{})
		require.Equal(t, want, r.Status)
		require.Equal(t, min(until, 2)+1, variable(r, "count_f"))
		if want == engine.Failed {
			require.Equal(t, "boom", r.Error.Message, "the true error")
		}
	}
}

func TestRun_APanicFailsTheStep(t *testing.T) {
	t.Parallel()
	r := run(t, `
		s StartNode
		f FailNode {"panics": true, "text": "index out of range"}
		s > f
	`, engine.Options{})
	require.Equal(t, engine.Failed, r.Status)
	require.Equal(t, "f", r.Error.NodeID)
	require.Equal(t, node.TypePanic, r.Error.ErrorType)
	require.Contains(t, r.Error.Message, "index out of range")
}

func TestRun_AStepThatTakesTooLongFails(t *testing.T) {
	t.Parallel()
	doc := document(t, `
		s StartNode
		w BlockNode
		s > w
	`)
	doc.Settings.StepTimeout = 20 * time.Millisecond
	r := compile(t, doc).Run(t.Context(), engine.Options{})
	require.Equal(t, engine.Failed, r.Status)
	require.Equal(t, &casare.JobError{NodeID: "w", ErrorType: engine.TypeTimeout, Message: "Node w timed out after 0.02s"}, r.Error)
}

func TestRun_TheCauseSaysHowItEnds(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		cause error
		want  engine.Status
		typ   string
	}{
		"cancelled":  {engine.ErrCancelled, engine.Cancelled, engine.TypeCancelled},
		"other":      {errors.New("stale epoch"), engine.Cancelled, engine.TypeCancelled},
		"time limit": {engine.ErrJobTimeout, engine.TimedOut, engine.TypeTimeout},
		"deadline":   {context.DeadlineExceeded, engine.TimedOut, engine.TypeTimeout},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			doc := document(t, `
				s StartNode
				w BlockNode
				z PlainNode
				s > w
				w > z
			`)
			r := compile(t, doc).Run(ctx, engine.Options{Sink: &watch{step: "w", then: func() { cancel(tc.cause) }}})
			require.Equal(t, tc.want, r.Status)
			require.Equal(t, tc.typ, r.Error.ErrorType)
			require.Equal(t, tc.cause.Error(), r.Error.Message)
			require.Equal(t, []string{"s", "w"}, r.Order)
		})
	}
}

// watch does something when a step starts.
type watch struct {
	tape
	step string
	then func()
}

func (w *watch) StepEvent(e casare.StepEvent) {
	if e.Step == w.step && e.State == casare.StepStarted {
		w.then()
	}
}

func TestRun_DisabledStepsLetValuesThrough(t *testing.T) {
	t.Parallel()
	sink := &tape{}
	r := run(t, `
		s StartNode
		a SetNode {"name": "x", "value": "v"}
		b SetNode {"name": "y", "_disabled": true}
		c SetNode {"name": "z"}
		i IfNode {"_disabled": true}
		t PlainNode
		s > a
		a > b
		b > c
		c > i
		i.true > t
		a.value > b.value
		b.value > c.value
	`, engine.Options{Sink: sink})
	require.Equal(t, engine.Completed, r.Status)
	require.Equal(t, []string{"s", "a", "c"}, r.Order, "a disabled If ends its path")
	require.Equal(t, "v", variable(r, "z"))
	require.Nil(t, variable(r, "y"))
	require.JSONEq(t, `{"value": "v"}`, text(t, variable(r, "b")))
	require.Contains(t, sink.history(), "b skipped")
}

func TestRun_StartsFromTheDefaultsAndWhatOverridesThem(t *testing.T) {
	t.Parallel()
	r := run(t, `
		$a = 1
		$b = null
		$c = [1.0, {"k": 1}]
		s StartNode
		x SetNode {"name": "d", "value": "{{a}}"}
		s > x
	`, engine.Options{Variables: config("a", 2, "new", "n")})
	//nolint:testifylint // the order of names and 1.0 for 1 count too
	require.Equal(t, `{"a":2,"b":null,"c":[1.0,{"k":1}],"new":"n","count_s":1,"s":{"n":0},"d":2,"x":{"value":2}}`, text(t, r.Variables))
}

func TestRun_AVariableNamedLikeAStepDoesNotTouchItsWires(t *testing.T) {
	t.Parallel()
	r := run(t, `
		s StartNode
		a SetNode {"name": "b", "value": "first"}
		b SetNode {"name": "q", "value": "second"}
		c SetNode {"name": "b", "value": "third"}
		d SetNode {"name": "wire"}
		e SetNode {"name": "bare", "value": "{{b}}"}
		s > a
		a > b
		b > c
		c > d
		d > e
		b.value > d.value
	`, engine.Options{})
	require.Equal(t, "second", variable(r, "wire"))
	require.Equal(t, "third", variable(r, "bare"), "the name means what was written last")
	require.Equal(t, "third", variable(r, "b"))
}

func TestRun_PartOfTheDocument(t *testing.T) {
	t.Parallel()
	const source = `
		s StartNode
		s2 StartNode
		a PlainNode
		b PlainNode
		c PlainNode
		d PlainNode
		lone PlainNode
		s > a
		s > b
		a > c
		c > d
		s2 > lone
	`
	for name, tc := range map[string]struct {
		o    engine.Options
		want []string
	}{
		"from the first start": {engine.Options{}, []string{"s", "a", "b", "c", "d"}},
		"from all starts":      {engine.Options{RunAll: true}, []string{"s", "s2", "a", "b", "lone", "c", "d"}},
		"one step":             {engine.Options{RunStep: "c"}, []string{"c"}},
		"to a step":            {engine.Options{RunTo: "c"}, []string{"s", "a", "c"}},
		"to a step that cannot be reached": {
			engine.Options{RunTo: "lone"}, []string{"s", "a", "b", "c", "d"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := run(t, source, tc.o)
			require.Equal(t, engine.Completed, r.Status)
			require.Equal(t, tc.want, r.Order)
		})
	}
	for _, o := range []engine.Options{{RunTo: "nowhere"}, {RunStep: "nowhere"}} {
		r := run(t, source, o)
		require.Equal(t, engine.Failed, r.Status)
		require.Contains(t, r.Error.Message, "nowhere")
		require.Empty(t, r.Order)
	}
}

func TestRun_WithoutAStartItStartsByItself(t *testing.T) {
	t.Parallel()
	r := run(t, `
		a PlainNode
		b PlainNode
		c PlainNode
		a > c
	`, engine.Options{})
	require.Equal(t, []string{"a", "b", "c"}, r.Order)
}

func TestRun_TellsOfProgressThatNeverFalls(t *testing.T) {
	t.Parallel()
	sink := &tape{}
	run(t, `
		s StartNode
		i IfNode {"pattern": "F"}
		a PlainNode
		a2 PlainNode
		a3 PlainNode
		l LoopNode {"times": 3}
		p PlainNode
		e LoopEndNode {"pair": "l"}
		z PlainNode
		unreachable PlainNode
		s > i
		i.true > a
		a > a2
		a2 > a3
		i.false > l
		l.body > p
		p > e
		l.completed > z
	`, engine.Options{Sink: sink})
	var got []int
	for _, e := range sink.events {
		if e.State == casare.StepCompleted {
			got = append(got, e.Progress)
		}
	}
	// s 1/9; i: a, a2 and a3 can no longer run, so 5/9; l only while it runs; p, e; the rest of the loop; z is the last.
	require.Equal(t, []int{11, 55, 66, 77, 88, 88, 88, 88, 88, 88, 88, 88, 99}, got)
	for n, e := range sink.events {
		require.Equal(t, uint64(n), e.N)
		require.NotZero(t, e.Time)
	}
}

func TestRun_ManyRunsShareAPlan(t *testing.T) {
	t.Parallel()
	plan := compile(t, document(t, `
		s StartNode
		l LoopNode {"times": 50}
		p PlainNode
		e LoopEndNode {"pair": "l"}
		s > l
		l.body > p
		p > e
	`))
	results := make(chan engine.Result)
	for range 8 {
		go func() { results <- plan.Run(context.Background(), engine.Options{}) }()
	}
	for range 8 {
		r := <-results
		require.Equal(t, engine.Completed, r.Status)
		require.Equal(t, int64(50), variable(r, "count_p"))
	}
}

func TestCompile_NamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ source, code string }{
		"nothing":      {``, workflow.CodeEmpty},
		"unknown type": {`a NoSuchNode`, workflow.CodeUnknownType},
		"lost wire":    {"a PlainNode\na > b", workflow.CodeOrphaned},
		"circle":       {"a PlainNode\nb PlainNode\na > b\nb > a", workflow.CodeCycle},
		"circle of values": {
			"s StartNode\nc SetNode {\"name\": \"x\"}\na AddNode\nb AddNode\ns > c\na.sum > b.a\nb.sum > a.a\na.sum > c.value",
			workflow.CodeCycle,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			plan, problems := engine.Compile(document(t, tc.source), registry())
			require.Nil(t, plan)
			var codes []string
			for _, p := range workflow.Errors(problems) {
				codes = append(codes, p.Code)
			}
			require.Contains(t, codes, tc.code)
		})
	}
}

func TestCompile_RefusesAChainOfComputedStepsThatIsTooLong(t *testing.T) {
	t.Parallel()
	doc := document(t, "s StartNode\nc SetNode {\"name\": \"x\"}\ns > c")
	last := ""
	for i := range 51 {
		id := "a" + value.Str(int64(i))
		doc.Steps = append(doc.Steps, &workflow.Step{ID: id, Type: "AddNode", Config: config("a", 1, "b", 1)})
		if last != "" {
			doc.Wires = append(doc.Wires, workflow.Wire{From: last, FromPort: "sum", To: id, ToPort: "a"})
		}
		last = id
	}
	doc.Wires = append(doc.Wires, workflow.Wire{From: last, FromPort: "sum", To: "c", ToPort: "value"})
	plan, problems := engine.Compile(doc, registry())
	require.Nil(t, plan)
	require.ErrorContains(t, workflow.Err(problems), "more than 50")

	doc.Step("a50").Config = config("a", 1, "b", 1)
	doc.Wires = doc.Wires[:len(doc.Wires)-2] // the 51st is fed by nobody now
	doc.Wires = append(doc.Wires, workflow.Wire{From: "a49", FromPort: "sum", To: "c", ToPort: "value"})
	r := compile(t, doc).Run(t.Context(), engine.Options{})
	require.Equal(t, int64(51), variable(r, "x"))
}

func TestRun_KnowsTheTime(t *testing.T) {
	t.Parallel()
	for now, want := range map[time.Time]string{
		time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC):          "2026-01-02 03:04:05 2026-01-02T03:04:05 1767323045 {{$nope}}",
		time.Date(2026, 1, 2, 3, 4, 5, 60_007_000, time.UTC): "2026-01-02 03:04:05 2026-01-02T03:04:05.060007 1767323045 {{$nope}}",
	} {
		r := run(t, `
			s StartNode
			a SetNode {"name": "x", "value": "{{$currentDate}} {{$currentTime}} {{$currentDateTime}} {{$timestamp}} {{$nope}}"}
			s > a
		`, engine.Options{Now: func() time.Time { return now }})
		require.Equal(t, want, variable(r, "x"))
	}
}

func TestRun_AFailureKeepsTheOutputsItsPortNeeds(t *testing.T) {
	t.Parallel()
	r := run(t, failing+`
	e SetNode {"name": "why"}
	f.error > e
	f.reason > e.value
	`, engine.Options{})
	require.Equal(t, engine.Completed, r.Status)
	require.Equal(t, "boom", variable(r, "why"))
}
