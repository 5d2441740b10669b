package raftstore

import (
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/hashicorp/raft"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"casare"
)

// randomCommands makes commands about a few jobs; many of them are refused.
func randomCommands(rng *rand.Rand, n int) []casare.Proposal {
	ps := make([]casare.Proposal, 0, n)
	for i := range n {
		id := fmt.Sprintf("job%d", rng.IntN(8))
		epoch := rng.Uint64N(uint64(n))
		cmd := fmt.Sprintf("c%d", rng.IntN(n)) // some repeat
		var c casare.Command
		switch rng.IntN(15) {
		case 0, 1:
			ps = append(ps, submit(id))
			continue
		case 2, 3:
			c = casare.AssignJob{JobID: id, RobotID: "r1"}
		case 4:
			c = casare.StartJob{JobID: id, Epoch: epoch}
		case 5, 6:
			c = randomCheckpoint(rng, id, epoch, casare.LogChunk{Lines: [][]byte{line(i)}})
		case 7:
			c = casare.FinishJob{JobID: id, Epoch: epoch, State: casare.JobCompleted, Result: []byte(`{}`)}
		case 8:
			c = casare.ExpireJob{JobID: id, Epoch: epoch}
		case 9:
			c = casare.CancelJob{JobID: id}
		case 10:
			c = casare.PutRobot{Robot: robotRow("r1")}
		case 11:
			c = casare.PruneEvents{Through: casare.Cursor{Index: epoch, Position: 1}}
		case 12:
			c = casare.ReferBlobs{Owner: casare.BlobOwner{Kind: casare.BlobOwnerJob, ID: id}, Parts: randomParts(rng)}
		case 14:
			c = casare.StrandJob{JobID: id, Epoch: epoch, Reason: cmd}
		case 13:
			c = casare.ForgetBlobs{Owner: casare.BlobOwner{Kind: casare.BlobOwnerJob, ID: id}}
		}
		p := system(cmd, c)
		p.Time = casare.Time(i)
		ps = append(ps, p)
	}
	return ps
}

func randomCheckpoint(rng *rand.Rand, id string, epoch uint64, log casare.LogChunk) casare.CheckpointJob {
	c := casare.CheckpointJob{JobID: id, Epoch: epoch, Seq: rng.Uint64N(6), Log: log, Blobs: randomParts(rng), Pin: []string{"", "/x"}[rng.IntN(2)]}
	c.Base = uint64(max(0, int64(c.Seq)-1-rng.Int64N(3)))
	if rng.IntN(4) == 0 {
		c.Part, c.More, c.Piece = rng.IntN(2), rng.IntN(2) == 0, []byte{0x80}
		return c
	}
	for i := range rng.IntN(4) {
		r := casare.Record{Key: strconv.Itoa(i)}
		switch rng.IntN(3) {
		case 0:
			r.Data = fmt.Append(nil, rng.IntN(9))
		case 1:
			r.Blob = &casare.BlobRef{Hash: casare.BlobHash(fmt.Append(nil, rng.IntN(3))), Size: 1}
		}
		c.Changes = append(c.Changes, r)
	}
	return c
}

// randomLog groups commands into entries, with an entry of another type now and then. Epochs are indexes, so small numbers of
// entries make stale and current epochs both likely.
func randomLog(tb testing.TB, rng *rand.Rand) []*raft.Log {
	tb.Helper()
	logs := []*raft.Log{{Index: 1, Term: 1, Data: entryOf(tb, system("init-mesh", initMesh("r1")))}}
	for ps := randomCommands(rng, 120); len(ps) > 0; {
		n := 1 + rng.IntN(min(4, len(ps)))
		logs = append(logs, &raft.Log{Index: uint64(len(logs) + 1), Term: 1, Data: entryOf(tb, ps[:n]...)})
		ps = ps[n:]
		if rng.IntN(10) == 0 {
			logs = append(logs, &raft.Log{Index: uint64(len(logs) + 1), Term: 1, Type: raft.LogConfiguration, Data: raft.EncodeConfiguration(raft.Configuration{})})
		}
	}
	return logs
}

func TestApply_IsTheSameHoweverTheLogIsCutIntoBatches(t *testing.T) {
	t.Parallel()
	for seed := range uint64(5) {
		rng := rand.New(rand.NewPCG(seed, 1))
		logs := randomLog(t, rng)
		var hashes []string
		var answers [][]any
		for range 3 {
			m := newMachine(t)
			var got []any
			for rest := logs; len(rest) > 0; {
				n := 1 + rng.IntN(min(20, len(rest)))
				got = append(got, m.ApplyBatch(rest[:n])...)
				rest = rest[n:]
			}
			hashes = append(hashes, must(m.store.Hash(t.Context())))
			answers = append(answers, got)
			checkMemory(t, m)
		}
		require.Equal(t, hashes[0], hashes[1])
		require.Equal(t, hashes[0], hashes[2])
		require.Equal(t, answers[0], answers[1])
		require.Equal(t, answers[0], answers[2])
	}
}

// checkMemory compares what memory followed with what the file says.
func checkMemory(tb testing.TB, m *machine) {
	tb.Helper()
	require.NoError(tb, m.state.flush())
	rows, err := m.state.load(m.state.db)
	require.NoError(tb, err)
	for tenant, counts := range m.state.memory.counts {
		for state, n := range counts {
			require.Equal(tb, rows.counts[tenant][state], n, "%s %s", tenant, state)
		}
	}
	require.Equal(tb, rows.active, m.state.memory.active)
	require.Equal(tb, rows.events, m.state.memory.events)
	require.Equal(tb, rows.last, m.state.memory.last)
	require.Equal(tb, rows.pruned, m.state.memory.pruned)
}

func TestEnvelope_WhatIsJoinedIsSplit(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var frames [][]byte
		size := 0
		ids := rapid.SliceOfN(rapid.StringMatching(`[a-z0-9]{1,64}`), 1, 300).Draw(t, "ids")
		for _, id := range ids {
			f, refusal := encodeProposal(system(id, casare.CancelJob{JobID: id, Reason: "r"}))
			if refusal != nil {
				t.Fatal(refusal)
			}
			frames = append(frames, f)
			size += len(f)
		}
		envelopes, err := splitEntry(joinFrames(frames, size))
		if err != nil || len(envelopes) != len(ids) {
			t.Fatal(err, len(envelopes))
		}
		for i, e := range envelopes {
			if e.ID != ids[i] || e.Type != casare.CommandCancelJob {
				t.Fatal(e)
			}
		}
	})
}

// Entries are on disks: what this version has written, every later one must read, and write the same.
func TestEnvelope_TheFormatOfTheLogStays(t *testing.T) {
	t.Parallel()
	got := hex.EncodeToString(entryOf(t, submit("j1"), system("a1", casare.AssignJob{JobID: "j1", RobotID: "r1"})))
	want, err := os.ReadFile(filepath.Join("testdata", "entry.hex"))
	require.NoError(t, err)
	require.Equal(t, strings.TrimSpace(string(want)), got)
}

func FuzzSplitEntry(f *testing.F) {
	f.Add(entryOf(f, submit("j")))
	f.Add([]byte{})
	f.Add([]byte{entryVersion, cborArray16, 255, 255})
	f.Fuzz(func(_ *testing.T, data []byte) {
		_, _ = splitEntry(data) // must not panic
	})
}
