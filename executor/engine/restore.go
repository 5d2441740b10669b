package engine

import (
	"cmp"
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
	head []byte
	vars []Record // sorted by key, as all others
	outs []Record
	kept []Record
}

// restore takes up the position that the records describe.
func (r *run) restore(records []Record) error {
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
	if err := r.restoreFrames(frames, in); err != nil {
		return fmt.Errorf("the checkpoint is damaged: %w", err)
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

func (r *run) restoreFrames(frames map[string]*parts, in *reader) error {
	p := frames[rootID]
	if p == nil || len(frames) > 1 {
		return fmt.Errorf("%d frames", len(frames))
	}
	return r.root.restore(p, in)
}

// restore takes up the position and the values of one frame.
func (f *frame) restore(p *parts, in *reader) error {
	var d frameData
	if err := cbor.Unmarshal(p.head, &d); err != nil {
		return fmt.Errorf("frame %s: %w", f.id, err)
	}
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
	f.vals.clock = d.Clock
	f.book.ordered, f.book.logged, f.last, f.open = d.Ordered, d.Logged, d.Step, d.Open
	return nil
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
		if s == nil || t.Step < 0 || t.Step >= n || t.Why < uint8(arrived) || t.Why > uint8(again) ||
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
		f.vals.vars[d.Name] = &slot{v: at.value, written: d.Written, piece: at}
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
		f.vals.outs[d.Step] = &slot{v: at.value, written: d.Written, piece: at}
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
	c.added = r.root.chunks()
	for h, data := range in.chunks {
		c.chunks = append(c.chunks, chunk{h, data})
	}
	_, err := r.ledger.publish(&c)
	return err
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
	return out
}
