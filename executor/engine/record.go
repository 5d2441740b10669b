package engine

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"casare"
)

// Record is one part of the position of a run; the package comment lists what there is. A position is a set of records with different
// keys, and one without data is no longer part of it. Blob is for whoever keeps them.
type Record = casare.Record

// Snapshot is where a run stands: another robot with the same document continues from the records exactly.
type Snapshot struct {
	// Changes are the records that changed since the last snapshot that this run stored, sorted by key. Together with those of all
	// snapshots before they are what Options.Resume takes.
	Changes  []Record
	Whole    bool // Changes is everything, and whatever was stored before is void: so in the first snapshot of each run
	Moment   Moment
	Open     []string // steps that may run only once and have begun or begin now, by frame
	Step     string   // id of the step the run stands behind (or in, when it waits)
	Progress int      // 0 to 99
	Order    int      // how many entries the order of the whole run has so far
	Logs     int      // how many texts the logs of the whole run have so far
}

// The limits on what a position may hold.
const (
	maxInline = 1 << 20   // bytes of all records but the chunks
	maxChunks = 256 << 20 // bytes of all chunks
)

// ledger is the set of records a run has published. Each frame publishes its own part when it is between two steps. As frames see
// nothing of one another while they run, any combination of parts published is a position the run could have been in.
type ledger struct {
	turn chan struct{} // holds one element: whoever took it stores a snapshot

	mu      sync.Mutex
	known   map[string]entry
	pending map[string][]byte // changed since the last snapshot; nil: gone
	refs    map[hash]int      // how many published values have a chunk
	inline  int               // bytes
	chunked int
	open    map[string]string // by frame: the step that may run only once and has begun
	seq     uint64            // of the last part published
	stored  uint64            // seq of the last snapshot stored
	counts  counts
	last    time.Time // when a snapshot was stored last
	whole   bool      // the next snapshot is the first
}

// counts are how long the order and the logs of the run were when the root published its part.
type counts struct{ order, logs int }

// entry is a record that is part of the position.
type entry struct {
	size   int
	stored bool // in a snapshot
}

func newLedger() *ledger {
	l := &ledger{
		turn: make(chan struct{}, 1), known: map[string]entry{}, pending: map[string][]byte{}, refs: map[hash]int{}, open: map[string]string{}, whole: true,
	}
	l.turn <- struct{}{}
	return l
}

// change is what one frame publishes at once.
type change struct {
	seal   func(text string) ([]byte, error)
	counts *counts           // of the root; nil when it has no part in the change
	put    []Record          // nil data: deleted
	chunks []chunk           // that some of put refer to; those published already are left alone
	open   map[string]string // by frame: the step that may run only once and begins; "" for none
	added  []hash            // references to chunks, one for each value that has it
	lost   []hash
}

// publish makes a change part of the position, with the record of the run as it is now. The error says that the position is too large.
func (r *run) publish(c *change) (seq uint64, err error) {
	l := r.ledger
	l.mu.Lock()
	defer l.mu.Unlock()
	head, err := r.head()
	if err != nil {
		return 0, err
	}
	c.put = append(c.put, Record{Key: headKey, Data: head})
	return l.publish(c)
}

// opened notes which step of a frame may run only once and begins; "" for none.
func (c *change) opened(frame, step string) {
	if c.open == nil {
		c.open = map[string]string{}
	}
	c.open[frame] = step
}

// publish is for who holds the lock.
func (l *ledger) publish(c *change) (seq uint64, err error) {
	if c.counts != nil {
		l.counts = *c.counts
	}
	for _, h := range c.added {
		l.refs[h]++
	}
	for _, part := range c.chunks {
		if _, ok := l.known[part.hash.key()]; !ok && l.refs[part.hash] > 0 {
			l.set(part.hash.key(), part.data, &l.chunked)
		}
	}
	for _, r := range c.put {
		l.set(r.Key, r.Data, &l.inline)
	}
	for _, h := range c.lost {
		if l.refs[h]--; l.refs[h] <= 0 {
			delete(l.refs, h)
			l.set(h.key(), nil, &l.chunked)
		}
	}
	for frame, step := range c.open {
		if step == "" {
			delete(l.open, frame)
		} else {
			l.open[frame] = step
		}
	}
	l.seq++
	switch {
	case l.inline > maxInline:
		return l.seq, fmt.Errorf("the values of the run take %d KiB, and a checkpoint holds at most %d KiB of small ones", l.inline>>10, maxInline>>10)
	case l.chunked > maxChunks:
		return l.seq, fmt.Errorf("the values of the run take %d MiB, and a checkpoint holds at most %d MiB", l.chunked>>20, maxChunks>>20)
	}
	return l.seq, nil
}

// set replaces a record, or deletes it when data is nil. sum is the size of its kind.
func (l *ledger) set(key string, data []byte, sum *int) {
	old, ok := l.known[key]
	if data == nil {
		if !ok {
			return
		}
		*sum -= old.size
		delete(l.known, key)
		delete(l.pending, key)
		if old.stored {
			l.pending[key] = nil
		}
		return
	}
	size := len(key) + len(data)
	*sum += size - old.size
	_, was := l.pending[key] // a record that was stored, deleted and is there again
	l.known[key] = entry{size: size, stored: old.stored || !ok && was}
	l.pending[key] = data
}

// store hands what has changed to whoever keeps it, unless a snapshot that holds this part was stored while the caller waited for its
// turn. Frames that do not need it go on meanwhile.
func (r *run) store(ctx context.Context, seq uint64, s Snapshot) error {
	l := r.ledger
	select {
	case <-l.turn:
		defer func() { l.turn <- struct{}{} }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	l.mu.Lock()
	if l.stored >= seq {
		l.mu.Unlock()
		return nil
	}
	taken, upTo := l.pending, l.seq
	l.pending, s.Whole, s.Order, s.Logs = map[string][]byte{}, l.whole, l.counts.order, l.counts.logs
	for _, frame := range slices.Sorted(maps.Keys(l.open)) {
		s.Open = append(s.Open, l.open[frame])
	}
	l.mu.Unlock()

	s.Changes = make([]Record, 0, len(taken))
	for _, key := range slices.Sorted(maps.Keys(taken)) {
		s.Changes = append(s.Changes, Record{Key: key, Data: taken[key]})
	}
	err := r.opts.Checkpoint(ctx, s)

	l.mu.Lock()
	defer l.mu.Unlock()
	for key, data := range taken {
		e, ok := l.known[key]
		if ok {
			e.stored = true // even when it failed: nobody knows how far it came, and deleting once too often does no harm
			l.known[key] = e
		}
		if _, changed := l.pending[key]; changed {
			continue
		}
		if !ok && data != nil {
			l.pending[key] = nil // deleted while it was being stored
		} else if err != nil {
			l.pending[key] = data
		}
	}
	if err == nil {
		l.stored, l.whole = upTo, false
	}
	return err
}
