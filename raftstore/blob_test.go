package raftstore

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/raft"
	"github.com/stretchr/testify/require"
	"go.etcd.io/bbolt"

	"casare"
)

func blob(n int) casare.BlobRef {
	return casare.BlobRef{Hash: casare.BlobHash(fmt.Appendf(nil, "blob %d", n)), Size: int64(n)}
}

// randomParts are a few parts of which each refers to a few blobs or none.
func randomParts(rng *rand.Rand) []casare.BlobPart {
	var parts []casare.BlobPart
	for range rng.IntN(3) {
		p := casare.BlobPart{Part: []string{"w/a", "w/b", "v", casare.BlobPartKept + "log"}[rng.IntN(4)]}
		for range rng.IntN(4) {
			p.Blobs = append(p.Blobs, blob(rng.IntN(6)))
		}
		parts = append(parts, p)
	}
	return parts
}

func jobOwner(id string) casare.BlobOwner {
	return casare.BlobOwner{Kind: casare.BlobOwnerJob, ID: id}
}

func part(name string, blobs ...casare.BlobRef) casare.BlobPart {
	return casare.BlobPart{Part: name, Blobs: blobs}
}

func hashes(refs []casare.BlobRef) []string {
	var list []string
	for _, r := range refs {
		list = append(list, r.Hash)
	}
	return list
}

func sorted(blobs ...casare.BlobRef) []casare.BlobRef {
	slices.SortFunc(blobs, func(a, b casare.BlobRef) int { return strings.Compare(a.Hash, b.Hash) })
	return blobs
}

func TestBlobs_ACheckpointReplacesThePartsItNamesAndTheEndOfTheJobEndsThem(t *testing.T) {
	t.Parallel()
	m := newMachine(t).init()
	m.ok(submit("j1"), submit("j2"))
	epoch := m.ok(system("a1", casare.AssignJob{JobID: "j1", RobotID: "r1"}))[0].Index
	changed := m.store.BlobsChanged()
	m.ok(system("c1", casare.CheckpointJob{JobID: "j1", Epoch: epoch, Seq: 1, Changes: records("pos", "1"), Blobs: []casare.BlobPart{
		part("w/a", blob(1), blob(2)), part("w/b", blob(2)), part(casare.BlobPartKept+"log", blob(3)),
	}}))
	select {
	case <-changed:
	default:
		t.Fatal("nobody was told that other blobs are needed")
	}
	all, err := m.store.Blobs("", 0)
	require.NoError(t, err)
	require.Equal(t, sorted(blob(1), blob(2), blob(3)), all)

	// A repeat and a gap change nothing; a part that is replaced lets go of what it had, but not of what another part has.
	m.ok(system("again", casare.CheckpointJob{JobID: "j1", Epoch: epoch, Seq: 1, Changes: records("pos", "1"), Blobs: []casare.BlobPart{part("w/a")}}))
	m.refused(casare.CodeGap, system("gap", casare.CheckpointJob{JobID: "j1", Epoch: epoch, Seq: 3, Base: 2, Changes: records("pos", "1"), Blobs: []casare.BlobPart{part("w/a")}}))
	m.ok(system("c2", casare.CheckpointJob{JobID: "j1", Epoch: epoch, Seq: 2, Changes: records("pos", "2"), Blobs: []casare.BlobPart{part("w/a", blob(4))}}))
	all, err = m.store.Blobs("", 0)
	require.NoError(t, err)
	require.Equal(t, sorted(blob(2), blob(3), blob(4)), all)
	owned, err := m.store.BlobOwned(jobOwner("j1"), blob(4).Hash)
	require.NoError(t, err)
	require.True(t, owned)
	owners, err := m.store.BlobOwners(blob(2).Hash)
	require.NoError(t, err)
	require.Equal(t, []casare.BlobOwner{jobOwner("j1")}, owners)
	owned, err = m.store.BlobOwned(jobOwner("j2"), blob(4).Hash)
	require.NoError(t, err)
	require.False(t, owned, "another job's blob")

	m.ok(system("f", casare.FinishJob{JobID: "j1", Epoch: epoch, State: casare.JobCompleted}))
	all, err = m.store.Blobs("", 0)
	require.NoError(t, err)
	require.Equal(t, []casare.BlobRef{blob(3)}, all)
	m.refused(casare.CodeTransition, system("late", casare.ReferBlobs{Owner: jobOwner("j1"), Parts: []casare.BlobPart{part("w/a", blob(1))}}))
	m.ok(system("kept", casare.ReferBlobs{Owner: jobOwner("j1"), Parts: []casare.BlobPart{part(casare.BlobPartKept+"artifact", blob(1))}}))
	m.ok(system("forget", casare.ForgetBlobs{Owner: jobOwner("j1")}))
	referred, err := m.store.BlobReferred(blob(3).Hash)
	require.NoError(t, err)
	require.False(t, referred)
	parts, err := m.store.BlobsOf(jobOwner("j1"))
	require.NoError(t, err)
	require.Empty(t, parts)
}

func TestBlobs_AFailedJobKeepsItsCheckpointsBlobs(t *testing.T) {
	t.Parallel()
	m := newMachine(t).init()
	m.ok(submit("j1"))
	epoch := m.ok(system("a1", casare.AssignJob{JobID: "j1", RobotID: "r1"}))[0].Index
	m.ok(system("c1", casare.CheckpointJob{JobID: "j1", Epoch: epoch, Seq: 1, Changes: records("pos", "1"), Blobs: []casare.BlobPart{part("w/a", blob(1))}}))
	m.ok(system("f", casare.FinishJob{JobID: "j1", Epoch: epoch, State: casare.JobFailed}))
	parts, err := m.store.BlobsOf(jobOwner("j1"))
	require.NoError(t, err)
	require.Equal(t, []casare.BlobPart{part("w/a", blob(1))}, parts)
}

func TestBlobs_WhatIsRefused(t *testing.T) {
	t.Parallel()
	m := newMachine(t).init()
	m.ok(submit("j1"))
	refer := func(owner casare.BlobOwner, parts ...casare.BlobPart) casare.Proposal {
		return system("x", casare.ReferBlobs{Owner: owner, Parts: parts})
	}
	m.refused(casare.CodeNotFound, refer(jobOwner("nobody"), part("w", blob(1))))
	m.refused(casare.CodeInvalid, refer(casare.BlobOwner{Kind: "thing", ID: "j1"}, part("w", blob(1))))
	m.refused(casare.CodeInvalid, refer(jobOwner("a\x00b"), part("w", blob(1))))
	m.refused(casare.CodeInvalid, refer(jobOwner("j1"), part("", blob(1))))
	m.refused(casare.CodeInvalid, refer(jobOwner("j1"), part("a\x00b", blob(1))))
	m.refused(casare.CodeInvalid, refer(jobOwner("j1"), part("w", casare.BlobRef{Hash: "../../etc/passwd"})))
	m.refused(casare.CodeInvalid, refer(jobOwner("j1"), part("w", casare.BlobRef{Hash: blob(1).Hash, Size: casare.MaxBlob + 1})))
	m.refused(casare.CodeNotFound, refer(casare.BlobOwner{Kind: casare.BlobOwnerWorkflow, ID: casare.DefaultTenant + "/none"}, part("w", blob(1))))
	other := refer(jobOwner("j1"), part("w", blob(1)))
	other.Tenant = "other"
	m.refused(casare.CodeNotFound, other)
	all, err := m.store.Blobs("", 0)
	require.NoError(t, err)
	require.Empty(t, all)
	m.ok(system("w", casare.ReferBlobs{Owner: casare.BlobOwner{Kind: casare.BlobOwnerWorkflow, ID: casare.DefaultTenant + "/" + m.job("j1").WorkflowID}, Parts: []casare.BlobPart{part("d", blob(1))}}))
}

// The two tables say the same: what is referred to is what the parts of all owners name.
func TestBlobs_TheIndexFollowsTheParts(t *testing.T) {
	t.Parallel()
	for seed := range uint64(5) {
		m := newMachine(t)
		for _, l := range randomLog(t, rand.New(rand.NewPCG(seed, 2))) {
			m.ApplyBatch([]*raft.Log{l})
		}
		want := map[string]bool{}
		for i := range 8 {
			parts, err := m.store.BlobsOf(jobOwner(fmt.Sprintf("job%d", i)))
			require.NoError(t, err)
			for _, p := range parts {
				for _, b := range p.Blobs {
					want[b.Hash] = true
				}
			}
		}
		got := map[string]bool{}
		for after := ""; ; {
			page, err := m.store.Blobs(after, 2) // more than one page
			require.NoError(t, err)
			if len(page) == 0 {
				break
			}
			for _, h := range hashes(page) {
				require.False(t, got[h], "twice")
				got[h] = true
				after = h
			}
		}
		require.Equal(t, want, got)
	}
}

func TestState_AFileOfAnEarlierVersionIsBroughtUpToDate(t *testing.T) {
	t.Parallel()
	m := newMachine(t).init()
	hash := must(m.store.Hash(t.Context()))
	dir := m.state.dir
	require.NoError(t, m.state.close())
	db, err := bbolt.Open(filepath.Join(dir, stateFile), filesMode, nil)
	require.NoError(t, err)
	require.NoError(t, db.Update(func(tx *bbolt.Tx) error {
		for _, b := range laterBuckets {
			if err := tx.DeleteBucket(b); err != nil {
				return err
			}
		}
		return nil
	}))
	require.NoError(t, db.Close())
	s, err := openState(dir, meshID, newLatch(func(error) {}), nil)
	require.NoError(t, err)
	defer func() { require.NoError(t, s.close()) }()
	require.Equal(t, hash, must(s.hash(t.Context())))
}
