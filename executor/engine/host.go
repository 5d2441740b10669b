package engine

import (
	"context"
	"log/slog"
	"strings"
	"time"

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
	frame  *frame
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
func (f *frame) host(ctx context.Context, st *step) *host {
	h := &host{frame: f, step: st, at: token{step: -1}}
	h.pull = func(i int) { f.pull(ctx, h, i) }
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
	if i, ok := h.frame.plan.index[name]; ok && h.frame.plan.steps[i].pulled && h.frame.plan.steps[i].id != h.step.id {
		if _, hidden := h.frame.vals.variable(name); !hidden {
			h.pull(i)
		}
	}
	return h.frame.vals.named(name)
}

// system returns the value of a name the engine knows by itself.
func (h *host) system(name string) (value.Value, bool) {
	now := h.frame.run.opts.Now()
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
	case "$workspace":
		folder, err := h.Files().Path(".") // made now, if need be: a command may want to begin in it
		return folder, err == nil
	}
	if strings.HasPrefix(name, secretName) {
		return h.frame.run.secret(name)
	}
	return nil, false
}

// Var implements node.Host.
func (h *host) Var(name string) (value.Value, bool) { return h.frame.vals.variable(name) }

// SetVar implements node.Host.
func (h *host) SetVar(name string, v value.Value) { h.frame.vals.set(name, v) }

// Line implements node.Host.
func (h *host) Line(level, text string) {
	text = h.frame.run.mask.clean(text)
	h.frame.book.write(text)
	h.frame.line(level, h.step.id, text)
}

// Logger implements node.Host.
func (h *host) Logger() *slog.Logger { return h.frame.run.log.With(slog.String("step", h.step.id)) }

// Now implements node.Host.
func (h *host) Now() time.Time { return h.frame.run.opts.Now() }

// Files implements node.Host.
func (h *host) Files() node.Files {
	if h.frame.run.opts.Files == nil {
		return node.NoFiles()
	}
	return h.frame.run.opts.Files
}
