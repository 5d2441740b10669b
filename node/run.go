package node

import (
	"fmt"
	"log/slog"
	"maps"
	"time"

	"github.com/fxamacker/cbor/v2"

	"casare/value"
)

// Run is what a node may do while it runs. It is used only until Run or Resume returns.
type Run struct {
	bound *Bound
	host  Host
	saved Saved
	out   Outcome
	state any
	taken bool
	or    map[string]string
	keep  bool // outputs stay as they are
	part  bool // what opens is a step of its own

	wires map[string]Value   // what arrives
	more  *value.DictBuilder // outputs that are no fields

	tainted bool // the node works with the text of a secret: see taint.go
}

// Step returns the id of the step.
func (r *Run) Step() string { return r.bound.step }

// Take names the ports that control leaves by, in order. Without it control leaves by exec_out; Take() ends the path.
func (r *Run) Take(ports ...string) {
	r.out.Next, r.taken = ports, true
}

// Or names another port for control to leave by where nothing is wired to the port taken: some types know a port by two names.
func (r *Run) Or(port, other string) {
	if r.or == nil {
		r.or = make(map[string]string, 1)
	}
	r.or[port] = other
}

// Open starts the scope behind a Body port; in Resume it starts the scope's next iteration. Without it a resumed step closes its
// scope.
func (r *Run) Open(body string) { r.out.Open = body }

// Leave asks to leave an enclosing scope: that of the step owner, or the innermost that fits when owner is "". If there is none, the
// step goes on as if it had not asked.
func (r *Run) Leave(kind ExitKind, owner string) { r.out.Exit = &Exit{Kind: kind, Owner: owner} }

// Sleep ends this execution and asks for another one, Resume with Woken, when the time is over. No time is no sleep.
func (r *Run) Sleep(d time.Duration) { r.out.Sleep = max(d, 0) }

// State fills the struct p points to with what the last execution of this control step left in its own, and saves it after this
// one. Its fields carry cbor tags. Call it at most once per execution.
func (r *Run) State(p any) error {
	r.state = p
	if len(r.saved.State) == 0 {
		return nil
	}
	if err := cbor.Unmarshal(r.saved.State, p); err != nil {
		return fmt.Errorf("read saved state of step %s: %w", r.bound.step, err)
	}
	return nil
}

// Keep stores a value that does not change for as long as the scope lives, such as the items of a loop, and returns what is stored: the
// first value kept under the name.
func (r *Run) Keep(name string, v Value) Value {
	if old, ok := r.saved.Kept[name]; ok {
		return old
	}
	if r.tainted {
		v = value.Conceal(v)
	}
	r.unshared()[name] = v
	return v
}

// unshared returns what is kept, as a map that nobody else holds.
func (r *Run) unshared() map[string]Value {
	kept := maps.Clone(r.saved.Kept)
	if kept == nil {
		kept = make(map[string]Value, 1)
	}
	r.saved.Kept = kept
	return kept
}

// Kept returns what Keep stored under the name in this scope; nil when nothing.
func (r *Run) Kept(name string) Value { return r.saved.Kept[name] }

// KeepOutputs leaves the outputs of the execution before in place.
func (r *Run) KeepOutputs() { r.keep = true }

// Var returns a variable of the run.
func (r *Run) Var(name string) (Value, bool) { return r.host.Var(name) }

// SetVar creates or replaces a variable of the run.
func (r *Run) SetVar(name string, v Value) {
	if r.tainted {
		v = value.Conceal(v)
	}
	r.host.SetVar(name, v)
}

// Lookup returns what a bare name means: a variable or the outputs of a step, whichever was written last.
func (r *Run) Lookup(name string) (Value, bool) { return r.host.Lookup(name) }

// Line writes one line to the workflow's own log.
func (r *Run) Line(level, text string) { r.host.Line(level, text) }

// Log is for what an operator should know.
func (r *Run) Log() *slog.Logger { return r.host.Logger() }

// Now is the time of the run's clock.
func (r *Run) Now() time.Time { return r.host.Now() }
