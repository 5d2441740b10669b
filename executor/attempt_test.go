package executor

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"casare"
	"casare/session"
)

func newTestAttempt() *attempt {
	a := &attempt{
		jobID: "j", epoch: 5, robot: "r", stop: make(chan struct{}), acked: make(chan struct{}), wakes: func() {}, online: true,
		now: func() casare.Time { return casare.TimeOf(time.Now()) },
	}
	a.stream.begin(nil, 0)
	return a
}

// due asks an attempt for its next entry and prints it.
func due(a *attempt) string {
	r := &session.Report{}
	if a.next(r) == 0 {
		return "nothing"
	}
	lines := func(c casare.LogChunk) string { return fmt.Sprintf("%d+%d", c.From, len(c.Lines)) }
	switch {
	case len(r.Started) > 0:
		return "started"
	case len(r.Checkpoints) > 0:
		c := r.Checkpoints[0]
		var data []byte
		for _, r := range c.Changes {
			data = append(data, r.Data...)
		}
		return fmt.Sprintf("checkpoint %d %s %s", c.Seq, data, lines(c.Log))
	case len(r.Finishes) > 0:
		return fmt.Sprintf("finish %s %s", r.Finishes[0].State, lines(r.Finishes[0].Log))
	case len(r.Rejects) > 0:
		return "reject"
	default:
		return "release"
	}
}

func (a *attempt) ok(what casare.CommandType, seq uint64) bool {
	return a.answer(session.Ack{JobID: a.jobID, Epoch: a.epoch, What: what, Seq: seq})
}

func (a *attempt) snap(t *testing.T, data string) {
	t.Helper()
	require.NoError(t, a.checkpoint(t.Context(), Snapshot{
		Changes: []casare.Record{{Key: "k", Data: []byte(data)}}, Moment: MomentEffect, Step: data,
	}))
	require.NoError(t, a.settle(t.Context(), "", MomentEffect))
}

func TestAttempt_EntriesLeaveOneAtATimeAndInOrder(t *testing.T) {
	t.Parallel()
	a := newTestAttempt()
	a.stream.begin(nil, 7) // of an earlier attempt
	require.Equal(t, "nothing", due(a))
	a.started()
	a.onLog(casare.LogLine{N: 0})
	require.Equal(t, "started", due(a)) // without the line
	a.snap(t, "one")
	require.Equal(t, "nothing", due(a)) // the start is not acknowledged
	require.False(t, a.ok(casare.CommandStartJob, 7))
	require.Equal(t, "checkpoint 8 one 0+1", due(a))
	a.onLog(casare.LogLine{N: 1})
	require.False(t, a.ok(casare.CommandCheckpointJob, 8))
	require.Equal(t, "nothing", due(a)) // a line waits for company
	a.flush()
	require.Equal(t, "checkpoint 0  1+1", due(a))
	a.onLog(casare.LogLine{N: 2})
	a.finish(ending{finish: &casare.FinishJob{State: casare.JobCompleted}})
	require.False(t, a.ok(casare.CommandCheckpointJob, 8))
	require.Equal(t, "finish completed 2+1", due(a))
	require.True(t, a.ok(casare.CommandFinishJob, 8))
}

func TestAttempt_WhatWasNotAcknowledgedIsSentAgainFromWhatTheStateHolds(t *testing.T) {
	t.Parallel()
	a := newTestAttempt()
	a.snap(t, "one")
	require.Equal(t, "checkpoint 1 one 0+0", due(a))
	a.disconnect()
	a.snap(t, "two") // replaces the first: only the newest is kept
	a.connect(1)     // the first had arrived
	require.Equal(t, "checkpoint 2 two 0+0", due(a))
	require.False(t, a.answer(session.Ack{What: casare.CommandCheckpointJob, Code: casare.CodeGap, Seq: 4}))
	require.Equal(t, "checkpoint 5 two 0+0", due(a))
	a.finish(ending{finish: &casare.FinishJob{State: casare.JobFailed}})
	a.disconnect()
	a.connect(5)
	require.Equal(t, "finish failed 0+0", due(a))
	a.disconnect()
	a.connect(5)
	require.Equal(t, "finish failed 0+0", due(a))
	require.False(t, a.ok(casare.CommandCheckpointJob, 5)) // an answer to something else
	require.True(t, a.answer(session.Ack{What: casare.CommandFinishJob, Code: casare.CodeStaleEpoch}))
}

func TestAttempt_ReleaseFollowsTheLastCheckpointAndTheLog(t *testing.T) {
	t.Parallel()
	a := newTestAttempt()
	a.snap(t, "last")
	for i := range 1000 {
		a.onLog(casare.LogLine{N: uint64(i), Message: strings.Repeat("m", 50)})
	}
	a.finish(ending{give: &casare.ReleaseJob{JobID: "j", Epoch: 5}})
	r := due(a)
	require.Contains(t, r, "checkpoint 1 last 0+")
	a.ok(casare.CommandCheckpointJob, 1)
	for r = due(a); strings.HasPrefix(r, "checkpoint 0"); r = due(a) {
		a.ok(casare.CommandCheckpointJob, 1)
	}
	require.Equal(t, "release", r)
}

func TestAttempt_ARefusedResultBecomesAFailureThatSaysSo(t *testing.T) {
	t.Parallel()
	a := newTestAttempt()
	a.finish(ending{finish: &casare.FinishJob{State: casare.JobCompleted, Result: []byte(`{"a":1}`)}})
	require.Equal(t, "finish completed 0+0", due(a))
	require.False(t, a.answer(session.Ack{What: casare.CommandFinishJob, Code: casare.CodeTooLarge, Message: "too large"}))
	require.Equal(t, "finish failed 0+0", due(a))
	require.Equal(t, "the result was refused: too large", a.end.finish.Error.Message)
	require.True(t, a.answer(session.Ack{What: casare.CommandFinishJob, Code: casare.CodeInternal}))
}

func TestSettle_AnEffectWaitsForWhatWasThereBeforeTheEffectBefore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newTestAttempt()
		took := func(data string) time.Duration {
			begin := time.Now()
			a.snap(t, data)
			return time.Since(begin)
		}
		require.Zero(t, took("one")) // there was no effect before
		due(a)
		go func() {
			<-time.After(10 * time.Millisecond)
			a.ok(casare.CommandCheckpointJob, 1)
		}()
		require.Equal(t, 10*time.Millisecond, took("two"))
		require.Equal(t, ackWait, took("three")) // the leader does not answer
		require.Zero(t, took("four"))            // and is not waited for again
		due(a)
		a.ok(casare.CommandCheckpointJob, 2)
		require.Zero(t, took("five"))
		require.Equal(t, ackWait, took("six"))
		a.disconnect()
		require.Zero(t, took("seven"))
		a.connect(1)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		require.NoError(t, a.checkpoint(ctx, Snapshot{}))
		require.NoError(t, a.settle(ctx, "", MomentEffect))
	})
}

func TestSettle_BranchesDoNotWaitForOneAnothersEffects(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newTestAttempt()
		begin := time.Now()
		for i := range 100 {
			require.NoError(t, a.checkpoint(t.Context(), Snapshot{Moment: MomentEffect}))
			require.NoError(t, a.settle(t.Context(), strconv.Itoa(i), MomentEffect))
		}
		require.Zero(t, time.Since(begin))
	})
}

func TestSettle_AnIntentWaitsUntilItIsRecorded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newTestAttempt()
		a.disconnect()
		require.NoError(t, a.checkpoint(t.Context(), Snapshot{Moment: MomentIntent, Open: []string{"pay"}, Step: "before"}))
		done := make(chan error, 1)
		go func() { done <- a.settle(t.Context(), "", MomentIntent) }()
		<-time.After(5 * time.Minute)
		a.mu.Lock()
		require.Equal(t, waitingForQuorum, a.waiting)
		require.Len(t, a.log.lines, 1)
		require.Contains(t, string(a.log.lines[0]), "pay")
		a.mu.Unlock()
		a.connect(0)
		r := &session.Report{}
		a.next(r)
		require.Equal(t, "pay", r.Checkpoints[0].Open)
		require.Empty(t, done)
		a.ok(casare.CommandCheckpointJob, 1)
		require.NoError(t, <-done)
		require.Empty(t, a.waiting)
	})
}

func TestSettle_AnIntentThatNobodyRecordsEndsInAttention(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newTestAttempt()
		a.begin(1, Policy{IsolationWait: time.Minute})
		a.disconnect()
		require.NoError(t, a.checkpoint(t.Context(), Snapshot{Moment: MomentIntent, Open: []string{"pay"}}))
		begin := time.Now()
		require.ErrorIs(t, a.settle(t.Context(), "", MomentIntent), errIsolated)
		require.Equal(t, time.Minute, time.Since(begin))
		end, ok := a.concludes(Outcome{State: casare.JobFailed, Error: &casare.JobError{Message: "x"}})
		require.True(t, ok)
		require.Equal(t, casare.JobNeedsAttention, end.finish.State)
		require.Contains(t, end.finish.Attention, "Step pay may only run once. It waited 1m0s")
		require.Contains(t, end.finish.Attention, "has not begun")
	})
}

func TestSettle_StrictWaitsForEveryOne(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newTestAttempt()
		a.begin(1, Policy{Strict: true, IsolationWait: time.Minute})
		require.NoError(t, a.checkpoint(t.Context(), Snapshot{Changes: []casare.Record{{Key: "k", Data: []byte("v")}}}))
		require.Equal(t, "checkpoint 1 v 0+0", due(a))
		go func() {
			<-time.After(20 * time.Second)
			a.ok(casare.CommandCheckpointJob, 1)
		}()
		begin := time.Now()
		require.NoError(t, a.settle(t.Context(), "", MomentPause))
		require.Equal(t, 20*time.Second, time.Since(begin))
	})
}

func TestCheckpoint_OneThatNobodyNeedsWaitsForCompanyAndLeavesBeforeAFailure(t *testing.T) {
	t.Parallel()
	a := newTestAttempt()
	snap := func(data string) {
		require.NoError(t, a.checkpoint(t.Context(), Snapshot{Changes: []casare.Record{{Key: "k", Data: []byte(data)}}}))
	}
	snap("one")
	require.Equal(t, "nothing", due(a))
	a.flush() // a second is over
	require.Equal(t, "checkpoint 1 one 0+0", due(a))
	a.ok(casare.CommandCheckpointJob, 1)
	a.flush()
	require.Equal(t, "nothing", due(a))
	snap("two")
	a.finish(ending{finish: &casare.FinishJob{State: casare.JobFailed}})
	require.Equal(t, "checkpoint 2 two 0+0", due(a)) // where it is tried again
	a.ok(casare.CommandCheckpointJob, 2)
	require.Equal(t, "finish failed 0+0", due(a))

	b := newTestAttempt()
	require.NoError(t, b.checkpoint(t.Context(), Snapshot{Changes: []casare.Record{{Key: "k", Data: []byte("x")}}}))
	b.finish(ending{finish: &casare.FinishJob{State: casare.JobCompleted}})
	require.Equal(t, "finish completed 0+0", due(b))
}

func TestCheckpoint_OneThatTheStateCannotTakeFailsTheRun(t *testing.T) {
	t.Parallel()
	a := newTestAttempt()
	a.snap(t, "one")
	due(a)
	a.answer(session.Ack{What: casare.CommandCheckpointJob, Code: casare.CodeTooLarge, Message: "too much"})
	require.Equal(t, "nothing", due(a))
	err := a.checkpoint(t.Context(), Snapshot{})
	require.Equal(t, casare.CodeTooLarge, casare.CodeOf(err))
	big := []casare.Record{{Key: "big", Data: make([]byte, casare.MaxCheckpoint)}}
	require.Equal(t, casare.CodeTooLarge, casare.CodeOf(a.checkpoint(t.Context(), Snapshot{Changes: big})))
}

func TestLogBuffer_ChunksAreWholeLinesAndNothingIsLostOrDoubled(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var b logBuffer
		b.first = rapid.Uint64Range(0, 5).Draw(t, "first")
		want, got := b.first, b.first
		for range rapid.IntRange(1, 40).Draw(t, "moves") {
			if rapid.Bool().Draw(t, "add") {
				b.add(casare.LogLine{N: want, Message: strings.Repeat("é", rapid.IntRange(0, 20_000).Draw(t, "size"))})
				want++
				continue
			}
			chunk, all := b.next()
			size := 0
			for i, line := range chunk.Lines {
				size += len(line)
				var l casare.LogLine
				if err := json.Unmarshal(line, &l); err != nil || l.N != chunk.From+uint64(i) || !bytes.HasSuffix(line, []byte("\n")) {
					t.Fatalf("line %d of %d: %v", i, chunk.From, err)
				}
			}
			if size > maxChunk && len(chunk.Lines) > 1 {
				t.Fatalf("a chunk of %d bytes", size)
			}
			if len(chunk.Lines) > 0 && chunk.From < got {
				t.Fatal("a line came twice")
			}
			if rapid.Bool().Draw(t, "acknowledged") {
				got = chunk.From + uint64(len(chunk.Lines))
				b.forget(got)
				if all && b.bytes != 0 {
					t.Fatalf("%d bytes are left", b.bytes)
				}
			}
		}
		if b.bytes > maxPending || b.first+uint64(len(b.lines)) != want {
			t.Fatal("the buffer lost count")
		}
	})
}

func TestShorten_CutsAtACharacterAndSaysSo(t *testing.T) {
	t.Parallel()
	require.Equal(t, "short", shorten("short", 10))
	cut := shorten(strings.Repeat("é", 100), 51)
	require.LessOrEqual(t, len(cut), 51)
	require.True(t, strings.HasSuffix(cut, "é… (shortened)"), cut)
}

type countingRunner struct{ compiled *int }

func (r countingRunner) Compile([]byte) (Program, error) { *r.compiled++; return nil, nil }

func TestPrograms_CompileOnceKeepTheRecentAndRefuseAnotherContent(t *testing.T) {
	t.Parallel()
	p, compiled := newPrograms(), 0
	document := []byte("{}")
	revision := casare.RevisionOf(document)
	d, ask := p.want(revision)
	require.True(t, ask)
	require.Equal(t, []string{revision}, p.missing())
	p.deliver(revision, document)
	p.deliver(revision, []byte("again"))
	for range 3 {
		again, ask := p.want(revision)
		require.False(t, ask)
		require.Same(t, d, again)
		_, err := d.compile(t.Context(), countingRunner{&compiled})
		require.NoError(t, err)
	}
	require.Equal(t, 1, compiled)

	p.deliver("other", []byte("{}"))
	other, _ := p.want("other")
	_, err := other.compile(t.Context(), countingRunner{&compiled})
	require.Error(t, err)

	for i := range 2 * maxPrograms {
		doc := fmt.Append(nil, i)
		p.deliver(casare.RevisionOf(doc), doc)
		p.want(revision)
	}
	require.Len(t, p.all, maxPrograms)
	_, ask = p.want(revision)
	require.False(t, ask)
}
