package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"strings"
	"time"

	"casare"
	"casare/value"
	"casare/workflow/template"
)

// The caps on what a stop shows.
const (
	maxShown    = 2 << 10 // bytes of one value
	maxShownAll = 128 << 10
	maxStackLen = 64
	evalTime    = time.Second // for one watch or condition
)

// inspect is where the debugger may stop the run: before a step.
func (f *frame) inspect(ctx context.Context, t token) *ending {
	d := f.run.opts.Debug
	if d == nil || !d.armed.Load() || f.undebugged || !f.visible(t) {
		return nil
	}
	if end := f.hold(ctx, d); end != nil {
		return end
	}
	reason, text := d.reason(ctx, f, t)
	for reason != "" && !d.enter(f) {
		// Another branch was faster. Where it stopped is as good an end of a pause or a step as here; a breakpoint is not.
		if reason != stopBreakpoint && reason != stopCondition {
			reason = ""
		}
		if end := f.hold(ctx, d); end != nil {
			return end
		}
	}
	if reason == "" {
		return nil
	}
	return f.stopped(ctx, d, t, reason, text)
}

// visible says whether a token is something a person steps through: an execution that counts.
func (f *frame) visible(t token) bool {
	return f.counts(t) && f.due(t) && !f.ends(t) && !f.plan.steps[t.step].doc.Disabled
}

// hold waits as long as another branch of the run is stopped.
func (f *frame) hold(ctx context.Context, d *Debugger) *ending {
	for {
		d.mu.Lock()
		gate := d.gate
		stopped := d.at != nil
		d.mu.Unlock()
		if !stopped {
			return nil
		}
		select {
		case <-gate:
		case <-ctx.Done():
			return f.interrupted(ctx)
		case <-f.stop():
			return f.interrupted(ctx)
		}
	}
}

// enter makes f the frame that is stopped; false when another one was faster.
func (d *Debugger) enter(f *frame) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.at != nil {
		return false
	}
	d.at, d.gate = f, make(chan struct{})
	d.start, d.pause, d.until, d.runTo = false, false, nil, ""
	d.arm()
	return true
}

// goOn lets the run go on.
func (d *Debugger) goOn() {
	d.mu.Lock()
	d.at = nil
	d.arm()
	close(d.gate)
	d.state = casare.DebugState{Stops: d.state.Stops}
	state := d.stateNow()
	d.mu.Unlock()
	d.notice(state)
}

// stopped keeps the run where it is until it is told to go on. A stop is worth a checkpoint: nobody knows how long it lasts.
func (f *frame) stopped(ctx context.Context, d *Debugger, t token, reason, text string) *ending {
	going := false
	defer func() {
		if !going {
			d.goOn()
		}
	}()
	st := &f.plan.steps[t.step]
	f.line(levelInfo, st.id, fmt.Sprintf("Stopped before step %s: %s", st.id, text))
	if end := f.note(ctx); end != nil {
		return end
	}
	since := casare.TimeOf(f.run.opts.Now())
	show := func() casare.DebugState {
		state := f.show(ctx, d, t)
		d.mu.Lock()
		defer d.mu.Unlock()
		stops := d.state.Stops
		if !d.state.Paused {
			stops++
		}
		state.Paused, state.Reason, state.Text, state.Since, state.Stops = true, reason, text, since, stops
		d.state = state
		return d.stateNow()
	}
	d.notice(show())
	d.tell()
	for {
		idle := time.NewTimer(d.idle())
		select {
		case r := <-d.asked:
			idle.Stop()
			goesOn, err := r.do(ctx, f, t)
			if going = goesOn && err == nil; going {
				d.goOn()
			} else {
				show()
			}
			r.done <- err
			if going {
				return nil
			}
		case <-ctx.Done():
			idle.Stop()
			return f.interrupted(ctx)
		case <-f.stop():
			idle.Stop()
			return f.interrupted(ctx)
		case <-idle.C:
			if over, cancel := d.abandoned(); cancel {
				return &ending{status: Cancelled, broken: true, failure: &casare.JobError{
					NodeID: f.prefix + st.id, ErrorType: TypeCancelled, Message: "the debugger was left alone at step " + st.id,
				}}
			} else if over {
				f.line(levelWarning, st.id, "The debugger was left alone: the run goes on without it")
				return nil
			}
		}
	}
}

// idle is how long to wait for a client still.
func (d *Debugger) idle() time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	limit := time.Duration(d.spec.IdleSeconds) * time.Second
	if limit == 0 {
		limit = casare.DefaultIdleSeconds * time.Second
	}
	return max(limit-d.now().Sub(d.seen), time.Millisecond)
}

// abandoned says whether no client has been here for too long, and whether the run is to be cancelled because of that.
func (d *Debugger) abandoned() (over, cancel bool) {
	if d.idle() > time.Millisecond {
		return false, false
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.left = true
	return true, d.spec.OnIdle == casare.IdleCancel
}

// edit sets a variable while the run is stopped. The position has changed, so it is stored anew.
func (f *frame) edit(ctx context.Context, name string, v value.Value) error {
	if old, ok := f.vals.variable(name); ok {
		if _, secret := old.(value.Secret); secret {
			v = value.Conceal(v)
		}
	}
	f.vals.set(name, v)
	f.changed = true
	if end := f.note(ctx); end != nil && end.failure != nil {
		return casare.Errorf(casare.CodeUnavailable, "the variable is set, but its checkpoint is not stored: %s", end.failure.Message)
	}
	return nil
}

// note stores the position, unless the run only cleans up: whoever takes up a run that failed takes it up before the failure.
func (f *frame) note(ctx context.Context) *ending {
	if f.pos.closing() {
		return nil
	}
	return f.checkpoint(ctx, MomentWait)
}

// depth is how deep a token stands in constructs.
func (f *frame) depth(t token) int {
	n := 0
	for range f.around(t) {
		n++
	}
	return n
}

// around goes through the scopes around a token, also those of the frames that this one hangs on, from the inside.
func (f *frame) around(t token) iter.Seq2[*frame, *scope] {
	return func(yield func(*frame, *scope) bool) {
		for s := f.pos.outer(t); ; {
			for ; s.kind != scopeRoot; s = f.pos.scopes[s.parent] {
				if !yield(f, s) {
					return
				}
			}
			if f.parent == nil || f.loose {
				return
			}
			s, f = f.parent.pos.scopes[f.scope], f.parent
		}
	}
}

// lineage lists a frame and those around it.
func lineage(id string) []string {
	out := []string{id}
	for {
		i := strings.LastIndexByte(id, '.')
		if i < 0 {
			return out
		}
		id = id[:i]
		out = append(out, id)
	}
}

// show describes where the run stands before a token.
func (f *frame) show(ctx context.Context, d *Debugger, t token) casare.DebugState {
	st := &f.plan.steps[t.step]
	s := casare.DebugState{Step: f.prefix + st.id, Type: st.typ, Stack: f.calls(t)}
	s.Variables, s.More = f.values()
	d.mu.Lock()
	watches := d.watches
	d.mu.Unlock()
	env := f.eye(ctx, t)
	for _, w := range watches {
		s.Watches = append(s.Watches, env.watch(ctx, w))
	}
	return s
}

// calls is the stack: the step, then what is around it.
func (f *frame) calls(t token) []casare.DebugFrame {
	st := &f.plan.steps[t.step]
	out := []casare.DebugFrame{{Step: f.prefix + st.id, Type: st.typ}}
	inner := f
	for at, s := range f.around(t) {
		if len(out) == maxStackLen {
			break
		}
		owner, body := &at.plan.steps[s.owner], s.body
		if s.kind == scopeFamily {
			body = inner.label
		}
		out = append(out, casare.DebugFrame{Step: at.prefix + owner.id, Type: owner.typ, Body: body, Round: s.guard.round})
		inner = at
	}
	return out
}

// values are the variables and outputs, as far as they fit.
func (f *frame) values() (out []casare.DebugVariable, more int) {
	left := maxShownAll
	add := func(name string, v value.Value, output bool) {
		one := casare.DebugVariable{Name: name, Type: value.TypeName(v), Output: output}
		one.Value, one.Text = f.shown(v)
		if left -= len(one.Name) + len(one.Value) + len(one.Text) + 32; left < 0 {
			more++
			return
		}
		out = append(out, one)
	}
	vars, outs := map[string]bool{}, map[string]bool{}
	for at := f.vals; at != nil; at = at.under {
		for _, name := range at.names {
			if v := at.vars[name]; v != nil && !vars[name] {
				vars[name] = true
				add(name, v.v, false)
			}
			if i, ok := at.plan.index[name]; ok && at.outs[i] != nil && filled(at.outs[i]) && !outs[name] {
				outs[name] = true
				add(name, at.outs[i].v, true)
			}
		}
	}
	return out, more
}

// shown is a value as JSON or, when that is long or there is none, the beginning of its text. Secrets show ***, also where their text
// has found its way into another.
func (f *frame) shown(v value.Value) (raw []byte, text string) {
	raw, err := value.JSON(v)
	if err == nil && len(raw) <= maxShown {
		if clean := []byte(f.run.mask.clean(string(raw))); json.Valid(clean) {
			return clean, ""
		}
	}
	text = f.run.mask.clean(value.Repr(v))
	if len(text) > maxShown {
		text = strings.ToValidUTF8(text[:maxShown], "") + "…"
	}
	return nil, text
}

// eye looks at the values of a frame and changes nothing: no step is computed for it.
type eye struct{ h *host }

func (f *frame) eye(ctx context.Context, t token) eye {
	h := f.host(ctx, &f.plan.steps[t.step])
	h.pull = func(int) {}
	return eye{h}
}

// Lookup implements the environment of expressions and templates.
func (e eye) Lookup(name string) (value.Value, bool) { return e.h.Lookup(name) }

// text fills in a template.
func (e eye) text(source string) string {
	text := value.Str(template.Resolve(source, e))
	if len(text) > casare.MaxDebugText {
		text = strings.ToValidUTF8(text[:casare.MaxDebugText], "") + "…"
	}
	return text
}

// watch evaluates an expression.
func (e eye) watch(ctx context.Context, w watch) casare.DebugWatch {
	out := casare.DebugWatch{Expression: w.source}
	if w.broken != nil {
		out.Error = w.broken.Error()
		return out
	}
	ctx, cancel := context.WithTimeout(ctx, evalTime)
	defer cancel()
	v, err := w.code.Eval(ctx, e)
	if err != nil {
		out.Error = e.h.frame.run.mask.clean(err.Error())
		return out
	}
	out.Value, out.Text = e.h.frame.shown(v)
	return out
}
