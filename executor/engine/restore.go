package engine

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/fxamacker/cbor/v2"

	"casare/node"
	"casare/value"
)

// parts are the records of one frame.
type parts struct {
	head  []byte
	data  frameData // what head says
	vars  []Record  // sorted by key, as all others
	outs  []Record
	kept  []Record
	order []byte
	logs  []byte

	settings []byte
}

// restore takes up the position that the records describe.
func (r *run) restore(ctx context.Context, records []Record) error {
	var head []byte
	frames := map[string]*parts{}
	in := &reader{open: r.opener(), chunks: map[hash][]byte{}, room: maxElements}
	for _, rec := range slices.SortedFunc(slices.Values(records), func(a, b Record) int { return cmp.Compare(a.Key, b.Key) }) {
		if rec.Data == nil {
			continue
		}
		switch {
		case rec.Key == headKey:
			head = rec.Data
		case strings.HasPrefix(rec.Key, chunkKeys):
			h, err := hex.DecodeString(rec.Key[len(chunkKeys):])
			if err != nil || len(h) != len(hash{}) || hashOf(rec.Data) != hash(h) {
				return fmt.Errorf("the checkpoint is damaged: record %.80q", rec.Key)
			}
			in.chunks[hash(h)] = rec.Data
		case !sort(frames, rec):
			return fmt.Errorf("the checkpoint is damaged: record %.80q", rec.Key)
		}
	}
	if err := r.restoreHead(head); err != nil {
		return err
	}
	for id, p := range frames {
		if err := cbor.Unmarshal(p.head, &p.data); err != nil {
			return fmt.Errorf("the checkpoint is damaged: frame %.80s: %w", id, err)
		}
	}
	if err := r.root.restore(ctx, frames, in); err != nil {
		return fmt.Errorf("the checkpoint is damaged: %w", err)
	}
	if len(frames) > 0 {
		return fmt.Errorf("the checkpoint is damaged: %d frames hang nowhere", len(frames))
	}
	return r.republish(records, in)
}

// sort puts a record with those of its frame.
func sort(frames map[string]*parts, rec Record) bool {
	rest, ok := strings.CutPrefix(rec.Key, framePrefix)
	if !ok {
		return false
	}
	id, part, _ := strings.Cut(rest, "/")
	p := frames[id]
	if p == nil {
		p = &parts{}
		frames[id] = p
	}
	part = "/" + part
	switch {
	case part == "/" && !strings.HasSuffix(rest, "/"):
		p.head = rec.Data
	case part == orderPart:
		p.order = rec.Data
	case part == settingsPart:
		p.settings = rec.Data
	case part == logsPart:
		p.logs = rec.Data
	case strings.HasPrefix(part, varPart):
		p.vars = append(p.vars, rec)
	case strings.HasPrefix(part, outPart):
		p.outs = append(p.outs, rec)
	case strings.HasPrefix(part, keptPart):
		p.kept = append(p.kept, rec)
	default:
		return false
	}
	return true
}

func (r *run) restoreHead(data []byte) error {
	var d headData
	if err := cbor.Unmarshal(data, &d); err != nil {
		return fmt.Errorf("the checkpoint cannot be read: %w", err)
	}
	plan := r.root.plan
	switch {
	case d.Version != snapshotVersion:
		return fmt.Errorf("the checkpoint has version %d, this robot reads version %d", d.Version, snapshotVersion)
	case d.Revision != plan.revision:
		return fmt.Errorf("the checkpoint belongs to revision %.12s of the document, not to %.12s", d.Revision, plan.revision)
	case d.Mode != r.opts.mode():
		return fmt.Errorf("the checkpoint belongs to a run in mode %q, not %q", d.Mode, r.opts.mode())
	}
	copy(r.prog.finished, d.Finished)
	r.prog.percent = min(max(d.Percent, 0), 99)
	return nil
}

// restore takes up the position and the values of a frame, and of all that hang on it. What it takes it takes out of frames.
func (f *frame) restore(ctx context.Context, frames map[string]*parts, in *reader) error {
	p := frames[f.id]
	if p == nil {
		return fmt.Errorf("frame %s is missing", f.id)
	}
	delete(frames, f.id)
	d := p.data
	if err := f.restorePosition(&d); err != nil {
		return err
	}
	if err := f.restoreKept(p.kept, in); err != nil {
		return err
	}
	if err := f.restoreValues(p, in); err != nil {
		return err
	}
	if d.Step < -1 || d.Step >= len(f.plan.steps) {
		return fmt.Errorf("step %d", d.Step)
	}
	if err := f.restoreJournal(p, in); err != nil {
		return err
	}
	f.vals.clock = d.Clock
	f.book.ordered, f.book.logged, f.last, f.open = d.Ordered, d.Logged, d.Step, d.Open
	f.label, f.limit, f.lived, f.ended, f.fault, f.finals = d.Label, d.Limit, d.Spent, d.Ended, d.Fault.error(), d.Finals
	for _, o := range d.RanOnce {
		f.remember(o.Path, o.Known)
	}
	return f.restoreFamilies(ctx, &d, frames, in)
}

// restoreFamilies takes up the frames that hang on this one.
func (f *frame) restoreFamilies(ctx context.Context, d *frameData, frames map[string]*parts, in *reader) error {
	for _, sd := range d.Scopes {
		k, s := sd.Kids, f.pos.scopes[sd.ID]
		if k == nil {
			continue
		}
		if k.Count < 0 || k.Base < 0 || f.room(k.Count) != nil {
			return fmt.Errorf("scope %d with %d frames", sd.ID, k.Count)
		}
		s.kids = &family{base: k.Base, limit: k.Limit, fast: k.Fast, begun: k.Begun}
		f.families[s.id] = s.kids
		for n := k.Base; n < k.Base+k.Count; n++ {
			c, err := f.restoreChild(ctx, s, n, frames, in)
			if err != nil {
				return err
			}
			if err := c.restore(ctx, frames, in); err != nil {
				return err
			}
			s.kids.frames = append(s.kids.frames, c)
		}
	}
	for _, t := range f.pos.pending() {
		if t.why == joined && f.pos.scopes[t.scope].kids == nil {
			return fmt.Errorf("nothing hangs on scope %d", t.scope)
		}
	}
	return nil
}

// restoreChild makes the n-th frame that hangs on a scope.
func (f *frame) restoreChild(ctx context.Context, s *scope, n int, frames map[string]*parts, in *reader) (*frame, error) {
	id := childID(f.id, s.id, n)
	p := frames[id]
	if p == nil {
		return nil, fmt.Errorf("frame %s is missing", id)
	}
	switch kind := frameKind(p.data.Kind); {
	case kind == frameBranch:
		return f.child(kind, s, n, f.plan), nil
	case kind == frameSub && p.data.Nested != nil:
		return f.restoreCall(ctx, s, n, p, in)
	}
	return nil, fmt.Errorf("frame %s of kind %d", id, p.data.Kind)
}

// restoreJournal takes up what a frame that hangs on another has in its journal.
func (f *frame) restoreJournal(p *parts, in *reader) (err error) {
	read := func(data []byte) (value.List, *piece) {
		if data == nil || err != nil {
			return nil, nil
		}
		var d slotData
		var at *piece
		if at, err = in.slot(data, &d); err != nil {
			return nil, nil
		}
		list, ok := at.value.(value.List)
		if !ok {
			err = errors.New("the log is no list")
		}
		return list, at
	}
	b := f.book
	b.orderList, b.orderPiece = read(p.order)
	b.logsList, b.logsPiece = read(p.logs)
	for _, v := range b.orderList {
		i, ok := v.(int64)
		if !ok || i < 0 || i >= int64(len(f.plan.steps)) {
			return fmt.Errorf("the order has step %.40s", value.Repr(v))
		}
		b.order = append(b.order, int32(i)) //nolint:gosec // a document has at most workflow.MaxSteps steps
	}
	for _, v := range b.logsList {
		text, ok := v.(string)
		if !ok {
			return fmt.Errorf("the log has %.40s", value.Repr(v))
		}
		b.logs = append(b.logs, text)
	}
	return err
}

// restorePosition rebuilds queue and scopes; how much lives in a scope follows from them.
func (f *frame) restorePosition(d *frameData) error {
	n := len(f.plan.steps)
	p := newPosition(n)
	p.last = d.Last
	for i := range d.Scopes {
		s, err := d.Scopes[i].scope(n)
		if err != nil {
			return err
		}
		p.scopes[s.id] = s
	}
	for id, s := range p.scopes {
		parent := p.scopes[s.parent]
		if parent == nil || id != root && s.parent >= id || id > d.Last {
			return fmt.Errorf("scope %d has no scope around it", id)
		}
		if id != root {
			parent.live++
		}
	}
	calls := map[uint64]int{}
	for _, t := range d.Queue {
		s := p.scopes[t.Scope]
		if s == nil || t.Step < 0 || t.Step >= n || t.Why < uint8(arrived) || t.Why > uint8(joined) ||
			why(t.Why) != arrived && (t.Scope == root || t.Step != s.owner) {
			return fmt.Errorf("token of step %d in scope %d", t.Step, t.Scope)
		}
		if why(t.Why) == arrived {
			s.live++
		} else {
			calls[t.Scope]++
		}
		p.queue = append(p.queue, token{step: t.Step, scope: t.Scope, why: why(t.Why)})
	}
	for id, s := range p.scopes {
		// Either something lives in a scope, or its owner is about to be called.
		if id != root && (s.live > 0) == (calls[id] > 0) || calls[id] > 1 {
			return fmt.Errorf("scope %d of step %d stands still", id, s.owner)
		}
	}
	f.pos = p
	return nil
}

func (d *scopeData) scope(steps int) (*scope, error) {
	if d.Owner < -1 || d.Owner >= steps || (d.Owner < 0) != (d.ID == root) || (d.ID == root) != (scopeKind(d.Kind) == scopeRoot) {
		return nil, fmt.Errorf("scope %d of step %d", d.ID, d.Owner)
	}
	s := &scope{
		id: d.ID, owner: d.Owner, kind: scopeKind(d.Kind), parent: d.Parent, body: d.Body,
		saved: node.Saved{State: d.State}, nap: nap{wake: d.Wake, begun: d.Begun, slept: d.Slept, expired: d.Expired, tries: d.Tries, as: why(d.As)},
	}
	if err := s.guard.restore(d.Guard, steps); err != nil {
		return nil, fmt.Errorf("scope %d: %w", d.ID, err)
	}
	if s.kind != scopeWait {
		s.done = newSet(steps)
		copy(s.done, d.Done)
	}
	return s, nil
}

// restoreKept gives scopes back what they keep.
func (f *frame) restoreKept(records []Record, in *reader) error {
	for _, rec := range records {
		_, rest, _ := strings.Cut(rec.Key, keptPart)
		number, _, _ := strings.Cut(rest, "/")
		id, err := strconv.ParseUint(number, 10, 64)
		s := f.pos.scopes[id]
		if err != nil || s == nil || id == root {
			return fmt.Errorf("record %.80q of no scope", rec.Key)
		}
		var d slotData
		p, err := in.slot(rec.Data, &d)
		if err != nil {
			return fmt.Errorf("%.80s kept by step %s: %w", d.Name, f.plan.steps[s.owner].id, err)
		}
		if rec.Key != f.keptKey(id, d.Name) {
			return fmt.Errorf("record %.80q with the value of %.80q", rec.Key, d.Name)
		}
		if s.saved.Kept == nil {
			s.saved.Kept = map[string]value.Value{}
			f.kept[id] = map[string]*piece{}
		}
		s.saved.Kept[d.Name] = p.value
		f.kept[id][d.Name] = p
	}
	return nil
}

// slot reads the record of a value.
func (in *reader) slot(data []byte, d *slotData) (*piece, error) {
	if err := cbor.Unmarshal(data, d); err != nil {
		return nil, err
	}
	return in.piece(d.Form, 0)
}

// restoreValues rebuilds variables and outputs.
func (f *frame) restoreValues(p *parts, in *reader) error {
	born := map[string]int{}
	for _, rec := range p.vars {
		var d slotData
		at, err := in.slot(rec.Data, &d)
		switch {
		case err != nil:
			return fmt.Errorf("variable %.80q: %w", d.Name, err)
		case rec.Key != f.key(varPart, d.Name):
			return fmt.Errorf("record %.80q with the value of %.80q", rec.Key, d.Name)
		}
		f.vals.vars[d.Name] = &slot{v: at.value, written: d.Written, piece: at, given: d.Given}
		born[d.Name] = d.Born
	}
	for _, rec := range p.outs {
		var d slotData
		at, err := in.slot(rec.Data, &d)
		if err != nil {
			return fmt.Errorf("outputs of step %d: %w", d.Step, err)
		}
		_, ok := at.value.(*value.Dict)
		if !ok || d.Step < 0 || d.Step >= len(f.vals.outs) || rec.Key != f.key(outPart, f.plan.steps[d.Step].id) {
			return fmt.Errorf("outputs of step %d", d.Step)
		}
		f.vals.outs[d.Step] = &slot{v: at.value, written: d.Written, piece: at, quiet: d.Quiet}
		born[f.plan.steps[d.Step].id] = d.Born
	}
	f.vals.names = make([]string, len(born))
	seen := newSet(len(born))
	for name, i := range born {
		if i < 0 || i >= len(born) || seen.has(i) {
			return errors.New("the order of the names is lost")
		}
		seen.add(i)
		f.vals.names[i], f.vals.known[name] = name, i
	}
	return nil
}

// republish makes the records the run has taken up its own: they are the first snapshot, as far as they are still needed.
func (r *run) republish(records []Record, in *reader) error {
	var c change
	for _, rec := range records {
		if rec.Data != nil && !strings.HasPrefix(rec.Key, chunkKeys) {
			c.put = append(c.put, rec)
		}
	}
	c.added = r.root.allChunks()
	c.counts = &counts{int(r.root.book.ordered), int(r.root.book.logged)} //nolint:gosec // counts
	for h, data := range in.chunks {
		c.chunks = append(c.chunks, chunk{h, data})
	}
	r.root.reopen(&c)
	_, err := r.ledger.publish(&c)
	return err
}

// reopen notes which steps that may run only once have begun, in this frame and those that hang on it.
func (f *frame) reopen(c *change) {
	if t, ok := f.pos.peek(); ok && f.open {
		c.opened(f.id, f.prefix+f.plan.steps[t.step].id)
	}
	for _, family := range f.families {
		for _, child := range family.frames {
			child.reopen(c)
		}
	}
}

// allChunks lists what the values of the frame, and of all that hang on it, need. It also notes which records they have.
func (f *frame) allChunks() []hash {
	out := f.chunks()
	f.keys[f.key("", "")] = struct{}{}
	for name := range f.vals.vars {
		f.keys[f.key(varPart, name)] = struct{}{}
	}
	for i, s := range f.vals.outs {
		if s != nil {
			f.keys[f.key(outPart, f.plan.steps[i].id)] = struct{}{}
		}
	}
	for id, kept := range f.kept {
		for name := range kept {
			f.keys[f.keptKey(id, name)] = struct{}{}
		}
	}
	if f.book.orderPiece != nil {
		f.keys[f.key(orderPart, "")] = struct{}{}
	}
	if f.kind == frameSub && f.nested.piece != nil {
		f.keys[f.key(settingsPart, "")] = struct{}{}
	}
	if f.book.logsPiece != nil {
		f.keys[f.key(logsPart, "")] = struct{}{}
	}
	for _, k := range f.families {
		for _, c := range k.frames {
			out = append(out, c.allChunks()...)
		}
	}
	return out
}

// chunks lists what the frame's values need.
func (f *frame) chunks() []hash {
	var out []hash
	for _, s := range f.vals.vars {
		out = append(out, s.piece.all()...)
	}
	for _, s := range f.vals.outs {
		if s != nil {
			out = append(out, s.piece.all()...)
		}
	}
	for _, kept := range f.kept {
		for _, p := range kept {
			out = append(out, p.all()...)
		}
	}
	if f.kind == frameSub {
		out = append(out, f.nested.piece.all()...)
	}
	return append(append(out, f.book.orderPiece.all()...), f.book.logsPiece.all()...)
}
