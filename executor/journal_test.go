package executor

import (
	"log/slog"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"casare"
	"casare/runlog"
)

// journaled is an attempt that keeps a run log.
func journaled(tb testing.TB) *attempt {
	tb.Helper()
	a := newTestAttempt()
	a.online = false
	a.journal = &journal{file: runlog.NewFile(tb.TempDir(), "j", 5), log: slog.New(slog.DiscardHandler)}
	tb.Cleanup(a.closeJournal)
	return a
}

func TestJournal_KeepsTheFirstAndTheLastOfWhatIsTooMuch(t *testing.T) {
	t.Parallel()
	a := journaled(t)
	a.journal.entries = maxEntries - 10
	for i := range uint64(5000) {
		a.onStep(casare.StepEvent{N: i, Step: "body", State: casare.StepCompleted}, 0)
		if i%1000 == 0 {
			a.onLog(casare.LogLine{Step: "rare", Message: strconv.FormatUint(i, 10)})
		}
	}
	a.mu.Lock()
	a.journal.end()
	a.mu.Unlock()
	log, _, err := a.journal.file.ReadFrom(0, 1<<30)
	require.NoError(t, err)
	var steps []uint64
	lines, left := 0, uint64(0)
	_, err = runlog.Read(log, func(e *runlog.Entry, _ int) error {
		switch {
		case e.Step != nil:
			steps = append(steps, e.Step.N)
		case e.Line != nil:
			lines++
		case e.Left != nil:
			require.Equal(t, "body", e.Left.Step)
			left = e.Left.Count
		}
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, 5, lines)
	require.EqualValues(t, 5000, uint64(len(steps))+left)
	require.EqualValues(t, 0, steps[0])
	require.EqualValues(t, 4999, steps[len(steps)-1])
	require.EqualValues(t, 4000, steps[len(steps)-1000])
}

func TestJournal_OneThatCannotBeWrittenDoesNotStopTheRun(t *testing.T) {
	t.Parallel()
	a := newTestAttempt()
	a.journal = &journal{file: runlog.NewFile("/dev/null/x", "j", 5), log: slog.New(slog.DiscardHandler)}
	a.snap(t, "one")
	require.True(t, a.journal.broken)
	a.snap(t, "two")
	require.Equal(t, "checkpoint 1 two 0+0", due(a))
}

// BenchmarkLocalCheckpoint is what a checkpoint on this robot's disk costs the run: written, not synced.
func BenchmarkLocalCheckpoint(b *testing.B) {
	for _, size := range []int{200, 4 << 10, 64 << 10} {
		b.Run(strconv.Itoa(size), func(b *testing.B) {
			a := journaled(b)
			data := make([]byte, size)
			b.ResetTimer()
			for range b.N {
				err := a.checkpoint(b.Context(), Snapshot{Changes: []casare.Record{{Key: "f/0", Data: data}}, Moment: MomentEffect, Step: "s"})
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkStepEvent is what a step's two events cost the run.
func BenchmarkStepEvent(b *testing.B) {
	a := journaled(b)
	now := casare.TimeOf(time.Now())
	for i := range uint64(b.N) {
		a.onStep(casare.StepEvent{N: 2 * i, Time: now, Step: "s1", Type: "LogNode", State: casare.StepStarted}, 0)
		a.onStep(casare.StepEvent{N: 2*i + 1, Time: now, Step: "s1", Type: "LogNode", State: casare.StepCompleted, Micros: 7}, 0)
	}
}
