package engine

import (
	"context"

	"casare"
)

// checkpoint publishes the frame's part of the position and sees to it that it is stored, as safely as the moment asks for.
func (f *frame) checkpoint(ctx context.Context, m Moment) *ending {
	r := f.run
	if r.opts.Checkpoint == nil {
		return nil
	}
	seq, failure := f.publish()
	if failure != nil {
		return f.unable(failure)
	}
	r.mu.Lock()
	s := Snapshot{Moment: m, Step: f.at(), Progress: r.prog.percent}
	r.mu.Unlock()
	if err := r.store(ctx, seq, s); err != nil {
		return f.unstored(ctx, err)
	}
	f.saved, f.changed = r.opts.Now(), false
	r.ledger.mu.Lock()
	r.ledger.last = f.saved
	r.ledger.mu.Unlock()
	return f.settle(ctx, m)
}

// pause publishes what steps have changed, and stores it unless another frame has done so a moment ago.
func (f *frame) pause(ctx context.Context) *ending {
	r := f.run
	if f.parent == nil || !r.justStored() {
		return f.checkpoint(ctx, MomentPause)
	}
	if _, failure := f.publish(); failure != nil {
		return f.unable(failure)
	}
	f.saved = r.opts.Now()
	return nil
}

// justStored says whether the last snapshot is so young that another frame need not store one.
func (r *run) justStored() bool {
	r.ledger.mu.Lock()
	defer r.ledger.mu.Unlock()
	return r.opts.Now().Sub(r.ledger.last) < checkpointAfter
}

// unable ends the run because its position cannot be kept.
func (f *frame) unable(failure *casare.JobError) *ending {
	failure.NodeID = f.at()
	return &ending{status: Failed, failure: failure, broken: true}
}

// settle waits until the frame may go on.
func (f *frame) settle(ctx context.Context, m Moment) *ending {
	if f.run.opts.Settle == nil {
		return nil
	}
	if err := f.run.opts.Settle(ctx, f.id, m); err != nil {
		return f.unstored(ctx, err)
	}
	return nil
}

// unstored ends a frame whose position could not be kept.
func (f *frame) unstored(ctx context.Context, err error) *ending {
	switch {
	case ctx.Err() != nil:
		return f.cancelled(ctx)
	case casare.CodeOf(err) == casare.CodeTooLarge:
		return f.unable(f.tooLarge(err))
	}
	return f.unable(&casare.JobError{ErrorType: TypeCheckpoint, Message: "store checkpoint: " + err.Error()})
}
