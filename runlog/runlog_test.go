package runlog_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"casare"
	"casare/runlog"
)

func head(base uint64) *runlog.Entry {
	return &runlog.Entry{Head: &runlog.Head{JobID: "j/\x01ä", Epoch: 5, Revision: "r", Base: base, Time: 1}}
}

func sent(seq, n uint64) *runlog.Entry { return &runlog.Entry{Sent: &runlog.Sent{Seq: seq, N: n}} }

func line(n uint64) *runlog.Entry {
	return &runlog.Entry{Line: &casare.LogLine{N: n, Level: "INFO", Message: strconv.FormatUint(n, 10)}}
}

// point is a checkpoint that sets "at" to its number.
func point(n uint64, open ...string) *runlog.Entry {
	return &runlog.Entry{Checkpoint: &runlog.Checkpoint{
		N: n, Time: 2, Step: "s", Moment: "effect", Open: open, Changes: []casare.Record{{Key: "at", Data: fmt.Append(nil, n)}},
	}}
}

func logOf(t require.TestingT, entries ...*runlog.Entry) []byte {
	var log []byte
	for _, e := range entries {
		var err error
		log, err = runlog.Append(log, e)
		require.NoError(t, err)
	}
	return log
}

func TestLog_WhatIsWholeIsReadAndWhatIsTornIsNot(t *testing.T) {
	t.Parallel()
	entries := []*runlog.Entry{
		head(3),
		{Step: &casare.StepEvent{N: 1, Step: "a", State: casare.StepFailed, Message: "no"}},
		line(2), point(1, "pay"), sent(4, 1),
		{Left: &runlog.Left{Step: "a", Count: 7}},
	}
	log := logOf(t, entries...)
	var ends []int
	read := func(log []byte) (got []*runlog.Entry, whole int) {
		whole, err := runlog.Read(log, func(e *runlog.Entry, end int) error {
			got, ends = append(got, e), append(ends, end)
			return nil
		})
		require.NoError(t, err)
		return got, whole
	}
	got, whole := read(log)
	require.Equal(t, entries, got)
	require.Equal(t, len(log), whole)
	frames := append([]int{0}, ends...)
	for cut := range log {
		got, whole = read(log[:cut])
		require.Equal(t, frames[len(got)], whole)
		require.Less(t, len(got), len(entries))
	}
	for i := range log { // a bit that turned
		damaged := bytes.Clone(log)
		damaged[i] ^= 1
		got, _ = read(damaged)
		require.Less(t, len(got), len(entries))
		for k := range got {
			require.Equal(t, entries[k], got[k])
		}
	}
}

func TestFile_IsMadeWhenSomethingIsWrittenAndFoundAgain(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "runs")
	f := runlog.NewFile(folder, "j/\x01ä", 5)
	require.NoError(t, f.Append(head(0), point(1)))
	require.NoDirExists(t, folder)
	held, err := runlog.Held(folder)
	require.NoError(t, err)
	require.Empty(t, held)
	require.NoError(t, f.Flush())
	require.NoError(t, f.Sync())
	require.NoError(t, f.Append(line(1)))
	require.NoError(t, f.Close())
	require.NoError(t, f.Close())

	require.NoError(t, os.WriteFile(filepath.Join(folder, "x.run"), []byte("what is this"), 0o600))
	held, err = runlog.Held(folder)
	require.NoError(t, err)
	require.Equal(t, []runlog.Head{*head(0).Head}, held)
	require.NoFileExists(t, filepath.Join(folder, "x.run"))

	again, log, err := runlog.Resume(folder, "j/\x01ä", 5)
	require.NoError(t, err)
	require.Equal(t, logOf(t, head(0), point(1), line(1)), log)
	require.NoError(t, again.Truncate(int64(len(logOf(t, head(0), point(1))))))
	require.NoError(t, again.Append(point(2)))
	require.NoError(t, again.Flush())
	want := logOf(t, head(0), point(1), point(2))
	piece, end, err := again.ReadFrom(0, 1<<20)
	require.NoError(t, err)
	require.Equal(t, want, piece)
	require.EqualValues(t, len(want), end)
	again.Remove()
	none, log, err := runlog.Resume(folder, "j/\x01ä", 5)
	require.NoError(t, err)
	require.Nil(t, none)
	require.Empty(t, log)
	require.NoError(t, runlog.Forget(folder, "j/\x01ä", 5))
}

func TestFile_PiecesAreWholeFrames(t *testing.T) {
	t.Parallel()
	f := runlog.NewFile(t.TempDir(), "j", 5)
	large := &runlog.Entry{Checkpoint: &runlog.Checkpoint{N: 9, Changes: []casare.Record{{Key: "k", Data: make([]byte, 5000)}}}}
	entries := []*runlog.Entry{head(0), line(1), line(2), large, line(3)}
	require.NoError(t, f.Append(entries...))
	require.NoError(t, f.Flush())
	defer f.Remove()
	var all []byte
	var sizes []int
	for at := int64(0); ; {
		piece, end, err := f.ReadFrom(at, 300)
		require.NoError(t, err)
		if len(piece) == 0 {
			break
		}
		whole, err := runlog.Read(piece, func(*runlog.Entry, int) error { return nil })
		require.NoError(t, err)
		require.Equal(t, len(piece), whole)
		all, sizes, at = append(all, piece...), append(sizes, len(piece)), end
	}
	require.Equal(t, logOf(t, entries...), all)
	require.Greater(t, len(sizes), 2)
}

func TestFile_OneThatCannotBeWrittenIsGivenUp(t *testing.T) {
	t.Parallel()
	blocked := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(blocked, nil, 0o600))
	f := runlog.NewFile(blocked, "j", 5)
	require.NoError(t, f.Append(point(1)))
	require.Error(t, f.Flush())
	require.Error(t, f.Flush())
	require.NoError(t, f.Append(point(2)))
	require.Error(t, f.Sync())
	f.Remove()
}

func TestFind_TheNewestPointAtWhichNothingStandsBegunThatHasNot(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		log  []*runlog.Entry
		held uint64
		want uint64 // number of the checkpoint; 0: what the state holds
		open []string
	}{
		"nothing":                                   {nil, 0, 0, nil},
		"no checkpoint":                             {[]*runlog.Entry{head(0), line(1)}, 0, 0, nil},
		"newer than the state":                      {[]*runlog.Entry{head(3), point(1), point(2)}, 3, 2, nil},
		"the state has the newest":                  {[]*runlog.Entry{head(3), point(1), sent(4, 1)}, 4, 0, nil},
		"the state has one before":                  {[]*runlog.Entry{head(3), point(1), sent(4, 1), point(2), sent(5, 2)}, 4, 2, nil},
		"the state is elsewhere":                    {[]*runlog.Entry{head(3), point(1), sent(4, 1), point(2)}, 9, 0, nil},
		"an intent nobody recorded":                 {[]*runlog.Entry{head(0), point(1), point(2, "pay")}, 0, 1, nil},
		"only an intent nobody recorded":            {[]*runlog.Entry{head(0), point(1), sent(1, 1), point(2, "pay")}, 1, 0, nil},
		"an intent the state has":                   {[]*runlog.Entry{head(0), point(1, "pay"), sent(1, 1)}, 1, 0, nil},
		"its outcome":                               {[]*runlog.Entry{head(0), point(1, "pay"), sent(1, 1), point(2), point(3)}, 1, 3, nil},
		"the next time":                             {[]*runlog.Entry{head(0), point(1, "pay"), sent(1, 1), point(2), point(3, "pay")}, 1, 2, nil},
		"another branch goes on":                    {[]*runlog.Entry{head(0), point(1, "pay"), sent(1, 1), point(2, "pay")}, 1, 2, []string{"pay"}},
		"another branch begins another":             {[]*runlog.Entry{head(0), point(1, "pay"), sent(1, 1), point(2, "pay"), point(3, "pay", "mail")}, 1, 2, []string{"pay"}},
		"taken up twice":                            {[]*runlog.Entry{head(0), point(1), sent(1, 1), head(1), point(2)}, 1, 2, nil},
		"taken up twice, the state is at the first": {[]*runlog.Entry{head(0), point(1), sent(1, 1), head(0), point(2)}, 0, 2, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := runlog.Find(logOf(t, c.log...), c.held)
			require.NoError(t, err)
			if c.want == 0 {
				require.Nil(t, got.Checkpoint)
				return
			}
			require.NotNil(t, got.Checkpoint)
			require.Equal(t, c.want, got.Checkpoint.N)
			require.Equal(t, c.open, got.Checkpoint.Open)
			require.Equal(t, []casare.Record{{Key: "at", Data: fmt.Append(nil, c.want)}}, got.Records)
		})
	}
}

func TestFind_LinesAreThoseBeforeThePoint(t *testing.T) {
	t.Parallel()
	log := logOf(t, head(0), line(0), point(1), line(1), point(2, "pay"), line(2))
	got, err := runlog.Find(log, 0)
	require.NoError(t, err)
	require.EqualValues(t, 2, got.Last)
	require.Len(t, got.Lines, 1)
	require.Equal(t, len(logOf(t, head(0), line(0), point(1))), int(got.End))
}

func TestFold_IsTheSameHoweverTheCheckpointsCome(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := map[string]string{}
		var fold runlog.Fold
		for i := range rapid.IntRange(1, 30).Draw(t, "checkpoints") {
			c := &runlog.Checkpoint{Whole: rapid.IntRange(0, 5).Draw(t, "whole") == 0}
			if c.Whole {
				clear(want)
			}
			for _, k := range []string{"a", "b", "c"} {
				switch rapid.IntRange(0, 2).Draw(t, k) {
				case 0:
					want[k] = strconv.Itoa(i)
					c.Changes = append(c.Changes, casare.Record{Key: k, Data: []byte(want[k])})
				case 1:
					delete(want, k)
					c.Changes = append(c.Changes, casare.Record{Key: k})
				}
			}
			fold.Add(c)
		}
		got := map[string]string{}
		for _, r := range fold.Records() {
			got[r.Key] = string(r.Data)
		}
		require.Equal(t, want, got)
	})
}

func FuzzRead(f *testing.F) {
	f.Add(logOf(f, head(0), line(1), point(1, "pay"), sent(1, 1)))
	f.Add([]byte{0, 0, 0, 1, 2, 3, 4, 5, 6})
	f.Fuzz(func(t *testing.T, log []byte) {
		whole, err := runlog.Read(log, func(*runlog.Entry, int) error { return nil })
		if err == nil && whole > len(log) {
			t.Fatal("more was read than there is")
		}
		_, _ = runlog.Find(log, 1) // must not panic
	})
}
