package engine

import (
	"context"
	"errors"
	"time"

	"casare"
	"casare/node"
)

// The checkpoint policy: see Options.Checkpoint.
const checkpointAfter = 100 * time.Millisecond // a step or wait this long is worth one

// frame is one position that is being walked, with values of its own: the document of the run. It belongs to one goroutine at a time.
type frame struct {
	id    string
	run   *run
	plan  *Plan
	only  set // the steps that take part; nil: all
	pos   *position
	vals  *store
	bound []*node.Bound // by step, made when first needed: a node belongs to one frame
	book  *journal
	kept  map[uint64]map[string]*piece // what scopes keep, by scope and name, as it was published

	saved   time.Time // when the last checkpoint was taken
	changed bool      // since then
	open    bool      // the next step must not run twice, and begins
	last    int       // step that ran last; -1 before the first
}

// rootID is the id of the frame that walks the document of the run.
const rootID = "0"

func (r *run) newFrame(p *Plan, id string) *frame {
	return &frame{
		id: id, run: r, plan: p, kept: map[uint64]map[string]*piece{}, pos: newPosition(len(p.steps)), vals: newStore(p), bound: make([]*node.Bound, len(p.steps)),
		book: &journal{}, saved: r.begun, last: -1,
	}
}

// ending is why a walk is over; nil means that it goes on.
type ending struct {
	status    Status
	failure   *casare.JobError
	attention string // what a person must decide; see Result
}

// walk is the main loop: take the token that is next, run its step, put the tokens that follow in the queue.
func (f *frame) walk(ctx context.Context) *ending {
	for {
		t, ok := f.pos.peek()
		if !ok {
			return f.over()
		}
		if end := f.boundary(ctx, t); end != nil {
			return end
		}
		f.pos.pop()
		if end := f.visit(ctx, t); end != nil {
			return end
		}
		f.changed = true
		if end := f.afterStep(ctx, t); end != nil {
			return end
		}
	}
}

// afterStep takes a checkpoint when the step was worth one.
func (f *frame) afterStep(ctx context.Context, t token) *ending {
	moment := MomentPause
	switch {
	case f.run.opts.Checkpoint == nil:
		return nil
	case f.open:
		f.open, moment = false, MomentOutcome
	case f.pos.closing():
		return nil // whoever takes up a run that failed takes it up before the failure
	case f.acts(t):
	case f.run.opts.Now().Sub(f.saved) < checkpointAfter:
		return nil
	}
	return f.checkpoint(ctx, moment)
}

// acts says whether a token's step changes the world.
func (f *frame) acts(t token) bool {
	st := &f.plan.steps[t.step]
	return st.effect == node.Idempotent && !st.doc.Disabled && f.last == t.step
}

// boundary is what happens between two steps: an end that was asked for, a wait, a checkpoint before a step that changes the world.
func (f *frame) boundary(ctx context.Context, t token) *ending {
	if end := f.interrupted(ctx); end != nil {
		return end
	}
	if t.why == woken || t.why == again {
		if end := f.await(ctx, f.pos.scopes[t.scope]); end != nil {
			return end
		}
	}
	if end := f.inspect(ctx, t); end != nil {
		return end
	}
	st := &f.plan.steps[t.step]
	switch {
	case f.run.opts.Checkpoint == nil || st.doc.Disabled || !f.due(t) || f.ends(t):
		return nil
	case st.effect == node.Once:
		// The intent: whoever finds this checkpoint as the last one must not run the step, for nobody knows whether it ran.
		f.open = true
		return f.checkpoint(ctx, MomentIntent)
	case st.effect == node.Idempotent && f.changed && !f.pos.closing():
		return f.checkpoint(ctx, MomentEffect)
	case st.effect == node.Idempotent:
		return f.settle(ctx, MomentEffect)
	}
	return nil
}

// interrupted looks whether somebody asked the run to end.
func (f *frame) interrupted(ctx context.Context) *ending {
	if ctx.Err() != nil {
		return f.cancelled(ctx)
	}
	select {
	case <-f.stop():
		if end := f.checkpoint(ctx, MomentStop); end != nil {
			return end
		}
		return &ending{status: Released}
	default:
		return nil
	}
}

// stop is closed when the run is to be handed on. One that only cleans up is not.
func (f *frame) stop() <-chan struct{} {
	if f.pos.closing() {
		return nil
	}
	return f.run.opts.Stop
}

// cancelled says why the context is over.
func (f *frame) cancelled(ctx context.Context) *ending {
	cause := context.Cause(ctx)
	at := ""
	if t, ok := f.pos.peek(); ok {
		at = f.plan.steps[t.step].id
	}
	if errors.Is(cause, ErrJobTimeout) || errors.Is(cause, context.DeadlineExceeded) {
		return &ending{status: TimedOut, failure: &casare.JobError{NodeID: at, ErrorType: TypeTimeout, Message: cause.Error()}}
	}
	return &ending{status: Cancelled, failure: &casare.JobError{NodeID: at, ErrorType: TypeCancelled, Message: cause.Error()}}
}

// await waits until a sleeping step is to be called again. The wait stands in the position, so a checkpoint of it is the wait's own
// deadline and whoever resumes waits only the rest.
func (f *frame) await(ctx context.Context, s *scope) *ending {
	rest := s.nap.wake.Std().Sub(f.run.opts.Now())
	if rest <= 0 {
		return nil
	}
	if rest >= checkpointAfter && f.changed {
		if end := f.checkpoint(ctx, MomentWait); end != nil {
			return end
		}
	}
	timer := time.NewTimer(rest)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
	case <-f.stop():
	}
	return f.interrupted(ctx)
}

// due says whether a token's step will run: an ordinary step runs once per scope, and only if it takes part.
func (f *frame) due(t token) bool {
	if t.why != arrived {
		return true
	}
	if f.only != nil && !f.only.has(t.step) {
		return false
	}
	return f.plan.steps[t.step].control || !f.pos.scopes[t.scope].done.has(t.step)
}

// visit runs the step of a popped token and moves control on.
func (f *frame) visit(ctx context.Context, t token) *ending {
	st := &f.plan.steps[t.step]
	if !f.due(t) || f.ends(t) {
		f.pos.move(t, nil)
		return nil
	}
	f.last = t.step
	if st.doc.Disabled {
		return f.skip(ctx, t)
	}
	if done, end := f.repeated(t); done {
		return end
	}
	if f.counts(t) {
		f.book.note(t.step)
	}
	began := f.start(t)
	out, fail, parked := f.attempts(ctx, t, st)
	if parked {
		return nil
	}
	f.run.observe(out, fail)
	if fail != nil {
		f.tell(casare.StepEvent{Step: st.id, State: casare.StepFailed, Micros: f.since(began), Message: fail.Message}, st)
		if ctx.Err() != nil {
			return f.cancelled(ctx)
		}
		if fail.Unknown {
			f.spent(t, false)
		}
		return f.failed(t, out, fail)
	}
	if st.effect == node.Once {
		f.spent(t, true)
	}
	f.apply(t, out)
	if out.Sleep > 0 {
		return nil
	}
	f.tell(casare.StepEvent{Step: st.id, State: casare.StepCompleted, Micros: f.since(began)}, st)
	if f.run.opts.RunStep != "" || f.run.opts.RunTo == st.id && f.only != nil {
		f.pos.discard(f.pos.scopes[root]) // run to here, and no further
	}
	return nil
}

// start tells that a step begins and returns when it did: one that slept began before its sleep.
func (f *frame) start(t token) time.Time {
	if t.why == woken || t.why == again {
		if begun := f.pos.scopes[t.scope].nap.begun; begun != 0 {
			return begun.Std()
		}
		return f.run.opts.Now()
	}
	st := &f.plan.steps[t.step]
	f.tell(casare.StepEvent{Step: st.id, State: casare.StepStarted}, st)
	return f.run.opts.Now()
}

func (f *frame) since(began time.Time) int64 { return f.run.opts.Now().Sub(began).Microseconds() }

// skip passes over a disabled step: values that reach it go through, and control goes on by the exec ports, never by a branch.
func (f *frame) skip(ctx context.Context, t token) *ending {
	st := &f.plan.steps[t.step]
	h := f.host(ctx, st)
	if f.feed(h, st); h.failed != nil {
		return f.failed(t, node.Outcome{}, h.failed)
	}
	f.vals.publish(t.step, f.passed(st))
	f.went(t)
	f.pos.move(t, st.exec)
	f.track(t)
	f.tell(casare.StepEvent{Step: st.id, State: casare.StepSkipped}, st)
	return nil
}
