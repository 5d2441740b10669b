package engine

import (
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/fxamacker/cbor/v2"

	"casare"
	"casare/value"
)

// snapshotVersion is that of the records below. Fields are only ever added; a change of meaning is a new version.
const snapshotVersion = 2

// The keys of records; those of a frame are framePrefix, its id, and one of the rest.
const (
	headKey      = "h"
	framePrefix  = "f/"
	varPart      = "/v/" // and a variable's name
	outPart      = "/o/" // and a step's id
	keptPart     = "/k/" // and a scope's number, a slash and a name
	orderPart    = "/j/order"
	logsPart     = "/j/logs"
	settingsPart = "/s" // what a call has set in the document
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

	// Of a frame that hangs on another one:
	Kind    uint8         `cbor:"9,keyasint,omitempty"`
	Label   string        `cbor:"10,keyasint,omitempty"`
	Limit   time.Duration `cbor:"11,keyasint,omitempty"`
	Spent   time.Duration `cbor:"12,keyasint,omitempty"`
	Ended   bool          `cbor:"13,keyasint,omitempty"`
	Fault   *faultData    `cbor:"14,keyasint,omitempty"`
	RanOnce []onceData    `cbor:"15,keyasint,omitempty"`
	Nested  *nestedData   `cbor:"16,keyasint,omitempty"`
	Finals  bool          `cbor:"17,keyasint,omitempty"`
}

// familyData is what a scope says of the frames that hang on it.
type familyData struct {
	Base  int         `cbor:"1,keyasint,omitempty"`
	Count int         `cbor:"2,keyasint,omitempty"`
	Limit int         `cbor:"3,keyasint,omitempty"`
	Fast  bool        `cbor:"4,keyasint,omitempty"`
	Begun casare.Time `cbor:"5,keyasint,omitempty"`
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
	Kids    *familyData   `cbor:"16,keyasint,omitempty"`
}

// slotData is the record of a variable, of the outputs of a step or of a value that a scope keeps.
type slotData struct {
	Name    string `cbor:"1,keyasint,omitempty"` // of the variable or the kept value
	Step    int    `cbor:"2,keyasint,omitempty"` // of the outputs
	Written uint64 `cbor:"3,keyasint,omitempty"`
	Born    int    `cbor:"4,keyasint,omitempty"` // place among the names, in the order in which they appeared
	Form    form   `cbor:"5,keyasint"`
	Given   bool   `cbor:"6,keyasint,omitempty"` // a branch began with it
	Quiet   bool   `cbor:"7,keyasint,omitempty"` // only wires reach it
}

// encoding is deterministic: one position has one encoding.
var encoding = func() cbor.EncMode {
	mode, err := cbor.CoreDetEncOptions().EncMode()
	if err != nil {
		panic(err) // the options are constants
	}
	return mode
}()

// at is the id of the step the frame stands behind, "" before the first.
func (f *frame) at() string {
	if f.last < 0 {
		return ""
	}
	return f.prefix + f.plan.steps[f.last].id
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

// publish makes what has changed in the frame part of the position, together with frames that hang on it since and were not begun. A
// failure is one the user can do something about: it names the variable.
func (f *frame) publish() (seq uint64, failure *casare.JobError) {
	c := change{seal: f.run.opts.Seal}
	if failure := f.collect(&c); failure != nil {
		return 0, failure
	}
	if f.parent == nil {
		c.counts = &counts{int(f.book.ordered), int(f.book.logged)} //nolint:gosec // counts
	}
	seq, err := f.run.publish(&c)
	if err != nil {
		return 0, f.tooLarge(err)
	}
	return seq, nil
}

// collect adds what has changed in the frame.
func (f *frame) collect(c *change) *casare.JobError {
	for _, g := range f.gone {
		g.withdraw(c)
	}
	f.gone = nil
	step := ""
	if t, ok := f.pos.peek(); ok && f.open {
		step = f.prefix + f.plan.steps[t.step].id
	}
	c.opened(f.id, step)
	for _, name := range f.vals.dirtyVars {
		at := f.vals.vars[name]
		d := slotData{Name: name, Born: f.vals.known[name], Given: at.given}
		if err := f.putSlot(c, at, f.key(varPart, name), d); err != nil {
			return unsaved(fmt.Sprintf("variable %q", name), err)
		}
	}
	for _, i := range f.vals.dirtyOuts {
		name, at := f.plan.steps[i].id, f.vals.outs[i]
		d := slotData{Step: i, Born: f.vals.known[name], Quiet: at.quiet}
		if err := f.putSlot(c, at, f.key(outPart, name), d); err != nil {
			return unsaved("an output of step "+name, err)
		}
	}
	f.vals.dirtyVars, f.vals.dirtyOuts = f.vals.dirtyVars[:0], f.vals.dirtyOuts[:0]
	if failure := f.putKept(c); failure != nil {
		return failure
	}
	if err := f.putJournal(c); err != nil {
		return unsaved("the log", err)
	}
	if err := f.putHead(c); err != nil {
		return unsaved("the position", err)
	}
	return f.putFamilies(c)
}

// putFamilies adds the frames that hang on this one and are not part of the position yet, and takes out those that no longer do.
func (f *frame) putFamilies(c *change) *casare.JobError {
	for id, k := range f.families {
		if s := f.pos.scopes[id]; s == nil || s.kids != k {
			for _, g := range k.frames {
				g.withdraw(c)
			}
			delete(f.families, id)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(f.pos.scopes)) {
		k := f.pos.scopes[id].kids
		if k == nil || len(k.fresh) == 0 {
			continue
		}
		for _, child := range k.fresh {
			if failure := child.collect(c); failure != nil {
				return failure
			}
		}
		k.fresh = nil
		f.families[id] = k
	}
	return nil
}

// withdraw takes the frame's records, and those of all frames that hang on it, out of the position.
func (f *frame) withdraw(c *change) {
	if f.keys == nil {
		return
	}
	for _, key := range slices.Sorted(maps.Keys(f.keys)) {
		c.put = append(c.put, Record{Key: key})
	}
	f.keys = nil
	c.opened(f.id, "")
	c.lost = append(c.lost, f.chunks()...)
	for _, g := range f.gone {
		g.withdraw(c)
	}
	for _, k := range f.families {
		for _, g := range k.frames {
			g.withdraw(c)
		}
	}
}

// putSlot adds the record of a value that has changed.
func (f *frame) putSlot(c *change, s *slot, key string, d slotData) error {
	d.Written = s.written
	p, err := f.putValue(c, key, d, s.v, s.piece)
	if err != nil {
		return err
	}
	s.piece, s.dirty = p, false
	return nil
}

// putValue adds the record of a value and what it means for the chunks. before is how the value in its place was written.
func (f *frame) putValue(c *change, key string, d slotData, v value.Value, before *piece) (*piece, error) {
	p, err := (&cutter{seal: c.seal, chunks: &c.chunks}).cut(v, before, 0)
	if err != nil {
		return nil, err
	}
	d.Form = p.form
	data, err := encoding.Marshal(&d)
	if err != nil {
		return nil, err
	}
	c.put = append(c.put, Record{Key: key, Data: data})
	f.keys[key] = struct{}{}
	now, old := p.all(), before.all()
	both := 0
	for both < min(len(now), len(old)) && now[both] == old[both] {
		both++
	}
	c.added, c.lost = append(c.added, now[both:]...), append(c.lost, old[both:]...)
	return p, nil
}

// putJournal adds what a frame that hangs on another has in its journal. That of the root is nobody's business but the log's.
func (f *frame) putJournal(c *change) (err error) {
	if f.parent == nil {
		return nil
	}
	b := f.book
	for _, i := range b.order[len(b.orderList):] {
		b.orderList = append(b.orderList, int64(i))
	}
	for _, text := range b.logs[len(b.logsList):] {
		b.logsList = append(b.logsList, text)
	}
	put := func(key string, list value.List, p **piece) {
		if err != nil || len(list) == 0 || *p != nil && same(list, (*p).value) {
			return
		}
		var next *piece
		if next, err = f.putValue(c, key, slotData{}, list, *p); err == nil {
			*p = next
		}
	}
	put(f.key(orderPart, ""), b.orderList, &b.orderPiece)
	put(f.key(logsPart, ""), b.logsList, &b.logsPiece)
	return err
}

// putKept adds the values that scopes keep, each once, and takes those of scopes that are gone out.
func (f *frame) putKept(c *change) *casare.JobError {
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
			delete(f.keys, f.keptKey(id, name))
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
			p, err := f.putValue(c, f.keptKey(id, name), slotData{Name: name}, v, before)
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

// putHead adds the record of where the frame stands.
func (f *frame) putHead(c *change) error {
	d := frameData{
		Last: f.pos.last, Clock: f.vals.clock, Ordered: f.book.ordered, Logged: f.book.logged, Step: f.last, Open: f.open,
		Kind: uint8(f.kind), Label: f.label, Limit: f.limit, Spent: f.age(), Ended: f.ended, Fault: faultOf(f.fault), Finals: f.finals,
	}
	for _, t := range f.pos.pending() {
		d.Queue = append(d.Queue, tokenData{Step: t.step, Scope: t.scope, Why: uint8(t.why)})
	}
	for _, id := range slices.Sorted(maps.Keys(f.pos.scopes)) {
		d.Scopes = append(d.Scopes, f.pos.scopes[id].data())
	}
	for _, path := range slices.Sorted(maps.Keys(f.ranOnce)) {
		d.RanOnce = append(d.RanOnce, onceData{Path: path, Known: f.ranOnce[path]})
	}
	if f.kind == frameSub {
		d.Nested = f.nested.data()
		if len(f.nested.settings) > 0 && f.nested.piece == nil {
			p, err := f.putValue(c, f.key(settingsPart, ""), slotData{}, settingsValue(f.nested.settings), nil)
			if err != nil {
				return err
			}
			f.nested.piece = p
		}
	}
	data, err := encoding.Marshal(&d)
	if err != nil {
		return err
	}
	c.put = append(c.put, Record{Key: f.key("", ""), Data: data})
	f.keys[f.key("", "")] = struct{}{}
	return nil
}

// head is the record of the run as a whole.
func (r *run) head() ([]byte, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return encoding.Marshal(&headData{
		Version: snapshotVersion, Revision: r.root.plan.revision, Mode: r.opts.mode(), Finished: r.prog.finished, Percent: r.prog.percent,
	})
}

func (s *scope) data() scopeData {
	return scopeData{
		ID: s.id, Owner: s.owner, Kind: uint8(s.kind), Parent: s.parent, Body: s.body, State: s.saved.State,
		Done: s.done, Wake: s.nap.wake, Begun: s.nap.begun, Expired: s.nap.expired, Slept: s.nap.slept,
		Tries: s.nap.tries, As: uint8(s.nap.as), Guard: s.guard.data(), Kids: s.kids.data(),
	}
}

// data returns nil when nothing hangs on the scope, and never did.
func (k *family) data() *familyData {
	if k == nil {
		return nil
	}
	return &familyData{Base: k.base, Count: len(k.frames), Limit: k.limit, Fast: k.fast, Begun: k.begun}
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
