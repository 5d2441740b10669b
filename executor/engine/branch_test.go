package engine_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"casare"
	"casare/executor/engine"
	"casare/value"
	"casare/workflow"
)

const twoBranches = `
	s StartNode
	f ForkNode
	a SetNode {"name": "x", "value": 1}
	b SetNode {"name": "x", "value": 2}
	j JoinNode
	z PlainNode
	s > f
	f.branch_1 > a
	f.branch_2 > b
	a > j
	b > j
	j > z
`

func TestFork_BranchesDoNotSeeOneAnother(t *testing.T) {
	t.Parallel()
	r := run(t, "$x = 0\n"+twoBranches, engine.Options{})
	require.Equal(t, engine.Completed, r.Status, "%v", r.Error)
	require.Equal(t, int64(0), variable(r, "x"), "what a branch sets is its own")
	require.Equal(t, int64(1), variable(r, "branch_1_x"))
	require.Equal(t, int64(2), variable(r, "branch_2_x"))
	require.Equal(t, []string{"s", "f", "a", "b", "j", "z"}, r.Order)
	require.JSONEq(t, `{"results": {"branch_1": {"x": 1}, "branch_2": {"x": 2}}, "branch_count": 2}`, text(t, variable(r, "j")))
	require.Nil(t, variable(r, "a"), "its outputs are no names outside")
}

func TestFork_InALoopMergesOnlyWhatABranchHasChanged(t *testing.T) {
	t.Parallel()
	r := run(t, twoBranches+`
		l LoopNode {"times": 3}
		t StartNode
		t > l
		l.body > f
	`, engine.Options{RunAll: true})
	require.Equal(t, engine.Completed, r.Status, "%v", r.Error)
	for name := range r.Variables.All() {
		require.NotContains(t, value.Str(name), "branch_1_branch")
	}
}

func TestFork_WiresCarryWhatABranchLeft(t *testing.T) {
	t.Parallel()
	r := run(t, twoBranches+`
		c SetNode {"name": "seen"}
		z > c
		b.value > c.value
	`, engine.Options{})
	require.Equal(t, int64(2), variable(r, "seen"))
}

func TestFork_Nested(t *testing.T) {
	t.Parallel()
	r := run(t, `
		s StartNode
		f ForkNode
		g ForkNode
		a SetNode {"name": "x", "value": 1}
		b SetNode {"name": "x", "value": "{{x}}2"}
		i JoinNode
		c SetNode {"name": "y", "value": "{{branch_1_x}}"}
		j JoinNode
		$x = 0
		s > f
		f.branch_1 > g
		g.branch_1 > a
		g.branch_2 > b
		a > i
		b > i
		i > c
		c > j
		f.branch_2 > j
	`, engine.Options{})
	require.Equal(t, engine.Completed, r.Status, "%v", r.Error)
	require.Equal(t, []string{"s", "f", "g", "a", "b", "i", "c", "j"}, r.Order)
	require.Equal(t, "02", variable(r, "branch_1_branch_2_x"))
	require.Equal(t, int64(1), variable(r, "branch_1_y"))
	require.Nil(t, variable(r, "branch_1_g_branch_results"), "inner matters stay inside")
}

func TestFork_AFailureEndsItsBranchAlone(t *testing.T) {
	t.Parallel()
	sink := &tape{}
	r := run(t, twoBranches+`
		e FailNode {"text": "no luck"}
		c PlainNode
		a > e
		e > c
	`, engine.Options{Sink: sink})
	require.Equal(t, engine.Completed, r.Status, "%v", r.Error)
	require.JSONEq(t, `{"branch_1": {"_error": "no luck"}, "branch_2": {"x": 2}}`, text(t, variable(r, "f_branch_results")))
	require.Nil(t, variable(r, "branch_1_x"))
	require.NotContains(t, r.Order, "c")
	var lines strings.Builder
	for _, l := range sink.lines {
		lines.WriteString(l.Message + "\n")
	}
	require.Contains(t, lines.String(), "Branch branch_1 of step f failed: no luck")
}

// The first branch fails once the second stands in a try; that one is cancelled, and cleans up.
func TestFork_FailFastCancelsTheOthersWhoCleanUp(t *testing.T) {
	t.Parallel()
	source := `
		s StartNode
		f ForkNode {"fail_fast": true}
		w SleepNode {"ms": 1000}
		e FailNode {"text": "no luck"}
		t TryNode
		b BlockNode
		y FinallyNode {"paired_try_id": "t"}
		c PlainNode
		z PlainNode
		s > f
		f.branch_1 > w
		w > e
		f.branch_2 > t
		t.try_body > b
		b > z
		y.finally_body > c
		s > z
	`
	synctest.Test(t, func(t *testing.T) {
		r := run(t, source, engine.Options{})
		require.Equal(t, engine.Failed, r.Status)
		require.Equal(t, &casare.JobError{NodeID: "e", ErrorType: "TestError", Message: "no luck"}, r.Error)
		require.Equal(t, []string{"s", "f", "w", "e", "t", "b", "y", "c"}, r.Order)
		require.Equal(t, []string{"s", "c"}, r.Logs)
	})
}

// Whoever tries a failed run again goes on before the failure, also when another branch has stored a snapshot since.
func TestFork_AFailureThatGoesOnAroundIsNotStored(t *testing.T) {
	t.Parallel()
	source := `
		s StartNode
		f ForkNode {"fail_fast": true}
		p PlainNode
		w SleepNode {"ms": 1000}
		e FailNode {"text": "no luck"}
		t TryNode
		b BlockNode
		y FinallyNode {"paired_try_id": "t"}
		c EffectNode
		s > f
		f.branch_1 > p
		p > w
		w > e
		f.branch_2 > t
		t.try_body > b
		y.finally_body > c
	`
	synctest.Test(t, func(t *testing.T) {
		var kept keeper
		r := run(t, source, engine.Options{Checkpoint: kept.keep})
		require.Equal(t, engine.Failed, r.Status)
		require.Equal(t, []string{"s", "p", "c"}, r.Logs)
		require.Equal(t, "c", kept.last(t).Step, "the cleanup must not run twice, so it is stored")
		sink := &tape{}
		r = run(t, source, engine.Options{Resume: kept.last(t).Records, Sink: sink})
		require.Equal(t, engine.Failed, r.Status)
		require.Equal(t, "no luck", r.Error.Message)
		require.Contains(t, sink.history(), "e failed", "it is tried again")
		require.NotContains(t, sink.history(), "c started")
	})
}

func TestFork_AFailureReachesTheTryAround(t *testing.T) {
	t.Parallel()
	r := run(t, `
		s StartNode
		t TryNode
		f ForkNode {"fail_fast": true}
		e FailNode {"text": "no luck"}
		c CatchNode {"paired_try_id": "t"}
		h SetNode {"name": "why"}
		s > t
		t.try_body > f
		f.branch_1 > e
		c.catch_body > h
		c.error_message > h.value
	`, engine.Options{})
	require.Equal(t, engine.Completed, r.Status, "%v", r.Error)
	require.Equal(t, "no luck", variable(r, "why"))
}

func TestFork_RunsConcurrently(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		r := run(t, `
			s StartNode
			f ForkNode {"branch_count": 3}
			a SleepNode {"ms": 3000}
			b SleepNode {"ms": 1000}
			c SleepNode {"ms": 2000}
			x PlainNode
			y PlainNode
			z PlainNode
			s > f
			f.branch_1 > a
			f.branch_2 > b
			f.branch_3 > c
			a > x
			b > y
			c > z
		`, engine.Options{})
		require.Equal(t, engine.Completed, r.Status)
		require.Equal(t, 3*time.Second, time.Since(began))
		require.Equal(t, []string{"s", "x", "y", "z"}, r.Logs, "in the order of the branches, not of time")
		require.Equal(t, []string{"s", "f", "a", "x", "b", "y", "c", "z"}, r.Order)
	})
}

func TestFork_StopsAndGoesOnElsewhere(t *testing.T) {
	t.Parallel()
	source := `
		s StartNode
		f ForkNode
		a SleepNode {"ms": 10000}
		x PlainNode
		b SleepNode {"ms": 2000}
		y PlainNode
		j JoinNode
		z PlainNode
		s > f
		f.branch_1 > a
		a > x
		x > j
		f.branch_2 > b
		b > y
		y > j
		j > z
	`
	synctest.Test(t, func(t *testing.T) {
		var kept keeper
		stop := make(chan struct{})
		time.AfterFunc(5*time.Second, func() { close(stop) })
		r := run(t, source, engine.Options{Checkpoint: kept.keep, Stop: stop})
		require.Equal(t, engine.Released, r.Status)
		require.Equal(t, []string{"s", "f"}, r.Order, "what the branches did belongs to whoever brings them together")
		began, sink := time.Now(), &tape{}
		rest := run(t, source, engine.Options{Resume: kept.last(t).Records, Sink: sink})
		require.Equal(t, engine.Completed, rest.Status, "%v", rest.Error)
		require.Equal(t, 5*time.Second, time.Since(began))
		require.Equal(t, []string{"a", "x", "b", "y", "j", "z"}, rest.Order)
		require.Equal(t, []string{"x", "y", "z"}, rest.Logs)
		require.NotContains(t, sink.history(), "y started")
	})
}

func TestFork_ACancelledRunIsCancelledEverywhere(t *testing.T) {
	t.Parallel()
	source := strings.NewReplacer(
		`a SetNode {"name": "x", "value": 1}`, "a BlockNode", `b SetNode {"name": "x", "value": 2}`, `b SleepNode {"ms": 60000}`).Replace(twoBranches)
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(engine.ErrCancelled) })
		r := compile(t, document(t, source)).Run(ctx, engine.Options{})
		require.Equal(t, engine.Cancelled, r.Status)
		require.Equal(t, "f", r.Error.NodeID)
		require.Equal(t, []string{"s", "f", "a", "b"}, r.Order)
	})
}

func TestFork_IntentsOfSeveralBranches(t *testing.T) {
	t.Parallel()
	var kept keeper
	source := strings.NewReplacer(
		`a SetNode {"name": "x", "value": 1}`, "a EffectNode", `b SetNode {"name": "x", "value": 2}`, "b EffectNode").Replace(twoBranches)
	whole := run(t, source, engine.Options{Checkpoint: kept.keep})
	require.Equal(t, engine.Completed, whole.Status, "%v", whole.Error)
	for _, cut := range kept.cuts {
		sink := &tape{}
		rest := run(t, source, engine.Options{Resume: cut.Records, Sink: sink})
		if rest.Attention == "" {
			require.Equal(t, engine.Completed, rest.Status, "%v", rest.Error)
			continue
		}
		require.Regexp(t, `Steps? [ab](, b)? may only run once`, rest.Attention)
		require.Empty(t, sink.events)
	}
	require.Contains(t, run(t, source, engine.Options{Resume: kept.cuts[0].Records}).Attention, "may only run once")
}

func TestFork_ARetryDoesNotRepeatInABranchWhatMustNotRunTwice(t *testing.T) {
	t.Parallel()
	r := run(t, `
		s StartNode
		r RetryNode {"max_attempts": 3, "initial_delay": 0}
		f ForkNode {"fail_fast": true}
		pay EffectNode
		e FailNode {"until": 2}
		s > r
		r.retry_body > f
		f.branch_1 > pay
		pay > e
	`, engine.Options{})
	require.Equal(t, []string{"s", "r", "f", "pay", "e", "f", "e", "f", "e"}, r.Order)
	require.Equal(t, []string{"s", "pay"}, r.Logs)
}

func TestFork_LeavingALoopAroundIsAnErrorOfTheDocument(t *testing.T) {
	t.Parallel()
	source := `
		s StartNode
		l LoopNode
		f ForkNode
		x BreakNode {"paired_loop_start_id": "l"}
		s > l
		l.body > f
		f.branch_1 > x
	`
	_, problems := engine.Compile(document(t, source), registry())
	require.Contains(t, fmt.Sprint(workflow.Err(problems)), workflow.CodeCrossesBranch)
	inside := strings.NewReplacer("s > l", "s > f", "l.body > f", "f.branch_2 > l\nl.body > x").Replace(source)
	_, problems = engine.Compile(document(t, strings.Replace(inside, "f.branch_1 > x", "", 1)), registry())
	require.NoError(t, workflow.Err(problems))
}

// An unpaired Break finds its loop only at run time: outside the branch it stands in.
func TestFork_LeavingALoopAroundCancelsTheOtherBranches(t *testing.T) {
	t.Parallel()
	source := `
		s StartNode
		l LoopNode {"times": 3}
		f ForkNode
		w SleepNode {"ms": 1000}
		x BreakNode
		t TryNode
		b BlockNode
		y FinallyNode {"paired_try_id": "t"}
		c PlainNode
		j JoinNode
		never PlainNode
		z PlainNode
		s > l
		l.body > f
		f.branch_1 > w
		w > x
		f.branch_2 > t
		t.try_body > b
		y.finally_body > c
		f.branch_1 > j
		b > j
		j > never
		l.completed > z
	`
	synctest.Test(t, func(t *testing.T) {
		r := run(t, source, engine.Options{})
		require.Equal(t, engine.Completed, r.Status, "%v", r.Error)
		require.Equal(t, []string{"s", "l", "f", "w", "x", "t", "b", "y", "c", "l", "z"}, r.Order)
		require.Equal(t, []string{"s", "c", "z"}, r.Logs)
		r = run(t, strings.Replace(source, "x BreakNode", "x ContinueNode", 1), engine.Options{})
		require.Equal(t, engine.Completed, r.Status, "%v", r.Error)
		require.Equal(t, 3, strings.Count(strings.Join(r.Order, " "), "f"), "each round begins anew")
	})
}

// Fork in fork in loop: the break goes through both.
func TestFork_LeavingALoopAroundTwoForks(t *testing.T) {
	t.Parallel()
	r := run(t, `
		s StartNode
		l LoopNode {"times": 3}
		f ForkNode
		g ForkNode
		t TryNode
		x BreakNode
		y FinallyNode {"paired_try_id": "t"}
		c PlainNode
		z PlainNode
		s > l
		l.body > f
		f.branch_1 > t
		t.try_body > g
		g.branch_2 > x
		y.finally_body > c
		l.completed > z
	`, engine.Options{})
	require.Equal(t, engine.Completed, r.Status, "%v", r.Error)
	require.Equal(t, []string{"s", "l", "f", "t", "g", "x", "y", "c", "l", "z"}, r.Order)
}

func TestFork_ThatComesBackToItselfEnds(t *testing.T) {
	t.Parallel()
	r := run(t, `
		s StartNode
		f ForkNode
		a PlainNode
		s > f
		f.branch_1 > a
		a.other > f
	`, engine.Options{})
	require.Equal(t, engine.Completed, r.Status, "%v", r.Error)
	require.Equal(t, []string{"s", "f", "a"}, r.Order)
}

func TestParallelForEach_BatchesTimeoutsAndLimits(t *testing.T) {
	t.Parallel()
	source := `
		s StartNode
		p ParallelForEachNode {"items": [5, 1, 3, 2], "batch_size": 2, "timeout_per_item": 4}
		m AddNode {"b": 0}
		w SleepNode
		x SetNode {"name": "y", "value": "{{item}}/{{index}}/{{p.current_item}}"}
		s > p
		p.body > m
		p.current_item > m.a
		m > w
		w > x
		h MilliNode
		m.sum > h.n
		h.ms > w.ms
	`
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		r := run(t, source, engine.Options{})
		require.Equal(t, engine.Completed, r.Status, "%v", r.Error)
		require.Equal(t, 4*time.Second+3*time.Second, time.Since(began), "the slowest of each batch")
		require.JSONEq(t, `[{"_error": "item 0 timed out after 4s"}, {"item": 1, "index": 1, "y": "1/1/1", "count_m": 1},
			{"item": 3, "index": 2, "y": "3/2/3", "count_m": 1}, {"item": 2, "index": 3, "y": "2/3/2", "count_m": 1}]`, text(t, output(r, "p", "results")))
	})
}

func TestParallelForEach_ATimeoutCountsOnlyTheTimeItRan(t *testing.T) {
	t.Parallel()
	source := `
		s StartNode
		p ParallelForEachNode {"items": [1], "timeout_per_item": 10}
		a BlockNode
		s > p
		p.body > a
	`
	synctest.Test(t, func(t *testing.T) {
		var kept keeper
		source := strings.Replace(source, "a BlockNode", `a SleepNode {"ms": 60000}`, 1)
		stop := make(chan struct{})
		time.AfterFunc(7*time.Second, func() { close(stop) })
		require.Equal(t, engine.Released, run(t, source, engine.Options{Checkpoint: kept.keep, Stop: stop}).Status)
		time.Sleep(time.Second) //nolint:forbidigo // fake time: nobody has the job
		began := time.Now()
		r := run(t, source, engine.Options{Resume: kept.last(t).Records})
		require.Equal(t, engine.Completed, r.Status, "%v", r.Error)
		require.Equal(t, 3*time.Second, time.Since(began))
	})
}

func TestParallelForEach_FailFast(t *testing.T) {
	t.Parallel()
	r := run(t, `
		s StartNode
		p ParallelForEachNode {"items": [1, 2, 3], "fail_fast": true}
		e FailNode {"text": "bad {{item}}"}
		z PlainNode
		s > p
		p.body > e
		p.completed > z
	`, engine.Options{})
	require.Equal(t, engine.Failed, r.Status)
	require.Equal(t, "e", r.Error.NodeID)
	require.Regexp(t, "^bad [123]$", r.Error.Message)
}

func TestParallelForEach_Nested(t *testing.T) {
	t.Parallel()
	r := run(t, `
		s StartNode
		p ParallelForEachNode {"items": [[1, 2], [], [3]]}
		q ParallelForEachNode {"items": "{{item}}"}
		x SetNode {"name": "double", "value": "{{item}}{{item}}"}
		y SetNode {"name": "got", "value": "{{q.results}}"}
		s > p
		p.body > q
		q.body > x
		q.completed > y
	`, engine.Options{})
	require.Equal(t, engine.Completed, r.Status, "%v", r.Error)
	require.JSONEq(t, `[
		{"item": [1, 2], "index": 0, "got": [{"item": 1, "index": 0, "double": "11"}, {"item": 2, "index": 1, "double": "22"}]},
		{"item": [], "index": 1, "got": []}, {"item": [3], "index": 2, "got": [{"item": 3, "index": 0, "double": "33"}]}
	]`, text(t, output(r, "p", "results")))
	require.Equal(t, []string{"s", "p", "q", "x", "x", "y", "q", "y", "q", "x", "y"}, r.Order)
}

// A hundred branches at once, each with effects and checkpoints of its own.
func TestParallelForEach_AHundredBranches(t *testing.T) {
	t.Parallel()
	items := make(value.List, 100)
	for i := range items {
		items[i] = int64(i)
	}
	doc := document(t, `
		s StartNode
		p ParallelForEachNode
		l LoopNode {"times": 5}
		e EffectNode {"_effect": "idempotent"}
		x SetNode {"name": "y", "value": "{{item}}"}
		s > p
		p.body > l
		l.body > e
		l.completed > x
	`)
	doc.Step("p").Config = config("items", items, "batch_size", 100)
	var kept keeper
	var mu sync.Mutex
	busy := false
	r := compile(t, doc).Run(t.Context(), engine.Options{Checkpoint: func(ctx context.Context, s engine.Snapshot) error {
		mu.Lock()
		require.False(t, busy, "never two at once")
		busy = true
		mu.Unlock()
		defer func() { mu.Lock(); busy = false; mu.Unlock() }()
		return kept.keep(ctx, s)
	}})
	require.Equal(t, engine.Completed, r.Status, "%v", r.Error)
	results, _ := output(r, "p", "results").(value.List)
	require.Len(t, results, 100)
	for i, v := range results {
		d, _ := v.(*value.Dict)
		y, _ := d.Get("y")
		require.Equal(t, int64(i), y)
	}
	for _, cut := range []cut{kept.cuts[0], kept.cuts[len(kept.cuts)/2], kept.last(t)} {
		rest := compile(t, doc).Run(t.Context(), engine.Options{Resume: cut.Records})
		require.Equal(t, engine.Completed, rest.Status, "%v", rest.Error)
		require.Equal(t, text(t, r.Variables), text(t, rest.Variables))
	}
}

func TestBranches_NotMoreThanARunMayHave(t *testing.T) {
	t.Parallel()
	items := make(value.List, 500)
	doc := document(t, `
		s StartNode
		p ParallelForEachNode
		q ParallelForEachNode {"fail_fast": true}
		a BlockNode
		s > p
		p.body > q
		q.body > a
	`)
	doc.Step("p").Config = config("items", items, "batch_size", 500, "fail_fast", true)
	doc.Step("q").Config = config("items", items, "batch_size", 500, "fail_fast", true)
	r := compile(t, doc).Run(t.Context(), engine.Options{})
	require.Equal(t, engine.Failed, r.Status)
	require.Equal(t, engine.TypeTooMany, r.Error.ErrorType)
}

// output is what a step left on a port at the end.
func output(r engine.Result, step, port string) value.Value {
	d, _ := variable(r, step).(*value.Dict)
	v, _ := d.Get(port)
	return v
}
