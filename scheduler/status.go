package scheduler

import (
	"slices"
	"strings"

	"casare"
)

func (t *term) robots() []casare.RobotStatus {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := make([]casare.RobotStatus, 0, len(t.idx.robots))
	for _, r := range t.idx.robots {
		if r.record != nil {
			all = append(all, r.status())
		}
	}
	slices.SortFunc(all, func(a, b casare.RobotStatus) int { return strings.Compare(a.RobotID, b.RobotID) })
	return all
}

func (r *robot) status() casare.RobotStatus {
	s := casare.RobotStatus{RobotID: r.id, State: casare.RobotOffline, LastHeartbeat: casare.TimeOf(r.heard)}
	for id, e := range r.jobs {
		if e.phase == phaseHeld && !e.ended {
			s.Running = append(s.Running, id)
		}
	}
	slices.Sort(s.Running)
	if r.peer == nil || !r.peer.ready {
		return s
	}
	s.CPUPercent, s.MemoryMB = r.beat.CPUPercent, r.beat.MemoryMB
	switch {
	case r.stopping:
		s.State = casare.RobotStopping
	case r.used > 0:
		s.State = casare.RobotBusy
	default:
		s.State = casare.RobotIdle
	}
	return s
}
