package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"casare"
	"casare/node"
)

// The checkpoint policy: see Options.Checkpoint.
const checkpointAfter = 100 * time.Millisecond // a step or wait this long is worth one

// frameKind says what a frame is for. The numbers are in snapshots: only ever add.
type frameKind uint8

const (
	frameRoot   frameKind = iota // the document of the run
	frameBranch                  // a branch of the frame it hangs on: the same document, and variables that began as those of that frame
	frameSub                     // a document that a step of the frame it hangs on has called
)

// frame is one position that is being walked, with values of its own. A run is a tree of frames: the owner of a scope in one of them waits
// for those that hang on the scope. A frame belongs to one goroutine at a time: while others hang on it and run, it stands still, and they
// may look at what it holds.
type frame struct {
	id    string
	kind  frameKind
	run   *run
	plan  *Plan
	only  set // the steps that take part; nil: all
	pos   *position
	vals  *store
	bound []*node.Bound // by step, made when first needed: a node belongs to one frame
	book  *journal
	kept  map[uint64]map[string]*piece // what scopes keep, by scope and name, as it was published

	loose      bool // whoever it hangs on goes on meanwhile
	undebugged bool // the debugger stops it no more

	parent *frame // that this one hangs on; nil for the root
	scope  uint64 // on which, there
	label  string
	prefix string  // of step ids, for those who do not know the frame: "f/" of what step f has called
	stops  set     // steps at which a token ends: where branches meet, and those that began this one and the ones around
	nested *nested // what it runs, in a frameSub and the branches in it

	limit   time.Duration // how long it may run; 0: as long as it likes
	lived   time.Duration // before alive
	alive   time.Time     // when it began to be walked by this robot; zero while it is not
	ended   bool
	fault   *node.Error     // why it ended; nil when it came to its end
	finals  bool            // the steps that run last have been begun
	ranOnce map[string]bool // what must not run twice and has, by where; the value says whether it is known how it ended

	spawn func(c *frame) // walks a document beside the frame, while that is walked
	await func()         // until all that was spawned has ended
	final *ending        // of a frame that was spawned

	families map[uint64]*family  // that are published, by scope
	gone     []*frame            // whose records are to be taken back
	keys     map[string]struct{} // of all records it has published

	saved   time.Time // when the last checkpoint was taken
	changed bool      // since then
	open    bool      // the next step must not run twice, and begins
	last    int       // step that ran last; -1 before the first
}

// rootID is the id of the frame that walks the document of the run.
const rootID = "0"

func (r *run) newFrame(p *Plan, id string) *frame {
	return &frame{
		id: id, run: r, plan: p, kept: map[uint64]map[string]*piece{}, pos: newPosition(len(p.steps)), vals: newStore(p),
		bound: r.getBound(p), book: &journal{}, saved: r.begun, last: -1, families: map[uint64]*family{}, keys: map[string]struct{}{},
	}
}

// childID is the id of the n-th frame that hangs on a scope.
func childID(parent string, scope uint64, n int) string {
	return fmt.Sprintf("%s.%d.%d", parent, scope, n)
}

// child makes the n-th frame that hangs on a scope.
func (f *frame) child(kind frameKind, s *scope, n int, p *Plan) *frame {
	c := f.run.newFrame(p, childID(f.id, s.id, n))
	c.kind, c.parent, c.scope, c.prefix, c.saved = kind, f, s.id, f.prefix, f.saved
	c.vals.under, c.changed = f.vals, true
	if kind == frameSub {
		return c
	}
	c.only, c.nested, c.vals.shares = f.only, f.nested, true
	c.stops = newSet(len(p.steps))
	c.stops.join(f.stops)
	c.stops.add(s.owner)
	if join := p.steps[s.owner].join; join >= 0 {
		c.stops.add(join)
	}
	return c
}

// main says whether the frame is the document of the run or a branch in it: what runs there is in the order, and counts as progress.
func (f *frame) main() bool { return f.plan == f.run.root.plan }

// line writes a line of the log about a step of the frame, or about the frame as a whole.
func (f *frame) line(level, step, text string) {
	if step != "" {
		step = f.prefix + step
	}
	f.run.line(level, step, text)
}

// ending is why a walk is over; nil means that it goes on.
type ending struct {
	status    Status
	failure   *casare.JobError
	attention string // what a person must decide; see Result
	broken    bool   // the run itself cannot go on; nothing in the document can handle it
	cross     *crossing
	moves     bool // Released, to go on at move
	move      *casare.Placement
}

// walk walks the frame until it ends. Documents that run beside it end before it does.
func (f *frame) walk(ctx context.Context) *ending {
	inner, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var loose sync.WaitGroup
	f.spawn = func(c *frame) { loose.Go(func() { c.final = c.live(inner, ctx) }) }
	f.await = loose.Wait
	f.respawn()
	end := f.steps(ctx)
	if end.status != Completed && end.status != Released || end.broken || end.cross != nil {
		cancel(errLeft)
	}
	loose.Wait()
	return end
}

// steps is the main loop: take the token that is next, run its step, put the tokens that follow in the queue.
func (f *frame) steps(ctx context.Context) *ending {
	for {
		t, ok := f.pos.peek()
		if !ok && f.lastSteps() {
			continue
		}
		if !ok {
			if end := f.gather(ctx); end != nil {
				return end
			}
			return f.over()
		}
		if t.why == joined {
			again, end := f.together(ctx, t)
			if end != nil {
				return end
			}
			if again {
				continue
			}
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
	if moment == MomentOutcome || f.acts(t) {
		return f.checkpoint(ctx, moment)
	}
	return f.pause(ctx)
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
		if end := f.sleepOn(ctx, f.pos.scopes[t.scope]); end != nil {
			return end
		}
	}
	if end := f.inspect(ctx, t); end != nil {
		return end
	}
	st := &f.plan.steps[t.step]
	if end := f.elsewhere(ctx, t, st); end != nil {
		return end
	}
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
		return f.halt(ctx)
	default:
		return nil
	}
}

// halt ends the walk where it is, to be continued elsewhere. The root stores the snapshot, when all others have published their part.
func (f *frame) halt(ctx context.Context) *ending {
	f.await()
	if f.run.opts.Checkpoint == nil {
		return &ending{status: Released}
	}
	if f.parent == nil {
		if end := f.checkpoint(ctx, MomentStop); end != nil {
			return end
		}
	} else if _, failure := f.publish(); failure != nil {
		return f.unable(failure)
	}
	return &ending{status: Released}
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
	at := ""
	if t, ok := f.pos.peek(); ok {
		at = f.plan.steps[t.step].id
	}
	return f.cancelledAt(ctx, at)
}

// cancelledAt says so for a step that was under way.
func (f *frame) cancelledAt(ctx context.Context, at string) *ending {
	cause := context.Cause(ctx)
	if errors.Is(cause, ErrJobTimeout) || errors.Is(cause, context.DeadlineExceeded) {
		return &ending{status: TimedOut, failure: &casare.JobError{NodeID: at, ErrorType: TypeTimeout, Message: cause.Error()}}
	}
	return &ending{status: Cancelled, failure: &casare.JobError{NodeID: at, ErrorType: TypeCancelled, Message: cause.Error()}}
}

// sleepOn waits until a sleeping step is to be called again. The wait stands in the position, so a checkpoint of it is the wait's own
// deadline and whoever resumes waits only the rest.
func (f *frame) sleepOn(ctx context.Context, s *scope) *ending {
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
	if f.only != nil && !f.only.has(t.step) || f.stops != nil && f.stops.has(t.step) {
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
	if f.counts(t) && f.main() {
		f.book.note(t.step)
	}
	began := f.start(t)
	out, fail, parked := f.attempts(ctx, t, st)
	if parked {
		return nil
	}
	f.observe(out, fail)
	f.absorb(t)
	if fail != nil {
		f.tell(casare.StepEvent{Step: st.id, State: casare.StepFailed, Micros: f.since(began), Message: fail.Message}, st)
		if ctx.Err() != nil {
			return f.cancelledAt(ctx, st.id)
		}
		if fail.Unknown {
			f.spent(t, false)
		}
		return f.failed(t, out, fail)
	}
	if st.effect == node.Once {
		f.spent(t, true)
	}
	if end := f.apply(t, out); end != nil || f.waits(out) {
		return end
	}
	f.tell(casare.StepEvent{Step: st.id, State: casare.StepCompleted, Micros: f.since(began)}, st)
	if f.parent != nil {
		return nil
	}
	if f.run.opts.RunStep != "" || f.run.opts.RunTo == st.id && f.only != nil {
		f.pos.discard(f.pos.scopes[root]) // run to here, and no further
	}
	return nil
}

// waits says whether the step is not through yet: it sleeps, or branches or another document run for it.
func (f *frame) waits(out node.Outcome) bool {
	return out.Sleep > 0 || out.Each != nil && !f.alone() || out.Call != nil && !out.Call.Detached
}

// start tells that a step begins and returns when it did: one that waited began before that.
func (f *frame) start(t token) time.Time {
	if t.why == joined {
		return f.pos.scopes[t.scope].kids.begun.Std()
	}
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
