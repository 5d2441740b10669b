package engine_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"casare"
	"casare/executor/engine"
	"casare/value"
	"casare/workflow"
)

// slowClock moves on 60 ms each time it is read, so that every step takes long enough to be worth a checkpoint, and a sleep of half that
// is over at once.
func slowClock() func() time.Time {
	var reads atomic.Int64
	begin := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	return func() time.Time { return begin.Add(time.Duration(reads.Add(1)) * 60 * time.Millisecond) }
}

type tb interface {
	require.TestingT
	Helper()
}

func compile(t tb, doc *workflow.Document) *engine.Plan {
	t.Helper()
	plan, problems := engine.Compile(doc, registry())
	require.NoError(t, workflow.Err(problems))
	return plan
}

func text(t tb, v value.Value) string {
	t.Helper()
	b, err := value.JSON(v)
	require.NoError(t, err)
	return string(b)
}

func TestRun_OrderIsTheOriginals(t *testing.T) {
	t.Parallel()
	same, defects, steps := 0, 0, 0
	rapid.Check(t, func(t *rapid.T) {
		doc := randomDocument(t)
		order, logs, err := original(doc, "s0")
		if err != nil {
			defects++
			return
		}
		got := compile(t, doc).Run(context.Background(), engine.Options{Now: slowClock()})
		require.Equal(t, engine.Completed, got.Status)
		require.Equal(t, order, got.Order)
		steps += len(order)
		require.Equal(t, logs, append([]string(nil), got.Logs...))
		same++
	})
	t.Logf("%d documents (%d steps) in the original's order; %d left out, where the original leaves steps of a body behind",
		same, steps, defects)
	require.Greater(t, same, 3*defects, "most documents must be comparable")
}

func TestRun_ResumedAtAnyCheckpointItGoesOnExactly(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) { resumeAnywhere(t, randomDocument(t)) })
}

func TestBranches_ResumedAtAnyCheckpointTheyGoOnExactly(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) { resumeAnywhere(t, randomBranches(t)) })
}

// resumeAnywhere runs a document from each of its checkpoints on and compares with a run that nothing disturbed.
func resumeAnywhere(t *rapid.T, doc *workflow.Document) {
	now := slowClock()
	var kept keeper
	whole := compile(t, doc).Run(context.Background(), engine.Options{Now: now, Checkpoint: kept.keep})
	require.Equal(t, engine.Completed, whole.Status)
	require.NotEmpty(t, kept.cuts)
	percent := 0
	for _, cut := range kept.cuts {
		require.GreaterOrEqual(t, cut.Progress, percent)
		require.LessOrEqual(t, cut.Progress, 99)
		percent = cut.Progress
		rest := compile(t, doc).Run(context.Background(), engine.Options{Resume: cut.Records, Now: now})
		require.Equal(t, engine.Completed, rest.Status, "%v", rest.Error)
		require.Equal(t, whole.Order, append(append([]string(nil), whole.Order[:cut.Order]...), rest.Order...))
		require.Equal(t, whole.Logs, append(append([]string(nil), whole.Logs[:cut.Logs]...), rest.Logs...))
		require.Equal(t, text(t, whole.Variables), text(t, rest.Variables))
	}
}

// A job that is handed on after every single step ends as one that stays where it is.
func TestRun_HandedOnAfterEachStepItEndsTheSame(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) { handOn(t, randomDocument(t)) })
}

func TestBranches_HandedOnAfterEachStepTheyEndTheSame(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) { handOn(t, randomBranches(t)) })
}

// handOn runs a document on one robot after the other, each of which stops as soon as something happens.
func handOn(t *rapid.T, doc *workflow.Document) {
	now := slowClock()
	whole := compile(t, doc).Run(context.Background(), engine.Options{Now: now})
	require.Equal(t, engine.Completed, whole.Status)

	var order, logs []string
	var kept keeper
	var at []engine.Record
	for robot := 0; ; robot++ {
		require.LessOrEqual(t, robot, 2*len(whole.Order)+1, "each robot gets on")
		stop := make(chan struct{})
		r := compile(t, doc).Run(context.Background(), engine.Options{
			Now: now, Checkpoint: kept.keep, Resume: at, Stop: stop, Sink: &oneStep{stop: stop},
		})
		order, logs = append(order, r.Order...), append(logs, r.Logs...)
		if r.Status == engine.Completed {
			require.Equal(t, text(t, whole.Variables), text(t, r.Variables))
			break
		}
		require.Equal(t, engine.Released, r.Status, "%v", r.Error)
		at = kept.last(t).Records
	}
	require.Equal(t, whole.Order, order)
	require.Equal(t, whole.Logs, logs)
}

// oneStep stops the run as soon as something happens.
type oneStep struct {
	tape
	stop    chan struct{}
	stopped bool
}

func (s *oneStep) StepEvent(casare.StepEvent) {
	if !s.stopped {
		s.stopped = true
		close(s.stop)
	}
}
