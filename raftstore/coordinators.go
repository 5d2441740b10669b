package raftstore

import (
	"slices"
	"time"
)

// Lag, in entries, below which a robot counts as caught up.
const caughtUp = 100

// Candidate is a robot that may become a coordinator and is alive as far as the leader knows.
type Candidate struct {
	RobotID string
	// CopyOnly keeps the robot from being promoted for now: it lacks something that a leader needs.
	CopyOnly bool
}

// health is what the leader knows of a member's replication.
type health struct {
	silent  time.Duration // since it answered last
	lag     uint64        // entries it lacked then
	healthy time.Duration // how long it has been answering and caught up without a break
}

// situation is all that the choice of coordinators depends on.
type situation struct {
	self     string // the leader
	members  []Member
	index    uint64            // of the configuration with these members
	health   map[string]health // by robot id; a member without an entry has never answered
	eligible []string          // in the order in which they are preferred
	copyOnly []string          // those of them that must not be promoted yet
	grown    bool              // three coordinators have existed once
	patience time.Duration     // how long a robot must be healthy in a grown mesh
}

type changeKind uint8

const (
	changeNone changeKind = iota
	changeAddCopy
	changePromote
	changeDemote
)

// change is one step of the configuration. It holds only if the configuration is still the one at index.
type change struct {
	kind  changeKind
	robot string
	index uint64
}

// plan says the next change, if any. The number of voters is odd at rest: two voters survive less than one does, so a pair is
// promoted directly one after the other and only when both have just answered; should the second fail in between, the first is
// demoted again. Nobody is removed and no odd number shrinks: a robot that is away for the night keeps its vote.
func (s situation) plan() change {
	voters := s.voters()
	if len(voters) == 0 {
		return change{}
	}
	want := max(target(s.robots()), len(voters)-1+len(voters)%2)
	if want <= len(voters) {
		return s.settle(voters)
	}
	ready := s.readyCopies()
	if len(voters)%2 == 0 {
		if len(ready) > 0 {
			return s.change(changePromote, ready[0])
		}
		return s.settle(voters)
	}
	if len(ready) >= 2 {
		return s.change(changePromote, ready[0])
	}
	return s.addCopy(2)
}

// settle is the change, if any, of a mesh that has as many voters as it needs.
func (s situation) settle(voters []string) change {
	if len(voters)%2 == 0 {
		return s.change(changeDemote, s.worst(voters))
	}
	if len(voters) == 1 && s.robots() > 1 {
		return s.addCopy(1)
	}
	return change{}
}

func (s situation) change(kind changeKind, robot string) change {
	if robot == "" {
		return change{}
	}
	return change{kind: kind, robot: robot, index: s.index}
}

// target is how many voters a mesh of that many robots has.
func target(robots int) int {
	switch {
	case robots <= 2:
		return 1
	case robots <= 6:
		return 3
	}
	return 5
}

func (s situation) voters() []string {
	var ids []string
	for _, m := range s.members {
		if m.Voter {
			ids = append(ids, m.ID)
		}
	}
	return ids
}

// robots counts who could be a coordinator: whoever is eligible now, and every voter, away or not.
func (s situation) robots() int {
	all := slices.Concat(s.voters(), s.eligible)
	slices.Sort(all)
	return len(slices.Compact(all))
}

func (s situation) member(id string) (Member, bool) {
	i := slices.IndexFunc(s.members, func(m Member) bool { return m.ID == id })
	if i < 0 {
		return Member{}, false
	}
	return s.members[i], true
}

// addCopy makes a copy of the first eligible robot that is none, if fewer than wanted are copies and eligible.
func (s situation) addCopy(wanted int) change {
	have, fresh := 0, ""
	for _, id := range s.eligible {
		m, known := s.member(id)
		switch {
		case known && !m.Voter:
			have++
		case !known && fresh == "":
			fresh = id
		}
	}
	if have >= wanted {
		return change{}
	}
	return s.change(changeAddCopy, fresh)
}

// readyCopies are the copies that may be promoted now, in the order of preference.
func (s situation) readyCopies() []string {
	var ids []string
	for _, id := range s.eligible {
		if m, known := s.member(id); known && !m.Voter && s.ready(id) && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

func (s situation) ready(id string) bool {
	h, known := s.health[id]
	return known && !slices.Contains(s.copyOnly, id) && h.silent < answeredWithin && h.lag < caughtUp && (!s.grown || h.healthy >= s.patience)
}

// worst is the voter other than the leader that has been silent longest.
func (s situation) worst(voters []string) string {
	worst, silent := "", time.Duration(-1)
	for _, id := range voters {
		h, known := s.health[id]
		if !known {
			h.silent = time.Duration(1<<63 - 1)
		}
		if id != s.self && h.silent > silent {
			worst, silent = id, h.silent
		}
	}
	return worst
}
