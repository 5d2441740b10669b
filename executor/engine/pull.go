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
func (f *frame) pull(ctx context.Context, consumer *host, i int) {
	top := consumer.top()
	if top.failed != nil || slices.Contains(top.pulled, i) {
		return
	}
	st := &f.plan.steps[i]
	if slices.Contains(consumer.chain, i) || len(consumer.chain) >= maxPull {
		top.failed = node.AsError(node.Fail("", "step %s needs its own value, or the chain of computed steps is longer than %d", st.id, maxPull), st.id)
		return
	}
	h := &host{frame: f, step: st, at: token{step: -1}, above: consumer, chain: append(slices.Clone(consumer.chain), i)}
	h.pull = func(next int) { f.pull(ctx, h, next) }
	if st.doc.Disabled {
		f.feed(h, st)
		f.vals.publish(i, f.passed(st))
	} else if err := f.compute(ctx, h, i); err != nil && top.failed == nil {
		top.failed = node.AsError(err, st.id)
	}
	top.pulled = append(top.pulled, i)
	f.finish(i, false)
}

// feed computes what a disabled step passes on.
func (f *frame) feed(h *host, st *step) {
	for _, w := range st.feeds {
		if f.plan.steps[w.from].pulled {
			h.pull(w.from)
		}
	}
}

// compute runs a pulled step. It is an event but no entry of the order.
func (f *frame) compute(ctx context.Context, h *host, i int) error {
	began := f.run.opts.Now()
	f.tell(casare.StepEvent{Step: h.step.id, State: casare.StepStarted}, h.step)
	out, err := f.evaluate(ctx, h, i)
	took := f.run.opts.Now().Sub(began).Microseconds()
	if err == nil {
		err = f.settled(h, out)
	}
	if err != nil {
		f.tell(casare.StepEvent{Step: h.step.id, State: casare.StepFailed, Micros: took, Message: err.Error()}, h.step)
		return err
	}
	if out.Outputs != nil {
		f.vals.publish(i, out.Outputs)
	}
	f.tell(casare.StepEvent{Step: h.step.id, State: casare.StepCompleted, Micros: took}, h.step)
	return nil
}

func (f *frame) evaluate(ctx context.Context, h *host, i int) (node.Outcome, error) {
	bound, err := f.bind(i)
	if err != nil {
		return node.Outcome{}, err
	}
	in, err := f.inputs(h, h.step)
	if err != nil {
		return node.Outcome{}, err
	}
	return bound.Exec(ctx, h, in)
}

// settled refuses what a computed step cannot do: it has no place in the flow.
func (f *frame) settled(h *host, out node.Outcome) error {
	if failed := h.top().failed; failed != nil {
		return failed
	}
	if out.Sleep > 0 || out.Open != "" {
		return node.AsError(fmt.Errorf("step %s is computed when it is needed, so it can neither wait nor loop", h.step.id), h.step.id)
	}
	return nil
}

// passed collects what a disabled step lets through: to the outputs of the same name, and from x_in to x_out. Only wires count: its config is switched off with it.
func (f *frame) passed(st *step) *value.Dict {
	out := value.NewDict()
	for _, w := range st.feeds {
		v, ok := f.vals.output(w.from, w.port)
		if !ok {
			continue
		}
		to := w.to
		if stem, isIn := strings.CutSuffix(to, "_in"); isIn && !slices.Contains(st.ports.Out, to) {
			to = stem + "_out"
		}
		if slices.Contains(st.ports.Out, to) {
			out.Set(to, v)
		}
	}
	return out.Dict()
}
