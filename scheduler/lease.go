package scheduler

import (
	"context"
	"log/slog"
	"time"

	"casare"
)

// leases is the lease loop: it ends what robots hold that have not been heard of for their time.
func (t *term) leases(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.deadline:
		case <-timer.C:
		}
		next := min(t.expire(ctx), t.strand(ctx))
		timer.Reset(next)
	}
}

// expire closes the silent sessions and proposes the end of what their robots held. It returns how long to wait.
func (t *term) expire(ctx context.Context) time.Duration {
	now, next := time.Now(), never
	var lost []*entry
	var proposals []casare.Proposal
	t.mu.Lock()
	for _, r := range t.idx.robots {
		if r.deadline.IsZero() {
			continue
		}
		if left := r.deadline.Sub(now); left > 0 {
			next = min(next, left)
			continue
		}
		if r.peer != nil {
			t.log.WarnContext(ctx, "robot is silent", slog.String("robot_id", r.id))
			r.peer.close(casare.Errorf(casare.CodeTimeout, "no heartbeat for %s", t.cfg.TTL))
			t.leave(r.peer)
		}
		held := 0
		for _, e := range r.jobs {
			// One that is being placed is looked at again once it is.
			if held++; e.phase == phaseHeld && len(lost) < t.cfg.Batch {
				lost = append(lost, e)
				proposals = append(proposals, t.proposal("x", e.tenant, casare.ExpireJob{JobID: e.id, Epoch: e.epoch}))
			}
		}
		if held == 0 {
			r.deadline = time.Time{}
		} else {
			next = min(next, retryAfter) // until none is left
		}
	}
	t.mu.Unlock()
	if len(lost) > 0 {
		t.expired(ctx, lost, proposals)
	}
	return next
}

// expired proposes the end of attempts and takes in the answers. What the store did not take is tried again with the next tick.
func (t *term) expired(ctx context.Context, lost []*entry, proposals []casare.Proposal) {
	results, err := t.store.Propose(ctx, proposals...)
	if err != nil && ctx.Err() == nil {
		t.log.WarnContext(ctx, "expiry not proposed", slog.Int("jobs", len(lost)-len(results)), slog.Any("error", err))
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for i, result := range results {
		e := lost[i]
		if result.Err == nil {
			t.log.InfoContext(ctx, "attempt expired", slog.String("job", e.id), slog.Uint64("epoch", e.epoch))
		}
		t.refresh(ctx, e.id)
	}
	t.stir()
}

// heard prolongs a robot's lease. The caller holds mu. A robot that holds its time of grace keeps it.
func (t *term) heard(r *robot) {
	if until := time.Now().Add(t.cfg.TTL); until.After(r.deadline) {
		r.deadline = until
	}
}
