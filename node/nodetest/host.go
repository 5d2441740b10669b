// Package nodetest helps to test node types: a Host in memory, one execution of one step, the comparison of the recorded cases,
// and the rules every type must keep.
package nodetest

import (
	"log/slog"
	"time"

	"casare/node"
	"casare/value"
)

// Host is a node.Host in memory. Its clock stands at a fixed time.
type Host struct {
	before *value.Dict
	vars   *value.DictBuilder
	lines  []string
	time   time.Time
	files  node.Files
}

var _ node.Host = (*Host)(nil)

// NewHost returns a host with these variables; nil is none.
func NewHost(vars *value.Dict) *Host {
	return &Host{before: vars, vars: vars.Edit(), time: time.Date(2024, 3, 15, 10, 0, 0, 0, time.UTC), files: node.NoFiles()}
}

// Lookup implements node.Host: variables are all there is.
func (h *Host) Lookup(name string) (node.Value, bool) { return h.Var(name) }

// Var implements node.Host.
func (h *Host) Var(name string) (node.Value, bool) { return h.vars.Get(name) }

// SetVar implements node.Host.
func (h *Host) SetVar(name string, v node.Value) { h.vars.Set(name, v) }

// Line implements node.Host.
func (h *Host) Line(_, text string) { h.lines = append(h.lines, text) }

// Logger implements node.Host; it discards.
func (h *Host) Logger() *slog.Logger { return slog.New(slog.DiscardHandler) }

// Now implements node.Host.
func (h *Host) Now() time.Time { return h.time }

// Files implements node.Host; it refuses everything until WithFiles.
func (h *Host) Files() node.Files { return h.files }

// WithFiles gives the host this access to files, and returns the host.
func (h *Host) WithFiles(f node.Files) *Host {
	h.files = f
	return h
}

// Lines returns what was written to the log.
func (h *Host) Lines() []string { return h.lines }

// Variables returns the variables as they are now.
func (h *Host) Variables() *value.Dict { return h.vars.Dict() }

// Changed returns the variables that were created or changed.
func (h *Host) Changed() *value.Dict {
	out := value.NewDict()
	for name, v := range h.vars.Dict().All() {
		if old, ok := h.before.Get(name); !ok || !value.Equal(old, v) {
			out.Set(name, v)
		}
	}
	return out.Dict()
}

// Workflow implements node.Teller.
func (h *Host) Workflow() string { return "t" }

// Notice implements node.Teller; it discards.
func (h *Host) Notice(_, _ string) {}
