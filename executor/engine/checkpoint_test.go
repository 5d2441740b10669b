package engine_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"casare"
	"casare/executor/engine"
	"casare/value"
)

const waiting = `
	s StartNode
	w SleepNode {"ms": 10000}
	z PlainNode
	s > w
	w > z
`

func TestSleep_TheRunWaitsAndNothingElseRuns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sink, began := &tape{}, time.Now()
		r := run(t, waiting+`
		b PlainNode
		s > b
		`, engine.Options{Sink: sink})
		require.Equal(t, engine.Completed, r.Status)
		require.Equal(t, 10*time.Second, time.Since(began))
		require.Equal(t, []string{"s", "w", "b", "z"}, r.Order)
		require.Equal(t, []string{
			"s started", "s completed", "w started", "w completed", "b started", "b completed", "z started", "z completed",
		}, sink.history())
		require.Equal(t, int64(10_000_000), sink.events[3].Micros)
	})
}

func TestSleep_AResumedRunWaitsOnlyTheRest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var kept keeper
		stop := make(chan struct{})
		time.AfterFunc(4*time.Second, func() { close(stop) })
		r := run(t, waiting, engine.Options{Checkpoint: kept.keep, Stop: stop})
		require.Equal(t, engine.Released, r.Status)
		require.Nil(t, r.Error)
		require.Equal(t, []string{"s", "w"}, r.Order)
		require.Len(t, kept.cuts, 2, "when the wait begins and when the run stops")

		time.Sleep(3 * time.Second) //nolint:forbidigo // fake time: the robot that takes over needs a while
		began, sink := time.Now(), &tape{}
		r = run(t, waiting, engine.Options{Resume: kept.last(t).Records, Sink: sink})
		require.Equal(t, engine.Completed, r.Status, "%v", r.Error)
		require.Equal(t, 3*time.Second, time.Since(began))
		require.Equal(t, []string{"z"}, r.Order)
		require.Equal(t, []string{"w completed", "z started", "z completed"}, sink.history())

		time.Sleep(time.Hour) //nolint:forbidigo // fake time: the deadline is long past
		began = time.Now()
		r = run(t, waiting, engine.Options{Resume: kept.cuts[0].Records})
		require.Equal(t, engine.Completed, r.Status)
		require.Zero(t, time.Since(began))
	})
}

func TestSleep_SeveralTimes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		r := run(t, "s StartNode\nw SleepNode {\"ms\": 1000, \"times\": 3}\ns > w", engine.Options{})
		require.Equal(t, engine.Completed, r.Status, "%v", r.Error)
		require.Equal(t, 3*time.Second, time.Since(began))
		require.JSONEq(t, `{"woken": 3}`, text(t, variable(r, "w")))
	})
}

func TestSleep_NotLongerThanAStepMay(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		ms, times int
	}{"at once": {5000, 1}, "all together": {800, 5}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				doc := document(t, "s StartNode\nw SleepNode\nz PlainNode\ns > w\nw > z")
				doc.Step("w").Config = config("ms", tc.ms, "times", tc.times)
				doc.Settings.StepTimeout = 1500 * time.Millisecond
				began := time.Now()
				r := compile(t, doc).Run(t.Context(), engine.Options{})
				require.Equal(t, engine.Failed, r.Status)
				require.Equal(t, "Node w timed out after 1.5s", r.Error.Message)
				require.Equal(t, 1500*time.Millisecond, time.Since(began))
				require.Equal(t, []string{"s", "w"}, r.Order)
			})
		})
	}
}

func TestSleep_EndsWithTheContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, engine.ErrJobTimeout)
		defer cancel()
		began := time.Now()
		r := compile(t, document(t, waiting)).Run(ctx, engine.Options{})
		require.Equal(t, engine.TimedOut, r.Status)
		require.Equal(t, "w", r.Error.NodeID)
		require.Equal(t, time.Second, time.Since(began))
	})
}

func TestCheckpoint_Policy(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		source string
		clock  time.Duration // how far the clock moves on with each look at it
		want   string        // the steps the checkpoints stand behind, and what was waited for
	}{
		"fast pure steps need none": {"s StartNode\na PlainNode\nb PlainNode\ns > a\na > b", 0, ""},
		"around an effect": {
			"s StartNode\na PlainNode\nb EffectNode {\"_effect\": \"idempotent\"}\nc PlainNode\ns > a\na > b\nb > c", 0, "a effect b",
		},
		"around each effect": {
			"s StartNode\na EffectNode {\"_effect\": \"idempotent\"}\nb EffectNode {\"_effect\": \"idempotent\"}\ns > a\na > b", 0, "s effect a effect b",
		},
		"before and after what may run only once": {
			"s StartNode\na EffectNode\nb EffectNode\nc PlainNode\ns > a\na > b\nb > c", 0, "s intent a outcome a intent b outcome",
		},
		"not where it is switched off": {"s StartNode\na EffectNode {\"_disabled\": true}\ns > a", 0, ""},
		"nothing has changed yet":      {"s EffectNode {\"_effect\": \"idempotent\"}", 0, "effect s"},
		"slow steps":                   {"s StartNode\na PlainNode\nb PlainNode\ns > a\na > b", 100 * time.Millisecond, "s a b"},
		"ten a second":                 {"s StartNode\nl LoopNode {\"times\": 20}\np PlainNode\ns > l\nl.body > p", 5 * time.Millisecond, "p p"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := time.Unix(1_700_000_000, 0)
			got := []string{}
			var kept keeper
			r := run(t, tc.source, engine.Options{
				Checkpoint: func(ctx context.Context, s engine.Snapshot) error {
					got = append(got, s.Step)
					return kept.keep(ctx, s)
				},
				Settle: func(_ context.Context, frame string, m engine.Moment) error {
					require.Equal(t, "0", frame)
					if m != engine.MomentPause {
						got = append(got, m.String())
					}
					return nil
				},
				Now: func() time.Time { now = now.Add(tc.clock); return now },
			})
			require.Equal(t, engine.Completed, r.Status)
			if name == "ten a second" {
				ran := now.Sub(time.Unix(1_700_000_000, 0)).Seconds()
				require.InDelta(t, 10*ran, len(got), ran)
				return
			}
			require.Equal(t, strings.Fields(tc.want), got)
		})
	}
}

func TestCheckpoint_ARunThatCannotSettleEnds(t *testing.T) {
	t.Parallel()
	source := "s StartNode\npay EffectNode\ns > pay"
	var kept keeper
	sink := &tape{}
	r := run(t, source, engine.Options{
		Sink: sink, Checkpoint: kept.keep,
		Settle: func(context.Context, string, engine.Moment) error { return errors.New("nobody answers") },
	})
	require.Equal(t, engine.Failed, r.Status)
	require.Equal(t, engine.TypeCheckpoint, r.Error.ErrorType)
	require.NotContains(t, sink.history(), "pay started")
	require.Equal(t, []string{"pay"}, kept.last(t).Open)
}

func TestDecision_ThePersonSaysHowTheRunGoesOn(t *testing.T) {
	t.Parallel()
	source := "s StartNode\npay EffectNode\nz PlainNode\ns > pay\npay > z"
	var kept keeper
	require.Equal(t, engine.Completed, run(t, source, engine.Options{Checkpoint: kept.keep}).Status)
	intent := kept.cuts[0]
	require.Equal(t, []string{"pay"}, intent.Open)
	require.Empty(t, kept.cuts[1].Open)
	goOn := func(d ...engine.Decision) (engine.Result, *tape, *keeper) {
		sink, again := &tape{}, &keeper{}
		return run(t, source, engine.Options{Resume: intent.Records, Sink: sink, Checkpoint: again.keep, Decisions: d}), sink, again
	}
	r, sink, again := goOn(engine.Decision{Step: "pay"})
	require.Equal(t, engine.Completed, r.Status)
	require.Equal(t, []string{"pay started", "pay completed", "z started", "z completed"}, sink.history())
	require.Equal(t, engine.MomentOutcome, again.cuts[0].Moment) // what was decided is known before it runs
	require.Empty(t, again.cuts[0].Open)
	require.Equal(t, engine.MomentIntent, again.cuts[1].Moment) // as if it ran for the first time
	require.Equal(t, []string{"pay"}, again.cuts[1].Open)

	out := value.NewDict()
	out.Set("receipt", int64(7))
	r, sink, again = goOn(engine.Decision{Step: "pay", Skip: true, Outputs: out.Dict()})
	require.Equal(t, engine.Completed, r.Status)
	require.Equal(t, []string{"pay skipped", "z started", "z completed"}, sink.history())
	require.Equal(t, engine.MomentOutcome, again.cuts[0].Moment)
	require.Empty(t, again.cuts[0].Open)
	require.Equal(t, out.Dict(), variable(r, "pay"))

	r, _, _ = goOn(engine.Decision{Step: "z", Skip: true}) // about another step
	require.Contains(t, r.Attention, "pay")
}

func TestEdit_VariablesOverrideThoseOfTheSnapshot(t *testing.T) {
	t.Parallel()
	source := "s StartNode\na SetNode {\"name\": \"x\", \"value\": 1}\nw SleepNode {\"ms\": 1000}\ns > a\na > w"
	var kept keeper
	stop := make(chan struct{})
	synctest.Test(t, func(t *testing.T) {
		run(t, source, engine.Options{Checkpoint: func(ctx context.Context, s engine.Snapshot) error {
			if s.Moment == engine.MomentWait {
				close(stop)
			}
			return kept.keep(ctx, s)
		}, Stop: stop})
	})
	edits := value.NewDict()
	edits.Set("x", int64(5))
	edits.Set("y", "new")
	synctest.Test(t, func(t *testing.T) {
		again := &keeper{}
		r := run(t, source, engine.Options{Resume: kept.last(t).Records, Variables: edits.Dict(), Edit: true, Checkpoint: again.keep})
		require.Equal(t, engine.Completed, r.Status)
		require.Equal(t, int64(5), variable(r, "x"))
		require.Equal(t, "new", variable(r, "y"))
		r = run(t, source, engine.Options{Resume: kept.last(t).Records, Variables: edits.Dict()})
		require.Equal(t, int64(1), variable(r, "x"))
	})
}

func TestCheckpoint_AStepThatMayRunOnlyOnceIsNeverRunAgain(t *testing.T) {
	t.Parallel()
	source := "s StartNode\nl LoopNode {\"times\": 2}\npay EffectNode\nz PlainNode\ns > l\nl.body > pay\nl.completed > z"
	var kept keeper
	r := run(t, source, engine.Options{Checkpoint: kept.keep})
	require.Equal(t, engine.Completed, r.Status)
	require.Empty(t, r.Attention)
	require.Len(t, kept.cuts, 4, "before and after, twice")
	for i, cut := range kept.cuts {
		sink := &tape{}
		rest := run(t, source, engine.Options{Resume: cut.Records, Sink: sink})
		if i%2 == 0 { // the intent: it may have run
			require.Equal(t, engine.Failed, rest.Status)
			require.Equal(t, "pay", rest.Error.NodeID)
			require.Equal(t, engine.TypeUnknown, rest.Error.ErrorType)
			require.Contains(t, rest.Attention, "Step pay may only run once")
			require.Empty(t, sink.events)
			require.Empty(t, rest.Order)
			continue
		}
		require.Equal(t, engine.Completed, rest.Status)
		require.Equal(t, r.Order, append(append([]string(nil), r.Order[:cut.Order]...), rest.Order...))
	}
}

func TestCheckpoint_AnErrorEndsTheRunBeforeTheEffect(t *testing.T) {
	t.Parallel()
	r := run(t, "s StartNode\na EffectNode\ns > a", engine.Options{
		Checkpoint: func(context.Context, engine.Snapshot) error { return errors.New("stale epoch") },
	})
	require.Equal(t, engine.Failed, r.Status)
	require.Equal(t, &casare.JobError{NodeID: "s", ErrorType: engine.TypeCheckpoint, Message: "store checkpoint: stale epoch"}, r.Error)
	require.Equal(t, []string{"s"}, r.Order)
}

func TestCheckpoint_SaysWhatIsTooLarge(t *testing.T) {
	t.Parallel()
	var kept keeper
	r := run(t, "s StartNode\nx PlainNode\na EffectNode\ns > x\nx > a", engine.Options{
		Checkpoint: kept.keep,
		Variables:  config("small", strings.Repeat("a", 1000), "rows", tooMuch()),
	})
	require.Equal(t, engine.Failed, r.Status)
	require.Equal(t, engine.TypeTooLarge, r.Error.ErrorType)
	require.Equal(t, "x", r.Error.NodeID, "the step that went too far")
	require.Contains(t, r.Error.Message, `variable "rows" with 1126 KiB`)
	require.Empty(t, kept.cuts)
}

// tooMuch is more than fits among the small values of a checkpoint: many small dicts in a dict.
func tooMuch() *value.Dict {
	d := value.NewDict()
	for i := range 80 {
		d.Set(fmt.Sprintf("k%d", i), config("text", strings.Repeat("b", 14<<10), "list", make(value.List, 65)))
	}
	return d.Dict()
}

func TestCheckpoint_SaysWhatTheKeeperFindsTooLarge(t *testing.T) {
	t.Parallel()
	r := run(t, "s StartNode\nx PlainNode\na EffectNode\ns > x\nx > a", engine.Options{
		Checkpoint: func(context.Context, engine.Snapshot) error {
			return fmt.Errorf("keep: %w", casare.Errorf(casare.CodeTooLarge, "more than the log takes"))
		},
		Variables: config("small", strings.Repeat("a", 1000), "rows", strings.Repeat("b", 400<<10)),
	})
	require.Equal(t, engine.Failed, r.Status)
	require.Equal(t, engine.TypeTooLarge, r.Error.ErrorType)
	require.Contains(t, r.Error.Message, `more than the log takes; the biggest is variable "rows" with 400 KiB`)
}

func TestCheckpoint_DoesNotWriteSecretsInTheOpen(t *testing.T) {
	t.Parallel()
	var kept keeper
	r := run(t, "s StartNode\na EffectNode\ns > a", engine.Options{
		Checkpoint: kept.keep, Variables: config("password", value.NewSecret("hunter2")),
	})
	require.Equal(t, engine.Failed, r.Status)
	require.Contains(t, r.Error.Message, `variable "password"`)
	require.NotContains(t, r.Error.Message, "hunter2")
}

func TestCheckpoint_AnErrorAtTheEndOfTheContextIsTheContexts(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	r := compile(t, document(t, "s StartNode\na EffectNode\ns > a")).Run(ctx, engine.Options{
		Checkpoint: func(ctx context.Context, _ engine.Snapshot) error { cancel(engine.ErrCancelled); return ctx.Err() },
	})
	require.Equal(t, engine.Cancelled, r.Status)
	require.Equal(t, []string{"s"}, r.Order)
}

func TestCheckpoint_AnErrorEndsASlowRunAWaitAndAStop(t *testing.T) {
	t.Parallel()
	refuse := func(context.Context, engine.Snapshot) error { return errors.New("disk full") }
	closed := make(chan struct{})
	close(closed)
	for name, o := range map[string]engine.Options{
		"slow": {Checkpoint: refuse, Now: slowClock()},
		"wait": {Checkpoint: refuse},
		"stop": {Checkpoint: refuse, Stop: closed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := run(t, waiting, o)
			require.Equal(t, engine.Failed, r.Status)
			require.Equal(t, "store checkpoint: disk full", r.Error.Message)
		})
	}
}

func TestStop_ReleasesAtTheNextStep(t *testing.T) {
	t.Parallel()
	var kept keeper
	stop := make(chan struct{})
	source := "s StartNode\na PlainNode\nb PlainNode\ns > a\na > b"
	r := run(t, source, engine.Options{
		Checkpoint: kept.keep, Stop: stop, Sink: &watch{step: "a", then: func() { close(stop) }},
	})
	require.Equal(t, engine.Released, r.Status)
	require.Equal(t, []string{"s", "a"}, r.Order)
	require.Equal(t, "a", kept.last(t).Step)
	r = run(t, source, engine.Options{Resume: kept.last(t).Records})
	require.Equal(t, engine.Completed, r.Status)
	require.Equal(t, []string{"b"}, r.Order)
}
