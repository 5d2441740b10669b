package daemon

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"casare"
	"casare/mesh"
	"casare/raftstore"
)

const (
	sealInterval    = 50 * time.Millisecond
	barrierTimeout  = 5 * time.Second
	handoverTimeout = 5 * time.Second
)

// watchLeadership does a leader's work in every term that this robot leads, and ends it with the term.
func (d *Daemon) watchLeadership(ctx context.Context) {
	for ctx.Err() == nil {
		changed := d.store.LeaderChanged()
		leader, term := d.store.Leader()
		if leader == d.identity.RobotID() && d.store.Leading() {
			d.lead(ctx, term)
			continue
		}
		select {
		case <-ctx.Done():
		case <-changed:
		}
	}
}

// lead returns when this robot no longer leads the term.
func (d *Daemon) lead(ctx context.Context, term uint64) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var work sync.WaitGroup
	work.Go(func() {
		defer cancel()
		d.awaitEndOf(ctx, term)
	})
	defer work.Wait()
	defer cancel()
	barrier, done := context.WithTimeout(ctx, barrierTimeout)
	err := d.store.Barrier(barrier)
	done()
	if err != nil {
		if ctx.Err() == nil {
			d.log.WarnContext(ctx, "lead: what was committed before is not there yet", slog.Any("error", err))
		}
		return // watchLeadership comes back while the term lasts
	}
	d.log.InfoContext(ctx, "leads the mesh", slog.Uint64("term", term))
	d.leading.Store(true)
	defer d.leading.Store(false)
	d.tracker.signalChange()
	d.mesh.Announce(mesh.LeaderHint{LeaderID: d.identity.RobotID(), Term: term})
	work.Go(func() { d.store.ManageCoordinators(ctx, d.candidates) })
	work.Go(func() { d.sealForCoordinators(ctx) })
	work.Go(func() { d.watchCopies(ctx) })
	if err := d.scheduler.Lead(ctx, term); err != nil && ctx.Err() == nil {
		d.log.ErrorContext(ctx, "cannot do a leader's work, handing over", slog.Any("error", err))
		d.handover(ctx)
	}
}

// awaitEndOf returns when raft says that the term is over for this robot.
func (d *Daemon) awaitEndOf(ctx context.Context, term uint64) {
	for {
		changed := d.store.LeaderChanged()
		if _, now := d.store.Leader(); now != term || !d.store.Leading() {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-changed:
		}
	}
}

// handover gives leadership away, if another coordinator is there to take it.
func (d *Daemon) handover(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, handoverTimeout)
	defer cancel()
	if err := d.scheduler.Handover(ctx, d.store.TransferLeadership); err != nil && !errors.Is(err, context.Canceled) {
		d.log.InfoContext(ctx, "leadership stays here", slog.Any("error", err))
	}
}

// candidates are the robots that may become coordinators: their certificate allows it, and they talk to this leader. Nobody is
// promoted before the mesh's keys were sealed to it: if it then led alone, nobody could join any more. And nobody before it has
// the blobs that anybody has: the majority that each of them lies on must not become a minority.
func (d *Daemon) candidates() []raftstore.Candidate {
	online := map[string]bool{}
	for _, r := range d.scheduler.Robots() {
		online[r.RobotID] = r.State != casare.RobotOffline
	}
	robots, err := d.store.Robots()
	if err != nil {
		d.log.Warn("read the robots", slog.Any("error", err))
		return nil
	}
	var found []raftstore.Candidate
	for _, r := range robots {
		if r.Role == casare.RoleCoordinator && online[r.ID] {
			_, err := d.store.SealedKeys(r.ID)
			found = append(found, raftstore.Candidate{RobotID: r.ID, CopyOnly: err != nil || !d.copies.has(r.ID)})
		}
	}
	return found
}

// sealForCoordinators gives the mesh's keys to every robot that holds the state, so that any of them can admit robots when it
// leads.
func (d *Daemon) sealForCoordinators(ctx context.Context) {
	tick := time.NewTicker(sealInterval)
	defer tick.Stop()
	for {
		for _, member := range d.store.Configuration() {
			if err := d.sealFor(ctx, member.ID); err != nil && ctx.Err() == nil {
				d.log.WarnContext(ctx, "give the mesh's keys to a coordinator", slog.String("coordinator", member.ID), slog.Any("error", err))
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (d *Daemon) sealFor(ctx context.Context, robotID string) error {
	if _, err := d.store.SealedKeys(robotID); casare.CodeOf(err) != casare.CodeNotFound {
		return err
	}
	ca, err := d.authority()
	if err != nil {
		return err
	}
	robot, err := d.store.Robot(robotID)
	if err != nil {
		return err
	}
	sealed, err := ca.Seal(robot.Recipient)
	if err != nil {
		return err
	}
	return d.propose(ctx, casare.SealKeys{Keys: casare.SealedKeys{RobotID: robotID, Sealed: sealed}})
}
