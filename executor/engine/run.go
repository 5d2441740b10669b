package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"casare"
	"casare/node"
	"casare/value"
)

// The checkpoint policy: see Options.Checkpoint.
const (
	checkpointAfter = 100 * time.Millisecond // a step or wait this long is worth one
	checkpointEvery = time.Second
)

// run is one walk over a plan. It belongs to one goroutine.
type run struct {
	plan  *Plan
	opts  Options
	log   *slog.Logger
	only  set // the steps that take part; nil: all
	pos   *position
	vals  *store
	prog  progress
	bound []*node.Bound // by step, made when first needed: a node belongs to one run

	order   []int32
	logs    []string
	ordered uint64 // entries of the whole run, with those before a resume
	logged  uint64
	events  uint64
	lines   uint64

	begun   time.Time // of this Run
	saved   time.Time // when the last checkpoint was taken
	changed bool      // since then
	open    bool      // the next step must not run twice, and begins
	last    int       // step that ran last; -1 before the first
}

// Run walks the plan until it ends, fails, is stopped or its context is cancelled, and says how it went. It starts no goroutine and
// never panics for what a document or a node does.
func (p *Plan) Run(ctx context.Context, o Options) Result {
	if o.Now == nil {
		o.Now = time.Now
	}
	r := &run{
		plan: p, opts: o, log: cmp.Or(o.Logger, slog.New(slog.DiscardHandler)),
		vals: newStore(p), bound: make([]*node.Bound, len(p.steps)), last: -1,
	}
	r.begun = o.Now()
	r.saved = r.begun
	first, only, note, err := p.starts(o)
	if err != nil {
		return r.result(Failed, &casare.JobError{NodeID: cmp.Or(o.RunStep, o.RunTo), ErrorType: node.TypeInput, Message: err.Error()})
	}
	r.only, r.prog = only, newProgress(p, first, only)
	if len(o.Resume) > 0 {
		if err := r.restore(o.Resume); err != nil {
			return r.result(Failed, &casare.JobError{ErrorType: TypeResume, Message: err.Error()})
		}
		r.line(levelInfo, "", "Workflow resumed: "+p.doc.Name)
	} else {
		r.begin(first)
		r.line(levelInfo, "", "Workflow started: "+p.doc.Name)
		if note != "" {
			r.line(levelWarning, "", note)
		}
	}
	if r.open {
		return r.undecided()
	}
	end := r.steps(ctx)
	r.tidy(ctx, end)
	switch end.status {
	case Completed:
		r.line(levelInfo, "", "Workflow completed successfully")
	case Released:
		r.line(levelInfo, "", "Workflow stopped at a checkpoint, to be continued")
	case Failed, Cancelled, TimedOut:
		r.line(levelError, end.failure.NodeID, "Workflow "+string(end.status)+": "+end.failure.Message)
	}
	out := r.result(end.status, end.failure)
	out.Attention = end.attention
	return out
}

// undecided ends a run whose last checkpoint is the intent of a step that must not run twice.
func (r *run) undecided() Result {
	at := ""
	if t, ok := r.pos.peek(); ok {
		at = r.plan.steps[t.step].id
	}
	text := fmt.Sprintf("Step %s may only run once. It had begun when its robot was lost, and nobody knows whether it finished.", at)
	r.line(levelError, at, text)
	out := r.result(Failed, &casare.JobError{NodeID: at, ErrorType: TypeUnknown, Message: text})
	out.Attention = text
	return out
}

// begin puts the run at the start of the document.
func (r *run) begin(first []int) {
	for _, v := range r.plan.doc.Variables {
		r.vals.set(v.Name, v.Default)
	}
	if r.opts.Variables != nil {
		for k, v := range r.opts.Variables.All() {
			r.vals.set(value.Str(k), v)
		}
	}
	r.pos = newPosition(len(r.plan.steps))
	r.pos.pushBack(root, first)
}

// ending is why a walk is over; nil means that it goes on.
type ending struct {
	status    Status
	failure   *casare.JobError
	attention string // what a person must decide; see Result
}

// steps is the main loop: take the token that is next, run its step, put the tokens that follow in the queue.
func (r *run) steps(ctx context.Context) *ending {
	for {
		t, ok := r.pos.peek()
		if !ok {
			return r.over()
		}
		if end := r.boundary(ctx, t); end != nil {
			return end
		}
		r.pos.pop()
		began := r.opts.Now()
		if end := r.visit(ctx, t); end != nil {
			return end
		}
		r.changed = true
		if r.opts.Checkpoint == nil {
			continue
		}
		now := r.opts.Now()
		if r.pos.closing() && !r.open {
			continue // whoever takes up a run that failed takes it up before the failure
		}
		if r.open || now.Sub(began) >= checkpointAfter || now.Sub(r.saved) >= checkpointEvery {
			r.open = false
			if end := r.checkpoint(ctx); end != nil {
				return end
			}
		}
	}
}

// boundary is what happens between two steps: an end that was asked for, a wait, a checkpoint before a step that changes the world.
func (r *run) boundary(ctx context.Context, t token) *ending {
	if end := r.interrupted(ctx); end != nil {
		return end
	}
	if t.why == woken || t.why == again {
		if end := r.await(ctx, r.pos.scopes[t.scope]); end != nil {
			return end
		}
	}
	st := &r.plan.steps[t.step]
	switch {
	case r.opts.Checkpoint == nil || st.doc.Disabled || !r.due(t):
		return nil
	case st.effect == node.Once:
		// The intent: whoever finds this checkpoint as the last one must not run the step, for nobody knows whether it ran.
		r.open = true
		return r.checkpoint(ctx)
	case st.effect == node.Idempotent && r.changed && !r.pos.closing():
		return r.checkpoint(ctx)
	}
	return nil
}

// interrupted looks whether somebody asked the run to end.
func (r *run) interrupted(ctx context.Context) *ending {
	if ctx.Err() != nil {
		return r.cancelled(ctx)
	}
	select {
	case <-r.stop():
		if end := r.checkpoint(ctx); end != nil {
			return end
		}
		return &ending{status: Released}
	default:
		return nil
	}
}

// stop is closed when the run is to be handed on. One that only cleans up is not.
func (r *run) stop() <-chan struct{} {
	if r.pos.closing() {
		return nil
	}
	return r.opts.Stop
}

// cancelled says why the context is over.
func (r *run) cancelled(ctx context.Context) *ending {
	cause := context.Cause(ctx)
	at := ""
	if t, ok := r.pos.peek(); ok {
		at = r.plan.steps[t.step].id
	}
	if errors.Is(cause, ErrJobTimeout) || errors.Is(cause, context.DeadlineExceeded) {
		return &ending{status: TimedOut, failure: &casare.JobError{NodeID: at, ErrorType: TypeTimeout, Message: cause.Error()}}
	}
	return &ending{status: Cancelled, failure: &casare.JobError{NodeID: at, ErrorType: TypeCancelled, Message: cause.Error()}}
}

// await waits until a sleeping step is to be called again. The wait stands in the position, so a checkpoint of it is the wait's own
// deadline and whoever resumes waits only the rest.
func (r *run) await(ctx context.Context, s *scope) *ending {
	rest := s.nap.wake.Std().Sub(r.opts.Now())
	if rest <= 0 {
		return nil
	}
	if rest >= checkpointAfter && r.changed {
		if end := r.checkpoint(ctx); end != nil {
			return end
		}
	}
	timer := time.NewTimer(rest)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
	case <-r.stop():
	}
	return r.interrupted(ctx)
}

// due says whether a token's step will run: an ordinary step runs once per scope, and only if it takes part.
func (r *run) due(t token) bool {
	if t.why != arrived {
		return true
	}
	if r.only != nil && !r.only.has(t.step) {
		return false
	}
	return r.plan.steps[t.step].control || !r.pos.scopes[t.scope].done.has(t.step)
}

// visit runs the step of a popped token and moves control on.
func (r *run) visit(ctx context.Context, t token) *ending {
	st := &r.plan.steps[t.step]
	if !r.due(t) || r.ends(t) {
		r.pos.move(t, nil)
		return nil
	}
	r.last = t.step
	if st.doc.Disabled {
		return r.skip(ctx, t)
	}
	if done, end := r.repeated(t); done {
		return end
	}
	if r.counts(t) {
		r.note(t.step)
	}
	began := r.start(t)
	out, fail, parked := r.attempts(ctx, t, st)
	if parked {
		return nil
	}
	if fail != nil {
		r.tell(casare.StepEvent{Step: st.id, State: casare.StepFailed, Micros: r.since(began), Message: fail.Message}, st)
		if ctx.Err() != nil {
			return r.cancelled(ctx)
		}
		if fail.Unknown {
			r.spent(t, false)
		}
		return r.failed(t, out, fail)
	}
	if st.effect == node.Once {
		r.spent(t, true)
	}
	r.apply(t, out)
	if out.Sleep > 0 {
		return nil
	}
	r.tell(casare.StepEvent{Step: st.id, State: casare.StepCompleted, Micros: r.since(began)}, st)
	if r.opts.RunStep != "" || r.opts.RunTo == st.id && r.only != nil {
		r.pos.discard(r.pos.scopes[root]) // run to here, and no further
	}
	return nil
}

// start tells that a step begins and returns when it did: one that slept began before its sleep.
func (r *run) start(t token) time.Time {
	if t.why == woken || t.why == again {
		if begun := r.pos.scopes[t.scope].nap.begun; begun != 0 {
			return begun.Std()
		}
		return r.opts.Now()
	}
	st := &r.plan.steps[t.step]
	r.tell(casare.StepEvent{Step: st.id, State: casare.StepStarted}, st)
	return r.opts.Now()
}

func (r *run) since(began time.Time) int64 { return r.opts.Now().Sub(began).Microseconds() }

// skip passes over a disabled step: values that reach it go through, and control goes on by the exec ports, never by a branch.
func (r *run) skip(ctx context.Context, t token) *ending {
	st := &r.plan.steps[t.step]
	h := r.host(ctx, st)
	if r.feed(h, st); h.failed != nil {
		return r.failed(t, node.Outcome{}, h.failed)
	}
	r.vals.publish(t.step, r.passed(st))
	r.went(t)
	r.pos.move(t, st.exec)
	r.track(t)
	r.tell(casare.StepEvent{Step: st.id, State: casare.StepSkipped}, st)
	return nil
}

// counts says whether this execution is an entry of the order: a step once for each time control arrives, a loop also for each
// iteration.
func (r *run) counts(t token) bool {
	switch t.why {
	case arrived:
		return true
	case ended, continued, broken:
		return r.pos.scopes[t.scope].kind == scopeLoop
	case woken, failed, left, declined, again:
	}
	return false
}

// note adds a step to the order.
func (r *run) note(i int) {
	r.ordered++
	if r.ordered <= MaxEntries {
		r.order = append(r.order, int32(i)) //nolint:gosec // a document has at most workflow.MaxSteps steps
	}
}

// apply does what a step's outcome asks for. Package node says what each part means.
func (r *run) apply(t token, out node.Outcome) {
	st := &r.plan.steps[t.step]
	if out.Outputs != nil {
		r.vals.publish(t.step, out.Outputs)
	}
	switch {
	case out.Sleep > 0:
		r.sleep(t, out)
		return
	case out.Open != "":
		r.went(t)
		r.pos.enter(t, st.bodies[out.Open], out.Open, out.Saved, st.leave[out.Open])
	case out.Exit != nil && r.exit(t, out.Exit):
	default:
		r.went(t)
		r.pos.move(t, st.follow(out.Next, out.Or))
	}
	r.track(t)
}

// went records in the step's scope that it has run there. Control steps run each time, so it makes no difference to them.
func (r *run) went(t token) {
	r.pos.outer(t).done.add(t.step)
}

// track moves the progress on after a step is through.
func (r *run) track(t token) {
	if r.prog.finish(t.step) || r.plan.steps[t.step].control {
		r.prog.update(r.plan, r.pos)
	}
}

// sleep parks the step. The sleeps of one step that runs count towards its time limit, as they were asked for: an outage between two robots
// is not the step's fault. The sleeps of one that waits between the iterations of its body do not count.
func (r *run) sleep(t token, out node.Outcome) {
	now := casare.TimeOf(r.opts.Now())
	n := nap{begun: now, slept: out.Sleep}
	counts := true
	if t.why != arrived {
		s := r.pos.scopes[t.scope]
		counts = s.kind == scopeWait
		n.begun = cmp.Or(s.nap.begun, now)
		n.slept += s.nap.slept
	}
	if limit := r.plan.doc.Settings.StepTimeout; counts && limit > 0 && n.slept > limit {
		out.Sleep -= n.slept - limit
		n.slept, n.expired = limit, true
	}
	n.wake = casare.TimeOf(now.Std().Add(out.Sleep))
	r.pos.sleep(t, out.Saved, n)
}

// failed decides what a step's failure does: its error port, else the construct around that handles errors, else the end of its path or of the run.
func (r *run) failed(t token, out node.Outcome, fail *node.Error) *ending {
	st := &r.plan.steps[t.step]
	if to := st.leave[fail.Port]; fail.Port != "" && len(to) > 0 {
		if out.Outputs != nil {
			r.vals.publish(t.step, out.Outputs)
		}
		r.went(t)
		r.pos.move(t, to)
		r.track(t)
		return nil
	}
	return r.raise(t, fail)
}

// result gathers what the run leaves behind.
func (r *run) result(status Status, failure *casare.JobError) Result {
	order := make([]string, len(r.order))
	for i, s := range r.order {
		order[i] = r.plan.steps[s].id
	}
	return Result{Status: status, Error: failure, Variables: r.vals.all(), Logs: r.logs, Order: order}
}
