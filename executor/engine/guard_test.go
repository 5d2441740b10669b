package engine_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"casare/executor/engine"
	"casare/node"
	"casare/value"
)

// guarded is a try with a catch and a finally whose body the tests fill in.
const guarded = `
	s StartNode
	try TryNode
	catch CatchNode {"paired_try_id": "try"}
	cb PlainNode
	fin FinallyNode {"paired_try_id": "try"}
	fb PlainNode
	z PlainNode
	s > try
	catch.catch_body > cb
	fin.finally_body > fb
	try > z
`

func TestTry_Ways(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ source, logs, fails string }{
		"no error":                 {guarded + "a PlainNode\ntry.try_body > a", "s a fb z", ""},
		"error":                    {guarded + "a FlakyNode {\"pattern\": \"F\"}\nb PlainNode\ntry.try_body > a\na > b", "s cb fb z", ""},
		"error in the catch":       {guarded + "a FlakyNode {\"pattern\": \"F\"}\nc FlakyNode {\"pattern\": \"F\"}\ntry.try_body > a\ncb > c", "s cb fb", "c fails"},
		"error in the finally":     {guarded + "a PlainNode\nc FlakyNode {\"pattern\": \"F\"}\ntry.try_body > a\nfb > c", "s a fb", "c fails"},
		"a dead end in the body":   {guarded + "i IfNode\ntry.try_body > i", "s fb z", ""},
		"fan-out in the body":      {guarded + "a PlainNode\nb PlainNode\nc PlainNode\ntry.try_body > a\ntry.try_body > b\na > c", "s a b c fb z", ""},
		"an error ends all of it":  {guarded + "a PlainNode\nb FlakyNode {\"pattern\": \"F\"}\nc PlainNode\ntry.try_body > a\ntry.try_body > b\na > c", "s a cb fb z", ""},
		"steps beside it go on":    {guarded + "a FlakyNode {\"pattern\": \"F\"}\nb PlainNode\nc PlainNode\ntry.try_body > a\ns > b\nb > c", "s b c cb fb z", ""},
		"what has run has run":     {guarded + "a PlainNode\ntry.try_body > a\nz > a", "s a fb z", ""},
		"exec_out of the finally":  {guarded + "a PlainNode\ny PlainNode\ntry.try_body > a\nfin > y", "s a fb y z", ""},
		"not with a pending error": {guarded + "a FlakyNode {\"pattern\": \"F\"}\nc FlakyNode {\"pattern\": \"F\"}\ny PlainNode\ntry.try_body > a\ncb > c\nfin > y", "s cb fb", "c fails"},
		"the body meets the catch twice": {
			guarded + "a PlainNode\nb PlainNode\ntry.try_body > a\ntry.try_body > b\na > catch\nb > fin", "s a b fb z", "",
		},
		"no body": {"s StartNode\ntry TryNode\ncatch CatchNode\na PlainNode\ns > try\ntry > catch\ncatch > a", "s a", ""},
		"an empty body does not run the catch": {
			"s StartNode\ntry TryNode\ncatch CatchNode\na PlainNode\nfin FinallyNode\nb PlainNode\ns > try\ntry > catch\ncatch.catch_body > a\na > fin\nfin.finally_body > b", "s b", "",
		},
		"error port first": {
			guarded + "a FailNode {\"port\": \"error\"}\nb PlainNode\ntry.try_body > a\na.error > b", "s b fb z", "",
		},
		"several catches": {`
			s StartNode
			try TryNode
			a FailNode
			c1 CatchNode {"paired_try_id": "try", "error_types": "KeyError, ValueError"}
			p1 PlainNode
			c2 CatchNode {"paired_try_id": "try", "error_types": "OtherError,TestError"}
			p2 PlainNode
			c3 CatchNode {"paired_try_id": "try"}
			p3 PlainNode
			s > try
			try.try_body > a
			c1.catch_body > p1
			c2.catch_body > p2
			c3.catch_body > p3
			`, "s p2", ""},
		"the general names": {`
			s StartNode
			try TryNode
			a FailNode
			c CatchNode {"paired_try_id": "try", "error_types": " ,TimeoutError, Exception"}
			p PlainNode
			s > try
			try.try_body > a
			c.catch_body > p
			`, "s p", ""},
		"every failure of a step": {`
			s StartNode
			try TryNode
			a FailNode
			c CatchNode {"paired_try_id": "try", "error_types": "ExecutionError"}
			p PlainNode
			s > try
			try.try_body > a
			c.catch_body > p
			`, "s p", ""},
		"the outer catch": {guarded + `
			in TryNode
			a FailNode
			no CatchNode {"paired_try_id": "in", "error_types": "TimeoutError"}
			n PlainNode
			tidy FinallyNode {"paired_try_id": "in"}
			t PlainNode
			try.try_body > in
			in.try_body > a
			no.catch_body > n
			tidy.finally_body > t
			`, "s t cb fb z", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := run(t, tc.source, engine.Options{})
			require.Equal(t, strings.Fields(tc.logs), r.Logs)
			if tc.fails != "" {
				require.Equal(t, engine.Failed, r.Status)
				require.Equal(t, tc.fails, r.Error.Message)
				return
			}
			require.Equal(t, engine.Completed, r.Status, "%v", r.Error)
		})
	}
}

func TestTry_StopOnErrorComesLast(t *testing.T) {
	t.Parallel()
	doc := document(t, guarded+"a FlakyNode {\"pattern\": \"F\"}\nc FlakyNode {\"pattern\": \"F\"}\nb PlainNode\ntry.try_body > a\ncb > c\ns > b")
	doc.Settings.StopOnError = false
	r := compile(t, doc).Run(t.Context(), engine.Options{})
	require.Equal(t, engine.Completed, r.Status)
	require.Equal(t, []string{"s", "b", "cb", "fb"}, r.Logs, "the error goes through the try, and only then ends its path")
}

func TestTry_SaysWhatHappenedAndWhere(t *testing.T) {
	t.Parallel()
	r := run(t, guarded+`
		l LoopNode
		a FailNode {"text": "no bread"}
		try.try_body > l
		l.body > a
	`, engine.Options{})
	require.Equal(t, engine.Completed, r.Status, "%v", r.Error)
	require.JSONEq(t, `{"error_message": "no bread", "error_type": "TestError", "error_node": "a", "stack_trace":
		"TestError: no bread\n  at step a (FailNode)\n  in body of step l (LoopNode)\n  in try_body of step try (TryNode)"}`, text(t, variable(r, "catch")))
	require.JSONEq(t, `{"had_error": true}`, text(t, variable(r, "fin")))

	r = run(t, `
		s StartNode
		o OnErrorNode
		try TryNode
		a FailNode {"text": "first"}
		catch CatchNode
		b FailNode {"text": "second"}
		h PlainNode
		s > o
		o.protected_body > try
		try.try_body > a
		try > catch
		catch.catch_body > b
		o.on_error > h
	`, engine.Options{})
	require.Equal(t, engine.Completed, r.Status, "%v", r.Error)
	d, ok := variable(r, "o").(*value.Dict)
	require.True(t, ok)
	require.Equal(t, "second", d.GetText("error_message"))
	require.Equal(t, "b", d.GetText("error_node"))
	require.Equal(t, "TestError: second\n  at step b (FailNode)\n  in catch of step try (TryNode)\n  in protected_body of step o (OnErrorNode)\n"+
		"while this was being handled:\nTestError: first\n  at step a (FailNode)\n  in try_body of step try (TryNode)\n  in protected_body of step o (OnErrorNode)",
		d.GetText("stack_trace"))
}

// A run that fails cleans up what is open beside the step that failed.
func TestTry_CleanupOfOtherPathsWhenTheRunFails(t *testing.T) {
	t.Parallel()
	r := run(t, `
		s StartNode
		try TryNode
		a PlainNode
		b PlainNode
		c PlainNode
		in TryNode
		fin FinallyNode {"paired_try_id": "try"}
		fb PlainNode
		fb2 PlainNode
		fin2 FinallyNode {"paired_try_id": "in"}
		bad FlakyNode {"pattern": "F"}
		never PlainNode
		x PlainNode
		y PlainNode
		f FlakyNode {"pattern": "F"}
		s > try
		s > x
		try.try_body > a
		a > in
		in.try_body > b
		b > c
		x > y
		y > f
		fin.finally_body > fb
		fb > fb2
		fin2.finally_body > bad
		bad > never
	`, engine.Options{})
	require.Equal(t, engine.Failed, r.Status)
	require.Equal(t, "f", r.Error.NodeID, "an error in a cleanup does not hide why the run failed")
	require.Equal(t, []string{"s", "x", "a", "y", "fb", "fb2"}, r.Logs)
}

func TestTry_BreakOutOfAFinallyGivesItUp(t *testing.T) {
	t.Parallel()
	r := run(t, `
		s StartNode
		l LoopNode {"times": 3}
		try TryNode
		a FlakyNode {"pattern": "F"}
		fin FinallyNode {"paired_try_id": "try"}
		x BreakNode {"pair": "l"}
		z PlainNode
		s > l
		l.body > try
		try.try_body > a
		fin.finally_body > x
		l.completed > z
	`, engine.Options{})
	require.Equal(t, engine.Completed, r.Status, "%v", r.Error)
	require.Equal(t, []string{"s", "z"}, r.Logs)
}

// Another path of the body breaks the loop while a cleanup runs: the cleanup comes to its end, its error goes nowhere.
func TestTry_ACleanupThatHasBegunComesToItsEnd(t *testing.T) {
	t.Parallel()
	sink := &tape{}
	r := run(t, `
		s StartNode
		l LoopNode {"times": 3}
		try TryNode
		a FlakyNode {"pattern": "F"}
		fin FinallyNode {"paired_try_id": "try"}
		f1 PlainNode
		f2 PlainNode
		f3 PlainNode
		b1 PlainNode
		b2 PlainNode
		x BreakNode {"pair": "l"}
		z PlainNode
		s > l
		l.body > try
		l.body > b1
		b1 > b2
		b2 > x
		try.try_body > a
		fin.finally_body > f1
		f1 > f2
		f2 > f3
		l.completed > z
	`, engine.Options{Sink: sink})
	require.Equal(t, engine.Completed, r.Status, "%v", r.Error)
	require.Equal(t, []string{"s", "b1", "b2", "f1", "f2", "f3", "z"}, r.Logs)
	require.Condition(t, func() bool {
		for _, l := range sink.lines {
			if strings.Contains(l.Message, "The error of step a goes no further") {
				return true
			}
		}
		return false
	})
}

const cancelled = guarded + "a BlockNode\ntry.try_body > a\n"

func TestCancel_CleansUpWhereItIsAskedFor(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		document, option bool
		logs             string
	}{"no": {false, false, "s"}, "the document": {true, false, "s fb"}, "the job": {false, true, "s fb"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				doc := document(t, cancelled)
				doc.Settings.Cleanup = tc.document
				ctx, cancel := context.WithCancelCause(t.Context())
				time.AfterFunc(time.Second, func() { cancel(engine.ErrCancelled) })
				r := compile(t, doc).Run(ctx, engine.Options{Cleanup: tc.option})
				require.Equal(t, engine.Cancelled, r.Status)
				require.Equal(t, strings.Fields(tc.logs), r.Logs)
			})
		})
	}
}

func TestCancel_ACleanupMayNotTakeLong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began, sink := time.Now(), &tape{}
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, engine.ErrJobTimeout)
		defer cancel()
		r := compile(t, document(t, cancelled+"b BlockNode\nc PlainNode\nfb > b\nb > c")).Run(ctx, engine.Options{Cleanup: true, Sink: sink})
		require.Equal(t, engine.TimedOut, r.Status)
		require.Equal(t, "job timed out", r.Error.Message)
		require.Equal(t, []string{"s", "fb"}, r.Logs)
		require.Equal(t, 31*time.Second, time.Since(began))
		require.Contains(t, sink.lines[len(sink.lines)-2].Message, "The cleanup did not come to its end: the cleanup took longer than 30s")
	})
}

const retrying = `
	s StartNode
	r RetryNode {"max_attempts": 3, "initial_delay": 10, "backoff_multiplier": 3}
	z PlainNode
	s > r
	r.success > z
`

func TestRetry_Ways(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		source, logs, fails string
		took                time.Duration
	}{
		"at once":           {retrying + "a PlainNode\nr.retry_body > a", "s a z", "", 0},
		"the third attempt": {retrying + "a PlainNode\nb FlakyNode {\"pattern\": \"FFT\"}\nr.retry_body > a\na > b", "s a a a b z", "", 40 * time.Second},
		"never":             {retrying + "b FlakyNode {\"pattern\": \"F\"}\nr.retry_body > b", "s", "b fails", 40 * time.Second},
		"failed":            {retrying + "b FlakyNode {\"pattern\": \"F\"}\nf PlainNode\nr.retry_body > b\nr.failed > f", "s f", "", 40 * time.Second},
		"success ends the attempt": {
			retrying + "a PlainNode\nok RetrySuccessNode\nb PlainNode\nr.retry_body > a\nr.retry_body > ok\na > b", "s a z", "", 0,
		},
		"what follows success is no part of the attempt": {
			retrying + "ok RetrySuccessNode\nb FlakyNode {\"pattern\": \"F\"}\nr.retry_body > ok\nok > b", "s", "b fails", 0,
		},
		"success runs the cleanups inside": {
			retrying + "try TryNode\nok RetrySuccessNode\nfin FinallyNode {\"paired_try_id\": \"try\"}\nfb PlainNode\nfb2 PlainNode\ny PlainNode\n" +
				"r.retry_body > try\ntry.try_body > ok\nfin.finally_body > fb\nfb > fb2\nok > y", "s fb fb2 y z", "", 0,
		},
		"fail is caught by no try": {
			retrying + "try TryNode\nno RetryFailNode {\"error_message\": \"not yet\"}\nc CatchNode {\"paired_try_id\": \"try\"}\ncb PlainNode\n" +
				"r.retry_body > try\ntry.try_body > no\nc.catch_body > cb", "s", "not yet", 40 * time.Second,
		},
		"outside": {"s StartNode\nok RetrySuccessNode\nno RetryFailNode\nz PlainNode\ns > ok\nok > no\nno > z", "s z", "", 0},
		"no body": {retrying, "s z", "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				r := run(t, tc.source, engine.Options{})
				require.Equal(t, strings.Fields(tc.logs), r.Logs)
				require.Equal(t, tc.took, time.Since(began))
				if tc.fails != "" {
					require.Equal(t, engine.Failed, r.Status)
					require.Equal(t, tc.fails, r.Error.Message)
					return
				}
				require.Equal(t, engine.Completed, r.Status, "%v", r.Error)
			})
		})
	}
}

func TestRetry_AWaitGoesOnElsewhere(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		source := retrying + "a PlainNode\nb FlakyNode {\"pattern\": \"FT\"}\nr.retry_body > a\na > b"
		var kept keeper
		stop := make(chan struct{})
		time.AfterFunc(4*time.Second, func() { close(stop) })
		r := run(t, source, engine.Options{Checkpoint: kept.keep, Stop: stop})
		require.Equal(t, engine.Released, r.Status)
		began := time.Now()
		r = run(t, source, engine.Options{Resume: kept.last(t).Records})
		require.Equal(t, engine.Completed, r.Status, "%v", r.Error)
		require.Equal(t, []string{"a", "b", "z"}, r.Logs)
		require.Equal(t, 6*time.Second, time.Since(began))
	})
}

func TestOnce_IsNotTriedAgainUnlessItCertainlyHadNoEffect(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		pay, around string
		runs        int64
		attention   bool
		logs        string
	}{
		"step":              {`{"fails": 5}`, "s > pay\npay > z", 1, true, "s"},
		"step, harmless":    {`{"fails": 2, "harmless": true}`, "s > pay\npay > z", 3, false, "s z"},
		"retry":             {`{"fails": 5}`, "s > r\nr.retry_body > pay\nr.success > z", 1, true, "s"},
		"retry, harmless":   {`{"fails": 4, "harmless": true}`, "s > r\nr.retry_body > pay\nr.success > z", 5, false, "s z"},
		"retry, then fails": {`{"fails": 0}`, "f FlakyNode {\"pattern\": \"FFT\"}\ns > r\nr.retry_body > pay\npay > f\nr.success > z", 1, false, "s f z"},
		"in a loop each round once": {
			`{"fails": 0}`, "l LoopNode {\"times\": 2}\nf FlakyNode {\"pattern\": \"FT\"}\ns > r\nr.retry_body > l\nl.body > pay\nl.completed > f\nr.success > z", 2, false, "s f z",
		},
		"caught in a retry": {
			`{"fails": 1}`, "t TryNode\nc CatchNode {\"paired_try_id\": \"t\"}\nf FlakyNode {\"pattern\": \"FT\"}\ns > r\nr.retry_body > t\nt.try_body > pay\n" +
				"t > f\nr.success > z", 1, false, "s f z",
		},
		"caught": {`{"fails": 5}`, "t TryNode\nc CatchNode {\"paired_try_id\": \"t\"}\ns > t\nt.try_body > pay\nt > z", 1, false, "s z"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			doc := document(t, "s StartNode\nz PlainNode\nr RetryNode {\"initial_delay\": 0}\npay PayNode "+tc.pay+"\n"+tc.around)
			doc.Settings.RetryCount = 2
			r := compile(t, doc).Run(t.Context(), engine.Options{})
			require.Equal(t, tc.runs, variable(r, "count_pay"))
			require.Equal(t, tc.attention, r.Attention != "", r.Attention)
			require.Equal(t, strings.Fields(tc.logs), r.Logs)
		})
	}
}

func TestStep_IsTriedAgainAsItsOwnParametersSay(t *testing.T) {
	t.Parallel()
	source := "s StartNode\na AgainNode {\"retry_count\": 3, \"retry_interval\": 1000, \"until\": 3}\nz PlainNode\ns > a\na > z"
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		r := run(t, source, engine.Options{})
		require.Equal(t, engine.Completed, r.Status, "%v", r.Error)
		require.Equal(t, []string{"s", "a", "z"}, r.Order)
		require.Equal(t, 7*time.Second, time.Since(began), "each wait is twice as long")
	})
	synctest.Test(t, func(t *testing.T) {
		var kept keeper
		stop := make(chan struct{})
		time.AfterFunc(2*time.Second, func() { close(stop) })
		r := run(t, source, engine.Options{Checkpoint: kept.keep, Stop: stop})
		require.Equal(t, engine.Released, r.Status, "%v", r.Error)
		began := time.Now()
		r = run(t, source, engine.Options{Resume: kept.last(t).Records})
		require.Equal(t, engine.Completed, r.Status, "%v", r.Error)
		require.Equal(t, []string{"z"}, r.Order)
		require.Equal(t, 5*time.Second, time.Since(began), "the rest of the second wait, and the third")
	})
	synctest.Test(t, func(t *testing.T) {
		r := run(t, "s StartNode\na AgainNode {\"retry_count\": 2, \"retry_interval\": 10, \"until\": 9}\ns > a", engine.Options{})
		require.Equal(t, engine.Failed, r.Status)
		require.Equal(t, int64(3), variable(r, "count_a"))
	})
}

func TestProgress_NeverFallsAndEndsBelowAHundred(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		sink := &tape{}
		compile(t, randomPrograms(t)).Run(context.Background(), engine.Options{Now: slowClock(), Sink: sink})
		percent := 0
		for _, e := range sink.events {
			require.GreaterOrEqual(t, e.Progress, percent, "%s %s", e.Step, e.State)
			require.LessOrEqual(t, e.Progress, 99)
			percent = e.Progress
		}
	})
}

// pay may run only once; it fails some times.
type pay struct {
	fails    int64
	harmless bool
}

func (n *pay) Spec(s *node.Spec) {
	describe(s, node.Once)
	s.Int(node.Param, &n.fails, "fails")
	s.Bool(node.Param, &n.harmless, "harmless")
}

func (n *pay) Run(_ context.Context, r *node.Run) error {
	if count(r, "count_"+r.Step()) >= n.fails {
		return nil
	}
	err := node.Fail("", "no answer")
	if n.harmless {
		return node.NoEffect(err)
	}
	return err
}

// anew fails until it was tried often enough, and is tried again as its own parameters say.
type anew struct{ until int64 }

func (n *anew) Spec(s *node.Spec) {
	describe(s, node.Idempotent)
	s.Int(node.Param, &n.until, "until")
	s.Retries("retry_interval", time.Millisecond, 500)
}

func (n *anew) Run(_ context.Context, r *node.Run) error {
	if count(r, "count_"+r.Step()) < n.until {
		return node.Fail("", "not yet")
	}
	return nil
}
