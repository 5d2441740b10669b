package raftstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/raft"
	"github.com/stretchr/testify/require"

	"casare"
)

// fakeRaft answers entries when the test says so.
type fakeRaft struct {
	entries chan *fakeFuture
}

type fakeFuture struct {
	raft.ApplyFuture // nil: only what is below is called

	commands []envelope
	size     int
	answer   chan error
	err      error
}

func (f *fakeFuture) Error() error {
	f.err = <-f.answer
	return f.err
}

func (f *fakeFuture) Response() any {
	results := make([]casare.Result, len(f.commands))
	for i, c := range f.commands {
		results[i].Job = &casare.Job{JobSpec: casare.JobSpec{ID: c.ID}}
	}
	return results
}

func newFakeProposer(t *testing.T) (*proposer, *fakeRaft) {
	t.Helper()
	f := &fakeRaft{entries: make(chan *fakeFuture, 100)}
	p := newProposer(newLatch(func(error) {}), func(entry []byte, _ time.Duration) raft.ApplyFuture {
		envelopes, err := splitEntry(entry)
		if err != nil {
			panic(err)
		}
		future := &fakeFuture{commands: envelopes, size: len(entry), answer: make(chan error, 1)}
		f.entries <- future
		return future
	})
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	var wait sync.WaitGroup
	wait.Go(func() { p.run(ctx) })
	t.Cleanup(func() { cancel(); wait.Wait(); require.True(t, p.drain(5*time.Second)) })
	return p, f
}

func cancels(prefix string, n, bytes int) []casare.Proposal {
	ps := make([]casare.Proposal, n)
	for i := range ps {
		ps[i] = system(fmt.Sprintf("%s%d", prefix, i), casare.CancelJob{JobID: "j", Reason: strings.Repeat("x", bytes)})
	}
	return ps
}

type outcome struct {
	results []casare.Result
	err     error
}

func proposeLater(ctx context.Context, p *proposer, ps ...casare.Proposal) <-chan outcome {
	c := make(chan outcome, 1)
	go func() {
		r, err := p.propose(ctx, ps)
		c <- outcome{r, err}
	}()
	return c
}

func TestProposer_CollectsWhileEntriesAreInFlight(t *testing.T) {
	t.Parallel()
	p, f := newFakeProposer(t)
	first := proposeLater(t.Context(), p, cancels("a", 1, 10)...)
	one := <-f.entries
	second := proposeLater(t.Context(), p, cancels("b", 1, 10)...)
	two := <-f.entries
	var rest []<-chan outcome
	for i := range 20 {
		rest = append(rest, proposeLater(t.Context(), p, cancels(fmt.Sprint("c", i, "-"), 2, 10)...))
	}
	require.Eventually(t, func() bool { p.mu.Lock(); defer p.mu.Unlock(); return len(p.queue) == 20 }, 5*time.Second, time.Millisecond)
	require.Empty(t, f.entries)
	one.answer <- nil
	three := <-f.entries
	require.Len(t, three.commands, 40)
	two.answer <- nil
	three.answer <- nil
	for i, c := range append([]<-chan outcome{first, second}, rest...) {
		o := <-c
		require.NoError(t, o.err, i)
		for _, r := range o.results {
			require.NotNil(t, r.Job)
		}
	}
}

func TestProposer_ABatchIsFewEntriesWithAnswersInOrder(t *testing.T) {
	t.Parallel()
	p, f := newFakeProposer(t)
	ps := cancels("a", 3000, 1)
	ps[7].Command = nil // refused before it is proposed, alone
	o := proposeLater(t.Context(), p, ps...)
	seen := 0
	for seen < len(ps)-1 {
		e := <-f.entries
		require.LessOrEqual(t, len(e.commands), maxCommands)
		seen += len(e.commands)
		e.answer <- nil
	}
	got := <-o
	require.NoError(t, got.err)
	for i, r := range got.results {
		if i == 7 {
			require.Equal(t, casare.CodeInvalid, r.Err.Code)
			continue
		}
		require.Equal(t, ps[i].ID, r.Job.ID)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	require.Zero(t, p.queued)
}

func TestProposer_LimitsOfAnEntry(t *testing.T) {
	t.Parallel()
	p, f := newFakeProposer(t)
	o := proposeLater(t.Context(), p, cancels("a", 6, 300<<10)...)
	for range 6 {
		e := <-f.entries
		require.Len(t, e.commands, 1)
		require.LessOrEqual(t, e.size, maxEntry)
		e.answer <- nil
	}
	require.NoError(t, (<-o).err)
	big := cancels("b", 2, 10)
	big[0] = cancels("b", 1, maxEntry)[0]
	o = proposeLater(t.Context(), p, big...)
	(<-f.entries).answer <- nil
	got := <-o
	require.NoError(t, got.err)
	require.Equal(t, casare.CodeTooLarge, got.results[0].Err.Code)
	require.Nil(t, got.results[1].Err)
}

func TestProposer_ErrorsSayWhetherItWasProposed(t *testing.T) {
	t.Parallel()
	for err, code := range map[error]casare.Code{
		raft.ErrNotLeader: casare.CodeNotLeader, raft.ErrLeadershipTransferInProgress: casare.CodeNotLeader,
		raft.ErrEnqueueTimeout: casare.CodeUnavailable, raft.ErrLeadershipLost: casare.CodeOutcomeUnknown,
		raft.ErrRaftShutdown: casare.CodeOutcomeUnknown, errors.New("disk"): casare.CodeOutcomeUnknown,
	} {
		p, f := newFakeProposer(t)
		o := proposeLater(t.Context(), p, cancels("a", 1500, 1)...)
		(<-f.entries).answer <- nil
		(<-f.entries).answer <- err
		got := <-o
		require.Equal(t, code, casare.CodeOf(got.err), err)
		require.ErrorIs(t, got.err, err)
		require.Len(t, got.results, maxCommands)
		require.False(t, slices.ContainsFunc(got.results, func(r casare.Result) bool { return r.Job == nil }), "an answer that is not known")
	}
}

func TestProposer_ARefusalIsNotDefiniteWhileTheRestIsUnderWay(t *testing.T) {
	t.Parallel()
	p, f := newFakeProposer(t)
	o := proposeLater(t.Context(), p, cancels("a", 1500, 1)...)
	one, two := <-f.entries, <-f.entries
	two.answer <- nil
	one.answer <- raft.ErrNotLeader
	got := <-o
	require.Equal(t, casare.CodeOutcomeUnknown, casare.CodeOf(got.err))
	require.Empty(t, got.results)
}

func TestProposer_ADeadlineIsDefiniteOnlyBeforeItIsProposed(t *testing.T) {
	t.Parallel()
	p, f := newFakeProposer(t)
	ctx, cancel := context.WithCancel(t.Context())
	sent := proposeLater(ctx, p, cancels("a", 1, 1)...)
	one := <-f.entries
	other := proposeLater(t.Context(), p, cancels("b", 1, 1)...)
	two := <-f.entries
	queued := proposeLater(ctx, p, cancels("c", 1, 1)...)
	require.Eventually(t, func() bool { p.mu.Lock(); defer p.mu.Unlock(); return len(p.queue) == 1 }, 5*time.Second, time.Millisecond)
	cancel()
	require.Equal(t, casare.CodeOutcomeUnknown, casare.CodeOf((<-sent).err))
	require.Equal(t, casare.CodeUnavailable, casare.CodeOf((<-queued).err))
	one.answer <- nil
	two.answer <- nil
	require.NoError(t, (<-other).err)
	last := proposeLater(t.Context(), p, cancels("d", 1, 1)...)
	e := <-f.entries
	require.Equal(t, "d0", e.commands[0].ID, "what was given up must not be proposed")
	e.answer <- nil
	require.NoError(t, (<-last).err)
}

func TestProposer_RefusesWhenTooMuchWaits(t *testing.T) {
	t.Parallel()
	p, f := newFakeProposer(t)
	ctx, cancel := context.WithCancel(t.Context())
	var waiting []<-chan outcome
	for i := range 3 {
		waiting = append(waiting, proposeLater(ctx, p, cancels(strconv.Itoa(i)+"-", maxQueuedBytes/2/(400<<10), 400<<10)...))
		require.Eventually(t, func() bool { p.mu.Lock(); defer p.mu.Unlock(); return p.queued > i*(maxQueuedBytes/3) || i == 2 }, 5*time.Second, time.Millisecond)
	}
	one, two := <-f.entries, <-f.entries
	_, err := p.propose(ctx, cancels("z", 200, 400<<10))
	require.Equal(t, casare.CodeUnavailable, casare.CodeOf(err))
	cancel()
	for _, c := range waiting {
		require.Error(t, (<-c).err)
	}
	one.answer <- nil
	two.answer <- nil
	require.Eventually(t, func() bool { p.mu.Lock(); defer p.mu.Unlock(); return p.queued == 0 }, 5*time.Second, time.Millisecond)
}

func TestProposer_LatchEndsEveryWait(t *testing.T) {
	t.Parallel()
	p, f := newFakeProposer(t)
	o := proposeLater(t.Context(), p, cancels("a", 1, 1)...)
	e := <-f.entries
	require.Error(t, p.latch.fail(errors.New("disk")))
	got := <-o
	require.Equal(t, casare.CodeOutcomeUnknown, casare.CodeOf(got.err))
	e.answer <- errors.New("disk")
	_, err := p.propose(t.Context(), cancels("b", 1, 1))
	require.Equal(t, casare.CodeUnavailable, casare.CodeOf(err))
}
