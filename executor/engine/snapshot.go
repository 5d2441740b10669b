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
func (f *frame) checkpoint(ctx context.Context) *ending {
	if f.run.opts.Checkpoint == nil {
		return nil
	}
	at := f.at()
	data, failure := f.snapshot()
	if failure != nil {
		failure.NodeID = at
		return &ending{status: Failed, failure: failure}
	}
	err := f.run.opts.Checkpoint(ctx, Snapshot{
		Data: data, Step: at, Progress: f.run.prog.percent, Order: int(f.book.ordered), Logs: int(f.book.logged), //nolint:gosec // counts
	})
	if err != nil {
		if ctx.Err() != nil {
			return f.cancelled(ctx)
		}
		return &ending{status: Failed, failure: &casare.JobError{
			NodeID: at, ErrorType: TypeCheckpoint, Message: "store checkpoint: " + err.Error(),
		}}
	}
	f.saved, f.changed = f.run.opts.Now(), false
	return nil
}

// at is the id of the step the run stands behind, "" before the first.
func (f *frame) at() string {
	if f.last < 0 {
		return ""
	}
	return f.plan.steps[f.last].id
}

// snapshot writes the position down. The failure is one the user can do something about: it names the variable.
func (f *frame) snapshot() ([]byte, *casare.JobError) {
	s := snapshot{
		Version: snapshotVersion, Revision: f.plan.revision, Mode: f.run.opts.mode(), Last: f.pos.last, Names: f.vals.names,
		Clock: f.vals.clock, Ordered: f.book.ordered, Logged: f.book.logged, Finished: f.run.prog.finished, Percent: f.run.prog.percent, Step: f.last, Open: f.open,
	}
	for _, t := range f.pos.pending() {
		s.Queue = append(s.Queue, tokenData{Step: t.step, Scope: t.scope, Why: uint8(t.why)})
	}
	for _, id := range slices.Sorted(maps.Keys(f.pos.scopes)) {
		d, err := f.pos.scopes[id].data()
		if err != nil {
			return nil, unsaved("what step "+f.plan.steps[f.pos.scopes[id].owner].id+" keeps", err)
		}
		s.Scopes = append(s.Scopes, d)
	}
	for _, name := range f.vals.names {
		if at := f.vals.vars[name]; at != nil {
			if err := at.encode(); err != nil {
				return nil, unsaved(fmt.Sprintf("variable %q", name), err)
			}
			s.Vars = append(s.Vars, slotData{Name: name, Written: at.written, Value: at.encoded})
		}
		if i, ok := f.plan.index[name]; ok && f.vals.outs[i] != nil {
			at := f.vals.outs[i]
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
		return nil, f.tooLarge(len(data), s.Scopes)
	}
	return data, nil
}

// unsaved says what cannot be part of a checkpoint.
func unsaved(what string, err error) *casare.JobError {
	return &casare.JobError{ErrorType: TypeCheckpoint, Message: what + " cannot be kept in a checkpoint: " + err.Error()}
}

// tooLarge names the biggest thing in a snapshot that is over the limit.
func (f *frame) tooLarge(size int, scopes []scopeData) *casare.JobError {
	biggest, what := 0, ""
	see := func(n int, name string) {
		if n > biggest {
			biggest, what = n, name
		}
	}
	for _, name := range f.vals.names {
		if at := f.vals.vars[name]; at != nil {
			see(len(at.encoded), fmt.Sprintf("variable %q", name))
		}
		if i, ok := f.plan.index[name]; ok && f.vals.outs[i] != nil {
			see(len(f.vals.outs[i].encoded), "the outputs of step "+name)
		}
	}
	for _, s := range scopes {
		for name, kept := range s.Kept {
			see(len(kept), fmt.Sprintf("%q of step %s", name, f.plan.steps[s.Owner].id))
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
func (f *frame) restore(data []byte) error {
	var s snapshot
	if err := cbor.Unmarshal(data, &s); err != nil {
		return fmt.Errorf("the checkpoint cannot be read: %w", err)
	}
	switch {
	case s.Version != snapshotVersion:
		return fmt.Errorf("the checkpoint has version %d, this robot reads version %d", s.Version, snapshotVersion)
	case s.Revision != f.plan.revision:
		return fmt.Errorf("the checkpoint belongs to revision %.12s of the document, not to %.12s", s.Revision, f.plan.revision)
	case s.Mode != f.run.opts.mode():
		return fmt.Errorf("the checkpoint belongs to a run in mode %q, not %q", s.Mode, f.run.opts.mode())
	}
	if err := f.restorePosition(&s); err != nil {
		return fmt.Errorf("the checkpoint is damaged: %w", err)
	}
	if err := f.vals.restore(&s); err != nil {
		return fmt.Errorf("the checkpoint is damaged: %w", err)
	}
	f.book.ordered, f.book.logged, f.last, f.open = s.Ordered, s.Logged, s.Step, s.Open
	copy(f.run.prog.finished, s.Finished)
	f.run.prog.percent = s.Percent
	return nil
}

// restorePosition rebuilds queue and scopes; how much lives in a scope follows from them.
func (f *frame) restorePosition(s *snapshot) error {
	n := len(f.plan.steps)
	p := newPosition(n)
	p.last = s.Last
	for _, d := range s.Scopes {
		if d.Owner < -1 || d.Owner >= n || (d.Owner < 0) != (d.ID == root) {
			return fmt.Errorf("scope %d of step %d", d.ID, d.Owner)
		}
		sc := &scope{
			id: d.ID, owner: d.Owner, kind: scopeKind(d.Kind), parent: d.Parent, body: d.Body,
			saved: node.Saved{State: d.State}, nap: nap{wake: d.Wake, begun: d.Begun, slept: d.Slept, expired: d.Expired},
		}
		if sc.kind != scopeWait {
			sc.done = newSet(n)
			copy(sc.done, d.Done)
		}
		for name, raw := range d.Kept {
			v, err := value.DecodeCBOR(raw)
			if err != nil {
				return fmt.Errorf("%s kept by step %s: %w", name, f.plan.steps[d.Owner].id, err)
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
		if sc == nil || t.Step < 0 || t.Step >= n || t.Why < uint8(arrived) || t.Why > uint8(woken) {
			return fmt.Errorf("token of step %d in scope %d", t.Step, t.Scope)
		}
		if why(t.Why) == arrived {
			sc.live++
		}
		p.queue = append(p.queue, token{step: t.Step, scope: t.Scope, why: why(t.Why)})
	}
	f.pos = p
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
