package engine

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"casare"
	"casare/node"
	"casare/value"
)

// The levels of lines the engine writes itself.
const (
	levelInfo    = "INFO"
	levelWarning = "WARNING"
	levelError   = "ERROR"
)

// host is what one execution of a step sees of the run.
type host struct {
	run    *run
	step   *step
	at     token          // what is being run; its step is -1 when that is no token
	pull   func(step int) // computes a step that has no exec wires
	above  *host          // the consumer for which this step is computed; nil when it runs itself
	chain  []int          // the steps being computed, from the consumer's side
	pulled []int          // top only: what has been computed for this execution
	failed *node.Error    // top only: a computed step that failed
}

var _ node.Host = (*host)(nil)

// host makes the host for one execution of a step that control has reached.
func (r *run) host(ctx context.Context, st *step) *host {
	h := &host{run: r, step: st, at: token{step: -1}}
	h.pull = func(i int) { r.pull(ctx, h, i) }
	return h
}

// top is the host of the step that control has reached.
func (h *host) top() *host {
	for h.above != nil {
		h = h.above
	}
	return h
}

// Lookup implements node.Host.
func (h *host) Lookup(name string) (value.Value, bool) {
	if strings.HasPrefix(name, "$") {
		return h.system(name)
	}
	// A reference by name is as good a need as a wire. A variable of that name hides the step.
	if i, ok := h.run.plan.index[name]; ok && h.run.plan.steps[i].pulled && h.run.plan.steps[i].id != h.step.id {
		if _, hidden := h.run.vals.variable(name); !hidden {
			h.pull(i)
		}
	}
	return h.run.vals.named(name)
}

// system returns the value of a name the engine knows by itself.
func (h *host) system(name string) (value.Value, bool) {
	now := h.run.opts.Now()
	switch name {
	case "$currentDate":
		return now.Format("2006-01-02"), true
	case "$currentTime":
		return now.Format("15:04:05"), true
	case "$currentDateTime":
		// Python's isoformat leaves out a fraction that is zero.
		if now.Nanosecond()/1000 == 0 {
			return now.Format("2006-01-02T15:04:05"), true
		}
		return now.Format("2006-01-02T15:04:05.000000"), true
	case "$timestamp":
		return now.Unix(), true
	}
	return nil, false
}

// Var implements node.Host.
func (h *host) Var(name string) (value.Value, bool) { return h.run.vals.variable(name) }

// SetVar implements node.Host.
func (h *host) SetVar(name string, v value.Value) { h.run.vals.set(name, v) }

// Line implements node.Host.
func (h *host) Line(level, text string) {
	r := h.run
	r.logged++
	if r.logged <= MaxEntries {
		r.logs = append(r.logs, text)
	}
	r.line(level, h.step.id, text)
}

// Logger implements node.Host.
func (h *host) Logger() *slog.Logger { return h.run.log.With(slog.String("step", h.step.id)) }

// Now implements node.Host.
func (h *host) Now() time.Time { return h.run.opts.Now() }

// line tells the sink of a line of the log. The logs of the result are only what steps write.
func (r *run) line(level, step, text string) {
	if r.opts.Sink == nil {
		return
	}
	r.opts.Sink.LogLine(casare.LogLine{
		N: r.lines, Time: casare.TimeOf(r.opts.Now()), Level: strings.ToUpper(level), Message: text, Step: step,
	})
	r.lines++
}

// tell tells the sink of a step.
func (r *run) tell(e casare.StepEvent, st *step) {
	if r.opts.Sink == nil {
		return
	}
	e.N, e.Time, e.Type, e.Progress = r.events, casare.TimeOf(r.opts.Now()), st.typ, r.prog.percent
	r.events++
	r.opts.Sink.StepEvent(e)
}
