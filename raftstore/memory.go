package raftstore

import (
	"slices"
	"sync"

	"go.etcd.io/bbolt"

	"casare"
)

// memory holds what is cheap to keep and dear to store: how many jobs stand in each state, which have not ended, how many events
// there are. It follows committed transactions and is read afresh from the file when that is opened.
type memory struct {
	mu sync.RWMutex
	memoryRows
	recent recent
	blobs  chan struct{} // closed and replaced when other blobs are referred to; nil while nobody waits
}

type memoryRows struct {
	counts map[string]casare.JobCounts // by tenant
	active map[string]activeJob        // by id
	events int
	last   casare.Cursor // of the newest event ever written
	pruned casare.Cursor // events up to here were forgotten
}

type activeJob struct {
	tenant  string
	created casare.Time
	state   casare.JobState
}

// jobMove is one change of a job's state; from is empty for a new job.
type jobMove struct {
	id, tenant string
	created    casare.Time
	from, to   casare.JobState
}

// memoryChange is what one transaction does to memory.
type memoryChange struct {
	moves  []jobMove
	jobs   map[string]*casare.Job // as they are now
	events int
	last   casare.Cursor
	pruned casare.Cursor
	blobs  bool // other blobs are referred to
}

func newMemoryRows() *memoryRows {
	return &memoryRows{counts: map[string]casare.JobCounts{}, active: map[string]activeJob{}}
}

func readMemory(tx *bbolt.Tx) (*memoryRows, error) {
	rows := newMemoryRows()
	var change memoryChange
	err := tx.Bucket(bucketStatus).ForEach(func(id, _ []byte) error {
		j, err := readJob(tx, string(id))
		if err != nil {
			return err
		}
		change.moves = append(change.moves[:0], jobMove{id: j.ID, tenant: j.Tenant, created: j.CreatedAt, to: j.State})
		rows.follow(change)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if err := rows.readEvents(tx.Bucket(bucketEvent)); err != nil {
		return nil, err
	}
	mesh, _, err := getRow[meshRow](tx.Bucket(bucketMesh), keyMesh)
	rows.pruned = mesh.Pruned
	if rows.last.Less(rows.pruned) {
		rows.last = rows.pruned
	}
	return rows, err
}

func (m *memoryRows) readEvents(b *bbolt.Bucket) error {
	var newest []byte
	c := b.Cursor()
	for k, v := c.First(); k != nil; k, v = c.Next() {
		m.events += eventCount(v)
		newest = v
	}
	if newest == nil {
		return nil
	}
	events, err := decodeEvents(newest)
	if err == nil && len(events) > 0 {
		m.last = events[len(events)-1].Cursor
	}
	return err
}

// follow applies a committed change.
func (m *memoryRows) follow(c memoryChange) {
	for _, v := range c.moves {
		counts := m.counts[v.tenant]
		if counts == nil {
			counts = casare.JobCounts{}
			m.counts[v.tenant] = counts
		}
		if v.from != "" {
			counts[v.from]--
		}
		counts[v.to]++
		if v.to.Terminal() {
			delete(m.active, v.id)
		} else {
			m.active[v.id] = activeJob{tenant: v.tenant, created: v.created, state: v.to}
		}
	}
	m.events += c.events
	if m.last.Less(c.last) {
		m.last = c.last
	}
	if m.pruned.Less(c.pruned) {
		m.pruned = c.pruned
	}
	if m.last.Less(m.pruned) {
		m.last = m.pruned // as it is after a restart
	}
}

func (m *memory) commit(c memoryChange) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.follow(c)
	for _, j := range c.jobs {
		m.recent.keep(j)
	}
	if c.blobs {
		m.signalBlobs()
	}
}

// signalBlobs tells those who wait that other blobs are referred to. The caller holds mu.
func (m *memory) signalBlobs() {
	if m.blobs != nil {
		close(m.blobs)
		m.blobs = nil
	}
}

func (m *memory) blobsChanged() <-chan struct{} {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.blobs == nil {
		m.blobs = make(chan struct{})
	}
	return m.blobs
}

// job returns a job that changed lately, nil for any other. Nobody may change it.
func (m *memory) job(id string) *casare.Job {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.recent.job(id)
}

// forget drops the jobs that changed lately: nothing is read any more.
func (m *memory) forget() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.recent = newRecent()
}

func (m *memory) replace(rows *memoryRows) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.memoryRows, m.recent = *rows, newRecent()
	m.signalBlobs()
}

func (m *memory) countsOf(tenant string) casare.JobCounts {
	m.mu.RLock()
	defer m.mu.RUnlock()
	sum := casare.JobCounts{}
	for t, counts := range m.counts {
		if tenant != "" && t != tenant {
			continue
		}
		for state, n := range counts {
			if n > 0 {
				sum[state] += n
			}
		}
	}
	return sum
}

func (m *memory) tenants() []string {
	m.mu.RLock()
	defer m.mu.RUnlock()
	names := make([]string, 0, len(m.counts))
	for t := range m.counts {
		names = append(names, t)
	}
	slices.Sort(names)
	return names
}

// unfinished returns the ids of jobs that have not ended, oldest first, that keep wants.
func (m *memory) unfinished(keep func(activeJob) bool) []string {
	type entry struct {
		id      string
		created casare.Time
	}
	m.mu.RLock()
	found := make([]entry, 0, len(m.active))
	for id, j := range m.active {
		if keep(j) {
			found = append(found, entry{id: id, created: j.created})
		}
	}
	m.mu.RUnlock()
	slices.SortFunc(found, func(a, b entry) int {
		if a.created != b.created {
			if a.created < b.created {
				return -1
			}
			return 1
		}
		return compare(a.id, b.id)
	})
	ids := make([]string, len(found))
	for i, e := range found {
		ids[i] = e.id
	}
	return ids
}

func (m *memory) feedState() (last, pruned casare.Cursor, events int) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.last, m.pruned, m.events
}
