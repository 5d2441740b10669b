package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"casare"
	"casare/node"
	"casare/value"
)

// pull computes a step that has no exec wires because a running step needs its outputs: once for each execution of that consumer,
// however many ways lead to it. A failure is left in the consumer's host.
func (r *run) pull(ctx context.Context, consumer *host, i int) {
	top := consumer.top()
	if top.failed != nil || slices.Contains(top.pulled, i) {
		return
	}
	st := &r.plan.steps[i]
	if slices.Contains(consumer.chain, i) || len(consumer.chain) >= maxPull {
		top.failed = node.AsError(node.Fail("", "step %s needs its own value, or the chain of computed steps is longer than %d", st.id, maxPull), st.id)
		return
	}
	h := &host{run: r, step: st, at: token{step: -1}, above: consumer, chain: append(slices.Clone(consumer.chain), i)}
	h.pull = func(next int) { r.pull(ctx, h, next) }
	if st.doc.Disabled {
		r.feed(h, st)
		r.vals.publish(i, r.passed(st))
	} else if err := r.compute(ctx, h, i); err != nil && top.failed == nil {
		top.failed = node.AsError(err, st.id)
	}
	top.pulled = append(top.pulled, i)
	if r.prog.finish(i) {
		r.prog.update(r.plan, r.pos)
	}
}

// feed computes what a disabled step passes on.
func (r *run) feed(h *host, st *step) {
	for _, f := range st.feeds {
		if r.plan.steps[f.from].pulled {
			h.pull(f.from)
		}
	}
}

// compute runs a pulled step. It is an event but no entry of the order.
func (r *run) compute(ctx context.Context, h *host, i int) error {
	began := r.opts.Now()
	r.tell(casare.StepEvent{Step: h.step.id, State: casare.StepStarted}, h.step)
	out, err := r.evaluate(ctx, h, i)
	took := r.opts.Now().Sub(began).Microseconds()
	if err == nil {
		err = r.settled(h, out)
	}
	if err != nil {
		r.tell(casare.StepEvent{Step: h.step.id, State: casare.StepFailed, Micros: took, Message: err.Error()}, h.step)
		return err
	}
	if out.Outputs != nil {
		r.vals.publish(i, out.Outputs)
	}
	r.tell(casare.StepEvent{Step: h.step.id, State: casare.StepCompleted, Micros: took}, h.step)
	return nil
}

func (r *run) evaluate(ctx context.Context, h *host, i int) (node.Outcome, error) {
	bound, err := r.bind(i)
	if err != nil {
		return node.Outcome{}, err
	}
	in, err := r.inputs(h, h.step)
	if err != nil {
		return node.Outcome{}, err
	}
	return bound.Exec(ctx, h, in)
}

// settled refuses what a computed step cannot do: it has no place in the flow.
func (r *run) settled(h *host, out node.Outcome) error {
	if failed := h.top().failed; failed != nil {
		return failed
	}
	if out.Sleep > 0 || out.Open != "" {
		return node.AsError(fmt.Errorf("step %s is computed when it is needed, so it can neither wait nor loop", h.step.id), h.step.id)
	}
	return nil
}

// passed collects what a disabled step lets through: to the outputs of the same name, and from x_in to x_out. Only wires count: its config is switched off with it.
func (r *run) passed(st *step) *value.Dict {
	out := value.NewDict()
	for _, f := range st.feeds {
		v, ok := r.vals.output(f.from, f.port)
		if !ok {
			continue
		}
		to := f.to
		if stem, isIn := strings.CutSuffix(to, "_in"); isIn && !slices.Contains(st.ports.Out, to) {
			to = stem + "_out"
		}
		if slices.Contains(st.ports.Out, to) {
			out.Set(to, v)
		}
	}
	return out.Dict()
}
