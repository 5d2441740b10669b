package executor

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"casare"
	"casare/session"
)

// state is the replicated state as far as a stream of checkpoints sees it: the domain's own decision, and records by key.
type state struct {
	job     *casare.Job
	records map[string]casare.Record
	pieces  [][]byte
	of      casare.CheckpointJob // whose pieces these are
}

func newState(t require.TestingT) *state {
	j := casare.NewJob(casare.JobSpec{ID: "j", CreatedAt: 1})
	require.NoError(t, j.Assign("r", 5, 1))
	return &state{job: j, records: map[string]casare.Record{}}
}

func (s *state) apply(t require.TestingT, c casare.CheckpointJob) error {
	c.Epoch = 5
	j := *s.job
	fresh, err := j.Checkpoint(&c, 1)
	if err != nil || !fresh {
		return err
	}
	held := s.job
	s.job = &j
	changes := c.Changes
	if c.More || c.Part > 0 {
		require.LessOrEqual(t, len(c.Piece), casare.MaxPiece)
		if c.Part == 0 {
			s.pieces, s.of = nil, c
		}
		if len(s.pieces) != c.Part || s.of.Seq != c.Seq || s.of.Base != c.Base {
			s.job = held
			return casare.Errorf(casare.CodeGap, "pieces are missing")
		}
		s.pieces = append(s.pieces, c.Piece)
		if c.More {
			return nil
		}
		changes, err = session.JoinRecords(s.pieces)
		require.NoError(t, err)
	}
	require.True(t, slices.IsSortedFunc(changes, func(a, b casare.Record) int { return bytes.Compare([]byte(a.Key), []byte(b.Key)) }))
	if c.Base == 0 {
		clear(s.records)
	}
	for _, r := range changes {
		delete(s.records, r.Key)
		if !r.Deleted() {
			s.records[r.Key] = r
		}
	}
	return nil
}

// Whatever is lost, comes late or twice, and whoever leads: what the state holds under a number is what the robot had when it gave the
// number, and once the robot is heard out the two are the same.
func TestStream_WhatTheStateHoldsIsWhatTheRobotHad(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var s stream
		s.begin(nil, 0)
		held := newState(t)
		truth := map[string]string{}          // of the run
		had := map[uint64]map[string]string{} // by number
		var air []casare.CheckpointJob        // sent and not applied
		check := func() {
			got := map[string]string{}
			for k, r := range held.records {
				got[k] = string(r.Data[:min(8, len(r.Data))])
			}
			if held.job.CheckpointSeq != 0 {
				require.Equal(t, had[held.job.CheckpointSeq], got)
			}
		}
		send := func() *casare.CheckpointJob {
			c := s.next()
			if c == nil {
				return nil
			}
			if known, ok := had[c.Seq]; ok {
				require.Equal(t, known, had[c.Seq])
			} else {
				had[c.Seq] = maps.Clone(truth)
			}
			out := *c
			return &out
		}
		answer := func(err error) {
			if err == nil {
				s.answered()
			} else {
				require.Equal(t, casare.CodeGap, casare.CodeOf(err))
				s.lost(held.job.CheckpointSeq)
			}
		}
		for i := range rapid.IntRange(1, 80).Draw(t, "moves") {
			switch rapid.IntRange(0, 6).Draw(t, "move") {
			case 0, 1: // the run goes on
				whole := rapid.IntRange(0, 9).Draw(t, "whole") == 0
				var changes []casare.Record
				if whole {
					clear(truth)
				}
				for _, k := range []string{"a", "b", "c", "d"} {
					r := casare.Record{Key: k}
					switch rapid.IntRange(0, 3).Draw(t, k) {
					case 0:
						delete(truth, k)
						changes = append(changes, r)
					case 1:
						truth[k] = fmt.Sprintf("%s%07d", k, i)
						r.Data = []byte(truth[k])
						if rapid.IntRange(0, 9).Draw(t, "large") == 0 {
							r.Data = append(r.Data, make([]byte, 300<<10)...)
						}
						changes = append(changes, r)
					}
				}
				s.take(changes, whole, mark{})
			case 2, 3: // all goes well
				if c := send(); c != nil {
					answer(held.apply(t, *c))
				}
			case 4: // applied, but the answer is lost with the session
				if c := send(); c != nil {
					_ = held.apply(t, *c)
				}
				s.lost(held.job.CheckpointSeq)
			case 5: // it hangs somewhere, and the session is lost
				if c := send(); c != nil {
					air = append(air, *c)
				}
				s.lost(held.job.CheckpointSeq)
			case 6: // something arrives late
				if len(air) > 0 {
					_ = held.apply(t, air[rapid.IntRange(0, len(air)-1).Draw(t, "late")])
				}
			}
			check()
		}
		for c := send(); c != nil; c = send() {
			answer(held.apply(t, *c))
			check()
		}
		want := map[string]string{}
		for k, r := range held.records {
			want[k] = string(r.Data[:8])
		}
		require.Equal(t, want, truth)
		require.Equal(t, s.taken, s.acked)
	})
}

func TestStream_TellsOnlyWhatChanged(t *testing.T) {
	t.Parallel()
	var s stream
	s.begin([]casare.Record{{Key: "a", Data: []byte("1")}, {Key: "b", Data: []byte("2")}}, 7)
	s.take([]casare.Record{{Key: "a", Data: []byte("1")}, {Key: "c", Data: []byte("3")}}, true, mark{open: "pay"}) // the run begins with the whole
	c := s.next()
	require.Equal(t, casare.CheckpointJob{
		Seq: 8, Base: 7, Open: "pay", Changes: []casare.Record{{Key: "b"}, {Key: "c", Data: []byte("3")}},
	}, *c)
	s.answered()
	require.Nil(t, s.next())
	s.take([]casare.Record{{Key: "c"}}, false, mark{})
	c = s.next()
	require.EqualValues(t, 8, c.Base)
	require.Equal(t, []casare.Record{{Key: "c"}}, c.Changes)
	s.lost(3) // the state holds something else
	c = s.next()
	require.Zero(t, c.Base)
	require.EqualValues(t, 10, c.Seq)
	require.Equal(t, []casare.Record{{Key: "a", Data: []byte("1")}}, c.Changes)
}

func TestStream_LargeRecordsAreWorthABlobAndTheRestIsWhenThereIsMuch(t *testing.T) {
	t.Parallel()
	var s stream
	s.begin(nil, 0)
	large := casare.Record{Key: "large", Data: make([]byte, blobRecord+1)}
	s.take([]casare.Record{large, {Key: "small", Data: make([]byte, blobCrowded+1)}}, true, mark{})
	require.Equal(t, []casare.Record{large}, s.heavy())
	ref := casare.BlobRef{Hash: casare.BlobHash(large.Data), Size: int64(len(large.Data))}
	s.moved("large", make([]byte, len(large.Data)), ref) // another version of it
	require.Len(t, s.heavy(), 1)
	s.moved("large", large.Data, ref)
	require.Empty(t, s.heavy())
	c := s.next()
	require.Equal(t, casare.Record{Key: "large", Blob: &ref}, c.Changes[0])
	s.answered()
	// A run that resumes writes the whole with its data; what lies in a blob already stays there.
	s.take([]casare.Record{large}, true, mark{})
	require.Equal(t, []casare.Record{{Key: "small"}}, s.next().Changes)
	s.answered()
	var many []casare.Record
	for i := range crowded / blobCrowded {
		many = append(many, casare.Record{Key: strconv.Itoa(i), Data: make([]byte, blobCrowded+1)})
	}
	s.take(many, false, mark{})
	require.Len(t, s.heavy(), len(many))
}
