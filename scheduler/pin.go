package scheduler

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"casare"
)

// A job whose run has left something on its robot that no other robot has waits in the queue for that robot (see casare.Job.BoundTo).
// If the robot stays away, the job is left to a person after Config.PinWait.

// pinned notes that a job waits for its robot, or no longer does.
func (x *index) pin(e *entry) {
	if e.pin == "" {
		return
	}
	x.pinned[e.id] = e
	x.woken() // it has a deadline
}

// there says whether a robot can be given work, its free slots aside.
func (r *robot) there() bool { return r.peer != nil && r.peer.ready && !r.stopping }

// stranded lists the jobs that have waited long enough for robots that are away, and how long to wait for the next one.
func (x *index) stranded(now casare.Time, patience time.Duration) (list []*entry, next time.Duration) {
	next = never
	for _, e := range x.pinned {
		r := x.robot(e.class.target)
		if r.there() {
			continue
		}
		left := max(e.since, r.left).Std().Add(patience).Sub(now.Std())
		if left <= 0 {
			list = append(list, e)
		} else {
			next = min(next, left)
		}
	}
	return list, next
}

// strand leaves to a person what has waited too long for its robot. It returns how long to wait for the next one.
func (t *term) strand(ctx context.Context) time.Duration {
	t.mu.Lock()
	list, next := t.idx.stranded(t.time(), t.cfg.PinWait)
	list = list[:min(len(list), t.cfg.Batch)]
	proposals := make([]casare.Proposal, 0, len(list))
	for _, e := range list {
		cmd := casare.StrandJob{JobID: e.id, Epoch: e.epoch, Reason: t.strandReason(e)}
		proposals = append(proposals, t.proposal("w", e.tenant, cmd))
	}
	t.mu.Unlock()
	if len(list) == 0 {
		return next
	}
	results, err := t.store.Propose(ctx, proposals...)
	if err != nil && ctx.Err() == nil {
		t.log.WarnContext(ctx, "jobs that wait for their robots not left to a person", slog.Int("jobs", len(list)-len(results)), slog.Any("error", err))
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range results {
		t.refresh(ctx, list[i].id)
	}
	return retryAfter // until none is left
}

// strandReason tells a person what the job waits for. The caller holds mu.
func (t *term) strandReason(e *entry) string {
	name := e.class.target
	if r := t.idx.robot(e.class.target); r.record != nil {
		name = r.record.Name
	}
	return fmt.Sprintf("The job can go on only at robot %s, where it left %s, and that robot has been away for %s.", name, e.pin, t.cfg.PinWait)
}
