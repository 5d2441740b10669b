package engine

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"casare"
	"casare/node"
	"casare/workflow"
)

// cleanupTime is how long the cleanups of a cancelled run may take.
const cleanupTime = 30 * time.Second

// maxStack bounds the text of a stack: an error in a loop of retries would make it grow.
const maxStack = 4096

// raise hands a failure that no port of the step takes to the nearest construct that handles errors; without one the path ends, or the
// run does.
func (f *frame) raise(t token, fail *node.Error) *ending {
	st := &f.plan.steps[t.step]
	at, c := f.pos.guardian(t), f.pos.cleanup(t)
	switch {
	case t.why != arrived && f.pos.scopes[t.scope].guard.doom != spared:
		// The error a cleanup was called for. Control has left what is around meanwhile, for another reason.
		f.line(levelWarning, st.id, fmt.Sprintf("The error of step %s goes no further, because control has left step %s: %s", fail.Step, st.id, fail.Message))
		f.pos.move(t, nil)
	case at == nil && !f.plan.doc.Settings.StopOnError:
		f.line(levelError, st.id, fmt.Sprintf("Step %s failed, its path ends: %s", st.id, fail.Message))
		f.pos.move(t, nil)
		f.track(t)
	case f.pos.closing() && (at == nil || c == nil || !f.pos.within(at.id, c.id)):
		// How the run ends is settled; this cleanup is over, the others go on.
		f.line(levelError, st.id, fmt.Sprintf("Step %s failed while the run was cleaned up: %s", st.id, fail.Message))
		if c == nil {
			f.pos.move(t, nil)
			break
		}
		c.guard.doom = void
		f.pos.leave(c, leaving{}, t)
	case at == nil:
		return f.fatal(t, fail)
	default:
		f.offer(at, t, fail)
	}
	f.advance()
	return f.over()
}

// offer tells the owner of a scope of a failure inside, after everything else in the scope has come to its end.
func (f *frame) offer(at *scope, t token, fail *node.Error) {
	fault := *fail
	fault.Port, fault.Cause = "", nil
	fault.Stack = f.stack(t, fail, at)
	f.pos.revive(at)
	at.guard.fault = &fault
	f.pos.leave(at, leaving{why: failed}, t)
}

// fatal ends the run with a failure, after the cleanups of what is still open.
func (f *frame) fatal(t token, fail *node.Error) *ending {
	at := cmp.Or(fail.Step, f.plan.steps[t.step].id)
	end := &ending{status: Failed, failure: &casare.JobError{NodeID: at, ErrorType: fail.Type, Message: fail.Message}}
	if fail.Unknown {
		end.attention = fmt.Sprintf("Step %s may only run once. It failed, and nobody knows whether it had its effect: %s", at, fail.Message)
	}
	f.pos.leave(f.pos.scopes[root], leaving{why: ended, ending: end}, t)
	return f.over()
}

// over is how the run ends when nothing is left to do; nil when there is.
func (f *frame) over() *ending {
	if _, more := f.pos.peek(); more {
		return nil
	}
	if exit := f.pos.scopes[root].guard.exit; exit != nil {
		return exit.ending
	}
	return &ending{status: Completed}
}

// tidy runs the cleanups of a run that was cancelled, if it is one that cleans up: in a time of their own, because that of the run is over.
func (f *frame) tidy(ctx context.Context, end *ending) {
	if end.status != Cancelled && end.status != TimedOut || !f.run.opts.Cleanup && !f.plan.doc.Settings.Cleanup {
		return
	}
	f.windUp(ctx, end)
}

// windUp ends everything in the frame and runs the cleanups of what is open, with an ending that is settled.
func (f *frame) windUp(ctx context.Context, end *ending) {
	f.absorbAll()
	if !f.pos.closing() {
		f.pos.leave(f.pos.scopes[root], leaving{why: ended, ending: end}, token{scope: root, why: arrived})
	}
	if f.over() != nil {
		return
	}
	if f.parent == nil {
		f.line(levelInfo, "", "Workflow "+string(end.status)+": cleaning up")
	}
	f.undebugged = true // nobody may hold up the end of what was cancelled
	ctx, cancel := context.WithTimeoutCause(context.WithoutCancel(ctx), cleanupTime, fmt.Errorf("the cleanup took longer than %v", cleanupTime))
	defer cancel()
	if other := f.walk(ctx); other != nil && other != end && other.failure != nil {
		f.line(levelError, other.failure.NodeID, "The cleanup did not come to its end: "+other.failure.Message)
	}
}

// stack says where an error happened, for people: the step, the constructs around it, and the error that was being handled meanwhile.
func (f *frame) stack(t token, fail *node.Error, at *scope) string {
	var text, before strings.Builder
	text.WriteString(fail.Stack)
	if fail.Stack == "" {
		fmt.Fprintf(&text, "%s: %s\n  at step %s", fail.Type, fail.Message, f.place(t.step))
	}
	inner := true
	for s := f.pos.outer(t); s.kind != scopeRoot; s = f.pos.scopes[s.parent] {
		if fail.Stack == "" {
			fmt.Fprintf(&text, "\n  in %s of step %s", s.body, f.place(s.owner))
		}
		if was := s.guard.fault; inner && before.Len() == 0 && was != nil && s.kind != scopeRetry && was.Stack != fail.Stack {
			before.WriteString("\nwhile this was being handled:\n" + was.Stack)
		}
		inner = inner && s != at
	}
	text.WriteString(before.String())
	if text.Len() > maxStack {
		return strings.ToValidUTF8(text.String()[:maxStack], "") + "…"
	}
	return text.String()
}

func (f *frame) place(i int) string {
	return f.plan.steps[i].id + " (" + f.plan.steps[i].typ + ")"
}

// exit leaves an enclosing scope; false when there is none of the kind that was asked for.
func (f *frame) exit(t token, e *node.Exit) bool {
	owner := -1
	if e.Owner != "" {
		i, ok := f.plan.index[e.Owner]
		if !ok {
			return false
		}
		owner = i
	}
	st := &f.plan.steps[t.step]
	switch e.Kind {
	case node.ExitEnd, node.ExitContinue, node.ExitBreak:
		return f.exitLoop(t, e.Kind, owner)
	case node.ExitDecline:
		s := f.pos.construct(t, st.partOf)
		if s == nil {
			return false
		}
		f.went(t)
		f.pos.leave(s, leaving{why: declined}, t)
	case node.ExitSucceed:
		s := f.pos.nearest(t, scopeRetry, owner)
		if s == nil {
			return false
		}
		f.went(t)
		f.pos.leave(s, leaving{why: ended, then: st.leave[workflow.PortOut]}, t)
	case node.ExitGiveUp:
		s := f.pos.nearest(t, scopeRetry, owner)
		if s == nil {
			return false
		}
		f.went(t)
		f.offer(s, t, e.Err)
	}
	return true
}

// exitLoop leaves an enclosing loop, or the present round of it.
func (f *frame) exitLoop(t token, kind node.ExitKind, owner int) bool {
	loop := f.pos.nearest(t, scopeLoop, owner)
	if loop == nil {
		return f.crosses(t, kind, owner)
	}
	f.went(t)
	switch kind {
	case node.ExitContinue:
		f.pos.leave(loop, leaving{why: continued}, t)
	case node.ExitBreak:
		f.pos.leave(loop, leaving{why: broken}, t)
	case node.ExitEnd, node.ExitSucceed, node.ExitGiveUp, node.ExitDecline:
		f.pos.move(t, nil)
	}
	return true
}

// ends says whether control has reached a part of the try it stands in by a wire: that is the end of the try's present phase, not the
// beginning of the part.
func (f *frame) ends(t token) bool {
	st := &f.plan.steps[t.step]
	if st.partOf < 0 || t.why != arrived {
		return false
	}
	s := f.pos.construct(t, st.partOf)
	return s != nil && (s.id != t.scope || s.body != st.part || s.done.has(t.step))
}

// spent keeps in mind that a step which must not run twice has run in the retries around it.
func (f *frame) spent(t token, known bool) {
	if f.parent != nil {
		f.remember(f.path(t, f.pos.scopes[root]), known)
	}
	for s := f.pos.outer(t); s.kind != scopeRoot; s = f.pos.scopes[s.parent] {
		if s.kind != scopeRetry {
			continue
		}
		s.guard.remember(f.path(t, s), known)
	}
}

// ran says whether a step that must not run twice has run in an earlier attempt of a retry around it, and whether it is known how it ended.
func (f *frame) ran(t token) (known, ran bool) {
	for s := f.pos.outer(t); s.kind != scopeRoot; s = f.pos.scopes[s.parent] {
		if s.kind != scopeRetry || len(s.guard.once) == 0 {
			continue
		}
		if known, ran = s.guard.once[f.path(t, s)]; ran {
			return known, true
		}
	}
	return f.ranAround(f.path(t, f.pos.scopes[root]))
}

// path names the place where a step runs inside a scope: the loops between them with their rounds, and the step.
func (f *frame) path(t token, within *scope) string {
	parts := []string{f.plan.steps[t.step].id}
	for s := f.pos.outer(t); s != within; s = f.pos.scopes[s.parent] {
		if s.kind == scopeLoop {
			parts = append(parts, fmt.Sprintf("%s#%d", f.plan.steps[s.owner].id, s.guard.round))
		}
	}
	slices.Reverse(parts)
	return strings.Join(parts, "/")
}

// repeated deals with a step that must not run twice and has run in an earlier attempt of a retry: it is passed over when it is known to
// have succeeded, and else fails without having run. done is false when it is to run.
func (f *frame) repeated(t token) (done bool, end *ending) {
	st := &f.plan.steps[t.step]
	if st.effect != node.Once || t.why != arrived {
		return false, nil
	}
	known, ran := f.ran(t)
	if !ran {
		return false, nil
	}
	if !known {
		fail := &node.Error{
			Type: TypeUnknown, Step: st.id, Unknown: true,
			Message: fmt.Sprintf("step %s may only run once; it failed in an earlier attempt, and nobody knows whether it had its effect", st.id),
		}
		f.tell(casare.StepEvent{Step: st.id, State: casare.StepFailed, Message: fail.Message}, st)
		return true, f.raise(t, fail)
	}
	f.line(levelInfo, st.id, fmt.Sprintf("Step %s may only run once and has run in an earlier attempt: it is passed over", st.id))
	f.went(t)
	f.pos.move(t, st.exec)
	f.track(t)
	f.tell(casare.StepEvent{Step: st.id, State: casare.StepSkipped}, st)
	return true, nil
}

// Wired implements node.Flow.
func (h *host) Wired(port string) bool { return len(h.step.leave[port]) > 0 }

// Parts implements node.Flow.
func (h *host) Parts() workflow.Parts {
	f, own := h.frame, h.step.parts
	takesPart := func(id string) bool { return f.only == nil || f.only.has(f.plan.index[id]) }
	out := workflow.Parts{}
	for _, id := range own.Catches {
		if takesPart(id) {
			out.Catches = append(out.Catches, id)
		}
	}
	if own.Finally != "" && takesPart(own.Finally) {
		out.Finally = own.Finally
	}
	return out
}

// Empty implements node.Flow.
func (h *host) Empty() bool {
	to := h.step.leave[workflow.PortOut]
	for _, i := range to {
		st := &h.frame.plan.steps[i]
		if st.partOf < 0 || h.frame.plan.steps[st.partOf].id != h.step.id || len(st.leave[st.ports.Part.Body]) == 0 {
			return false
		}
	}
	return len(to) > 0
}

// Fault implements node.Flow.
func (h *host) Fault() (fault *node.Error, open bool) {
	p := h.frame.pos
	if h.at.step < 0 {
		return nil, false
	}
	if h.at.why != arrived && h.at.why != again {
		return p.scopes[h.at.scope].guard.fault, true
	}
	if h.step.partOf < 0 {
		return nil, false
	}
	s := p.construct(h.at, h.step.partOf)
	if s == nil {
		return nil, false
	}
	return s.guard.fault, true
}

var _ node.Flow = (*host)(nil)

// join finds the parts of every try and makes them ports of it.
func (p *Plan) join() {
	for i := range p.steps {
		p.steps[i].partOf = -1
	}
	pairs := workflow.Pairs(p.graph, func(s *workflow.Step) workflow.Ports { return p.steps[p.index[s.ID]].ports })
	for i := range p.steps {
		if p.steps[i].ports.Parted {
			p.joinParts(i, pairs[p.steps[i].id])
		}
	}
}

// joinParts makes the parts of one try ports of it, and says where control goes when it is over: behind its finally, then behind itself.
func (p *Plan) joinParts(owner int, parts workflow.Parts) {
	st := &p.steps[owner]
	st.parts = parts
	own := map[int]bool{}
	add := func(kind workflow.PartKind, n int, scope scopeKind, id string) {
		port, at := node.PartPort(kind, n), p.index[id]
		st.bodies[port], st.leave[port] = scope, []int{at}
		p.steps[at].part, p.steps[at].partOf = port, owner
		own[at] = true
	}
	var after []int
	for n, id := range parts.Catches {
		add(workflow.PartCatch, n, scopeTry, id)
	}
	if parts.Finally != "" {
		add(workflow.PartFinally, 0, scopeFinally, parts.Finally)
		after = slices.Clone(p.steps[p.index[parts.Finally]].leave[workflow.PortOut])
	}
	for _, id := range parts.Catches {
		// Without steps of its own a catch lets control pass to its exec_out when it handles an error.
		if c := &p.steps[p.index[id]]; len(c.leave[c.ports.Part.Body]) > 0 {
			after = append(after, c.leave[workflow.PortOut]...)
		}
	}
	var next []int
	for _, to := range append(after, st.leave[workflow.PortOut]...) {
		if !own[to] && !slices.Contains(next, to) {
			next = append(next, to)
		}
	}
	st.leave[node.PortAfter] = next
}

// Workflow implements node.Teller.
func (h *host) Workflow() string { return h.frame.plan.doc.Name }

// Notice implements node.Teller.
func (h *host) Notice(level, text string) { h.frame.line(level, h.step.id, text) }
