package engine

import (
	"cmp"

	"casare"
	"casare/node"
)

// counts says whether this execution is an entry of the order: a step once for each time control arrives, a loop also for each
// iteration.
func (f *frame) counts(t token) bool {
	switch t.why {
	case arrived:
		return true
	case ended, continued, broken:
		return f.pos.scopes[t.scope].kind == scopeLoop
	case woken, failed, left, declined, again, joined:
	}
	return false
}

// apply does what a step's outcome asks for. Package node says what each part means.
func (f *frame) apply(t token, out node.Outcome) *ending {
	st := &f.plan.steps[t.step]
	if out.Outputs != nil {
		f.vals.publish(t.step, out.Outputs)
	}
	if out.Call != nil && out.Call.Detached {
		if end := f.detach(t, out.Call); end != nil {
			return end
		}
	}
	switch {
	case out.Sleep > 0:
		f.sleep(t, out)
		return nil
	case out.Each != nil:
		return f.openEach(t, out)
	case out.Call != nil && !out.Call.Detached:
		return f.openCall(t, out)
	case out.Open != "":
		f.went(t)
		f.pos.enter(t, st.bodies[out.Open], out.Open, out.Saved, st.leave[out.Open])
	case out.Exit != nil && f.exit(t, out.Exit):
	default:
		f.went(t)
		f.pos.move(t, f.next(st, &out))
	}
	f.track(t)
	return nil
}

// next lists the steps control goes to.
func (f *frame) next(st *step, out *node.Outcome) []int {
	if out.Meet && st.join >= 0 {
		return []int{st.join}
	}
	return st.follow(out.Next, out.Or)
}

// went records in the step's scope that it has run there. Control steps run each time, so it makes no difference to them.
func (f *frame) went(t token) {
	f.pos.outer(t).done.add(t.step)
}

// track moves the progress on after a step is through.
func (f *frame) track(t token) {
	f.finish(t.step, f.plan.steps[t.step].control)
}

// finish records that a step has run or was passed over; where it stands in no main frame it is no progress.
func (f *frame) finish(step int, always bool) {
	r := f.run
	if !f.main() {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.prog.finish(step) || always {
		r.prog.update(r.root.plan, r.root.pos)
	}
}

// advance counts the progress again.
func (f *frame) advance() {
	r := f.run
	if !f.main() {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.prog.update(r.root.plan, r.root.pos)
}

// sleep parks the step. The sleeps of one step that runs count towards its time limit, as they were asked for: an outage between two robots
// is not the step's fault. The sleeps of one that waits between the iterations of its body do not count.
func (f *frame) sleep(t token, out node.Outcome) {
	now := casare.TimeOf(f.run.opts.Now())
	n := nap{begun: now, slept: out.Sleep}
	counts := true
	if t.why != arrived {
		s := f.pos.scopes[t.scope]
		counts = s.kind == scopeWait
		n.begun = cmp.Or(s.nap.begun, now)
		n.slept += s.nap.slept
	}
	if limit := f.plan.doc.Settings.StepTimeout; counts && limit > 0 && n.slept > limit {
		out.Sleep -= n.slept - limit
		n.slept, n.expired = limit, true
	}
	n.wake = casare.TimeOf(now.Std().Add(out.Sleep))
	f.pos.sleep(t, out.Saved, n)
}

// failed decides what a step's failure does: its error port, else the construct around that handles errors, else the end of its path or
// of the run.
func (f *frame) failed(t token, out node.Outcome, fail *node.Error) *ending {
	st := &f.plan.steps[t.step]
	if to := st.leave[fail.Port]; fail.Port != "" && len(to) > 0 {
		if out.Outputs != nil {
			f.vals.publish(t.step, out.Outputs)
		}
		f.went(t)
		f.pos.move(t, to)
		f.track(t)
		return nil
	}
	return f.raise(t, fail)
}
