package executor

import (
	"bytes"
	"iter"
	"maps"
	"slices"
	"strings"

	"casare"
	"casare/session"
)

// stream is the checkpoints of one attempt on their way into the state. It merges what the run hands over, tells it as changes against
// the checkpoint that the state is known to hold, one telling at a time, and goes back to telling the whole whenever it is not sure what
// the state holds. It is not safe for concurrent use and does no I/O.
type stream struct {
	whole   map[string]casare.Record // the newest checkpoint
	size    int                      // bytes of whole, as far as they are inline
	changed map[string]struct{}      // keys in which it differs, or may differ, from the one that is held or on its way
	held    uint64                   // number of the checkpoint in the state; 0: none
	used    uint64                   // highest number given to any
	sure    bool                     // what is held is one of ours, so that changes against it make sense
	dirty   bool                     // something has not been told
	taken   uint64                   // counts what was handed over
	acked   uint64                   // up to which of them the state has all
	at      mark                     // of the newest
	flight  *flight
}

// mark is what is shown of a checkpoint.
type mark struct {
	step     string
	open     string
	pin      string
	progress int
	intents  uint64
}

// flight is a telling that waits for its acknowledgement.
type flight struct {
	command casare.CheckpointJob // its part that is due or was sent
	pieces  [][]byte             // of the changes, when they do not fit one command
	keys    []string             // what it tells of
	taken   uint64
}

// begin starts from what the state holds already.
func (s *stream) begin(records []casare.Record, held uint64) {
	s.whole, s.changed = make(map[string]casare.Record, len(records)), map[string]struct{}{}
	for _, r := range records {
		s.whole[r.Key] = r
		s.size += r.Size()
	}
	s.held, s.used, s.sure = held, held, true
}

// take merges changes of the run, which must not be changed afterwards. whole says that they are everything.
func (s *stream) take(changes []casare.Record, whole bool, at mark) {
	s.taken++
	s.dirty, s.at = true, at
	if whole {
		s.replace(changes)
		return
	}
	for _, r := range changes {
		if old, ok := s.whole[r.Key]; ok {
			s.size -= old.Size()
			delete(s.whole, r.Key)
		}
		if !r.Deleted() {
			s.whole[r.Key] = r
			s.size += r.Size()
		}
		s.changed[r.Key] = struct{}{}
	}
}

// replace makes records the whole checkpoint. What is as it was is not told again.
func (s *stream) replace(records []casare.Record) {
	before := s.whole
	s.whole, s.size = make(map[string]casare.Record, len(records)), 0
	for _, r := range records {
		if r.Deleted() {
			continue
		}
		old, ok := before[r.Key]
		if ok && sameRecord(old, r) {
			r = old
		} else {
			s.changed[r.Key] = struct{}{}
		}
		delete(before, r.Key)
		s.whole[r.Key] = r
		s.size += r.Size()
	}
	for k := range before {
		s.changed[k] = struct{}{}
	}
}

// sameRecord says whether a record as the run writes it is the one that is held.
func sameRecord(held, written casare.Record) bool {
	if written.Blob != nil {
		return held.Blob != nil && *held.Blob == *written.Blob
	}
	if held.Blob == nil {
		return bytes.Equal(held.Data, written.Data)
	}
	return held.Blob.Size == int64(len(written.Data)) && held.Blob.Hash == casare.BlobHash(written.Data)
}

// heavy lists the records that are worth a blob each before they are told.
func (s *stream) heavy() []casare.Record {
	limit := blobRecord
	if s.size > crowded {
		limit = blobCrowded
	}
	var found []casare.Record
	for k := range s.untold() {
		if r := s.whole[k]; r.Blob == nil && len(r.Data) > limit {
			found = append(found, r)
		}
	}
	slices.SortFunc(found, func(a, b casare.Record) int { return strings.Compare(a.Key, b.Key) })
	return found
}

// What lies in a blob instead of in the state.
const (
	blobRecord  = 64 << 10 // any record of more than this
	crowded     = 2 << 20  // and when a checkpoint has more than this,
	blobCrowded = 8 << 10  // any of more than this
)

// untold is the keys that the next telling is about.
func (s *stream) untold() iter.Seq[string] {
	if s.sure && s.held != 0 {
		return maps.Keys(s.changed)
	}
	return maps.Keys(s.whole)
}

// moved notes that the data of a record lie in a blob from now on, unless the record has changed since.
func (s *stream) moved(key string, data []byte, ref casare.BlobRef) {
	r, ok := s.whole[key]
	if !ok || r.Blob != nil || len(r.Data) != len(data) || len(data) > 0 && &r.Data[0] != &data[0] {
		return
	}
	s.size -= r.Size()
	r.Data, r.Blob = nil, &ref
	s.size += r.Size()
	s.whole[key] = r
}

// next returns the part of a telling that is due: of the one under way, or of a new one. nil: nothing is.
func (s *stream) next() *casare.CheckpointJob {
	if s.flight == nil {
		if !s.dirty {
			return nil
		}
		s.depart()
	}
	return &s.flight.command
}

// depart makes a telling of all that has not been told.
func (s *stream) depart() {
	f := &flight{taken: s.taken, command: casare.CheckpointJob{Step: s.at.step, Progress: s.at.progress, Open: s.at.open, Pin: s.at.pin, Intents: s.at.intents}}
	s.used = max(s.used, s.held) + 1
	f.command.Seq = s.used
	f.keys = slices.Sorted(s.untold())
	if s.sure && s.held != 0 {
		f.command.Base = s.held
	}
	changes, size := make([]casare.Record, 0, len(f.keys)), 0
	for _, k := range f.keys {
		r, ok := s.whole[k]
		if !ok {
			r = casare.Record{Key: k}
		}
		changes = append(changes, r)
		size += r.Size() + recordOverhead
	}
	s.changed, s.dirty, s.flight = map[string]struct{}{}, false, f
	if size <= casare.MaxPiece {
		f.command.Changes = changes
		return
	}
	pieces, err := session.SplitRecords(changes, casare.MaxPiece)
	if err != nil { // texts, bytes and numbers always encode
		panic(err)
	}
	f.pieces = pieces
	f.command.Piece, f.command.More = pieces[0], len(pieces) > 1
}

// recordOverhead is about what a record takes beside key and data.
const recordOverhead = 32

// answered takes in that the part under way was applied. The telling is over with its last part.
func (s *stream) answered() {
	f := s.flight
	if f == nil {
		return
	}
	if f.command.More {
		c := &f.command
		c.Part++
		c.Piece, c.More = f.pieces[c.Part], c.Part < len(f.pieces)-1
		return
	}
	s.held, s.sure, s.acked, s.flight = f.command.Seq, true, f.taken, nil
}

// lost takes back what was under way, given what the state holds now.
func (s *stream) lost(held uint64) {
	f := s.flight
	s.flight = nil
	s.used = max(s.used, held)
	switch {
	case f != nil && held == f.command.Seq:
		s.acked, s.sure = f.taken, true
	default:
		if f != nil {
			s.dirty = true
			for _, k := range f.keys {
				s.changed[k] = struct{}{}
			}
		}
		s.sure = s.sure && held == s.held
	}
	s.held = held
}

// refused gives up what was to be told: the state cannot take it. The next one is told as a whole.
func (s *stream) refused() {
	s.flight, s.sure, s.dirty = nil, false, false
}
