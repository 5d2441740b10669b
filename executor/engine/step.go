package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strconv"
	"time"

	"casare"
	"casare/node"
	"casare/value"
	"casare/workflow"
)

// attempts repeats a failing step. A pure step would only fail again, and what failed with unknown outcome must never run twice. The wait
// before another attempt is part of the position, as a sleep is: parked says that the step is to be left where it is.
func (f *frame) attempts(ctx context.Context, t token, st *step) (out node.Outcome, fail *node.Error, parked bool) {
	if t.why == woken && f.pos.scopes[t.scope].nap.expired {
		return node.Outcome{}, f.timedOut(st), false
	}
	made := 0
	if t.why == again {
		made = f.pos.scopes[t.scope].nap.tries
	}
	for {
		out, fail = f.once(ctx, t, st)
		made++
		if fail != nil && st.effect == node.Once {
			fail.Unknown = !fail.Harmless
		}
		retries, wait := f.retries(t, st)
		if fail == nil || fail.Unknown || made > retries || ctx.Err() != nil {
			return out, fail, false
		}
		f.line(levelWarning, st.id, fmt.Sprintf("Step %s failed, attempt %d of %d: %s", st.id, made, retries+1, fail.Message))
		if d := wait(made); d > 0 {
			f.park(t, made, d)
			return out, nil, true
		}
	}
}

// retries says how often a step may be tried again: as its own parameters say, else as the document does.
func (f *frame) retries(t token, st *step) (n int, wait func(n int) time.Duration) {
	none := func(int) time.Duration { return 0 }
	if st.effect == node.Pure || t.why == joined {
		return 0, none
	}
	if b := f.bound[t.step]; b != nil {
		if n, wait, ok := b.Retries(); ok {
			return n, wait
		}
	}
	return f.plan.doc.Settings.RetryCount, none
}

// park leaves a step that failed where it is until it is to be tried again.
func (f *frame) park(t token, made int, d time.Duration) {
	now := casare.TimeOf(f.run.opts.Now())
	n := nap{begun: now, wake: casare.TimeOf(now.Std().Add(d)), tries: made, as: t.why}
	saved := node.Saved{}
	if t.why != arrived {
		s := f.pos.scopes[t.scope]
		n.begun, saved = cmp.Or(s.nap.begun, now), s.saved
		if t.why == again {
			n.as = s.nap.as
		}
	}
	f.pos.park(t, saved, n)
}

// once gathers the step's inputs and calls its node under the time limit of a step.
func (f *frame) once(ctx context.Context, t token, st *step) (node.Outcome, *node.Error) {
	if limit := f.plan.doc.Settings.StepTimeout; limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, limit, errStepTimeout)
		defer cancel()
	}
	out, err := f.call(ctx, t, st)
	if err == nil {
		return out, nil
	}
	if errors.Is(context.Cause(ctx), errStepTimeout) {
		return out, f.timedOut(st)
	}
	fail := node.AsError(err, st.id)
	if shown := f.run.mask.clean(fail.Message); shown != fail.Message {
		hidden := *fail // the node may hand out one error many times
		hidden.Message = shown
		fail = &hidden
	}
	if fail.Cause != nil && fail.Type == node.TypePanic {
		f.run.log.ErrorContext(ctx, "node type panicked", slog.String("step", st.id), slog.String("type", st.typ), slog.Any("error", fail.Cause))
	}
	return out, fail
}

// errStepTimeout is the cause of a context that ended because one step took too long.
var errStepTimeout = errors.New("step timed out")

func (f *frame) timedOut(st *step) *node.Error {
	seconds := strconv.FormatFloat(f.plan.doc.Settings.StepTimeout.Seconds(), 'f', -1, 64)
	return &node.Error{Type: TypeTimeout, Step: st.id, Message: fmt.Sprintf("Node %s timed out after %ss", st.id, seconds)}
}

// call runs or resumes the node. The kit turns a node's panic into an error; one in what surrounds it, such as an expression, must not
// take the robot's other jobs down either.
func (f *frame) call(ctx context.Context, t token, st *step) (out node.Outcome, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &node.Error{
				Type: node.TypePanic, Step: st.id, Message: fmt.Sprintf("step %s hit a bug: %v", st.id, p),
				Cause: fmt.Errorf("panic: %v\n%s", p, debug.Stack()),
			}
		}
	}()
	bound, err := f.bind(t.step)
	if err != nil {
		return node.Outcome{}, err
	}
	h := f.host(ctx, st)
	in, err := f.inputs(h, st)
	if err != nil {
		return node.Outcome{}, node.NoEffect(err)
	}
	h.at = t
	as := t.why
	if as == again {
		as = f.pos.scopes[t.scope].nap.as
	}
	if as == arrived {
		out, err = bound.Exec(ctx, h, in)
	} else {
		s := f.pos.scopes[t.scope]
		out, err = bound.Resume(ctx, h, in, s.saved, f.event(s, as))
	}
	// A computed step that failed is the true reason, whatever the consumer made of the missing value.
	if h.failed != nil {
		return node.Outcome{}, h.failed
	}
	return out, err
}

// event is what the owner of a scope is told when it is called again.
func (f *frame) event(s *scope, as why) node.Event {
	e := node.Event{Kind: as.event(), Body: s.body, Err: s.guard.fault}
	if as != joined {
		return e
	}
	e.Branches = f.results(s)
	if s.kids.called() {
		e.Kind = node.Returned
	}
	return e
}

// bind returns the node of a step, made when the step runs for the first time.
func (f *frame) bind(i int) (*node.Bound, error) {
	if f.bound[i] != nil {
		return f.bound[i], nil
	}
	b, problems := f.plan.registry.Bind(f.plan.steps[i].doc)
	if b == nil {
		return nil, workflow.Err(problems)
	}
	f.bound[i] = b
	return b, nil
}

// inputs collects what arrives by wire, computing what has to be computed. Of two wires into one port the later one wins, and a wire
// that carries nothing leaves the port alone.
func (f *frame) inputs(h *host, st *step) (map[string]value.Value, error) {
	if len(st.feeds) == 0 {
		return f.given(nil), nil
	}
	in := make(map[string]value.Value, len(st.feeds))
	for _, w := range st.feeds {
		if f.plan.steps[w.from].pulled {
			h.pull(w.from)
			if h.failed != nil {
				return nil, h.failed
			}
		}
		if v, ok := f.vals.output(w.from, w.port); ok {
			in[w.to] = v
		}
	}
	return f.given(in), nil
}
