package executor

import (
	"context"
	"time"
)

// fence ends, before the lease of this robot does, the runs whose documents ask for it: whoever is given them then runs nothing beside
// this robot.
func (e *Executor) fence(ctx context.Context) {
	for {
		left, known := e.untilFence()
		if !known {
			select {
			case <-e.leased:
				continue
			case <-ctx.Done():
				return
			}
		}
		timer := time.NewTimer(left)
		select {
		case <-timer.C:
			e.fenceIn(ctx)
		case <-e.leased:
		case <-ctx.Done():
		}
		timer.Stop()
		if ctx.Err() != nil {
			return
		}
	}
}

// fenceIn ends what is to be ended, if no heartbeat was answered in the meantime, and forgets the lease until the next one is.
func (e *Executor) fenceIn(ctx context.Context) {
	if left, known := e.untilFence(); !known || left > 0 {
		return
	}
	e.mu.Lock()
	e.lease = 0
	all := e.list()
	e.mu.Unlock()
	for _, a := range all {
		a.mu.Lock()
		fenced := a.policy.Fence && a.end == nil
		a.mu.Unlock()
		if fenced {
			e.cfg.Logger.WarnContext(ctx, "the mesh does not answer, the run is stopped", jobAttr(a))
			a.kill(errFenced)
		}
	}
}

// untilFence is how long it is until four fifths of the lease are over.
func (e *Executor) untilFence() (left time.Duration, known bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.lease == 0 {
		return 0, false
	}
	return time.Until(e.heard.Add(e.lease * 4 / 5)), true
}

// prolong notes that a heartbeat that left then was answered.
func (e *Executor) prolong(left time.Time, lease time.Duration) {
	e.mu.Lock()
	e.heard, e.lease = left, lease
	e.mu.Unlock()
	signal(e.leased)
}
