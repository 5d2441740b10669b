package engine

import (
	"context"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/fxamacker/cbor/v2"

	"casare"
)

// snapshotVersion is that of the records below. Fields are only ever added; a change of meaning is a new version.
const snapshotVersion = 2

// The keys of records; those of a frame are framePrefix, its id, and one of the rest.
const (
	headKey     = "h"
	framePrefix = "f/"
	varPart     = "/v/" // and a variable's name
	outPart     = "/o/" // and a step's id
	keptPart    = "/k/" // and a scope's number, a slash and a name
)

// headData is the record of the run as a whole.
type headData struct {
	Version  int      `cbor:"1,keyasint"`
	Revision string   `cbor:"2,keyasint"` // of the canonical document
	Mode     string   `cbor:"3,keyasint,omitempty"`
	Finished []uint64 `cbor:"4,keyasint,omitempty"`
	Percent  int      `cbor:"5,keyasint,omitempty"`
}

// frameData is the record of one frame. Steps are places in the document, which the revision pins.
type frameData struct {
	Queue   []tokenData `cbor:"1,keyasint,omitempty"`
	Scopes  []scopeData `cbor:"2,keyasint,omitempty"` // root first
	Last    uint64      `cbor:"3,keyasint,omitempty"`
	Clock   uint64      `cbor:"4,keyasint,omitempty"`
	Ordered uint64      `cbor:"5,keyasint,omitempty"`
	Logged  uint64      `cbor:"6,keyasint,omitempty"`
	Step    int         `cbor:"7,keyasint"`           // that ran last; -1 for none
	Open    bool        `cbor:"8,keyasint,omitempty"` // the first token's step may run only once, and begins
}

type tokenData struct {
	_     struct{} `cbor:",toarray"`
	Step  int
	Scope uint64
	Why   uint8
}

type scopeData struct {
	ID      uint64        `cbor:"1,keyasint,omitempty"`
	Owner   int           `cbor:"2,keyasint"`
	Kind    uint8         `cbor:"3,keyasint"`
	Parent  uint64        `cbor:"4,keyasint,omitempty"`
	Body    string        `cbor:"5,keyasint,omitempty"`
	State   []byte        `cbor:"6,keyasint,omitempty"`
	Done    []uint64      `cbor:"8,keyasint,omitempty"`
	Wake    casare.Time   `cbor:"9,keyasint,omitempty"`
	Begun   casare.Time   `cbor:"10,keyasint,omitempty"`
	Expired bool          `cbor:"11,keyasint,omitempty"`
	Slept   time.Duration `cbor:"12,keyasint,omitempty"`
	Tries   int           `cbor:"13,keyasint,omitempty"`
	As      uint8         `cbor:"14,keyasint,omitempty"`
	Guard   *guardData    `cbor:"15,keyasint,omitempty"`
}

// slotData is the record of a variable, of the outputs of a step or of a value that a scope keeps.
type slotData struct {
	Name    string `cbor:"1,keyasint,omitempty"` // of the variable or the kept value
	Step    int    `cbor:"2,keyasint,omitempty"` // of the outputs
	Written uint64 `cbor:"3,keyasint,omitempty"`
	Born    int    `cbor:"4,keyasint,omitempty"` // place among the names, in the order in which they appeared
	Form    form   `cbor:"5,keyasint"`
}

// encoding is deterministic: one position has one encoding.
var encoding = func() cbor.EncMode {
	mode, err := cbor.CoreDetEncOptions().EncMode()
	if err != nil {
		panic(err) // the options are constants
	}
	return mode
}()

// checkpoint publishes the frame's part of the position and sees to it that it is stored, as safely as the moment asks for.
func (f *frame) checkpoint(ctx context.Context, m Moment) *ending {
	r := f.run
	if r.opts.Checkpoint == nil {
		return nil
	}
	at := f.at()
	seq, failure := f.publish()
	if failure == nil {
		r.mu.Lock()
		s := Snapshot{Moment: m, Step: at, Progress: r.prog.percent, Order: int(f.book.ordered), Logs: int(f.book.logged)} //nolint:gosec // counts
		r.mu.Unlock()
		err := r.store(ctx, seq, s)
		if err == nil {
			f.saved, f.changed = r.opts.Now(), false
			return f.settle(ctx, m)
		}
		return f.unstored(ctx, err)
	}
	failure.NodeID = at
	return &ending{status: Failed, failure: failure}
}

// settle waits until the frame may go on.
func (f *frame) settle(ctx context.Context, m Moment) *ending {
	if f.run.opts.Settle == nil {
		return nil
	}
	if err := f.run.opts.Settle(ctx, f.id, m); err != nil {
		return f.unstored(ctx, err)
	}
	return nil
}

// unstored ends a frame whose position could not be kept.
func (f *frame) unstored(ctx context.Context, err error) *ending {
	var failure *casare.JobError
	switch {
	case ctx.Err() != nil:
		return f.cancelled(ctx)
	case casare.CodeOf(err) == casare.CodeTooLarge:
		failure = f.tooLarge(err)
	default:
		failure = &casare.JobError{ErrorType: TypeCheckpoint, Message: "store checkpoint: " + err.Error()}
	}
	failure.NodeID = f.at()
	return &ending{status: Failed, failure: failure}
}

// at is the id of the step the frame stands behind, "" before the first.
func (f *frame) at() string {
	if f.last < 0 {
		return ""
	}
	return f.plan.steps[f.last].id
}

// key is that of a record of the frame. Names that make no good key are replaced by a hash of them.
func (f *frame) key(part, name string) string {
	const longest = 200
	if part != "" && (len(name) > longest || strings.HasPrefix(name, "#") || strings.ContainsRune(name, 0) || !utf8.ValidString(name)) {
		h := hashOf([]byte(name))
		name = "#" + hex.EncodeToString(h[:])
	}
	return framePrefix + f.id + part + name
}

// publish makes what has changed in the frame part of the position. A failure is one the user can do something about: it names the
// variable.
func (f *frame) publish() (seq uint64, failure *casare.JobError) {
	var c change
	cut := cutter{seal: f.run.opts.Seal}
	for _, name := range f.vals.dirtyVars {
		d := slotData{Name: name, Born: f.vals.known[name]}
		if err := f.putSlot(&c, &cut, f.vals.vars[name], f.key(varPart, name), d); err != nil {
			return 0, unsaved(fmt.Sprintf("variable %q", name), err)
		}
	}
	for _, i := range f.vals.dirtyOuts {
		name := f.plan.steps[i].id
		d := slotData{Step: i, Born: f.vals.known[name]}
		if err := f.putSlot(&c, &cut, f.vals.outs[i], f.key(outPart, name), d); err != nil {
			return 0, unsaved("an output of step "+name, err)
		}
	}
	f.vals.dirtyVars, f.vals.dirtyOuts = f.vals.dirtyVars[:0], f.vals.dirtyOuts[:0]
	if failure := f.putKept(&c, &cut); failure != nil {
		return 0, failure
	}
	if err := f.putHeads(&c); err != nil {
		return 0, unsaved("the position", err)
	}
	c.chunks, c.frame = cut.chunks, f.id
	if t, ok := f.pos.peek(); ok && f.open {
		c.open = f.plan.steps[t.step].id
	}
	seq, err := f.run.ledger.publish(&c)
	if err != nil {
		return 0, f.tooLarge(err)
	}
	return seq, nil
}

// putSlot adds the record of a value that has changed.
func (f *frame) putSlot(c *change, cut *cutter, s *slot, key string, d slotData) error {
	p, err := cut.cut(s.v, s.piece, 0)
	if err != nil {
		return err
	}
	d.Written = s.written
	if err := c.value(key, d, p, s.piece); err != nil {
		return err
	}
	s.piece, s.dirty = p, false
	return nil
}

// value adds the record of a value and what it means for the chunks.
func (c *change) value(key string, d slotData, p, before *piece) error {
	d.Form = p.form
	data, err := encoding.Marshal(&d)
	if err != nil {
		return err
	}
	c.put = append(c.put, Record{Key: key, Data: data})
	now, old := p.all(), before.all()
	both := 0
	for both < min(len(now), len(old)) && now[both] == old[both] {
		both++
	}
	c.added, c.lost = append(c.added, now[both:]...), append(c.lost, old[both:]...)
	return nil
}

// putKept adds the values that scopes keep, each once, and takes those of scopes that are gone out.
func (f *frame) putKept(c *change, cut *cutter) *casare.JobError {
	for _, id := range slices.Sorted(maps.Keys(f.kept)) {
		s := f.pos.scopes[id]
		for _, name := range slices.Sorted(maps.Keys(f.kept[id])) {
			if s != nil {
				if _, ok := s.saved.Kept[name]; ok {
					continue
				}
			}
			c.put = append(c.put, Record{Key: f.keptKey(id, name)})
			c.lost = append(c.lost, f.kept[id][name].all()...)
			delete(f.kept[id], name)
		}
		if s == nil {
			delete(f.kept, id)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(f.pos.scopes)) {
		s := f.pos.scopes[id]
		for _, name := range slices.Sorted(maps.Keys(s.saved.Kept)) {
			v, before := s.saved.Kept[name], f.kept[id][name]
			if before != nil && same(v, before.value) {
				continue
			}
			p, err := cut.cut(v, before, 0)
			if err == nil {
				err = c.value(f.keptKey(id, name), slotData{Name: name}, p, before)
			}
			if err != nil {
				return unsaved(fmt.Sprintf("%q of step %s", name, f.plan.steps[s.owner].id), err)
			}
			if f.kept[id] == nil {
				f.kept[id] = map[string]*piece{}
			}
			f.kept[id][name] = p
		}
	}
	return nil
}

func (f *frame) keptKey(scope uint64, name string) string {
	return f.key(fmt.Sprintf("%s%d/", keptPart, scope), name)
}

// putHeads adds the records of the frame itself and of the run.
func (f *frame) putHeads(c *change) error {
	d := frameData{Last: f.pos.last, Clock: f.vals.clock, Ordered: f.book.ordered, Logged: f.book.logged, Step: f.last, Open: f.open}
	for _, t := range f.pos.pending() {
		d.Queue = append(d.Queue, tokenData{Step: t.step, Scope: t.scope, Why: uint8(t.why)})
	}
	for _, id := range slices.Sorted(maps.Keys(f.pos.scopes)) {
		d.Scopes = append(d.Scopes, f.pos.scopes[id].data())
	}
	data, err := encoding.Marshal(&d)
	if err != nil {
		return err
	}
	c.put = append(c.put, Record{Key: f.key("", ""), Data: data})
	r := f.run
	r.mu.Lock()
	h := headData{
		Version: snapshotVersion, Revision: r.root.plan.revision, Mode: r.opts.mode(),
		Finished: slices.Clone(r.prog.finished), Percent: r.prog.percent,
	}
	r.mu.Unlock()
	if data, err = encoding.Marshal(&h); err != nil {
		return err
	}
	c.put = append(c.put, Record{Key: headKey, Data: data})
	return nil
}

func (s *scope) data() scopeData {
	return scopeData{
		ID: s.id, Owner: s.owner, Kind: uint8(s.kind), Parent: s.parent, Body: s.body, State: s.saved.State,
		Done: s.done, Wake: s.nap.wake, Begun: s.nap.begun, Expired: s.nap.expired, Slept: s.nap.slept,
		Tries: s.nap.tries, As: uint8(s.nap.as), Guard: s.guard.data(),
	}
}

// unsaved says what cannot be part of a checkpoint.
func unsaved(what string, err error) *casare.JobError {
	return &casare.JobError{ErrorType: TypeCheckpoint, Message: what + " cannot be kept in a checkpoint: " + err.Error()}
}

// tooLarge names the biggest thing in a position that is over a limit.
func (f *frame) tooLarge(err error) *casare.JobError {
	biggest, what := 0, "the position itself"
	see := func(p *piece, format string, a ...any) {
		if p != nil && p.size > biggest {
			biggest, what = p.size, fmt.Sprintf(format, a...)
		}
	}
	for _, name := range f.vals.names {
		if at := f.vals.vars[name]; at != nil {
			see(at.piece, "variable %q", name)
		}
		if i, ok := f.plan.index[name]; ok && f.vals.outs[i] != nil {
			see(f.vals.outs[i].piece, "the outputs of step %s", name)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(f.kept)) {
		for _, name := range slices.Sorted(maps.Keys(f.kept[id])) {
			see(f.kept[id][name], "%q of step %s", name, f.plan.steps[f.pos.scopes[id].owner].id)
		}
	}
	return &casare.JobError{ErrorType: TypeTooLarge, Message: fmt.Sprintf("%v; the biggest is %s with %d KiB", err, what, biggest>>10)}
}
