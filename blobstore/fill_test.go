package blobstore_test

import (
	"bytes"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"casare"
	"casare/blobstore"
)

func TestFill_ANewCoordinatorFillsUpAndIsReadyThen(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "a")
	a := w.start("a")
	var texts [][]byte
	for range 20 {
		text := content(5000)
		texts = append(texts, text)
		w.put(a, text)
	}
	unreferred, err := a.PutBytes(t.Context(), content(10))
	require.NoError(t, err)
	b := w.start("b")
	_, err = a.Ready(t.Context(), "b")
	require.Equal(t, casare.CodeUnavailable, casare.CodeOf(err), "it holds no state yet")
	w.isolate("a", true)
	w.member("b", false)
	w.isolate("a", false)
	require.Eventually(t, func() bool {
		ready, err := a.Ready(t.Context(), "b")
		return err == nil && ready
	}, patience, time.Millisecond)
	for _, text := range texts {
		require.True(t, b.holds(text), "it is ready and lacks something")
	}
	_, err = os.Stat(b.file(unreferred.Hash))
	require.ErrorIs(t, err, os.ErrNotExist, "nobody needs it")
	// The first is lost, the second has all.
	w.member("b", true)
	w.leave("a")
	a.Stop()
	for _, text := range texts {
		w.want(b, text)
	}
}

func TestFill_WhatNobodyHasKeepsNobodyFromBecomingAVoter(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "a")
	a := w.start("a")
	gone := content(10)
	w.refer("job", casare.BlobHash(gone), len(gone))
	w.start("b")
	w.member("b", false)
	require.Eventually(t, func() bool {
		ready, err := a.Ready(t.Context(), "b")
		return err == nil && ready
	}, patience, time.Millisecond)
	status, err := a.Status(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, status.Missing)
	require.Eventually(t, func() bool {
		status, err := a.Status(t.Context())
		return err == nil && status.Lost == 1
	}, patience, time.Millisecond)
	// It turns up again.
	w.put(a, gone)
	require.Eventually(t, func() bool {
		status, err := a.Status(t.Context())
		return err == nil && status.Missing == 0 && status.Lost == 0
	}, patience, time.Millisecond)
}

func TestFill_TheFolderIsComparedOnceInAWhile(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "a", "b")
	w.start("b")
	a := w.start("a", func(c *blobstore.Config) { c.CheckInterval = 10 * time.Millisecond })
	text, short := content(1000), content(1001)
	w.put(a, text)
	w.put(a, short)
	require.NoError(t, os.Remove(a.file(casare.BlobHash(text))))
	require.NoError(t, os.Truncate(a.file(casare.BlobHash(short)), 3))
	require.Eventually(t, func() bool { return a.holds(text) && a.holds(short) }, patience, time.Millisecond)
	w.clean(a)
}

func TestFill_ATransferThatBreaksIsTriedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "a", "b", "c")
	a, b := w.start("a"), w.start("b")
	a.end.mu.Lock()
	a.end.lose = 300_000 // in the middle of the blob
	a.end.mu.Unlock()
	text := content(1 << 20)
	done := make(chan error, 1)
	go func() { // awaited below
		_, err := a.PutBytes(t.Context(), text)
		done <- err
	}()
	require.Eventually(t, func() bool { return a.holds(text) }, patience, time.Millisecond)
	a.end.mu.Lock()
	a.end.lose = 0
	a.end.mu.Unlock()
	require.NoError(t, <-done)
	require.True(t, b.holds(text))
	w.clean(b)
}

func TestSweep_DeletesWhatNobodyHasReferredToForItsTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "a", "b")
	a, b := w.start("a"), w.start("b")
	kept, dropped, young := content(10), content(11), content(12)
	w.put(a, kept)
	hash := w.put(a, dropped)
	w.unrefer(hash)
	w.advance(59 * time.Minute)
	_, err := a.PutBytes(t.Context(), young)
	require.NoError(t, err)
	for _, r := range []*robot{a, b} {
		n, err := r.Sweep(t.Context())
		require.NoError(t, err)
		require.Zero(t, n, "too early")
	}
	w.advance(2 * time.Minute)
	w.mu.Lock()
	w.broken = errors.New("no majority")
	w.mu.Unlock()
	for _, r := range []*robot{a, b} {
		_, err := r.Sweep(t.Context())
		require.Error(t, err, "nobody knows what is referred to by now")
	}
	w.mu.Lock()
	w.broken = nil
	w.mu.Unlock()
	for _, r := range []*robot{a, b} {
		n, err := r.Sweep(t.Context())
		require.NoError(t, err)
		require.Equal(t, 1, n)
		require.False(t, r.holds(dropped))
		require.True(t, r.holds(kept) && r.holds(young))
		w.clean(r)
	}
	// What is put again is as young as what is put for the first time.
	_, err = b.PutBytes(t.Context(), young)
	require.NoError(t, err)
	w.advance(59 * time.Minute)
	for _, r := range []*robot{a, b} {
		n, err := r.Sweep(t.Context())
		require.NoError(t, err)
		require.Zero(t, n)
	}
}

func TestSweep_NotOnARobotWithoutState(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "a")
	a := w.start("a")
	text := content(10)
	_, err := a.PutBytes(t.Context(), text)
	require.NoError(t, err)
	w.leave("a")
	w.advance(48 * time.Hour)
	n, err := a.Sweep(t.Context())
	require.NoError(t, err)
	require.Zero(t, n)
	require.True(t, a.holds(text))
}

// Whatever is put, referred to, dropped and swept in whatever order and by whomever: what is referred to can be had, and in the end
// everybody has exactly that.
func TestSweep_NeverDeletesWhatIsReferredTo(t *testing.T) {
	t.Parallel()
	texts := make([][]byte, 6)
	for i := range texts {
		texts[i] = content(100 + i)
	}
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(t, "a", "b", "c")
		robots := []*robot{w.start("a"), w.start("b"), w.start("c")}
		defer func() {
			for _, r := range robots {
				r.Stop()
			}
		}()
		referred := map[int]bool{}
		away := -1
		steps := rapid.IntRange(5, 25).Draw(rt, "steps")
		for range steps {
			i := rapid.IntRange(0, len(texts)-1).Draw(rt, "blob")
			at := rapid.IntRange(0, 2).Draw(rt, "robot")
			switch rapid.IntRange(0, 5).Draw(rt, "what") {
			case 0, 1:
				if at != away {
					w.put(robots[at], texts[i])
					referred[i] = true
				}
			case 2:
				w.unrefer(casare.BlobHash(texts[i]))
				delete(referred, i)
			case 3:
				w.advance(time.Duration(rapid.IntRange(1, 70).Draw(rt, "minutes")) * time.Minute)
			case 4:
				_, _ = robots[at].Sweep(t.Context()) // one that is cut off may not
			case 5:
				if away >= 0 {
					w.isolate(robots[away].id, false)
				}
				if away = at; rapid.Bool().Draw(rt, "all here") {
					away = -1
				} else {
					w.isolate(robots[away].id, true)
				}
			}
			for i := range referred {
				if ask := (away + 1) % 3; away != ask {
					w.want(robots[ask], texts[i])
				}
			}
		}
		if away >= 0 {
			w.isolate(robots[away].id, false)
		}
		for _, r := range robots {
			for i, text := range texts {
				require.Eventually(t, func() bool {
					w.advance(2 * time.Hour) // a push that was still under way makes a blob young again
					_, err := r.Sweep(t.Context())
					return err == nil && r.holds(text) == referred[i]
				}, patience, time.Millisecond)
			}
			w.clean(r)
		}
	})
}

func TestPlain_ARobotWithoutStatePutsAndGetsThroughACoordinator(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "a", "b", "c")
	a, b := w.start("a"), w.start("b")
	p := w.start("p", func(c *blobstore.Config) { c.PutWait, c.GetWait = time.Second, time.Second })
	w.mu.Lock()
	w.jobs["j"] = &casare.Job{JobStatus: casare.JobStatus{State: casare.JobRunning, RobotID: "p", Epoch: 7}}
	w.jobs["other"] = &casare.Job{JobStatus: casare.JobStatus{State: casare.JobRunning, RobotID: "a", Epoch: 7}}
	w.mu.Unlock()
	text := content(200_000)
	ref, err := p.For("j", 7).PutBytes(t.Context(), text)
	require.NoError(t, err)
	require.True(t, a.holds(text) && b.holds(text), "no majority has it")
	again, err := p.For("j", 7).PutBytes(t.Context(), text)
	require.NoError(t, err)
	require.Equal(t, ref, again)

	for what, who := range map[string]*blobstore.Attempt{
		"another's job": p.For("other", 7), "an epoch that is over": p.For("j", 6), "no job": p.For("none", 7), "no claim": p.For("", 0),
	} {
		_, err := who.PutBytes(t.Context(), text)
		require.Equal(t, casare.CodeForbidden, casare.CodeOf(err), "%s: %v", what, err)
	}
	_, err = p.For("j", 7).GetBytes(t.Context(), ref.Hash, casare.MaxBlob)
	require.Equal(t, casare.CodeForbidden, casare.CodeOf(err), "the job does not refer to it: %v", err)

	w.refer("j", ref.Hash, len(text))
	got, err := p.For("j", 7).GetBytes(t.Context(), ref.Hash, casare.MaxBlob)
	require.NoError(t, err)
	require.True(t, bytes.Equal(text, got))
	w.clean(p)
	require.False(t, p.holds(text), "it keeps nothing")

	// The coordinator it asks first has lost it, then is away.
	require.NoError(t, os.Remove(a.file(ref.Hash)))
	_, err = p.For("j", 7).GetBytes(t.Context(), ref.Hash, casare.MaxBlob)
	require.NoError(t, err)
	w.isolate("a", true)
	got, err = p.For("j", 7).GetBytes(t.Context(), ref.Hash, casare.MaxBlob)
	require.NoError(t, err)
	require.True(t, bytes.Equal(text, got))
	_, err = p.For("j", 7).PutBytes(t.Context(), content(100))
	require.Equal(t, casare.CodeUnavailable, casare.CodeOf(err), "one of three is no majority: %v", err)
	w.clean(p)
}

func TestPlain_MayNotAskWhatOnlyCoordinatorsMay(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "a")
	w.start("a")
	p := w.start("p")
	_, err := p.Ready(t.Context(), "a")
	require.Equal(t, casare.CodeForbidden, casare.CodeOf(err))
}
