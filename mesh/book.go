package mesh

import (
	"bytes"
	"cmp"
	"maps"
	"net"
	"slices"
	"sync"
)

// maxBook caps the robots an address book holds: more than a mesh has, less than memory.
const maxBook = 10_000

// book knows where robots are: from records in gossip and greetings, from connections, from join answers, from disk.
type book struct {
	meshID string

	mu      sync.Mutex
	entries map[string]*entry
	dirty   bool // since the last snapshot
	newest  LeaderHint
	onHint  func(LeaderHint) // called without the lock
}

type entry struct {
	robotID  string
	record   *record  // nil until one was heard
	told     []string // addresses somebody else told
	lastGood string   // where a handshake with it succeeded last
	met      []byte   // its public key, PKIX DER, once a handshake under the mesh's CA has shown it
}

func newBook(meshID string, onHint func(LeaderHint)) *book {
	return &book{meshID: meshID, entries: map[string]*entry{}, onHint: onHint}
}

// entryOf returns the entry of a robot, new if need be; nil when the book is full. The lock is held.
func (b *book) entryOf(robotID string) *entry {
	e, ok := b.entries[robotID]
	if !ok {
		if len(b.entries) >= maxBook {
			return nil
		}
		e = &entry{robotID: robotID}
		b.entries[robotID] = e
		b.dirty = true
	}
	return e
}

// hear takes in the record that a robot is said to have signed, and returns the newest one known of it.
func (b *book) hear(robotID string, raw []byte) (*record, error) {
	if known := b.recordOf(robotID); known != nil && bytes.Equal(known.raw, raw) {
		return known, nil // heard before: signatures are dear
	}
	r, err := readRecord(b.meshID, raw)
	if err != nil {
		return nil, err
	}
	if r.robotID != robotID {
		return nil, errWrongRecord(robotID, r.robotID)
	}
	return b.accept(r), nil
}

// accept takes in a record whose signature holds.
func (b *book) accept(r *record) *record {
	b.mu.Lock()
	e := b.entryOf(r.robotID)
	if e == nil {
		b.mu.Unlock()
		return r
	}
	if e.record != nil && e.record.Sequence >= r.Sequence {
		known := e.record
		b.mu.Unlock()
		return known
	}
	if e.record != nil && !slices.Equal(e.record.Addresses, r.Addresses) {
		e.lastGood = "" // it has moved
	}
	e.record, b.dirty = r, true
	hint := b.raise(r.hint())
	b.mu.Unlock()
	if hint != (LeaderHint{}) {
		b.onHint(hint)
	}
	return r
}

// raise notes a leader hint and returns it if its term is newer than any before. The lock is held.
func (b *book) raise(h LeaderHint) LeaderHint {
	if h.LeaderID == "" || h.Term <= b.newest.Term {
		return LeaderHint{}
	}
	b.newest = h
	return h
}

// announce notes this robot's own hint. It is false when a newer or equal term was heard of.
func (b *book) announce(h LeaderHint) bool {
	b.mu.Lock()
	fresh := b.raise(h) != LeaderHint{}
	b.mu.Unlock()
	if fresh {
		b.onHint(h)
	}
	return fresh
}

func (b *book) hint() LeaderHint {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.newest
}

// tell adds addresses that somebody else gave.
func (b *book) tell(p PeerAddress) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if e := b.entryOf(p.RobotID); e != nil {
		e.told = slices.Clone(p.Addresses[:min(len(p.Addresses), maxAddresses)])
	}
}

// meet notes that a handshake with the robot succeeded at an address.
func (b *book) meet(robotID string, publicKey []byte, addr net.Addr) {
	b.mu.Lock()
	defer b.mu.Unlock()
	e := b.entryOf(robotID)
	if e == nil {
		return
	}
	if e.met == nil || e.lastGood != addr.String() {
		b.dirty = true
	}
	e.met, e.lastGood = publicKey, addr.String()
}

// known returns the key of a robot that was met.
func (b *book) known(robotID string) ([]byte, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	e, ok := b.entries[robotID]
	if !ok || e.met == nil {
		return nil, false
	}
	return e.met, true
}

// addresses lists where a robot may be, the likeliest first.
func (b *book) addresses(robotID string) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	e, ok := b.entries[robotID]
	if !ok {
		return nil
	}
	return e.addresses()
}

func (e *entry) addresses() []string {
	var all []string
	add := func(addr string) {
		if addr != "" && !slices.Contains(all, addr) {
			all = append(all, addr)
		}
	}
	add(e.lastGood)
	if e.record != nil {
		for _, a := range e.record.Addresses {
			add(a)
		}
	}
	for _, a := range e.told {
		add(a)
	}
	return all
}

func (b *book) recordOf(robotID string) *record {
	b.mu.Lock()
	defer b.mu.Unlock()
	if e, ok := b.entries[robotID]; ok {
		return e.record
	}
	return nil
}

// ids lists every robot in the book, in order.
func (b *book) ids() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Sorted(maps.Keys(b.entries))
}

// peers lists every robot that has an address, by id.
func (b *book) peers() []PeerAddress {
	b.mu.Lock()
	defer b.mu.Unlock()
	var all []PeerAddress
	for _, e := range b.entries {
		if addresses := e.addresses(); len(addresses) > 0 {
			all = append(all, PeerAddress{RobotID: e.robotID, Addresses: addresses})
		}
	}
	slices.SortFunc(all, func(x, y PeerAddress) int { return cmp.Compare(x.RobotID, y.RobotID) })
	return all
}
