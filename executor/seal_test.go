package executor

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"casare"
	"casare/runlog"
	"casare/session"
)

// shelf keeps blobs in memory.
type shelf struct {
	mu   sync.Mutex
	all  map[string][]byte
	fail bool
}

func (s *shelf) PutBytes(_ context.Context, content []byte) (casare.BlobRef, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail {
		return casare.BlobRef{}, errors.New("nobody answers")
	}
	ref := casare.BlobRef{Hash: casare.BlobHash(content), Size: int64(len(content))}
	s.all[ref.Hash] = content
	return ref, nil
}

func (s *shelf) GetBytes(_ context.Context, hash string, _ int64) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.all[hash], nil
}

// sealing is an attempt that keeps a run log, with somewhere to put it.
func sealingAttempt(t *testing.T) (*attempt, *shelf) {
	t.Helper()
	a, s := journaled(t), &shelf{all: map[string][]byte{}}
	a.online, a.blobs = true, s
	a.work = func(f func(ctx context.Context)) { go f(context.Background()) }
	return a, s
}

// entries reads what pieces hold.
func entries(t *testing.T, s *shelf, pieces []casare.LogPiece) (steps, lines []uint64, checkpoints int) {
	t.Helper()
	for _, p := range pieces {
		data := p.Data
		if p.Blob != nil {
			data = s.all[p.Blob.Hash]
		}
		found := casare.LogPiece{}
		_, err := runlog.Read(data, func(e *runlog.Entry, _ int) error {
			count(&found, e)
			switch {
			case e.Step != nil:
				steps = append(steps, e.Step.N)
			case e.Line != nil:
				lines = append(lines, e.Line.N)
			case e.Checkpoint != nil:
				checkpoints++
			}
			return nil
		})
		require.NoError(t, err)
		require.Equal(t, [5]uint64{uint64(found.Steps), found.LastStep, uint64(found.Lines), found.LastLine, uint64(found.Checkpoints)},
			[5]uint64{uint64(p.Steps), p.LastStep, uint64(p.Lines), p.LastLine, uint64(p.Checkpoints)})
	}
	return steps, lines, checkpoints
}

// report takes everything that is due until the end, and acknowledges it.
func report(t *testing.T, a *attempt) (pieces []casare.LogPiece, finish *casare.FinishJob) {
	t.Helper()
	for range 1000 {
		r := &session.Report{}
		if a.next(r) == 0 {
			synctest.Wait() // the log may be on its way
			if a.next(r) == 0 {
				return pieces, nil
			}
		}
		for _, c := range r.Checkpoints {
			if c.Kept != nil {
				pieces = append(pieces, *c.Kept)
			}
			a.ok(casare.CommandCheckpointJob, c.Seq)
		}
		for _, f := range r.Finishes {
			if f.Kept != nil {
				pieces = append(pieces, *f.Kept)
			}
			return pieces, &f
		}
		for range r.Releases {
			return pieces, nil
		}
	}
	t.Fatal("there is no end")
	return nil, nil
}

func walk(a *attempt, n int, message string) {
	for i := range uint64(n) {
		a.onStep(casare.StepEvent{N: i, Step: "s", State: casare.StepCompleted}, 0)
		a.onLog(casare.LogLine{Step: "s", Message: message})
	}
}

func upTo(n int) []uint64 {
	all := make([]uint64, n)
	for i := range all {
		all[i] = uint64(i)
	}
	return all
}

func TestSeal_AShortJobTellsItsStepsWithItsEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, s := sealingAttempt(t)
		walk(a, 10, "hello")
		a.finish(ending{finish: &casare.FinishJob{State: casare.JobCompleted}})
		pieces, finish := report(t, a)
		require.NotNil(t, finish)
		require.Len(t, pieces, 1)
		steps, lines, _ := entries(t, s, pieces)
		require.Equal(t, upTo(10), steps)
		require.Empty(t, lines, "the state has them")
		require.Len(t, finish.Log.Lines, 10)
		require.Empty(t, s.all)
		require.Zero(t, a.journal.file.Size(), "nothing was written")
	})
}

func TestSeal_ALongLogIsPutAwayInPiecesAndBeforeTheEnd(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]ending{
		"finish": {finish: &casare.FinishJob{State: casare.JobCompleted}}, "give": {give: &casare.ReleaseJob{JobID: "j"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				a, s := sealingAttempt(t)
				walk(a, 3000, strings.Repeat("x", 1000))
				a.finish(end)
				pieces, _ := report(t, a)
				require.Greater(t, len(pieces), 2)
				for i, p := range pieces {
					require.EqualValues(t, i, p.N)
				}
				steps, lines, _ := entries(t, s, pieces)
				require.Equal(t, upTo(3000), steps)
				require.Equal(t, upTo(3000), lines)
			})
		})
	}
}

func TestSeal_PiecesAreMadeWhileTheRunGoesOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, s := sealingAttempt(t)
		seal := func() {
			if a.sealDue(time.Now()) {
				_, err := a.seal(t.Context(), sealBytes)
				require.NoError(t, err)
			}
		}
		walk(a, 100, strings.Repeat("x", 100))
		seal()
		pieces, _ := report(t, a)
		require.Empty(t, pieces, "a job that has only begun")
		a.mu.Lock()
		a.journal.flush()
		a.mu.Unlock()
		seal()
		<-time.After(sealEvery)
		seal()
		pieces, _ = report(t, a)
		require.Len(t, pieces, 1)
		require.NoError(t, a.checkpoint(t.Context(), at("here")))
		<-time.After(sealEvery)
		seal()
		again, _ := report(t, a)
		require.Empty(t, again, "next to nothing")
		<-time.After(sealRare)
		seal()
		again, _ = report(t, a)
		require.Len(t, again, 1)
		steps, lines, checkpoints := entries(t, s, append(pieces, again...))
		require.Equal(t, upTo(100), steps)
		require.Equal(t, upTo(100), lines)
		require.Equal(t, 1, checkpoints)
	})
}

func TestSeal_AJobDoesNotHangBecauseItsLogCannotBeKept(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, s := sealingAttempt(t)
		s.fail = true
		walk(a, 3000, strings.Repeat("x", 100))
		a.finish(ending{finish: &casare.FinishJob{State: casare.JobCompleted}})
		pieces, finish := report(t, a)
		require.Empty(t, pieces)
		require.NotNil(t, finish)
	})
}

func at(value string) Snapshot {
	return Snapshot{Changes: []casare.Record{{Key: "k", Data: fmt.Append(nil, value)}}, Moment: MomentEffect, Step: value}
}
