package engine

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/fxamacker/cbor/v2"

	"casare"
	"casare/node"
	"casare/value"
)

// snapshotVersion is that of the format below. Fields are only ever added; a change of meaning is a new version.
const snapshotVersion = 1

// snapshot is a run as data. Steps are places in the document, which Revision pins.
type snapshot struct {
	Version  int         `cbor:"1,keyasint"`
	Revision string      `cbor:"2,keyasint"` // of the canonical document
	Mode     string      `cbor:"3,keyasint,omitempty"`
	Queue    []tokenData `cbor:"4,keyasint,omitempty"`
	Scopes   []scopeData `cbor:"5,keyasint,omitempty"` // root first
	Last     uint64      `cbor:"6,keyasint,omitempty"`
	Vars     []slotData  `cbor:"7,keyasint,omitempty"`
	Outputs  []slotData  `cbor:"8,keyasint,omitempty"`
	Names    []string    `cbor:"9,keyasint,omitempty"`
	Clock    uint64      `cbor:"10,keyasint,omitempty"`
	Ordered  uint64      `cbor:"11,keyasint,omitempty"`
	Logged   uint64      `cbor:"12,keyasint,omitempty"`
	Finished []uint64    `cbor:"13,keyasint,omitempty"`
	Percent  int         `cbor:"14,keyasint,omitempty"`
	Step     int         `cbor:"15,keyasint"`           // that ran last; -1 for none
	Open     bool        `cbor:"16,keyasint,omitempty"` // the first token's step may run only once, and begins
}

type tokenData struct {
	_     struct{} `cbor:",toarray"`
	Step  int
	Scope uint64
	Why   uint8
}

type scopeData struct {
	ID      uint64                     `cbor:"1,keyasint,omitempty"`
	Owner   int                        `cbor:"2,keyasint"`
	Kind    uint8                      `cbor:"3,keyasint"`
	Parent  uint64                     `cbor:"4,keyasint,omitempty"`
	Body    string                     `cbor:"5,keyasint,omitempty"`
	State   []byte                     `cbor:"6,keyasint,omitempty"`
	Kept    map[string]cbor.RawMessage `cbor:"7,keyasint,omitempty"`
	Done    []uint64                   `cbor:"8,keyasint,omitempty"`
	Wake    casare.Time                `cbor:"9,keyasint,omitempty"`
	Begun   casare.Time                `cbor:"10,keyasint,omitempty"`
	Expired bool                       `cbor:"11,keyasint,omitempty"`
	Slept   time.Duration              `cbor:"12,keyasint,omitempty"`
	Tries   int                        `cbor:"13,keyasint,omitempty"`
	As      uint8                      `cbor:"14,keyasint,omitempty"`
	Guard   *guardData                 `cbor:"15,keyasint,omitempty"`
}

// slotData is a variable by name, or the outputs of a step by place.
type slotData struct {
	_       struct{} `cbor:",toarray"`
	Name    string
	Step    int
	Written uint64
	Value   cbor.RawMessage
}

// encoding is deterministic: one position has one encoding.
var encoding = func() cbor.EncMode {
	mode, err := cbor.CoreDetEncOptions().EncMode()
	if err != nil {
		panic(err) // the options are constants
	}
	return mode
}()

// checkpoint hands a snapshot of the present position to whoever keeps it.
func (r *run) checkpoint(ctx context.Context) *ending {
	if r.opts.Checkpoint == nil {
		return nil
	}
	at := r.at()
	data, failure := r.snapshot()
	if failure != nil {
		failure.NodeID = at
		return &ending{status: Failed, failure: failure}
	}
	err := r.opts.Checkpoint(ctx, Snapshot{
		Data: data, Step: at, Progress: r.prog.percent, Order: int(r.ordered), Logs: int(r.logged), //nolint:gosec // counts
	})
	if err != nil {
		if ctx.Err() != nil {
			return r.cancelled(ctx)
		}
		return &ending{status: Failed, failure: &casare.JobError{
			NodeID: at, ErrorType: TypeCheckpoint, Message: "store checkpoint: " + err.Error(),
		}}
	}
	r.saved, r.changed = r.opts.Now(), false
	return nil
}

// at is the id of the step the run stands behind, "" before the first.
func (r *run) at() string {
	if r.last < 0 {
		return ""
	}
	return r.plan.steps[r.last].id
}

// snapshot writes the position down. The failure is one the user can do something about: it names the variable.
func (r *run) snapshot() ([]byte, *casare.JobError) {
	s := snapshot{
		Version: snapshotVersion, Revision: r.plan.revision, Mode: r.opts.mode(), Last: r.pos.last, Names: r.vals.names,
		Clock: r.vals.clock, Ordered: r.ordered, Logged: r.logged, Finished: r.prog.finished, Percent: r.prog.percent, Step: r.last, Open: r.open,
	}
	for _, t := range r.pos.pending() {
		s.Queue = append(s.Queue, tokenData{Step: t.step, Scope: t.scope, Why: uint8(t.why)})
	}
	for _, id := range slices.Sorted(maps.Keys(r.pos.scopes)) {
		d, err := r.pos.scopes[id].data()
		if err != nil {
			return nil, unsaved("what step "+r.plan.steps[r.pos.scopes[id].owner].id+" keeps", err)
		}
		s.Scopes = append(s.Scopes, d)
	}
	for _, name := range r.vals.names {
		if at := r.vals.vars[name]; at != nil {
			if err := at.encode(); err != nil {
				return nil, unsaved(fmt.Sprintf("variable %q", name), err)
			}
			s.Vars = append(s.Vars, slotData{Name: name, Written: at.written, Value: at.encoded})
		}
		if i, ok := r.plan.index[name]; ok && r.vals.outs[i] != nil {
			at := r.vals.outs[i]
			if err := at.encode(); err != nil {
				return nil, unsaved("an output of step "+name, err)
			}
			s.Outputs = append(s.Outputs, slotData{Step: i, Written: at.written, Value: at.encoded})
		}
	}
	data, err := encoding.Marshal(&s)
	if err != nil {
		return nil, unsaved("the position", err)
	}
	if len(data) > casare.MaxDocument {
		return nil, r.tooLarge(len(data), s.Scopes)
	}
	return data, nil
}

// unsaved says what cannot be part of a checkpoint.
func unsaved(what string, err error) *casare.JobError {
	return &casare.JobError{ErrorType: TypeCheckpoint, Message: what + " cannot be kept in a checkpoint: " + err.Error()}
}

// tooLarge names the biggest thing in a snapshot that is over the limit.
func (r *run) tooLarge(size int, scopes []scopeData) *casare.JobError {
	biggest, what := 0, ""
	see := func(n int, name string) {
		if n > biggest {
			biggest, what = n, name
		}
	}
	for _, name := range r.vals.names {
		if at := r.vals.vars[name]; at != nil {
			see(len(at.encoded), fmt.Sprintf("variable %q", name))
		}
		if i, ok := r.plan.index[name]; ok && r.vals.outs[i] != nil {
			see(len(r.vals.outs[i].encoded), "the outputs of step "+name)
		}
	}
	for _, s := range scopes {
		for name, kept := range s.Kept {
			see(len(kept), fmt.Sprintf("%q of step %s", name, r.plan.steps[s.Owner].id))
		}
	}
	return &casare.JobError{ErrorType: TypeTooLarge, Message: fmt.Sprintf(
		"the values of the run take %d KiB and a checkpoint holds at most %d KiB; the biggest is %s with %d KiB",
		size>>10, casare.MaxDocument>>10, what, biggest>>10)}
}

// encode makes sure that the slot has its encoding.
func (s *slot) encode() error {
	if s.encoded != nil {
		return nil
	}
	b, err := value.EncodeCBOR(s.v)
	s.encoded = b
	return err
}

func (s *scope) data() (scopeData, error) {
	d := scopeData{
		ID: s.id, Owner: s.owner, Kind: uint8(s.kind), Parent: s.parent, Body: s.body, State: s.saved.State,
		Done: s.done, Wake: s.nap.wake, Begun: s.nap.begun, Expired: s.nap.expired, Slept: s.nap.slept,
		Tries: s.nap.tries, As: uint8(s.nap.as), Guard: s.guard.data(),
	}
	for name, v := range s.saved.Kept {
		if d.Kept == nil {
			d.Kept = make(map[string]cbor.RawMessage, len(s.saved.Kept))
		}
		b, err := value.EncodeCBOR(v)
		if err != nil {
			return d, err
		}
		d.Kept[name] = b
	}
	return d, nil
}

// restore takes up the position of a snapshot.
func (r *run) restore(data []byte) error {
	var s snapshot
	if err := cbor.Unmarshal(data, &s); err != nil {
		return fmt.Errorf("the checkpoint cannot be read: %w", err)
	}
	switch {
	case s.Version != snapshotVersion:
		return fmt.Errorf("the checkpoint has version %d, this robot reads version %d", s.Version, snapshotVersion)
	case s.Revision != r.plan.revision:
		return fmt.Errorf("the checkpoint belongs to revision %.12s of the document, not to %.12s", s.Revision, r.plan.revision)
	case s.Mode != r.opts.mode():
		return fmt.Errorf("the checkpoint belongs to a run in mode %q, not %q", s.Mode, r.opts.mode())
	}
	if err := r.restorePosition(&s); err != nil {
		return fmt.Errorf("the checkpoint is damaged: %w", err)
	}
	if err := r.vals.restore(&s); err != nil {
		return fmt.Errorf("the checkpoint is damaged: %w", err)
	}
	r.ordered, r.logged, r.last, r.open = s.Ordered, s.Logged, s.Step, s.Open
	copy(r.prog.finished, s.Finished)
	r.prog.percent = s.Percent
	return nil
}

// restorePosition rebuilds queue and scopes; how much lives in a scope follows from them.
func (r *run) restorePosition(s *snapshot) error {
	n := len(r.plan.steps)
	p := newPosition(n)
	p.last = s.Last
	for _, d := range s.Scopes {
		if d.Owner < -1 || d.Owner >= n || (d.Owner < 0) != (d.ID == root) {
			return fmt.Errorf("scope %d of step %d", d.ID, d.Owner)
		}
		sc := &scope{
			id: d.ID, owner: d.Owner, kind: scopeKind(d.Kind), parent: d.Parent, body: d.Body,
			saved: node.Saved{State: d.State}, nap: nap{wake: d.Wake, begun: d.Begun, slept: d.Slept, expired: d.Expired, tries: d.Tries, as: why(d.As)},
		}
		if err := sc.guard.restore(d.Guard, n); err != nil {
			return fmt.Errorf("scope %d: %w", d.ID, err)
		}
		if sc.kind != scopeWait {
			sc.done = newSet(n)
			copy(sc.done, d.Done)
		}
		for name, raw := range d.Kept {
			v, err := value.DecodeCBOR(raw)
			if err != nil {
				return fmt.Errorf("%s kept by step %s: %w", name, r.plan.steps[d.Owner].id, err)
			}
			if sc.saved.Kept == nil {
				sc.saved.Kept = make(map[string]value.Value, len(d.Kept))
			}
			sc.saved.Kept[name] = v
		}
		p.scopes[sc.id] = sc
	}
	for id, sc := range p.scopes {
		parent := p.scopes[sc.parent]
		if parent == nil || id != root && sc.parent >= id {
			return fmt.Errorf("scope %d has no scope around it", id)
		}
		if id != root {
			parent.live++
		}
	}
	for _, t := range s.Queue {
		sc := p.scopes[t.Scope]
		if sc == nil || t.Step < 0 || t.Step >= n || t.Why < uint8(arrived) || t.Why > uint8(again) {
			return fmt.Errorf("token of step %d in scope %d", t.Step, t.Scope)
		}
		if why(t.Why) == arrived {
			sc.live++
		}
		p.queue = append(p.queue, token{step: t.Step, scope: t.Scope, why: why(t.Why)})
	}
	r.pos = p
	return nil
}

// restore rebuilds variables and outputs.
func (s *store) restore(from *snapshot) error {
	read := func(d slotData) (*slot, error) {
		v, err := value.DecodeCBOR(d.Value)
		return &slot{v: v, written: d.Written, encoded: d.Value}, err
	}
	for _, d := range from.Vars {
		at, err := read(d)
		if err != nil {
			return fmt.Errorf("variable %q: %w", d.Name, err)
		}
		s.vars[d.Name] = at
	}
	for _, d := range from.Outputs {
		at, err := read(d)
		if err != nil {
			return fmt.Errorf("outputs of step %d: %w", d.Step, err)
		}
		if _, ok := at.v.(*value.Dict); !ok || d.Step < 0 || d.Step >= len(s.outs) {
			return fmt.Errorf("outputs of step %d", d.Step)
		}
		s.outs[d.Step] = at
	}
	for _, name := range from.Names {
		s.appear(name)
	}
	s.clock = from.Clock
	return nil
}
