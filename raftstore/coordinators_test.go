package raftstore

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// play applies a change to a situation as raft would.
func (s situation) play(c change) situation {
	s.members = slices.Clone(s.members)
	s.index++
	i := slices.IndexFunc(s.members, func(m Member) bool { return m.ID == c.robot })
	switch c.kind {
	case changeNone:
	case changeAddCopy:
		s.members = append(s.members, Member{ID: c.robot})
	case changePromote:
		s.members[i].Voter = true
	case changeDemote:
		s.members[i].Voter = false
	}
	return s
}

func robotNames(n int) []string {
	var ids []string
	for i := range n {
		ids = append(ids, fmt.Sprint("r", i+1))
	}
	return ids
}

func allHealthy(ids []string, since time.Duration) map[string]health {
	h := map[string]health{}
	for _, id := range ids {
		h[id] = health{healthy: since}
	}
	return h
}

// rest plays until nothing changes.
func (s situation) rest(t require.TestingT) situation {
	for range 50 {
		c := s.plan()
		if c.kind == changeNone {
			return s
		}
		require.Equal(t, s.index, c.index)
		s = s.play(c)
	}
	require.Fail(t, "it never comes to rest")
	return s
}

func TestPlan_GrowsTo1And3And5(t *testing.T) {
	t.Parallel()
	for robots, want := range map[int][2]int{1: {1, 0}, 2: {1, 1}, 3: {3, 0}, 4: {3, 0}, 6: {3, 0}, 7: {5, 0}, 12: {5, 0}} {
		ids := robotNames(robots)
		s := situation{self: "r1", members: []Member{{ID: "r1", Voter: true}}, eligible: ids, health: allHealthy(ids, 0), patience: time.Minute}
		s = s.rest(t)
		require.Len(t, s.voters(), want[0], "%d robots", robots)
		require.Len(t, s.members, want[0]+want[1], "%d robots", robots)
	}
}

func TestPlan_PromotesAPairOnlyWhenBothHaveJustAnswered(t *testing.T) {
	t.Parallel()
	ids := robotNames(3)
	s := situation{self: "r1", members: []Member{{ID: "r1", Voter: true}, {ID: "r2"}, {ID: "r3"}}, eligible: ids, health: allHealthy(ids, 0)}
	require.Equal(t, change{kind: changePromote, robot: "r2"}, s.plan())
	s.health["r3"] = health{silent: 2 * time.Second}
	require.Equal(t, changeNone, s.plan().kind)
	s.health["r3"] = health{lag: caughtUp}
	require.Equal(t, changeNone, s.plan().kind)
	delete(s.health, "r3")
	require.Equal(t, changeNone, s.plan().kind)
}

func TestPlan_UndoesHalfAPair(t *testing.T) {
	t.Parallel()
	ids := robotNames(3)
	s := situation{self: "r1", members: []Member{{ID: "r1", Voter: true}, {ID: "r2", Voter: true}, {ID: "r3"}}, eligible: ids, health: allHealthy(ids, 0)}
	require.Equal(t, change{kind: changePromote, robot: "r3"}, s.plan())
	s.health["r3"] = health{silent: 2 * time.Second}
	require.Equal(t, change{kind: changeDemote, robot: "r2"}, s.plan())
}

func TestPlan_AGrownMeshWaitsUntilARobotHasBeenHealthy(t *testing.T) {
	t.Parallel()
	ids := robotNames(3)
	s := situation{
		self: "r1", members: []Member{{ID: "r1", Voter: true}, {ID: "r2"}, {ID: "r3"}}, eligible: ids,
		health: allHealthy(ids, 29*time.Second), grown: true, patience: 30 * time.Second,
	}
	require.Equal(t, changeNone, s.plan().kind)
	s.health = allHealthy(ids, 30*time.Second)
	require.Equal(t, changePromote, s.plan().kind)
}

func TestPlan_Rules(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		robots := rapid.IntRange(1, 9).Draw(t, "robots")
		ids := robotNames(robots)
		s := situation{self: "r1", members: []Member{{ID: "r1", Voter: true}}, grown: rapid.Bool().Draw(t, "grown"), patience: 30 * time.Second}
		for round := range rapid.IntRange(1, 30).Draw(t, "rounds") {
			s.eligible, s.health = []string{"r1"}, map[string]health{"r1": {healthy: time.Hour}}
			for _, id := range ids[1:] {
				up := rapid.Bool().Draw(t, fmt.Sprint(id, " up ", round))
				if up {
					s.eligible = append(s.eligible, id)
					s.health[id] = health{healthy: time.Duration(rapid.IntRange(0, 60).Draw(t, "healthy")) * time.Second, lag: uint64(rapid.IntRange(0, 150).Draw(t, "lag"))}
				} else if rapid.Bool().Draw(t, "known") {
					s.health[id] = health{silent: time.Duration(rapid.IntRange(1000, 9000).Draw(t, "silent")) * time.Millisecond}
				}
			}
			before := len(s.voters())
			c := s.plan()
			after := s.play(c)
			switch c.kind {
			case changeNone:
				require.Equal(t, 1, before%2, "at rest with an even number of voters")
			case changePromote:
				require.True(t, s.ready(c.robot))
				require.Contains(t, s.eligible, c.robot)
				require.LessOrEqual(t, len(after.voters()), target(s.robots()))
				if before%2 == 1 {
					require.GreaterOrEqual(t, len(s.readyCopies()), 2)
					require.NotEqual(t, changeDemote, after.plan().kind, "the second of the pair was there")
				}
			case changeDemote:
				require.Equal(t, 0, before%2, "an odd number shrinks")
				require.NotEqual(t, s.self, c.robot)
			case changeAddCopy:
				require.Contains(t, s.eligible, c.robot)
				_, known := s.member(c.robot)
				require.False(t, known)
			}
			s = after
		}
		rested := s.rest(t)
		require.Equal(t, 1, len(rested.voters())%2)
		require.Contains(t, rested.voters(), "r1")
	})
}
