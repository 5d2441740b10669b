package engine

import (
	"cmp"
	"fmt"

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
	case woken:
	}
	return false
}

// apply does what a step's outcome asks for. Package node says what each part means.
func (f *frame) apply(t token, out node.Outcome) {
	st := &f.plan.steps[t.step]
	if out.Outputs != nil {
		f.vals.publish(t.step, out.Outputs)
	}
	switch {
	case out.Sleep > 0:
		f.sleep(t, out)
		return
	case out.Open != "":
		f.went(t)
		f.pos.enter(t, st.bodies[out.Open], out.Open, out.Saved, st.leave[out.Open])
	case out.Exit != nil && f.exit(t, out.Exit):
	default:
		f.went(t)
		f.pos.move(t, st.follow(out.Next, out.Or))
	}
	f.track(t)
}

// exit leaves an enclosing loop; false when there is none to leave.
func (f *frame) exit(t token, e *node.Exit) bool {
	owner := -1
	if e.Owner != "" {
		i, ok := f.plan.index[e.Owner]
		if !ok {
			return false
		}
		owner = i
	}
	loop := f.pos.loop(t, owner)
	if loop == nil {
		return false
	}
	f.went(t)
	switch e.Kind {
	case node.ExitEnd:
		f.pos.move(t, nil)
	case node.ExitContinue:
		f.pos.leave(loop, continued)
	case node.ExitBreak:
		f.pos.leave(loop, broken)
	}
	return true
}

// went records in the step's scope that it has run there. Control steps run each time, so it makes no difference to them.
func (f *frame) went(t token) {
	f.pos.outer(t).done.add(t.step)
}

// track moves the progress on after a step is through.
func (f *frame) track(t token) {
	if f.run.prog.finish(t.step) || f.plan.steps[t.step].control {
		f.run.prog.update(f.plan, f.pos)
	}
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

// failed decides what a step's failure does: its error port, else the end of its path, else the end of the run.
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
	if !f.plan.doc.Settings.StopOnError {
		f.run.line(levelError, st.id, fmt.Sprintf("Step %s failed, its path ends: %s", st.id, fail.Message))
		f.pos.move(t, nil)
		f.track(t)
		return nil
	}
	return &ending{status: Failed, failure: &casare.JobError{
		NodeID: cmp.Or(fail.Step, st.id), ErrorType: fail.Type, Message: fail.Message,
	}}
}
