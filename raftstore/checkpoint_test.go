package raftstore

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
)

// records are inline records: key, data, key, data, and so on; data of "-" delete.
func records(texts ...string) []casare.Record {
	var all []casare.Record
	for i := 0; i < len(texts); i += 2 {
		r := casare.Record{Key: texts[i], Data: []byte(texts[i+1])}
		if texts[i+1] == "-" {
			r.Data = nil
		}
		all = append(all, r)
	}
	return all
}

// running makes a job that robot r1 has, and returns its epoch.
func (m *machine) running(id string) uint64 {
	m.t.Helper()
	m.ok(submit(id))
	return m.ok(system("assign-"+id, casare.AssignJob{JobID: id, RobotID: "r1"}))[0].Index
}

func (m *machine) checkpoint(id string) []casare.Record {
	m.t.Helper()
	held, _, err := m.store.Checkpoint(id)
	require.NoError(m.t, err)
	return held
}

func TestCheckpoint_ChangesAreMergedIntoTheOneTheyAreAgainst(t *testing.T) {
	t.Parallel()
	m := newMachine(t).init()
	epoch := m.running("j")
	at := func(seq, base uint64, changes []casare.Record) casare.Proposal {
		return system(fmt.Sprint("c", seq, base), casare.CheckpointJob{JobID: "j", Epoch: epoch, Seq: seq, Base: base, Changes: changes})
	}
	m.ok(at(1, 0, records("a", "1", "b", "2")))
	m.ok(at(2, 1, records("b", "-", "c", "3")))
	require.Equal(t, records("a", "1", "c", "3"), m.checkpoint("j"))
	m.refused(casare.CodeGap, at(4, 3, records("a", "9")))
	m.refused(casare.CodeGap, at(4, 1, records("a", "9")))
	m.ok(at(2, 1, records("a", "9"))) // known already
	require.Equal(t, records("a", "1", "c", "3"), m.checkpoint("j"))
	m.ok(at(7, 2, records("a", "", "d", "4"))) // numbers may be left out; empty is not deleted
	require.Equal(t, records("a", "", "c", "3", "d", "4"), m.checkpoint("j"))
	m.ok(at(8, 0, records("z", "0"))) // the whole
	require.Equal(t, records("z", "0"), m.checkpoint("j"))

	m.refused(casare.CodeInvalid, at(9, 8, records("b", "1", "a", "2")))
	m.refused(casare.CodeInvalid, at(9, 8, records("b", "1", "b", "2")))
	m.refused(casare.CodeInvalid, at(9, 8, records("", "1")))
	m.refused(casare.CodeInvalid, at(9, 8, records("a\x00b", "1")))
	m.refused(casare.CodeInvalid, at(9, 8, []casare.Record{{Key: "a", Blob: &casare.BlobRef{Hash: "x"}}}))
	m.ok(submit("jj")) // a job whose id begins with the other's
	m.ok(system("f", casare.FinishJob{JobID: "j", Epoch: epoch, State: casare.JobCompleted}))
	require.Empty(t, m.checkpoint("j"))
}

func TestCheckpoint_PiecesCountTogetherOrNotAtAll(t *testing.T) {
	t.Parallel()
	m := newMachine(t).init()
	epoch := m.running("j")
	m.ok(system("c1", casare.CheckpointJob{JobID: "j", Epoch: epoch, Seq: 1, Changes: records("a", "1")}))
	changes := []casare.Record{{Key: "b", Data: bytes.Repeat([]byte("x"), 400<<10)}}
	whole, err := encoding.Marshal(changes)
	require.NoError(t, err)
	pieces := slices.Collect(slices.Chunk(whole, casare.MaxPiece))
	require.Len(t, pieces, 3)
	piece := func(n int, seq, base uint64) casare.Proposal {
		return system(fmt.Sprint("p", seq, n), casare.CheckpointJob{
			JobID: "j", Epoch: epoch, Seq: seq, Base: base, Piece: pieces[n], Part: n, More: n < len(pieces)-1, Open: "pay",
		})
	}
	m.ok(piece(0, 2, 1), piece(1, 2, 1))
	require.Equal(t, records("a", "1"), m.checkpoint("j"))
	require.Empty(t, m.job("j").Open)
	m.ok(piece(1, 2, 1)) // known already
	m.refused(casare.CodeGap, piece(2, 3, 1))
	m.ok(piece(2, 2, 1))
	require.Equal(t, append(records("a", "1"), changes...), m.checkpoint("j"))
	require.EqualValues(t, 2, m.job("j").CheckpointSeq)
	require.Equal(t, "pay", m.job("j").Open)

	// One that was begun and given up leaves nothing behind.
	m.ok(piece(0, 3, 2), piece(1, 3, 2))
	m.ok(system("c4", casare.CheckpointJob{JobID: "j", Epoch: epoch, Seq: 4, Base: 2, Changes: records("b", "-")}))
	m.refused(casare.CodeGap, piece(2, 5, 4))
	require.Equal(t, records("a", "1"), m.checkpoint("j"))
	m.ok(piece(0, 5, 4))
	m.refused(casare.CodeInvalid, system("bad", casare.CheckpointJob{JobID: "j", Epoch: epoch, Seq: 5, Base: 4, Piece: []byte{0xff}, Part: 1}))
	m.ok(system("x", casare.CancelJob{JobID: "j"}), system("f", casare.FinishJob{JobID: "j", Epoch: epoch, State: casare.JobCancelled}))
	require.NoError(t, m.store.state.flush())
	require.Zero(t, m.rows(bucketPiece)+m.rows(bucketRecord)+m.rows(bucketCheckpoint))
}

func (m *machine) rows(bucket []byte) int {
	m.t.Helper()
	tx, err := m.state.db.Begin(false)
	require.NoError(m.t, err)
	defer func() { require.NoError(m.t, tx.Rollback()) }()
	n := 0
	require.NoError(m.t, tx.Bucket(bucket).ForEach(func(_, _ []byte) error { n++; return nil }))
	return n
}

func TestCheckpoint_IsBounded(t *testing.T) {
	t.Parallel()
	m := newMachine(t).init()
	epoch := m.running("j")
	n := 0
	add := func(size int) casare.Proposal {
		n++
		return system(fmt.Sprint("c", n), casare.CheckpointJob{
			JobID: "j", Epoch: epoch, Seq: uint64(n), Base: uint64(n - 1), Changes: []casare.Record{{Key: strconv.Itoa(n), Data: make([]byte, size)}},
		})
	}
	const size = 128 << 10
	for range casare.MaxCheckpoint/size - 1 {
		m.ok(add(size))
	}
	m.refused(casare.CodeTooLarge, add(2*size))
	n--
	m.ok(add(size / 2)) // the refused one has changed nothing
	m.refused(casare.CodeInvalid, system("p", casare.CheckpointJob{JobID: "j", Epoch: epoch, Seq: 999, Piece: make([]byte, casare.MaxPiece+1), More: true}))
}

func TestCheckpoint_BlobsAreReferredToWhileTheirRecordHolds(t *testing.T) {
	t.Parallel()
	m := newMachine(t).init()
	epoch := m.running("j")
	ref := &casare.BlobRef{Hash: casare.BlobHash([]byte("big")), Size: 3}
	owned := func() bool {
		ok, err := m.store.BlobReferred(ref.Hash)
		require.NoError(t, err)
		return ok
	}
	at := func(seq, base uint64, changes ...casare.Record) {
		m.ok(system(fmt.Sprint("c", seq), casare.CheckpointJob{JobID: "j", Epoch: epoch, Seq: seq, Base: base, Changes: changes}))
	}
	at(1, 0, casare.Record{Key: "v", Blob: ref}, casare.Record{Key: "w", Data: []byte("1")})
	require.Equal(t, []casare.Record{{Key: "v", Blob: ref}, {Key: "w", Data: []byte("1")}}, m.checkpoint("j"))
	require.True(t, owned())
	at(2, 1, casare.Record{Key: "w", Data: []byte("2")})
	require.True(t, owned())
	at(3, 2, casare.Record{Key: "v", Data: []byte("small")})
	require.False(t, owned())
	at(4, 3, casare.Record{Key: "v", Blob: ref})
	require.True(t, owned())
	at(5, 0, casare.Record{Key: "w", Data: []byte("3")})
	require.False(t, owned())
	at(6, 5, casare.Record{Key: "v", Blob: ref})
	m.ok(system("f", casare.FinishJob{JobID: "j", Epoch: epoch, State: casare.JobCompleted}))
	require.False(t, owned())
}

// Whatever comes, in whatever order and however often: the state holds the whole checkpoint that its number stands for.
func TestCheckpoint_TheStateAlwaysHoldsAWholeOne(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		m := newMachine(t).init()
		epoch := m.running("j")
		model := map[uint64]map[string]string{0: {}}
		sent := []casare.CheckpointJob{}
		for n := range rapid.IntRange(1, 40).Draw(rt, "commands") {
			var c casare.CheckpointJob
			if len(sent) > 0 && rapid.IntRange(0, 3).Draw(rt, "late") == 0 {
				c = rapid.SampledFrom(sent).Draw(rt, "again")
			} else {
				base := rapid.SampledFrom(slices.Sorted(maps.Keys(model))).Draw(rt, "base")
				c = casare.CheckpointJob{JobID: "j", Epoch: epoch, Seq: uint64(n + 1), Base: base}
				want := maps.Clone(model[base])
				for _, k := range []string{"a", "b", "c"} {
					switch rapid.IntRange(0, 2).Draw(rt, k) {
					case 0:
						c.Changes = append(c.Changes, records(k, strconv.Itoa(n))...)
						want[k] = strconv.Itoa(n)
					case 1:
						if base != 0 {
							c.Changes = append(c.Changes, records(k, "-")...)
						}
						delete(want, k)
					}
				}
				model[c.Seq] = want
				sent = append(sent, c)
			}
			m.apply(system(fmt.Sprint("c", n, "/", c.Seq), c))
			held, seq, err := m.store.Checkpoint("j")
			require.NoError(rt, err)
			got := map[string]string{}
			for _, r := range held {
				got[r.Key] = string(r.Data)
			}
			require.Equal(rt, model[seq], got)
		}
	})
}

func TestExpire_AJobWhoseStepMayRunOnlyOnceWaitsForItsRobotOrAPerson(t *testing.T) {
	t.Parallel()
	m := newMachine(t).init()
	epoch := m.running("j")
	intent := casare.CheckpointJob{JobID: "j", Epoch: epoch, Seq: 1, Changes: records("a", "1"), Step: "before", Open: "pay"}
	m.ok(system("c1", intent), system("x1", casare.ExpireJob{JobID: "j", Epoch: epoch}))
	require.Equal(t, casare.JobNeedsAttention, m.job("j").State)
	require.Contains(t, m.job("j").Reason, "Step pay may only run once")
	m.refused(casare.CodeTransition, system("a", casare.AssignJob{JobID: "j", RobotID: "r1"}))
	events := keptEvents(t, m.store)
	require.Equal(t, casare.EventJobAttention, events[len(events)-1].Type)

	// The old robot comes back and knows.
	m.ok(system("c2", casare.CheckpointJob{JobID: "j", Epoch: epoch, Seq: 2, Base: 1, Changes: records("a", "2"), Step: "pay"}))
	require.Equal(t, casare.JobRunning, m.job("j").State)
	require.Empty(t, m.job("j").Reason)
	m.ok(system("x2", casare.ExpireJob{JobID: "j", Epoch: epoch}))
	require.Equal(t, casare.JobQueued, m.job("j").State)
}

func TestResolve_IsWrittenDownUntilItIsCarriedOut(t *testing.T) {
	t.Parallel()
	m := newMachine(t).init()
	epoch := m.running("j")
	m.ok(system("c1", casare.CheckpointJob{JobID: "j", Epoch: epoch, Seq: 1, Changes: records("a", "1"), Open: "pay"}))
	m.ok(system("x", casare.ExpireJob{JobID: "j", Epoch: epoch}))
	resolve := casare.Proposal{ID: "r", Tenant: casare.DefaultTenant, Actor: "key", Time: 7, Command: casare.ResolveJob{
		JobID: "j", Action: casare.ResolveSkip, Outputs: []byte(`{"x":1}`),
	}}
	other := resolve
	other.Tenant = "other"
	m.refused(casare.CodeNotFound, other)
	m.ok(resolve, resolve)
	require.Equal(t, casare.JobQueued, m.job("j").State)
	require.Equal(t, records("a", "1"), m.checkpoint("j"))
	require.NoError(t, m.state.flush())
	rows, err := m.state.load(m.state.db)
	require.NoError(t, err)
	require.Contains(t, rows.active, "j")
	events := keptEvents(t, m.store)
	require.Equal(t, casare.EventJobQueued, events[len(events)-1].Type)
	m.refused(casare.CodeStaleEpoch, system("late", casare.StartJob{JobID: "j", Epoch: epoch}))
	next := m.ok(system("a2", casare.AssignJob{JobID: "j", RobotID: "r1"}))[0].Index
	require.Len(t, m.job("j").Decisions, 1)
	m.ok(system("c2", casare.CheckpointJob{JobID: "j", Epoch: next, Seq: 2, Base: 1, Changes: records("a", "2")}))
	require.Empty(t, m.job("j").Decisions)
	m.refused(casare.CodeTransition, casare.Proposal{ID: "r2", Tenant: casare.DefaultTenant, Command: casare.ResolveJob{JobID: "j", Action: casare.ResolveFail}})
}

func TestRelease_AJobThatMovesGoesOnWhereItsNextStepIs(t *testing.T) {
	t.Parallel()
	m := newMachine(t).init()
	epoch := m.running("j")
	to := &casare.Placement{Requires: []string{"printer"}}
	m.ok(system("m", casare.ReleaseJob{JobID: "j", Epoch: epoch, Moves: true, Place: to}))
	require.Equal(t, casare.JobQueued, m.job("j").State)
	require.True(t, to.Equal(m.job("j").Wanted()))
	m.refused(casare.CodeStaleEpoch, system("m2", casare.ReleaseJob{JobID: "j", Epoch: epoch + 1000, Moves: true}))
}
