package scheduler

import (
	"context"
	"sync"

	"casare"
	"casare/session"
)

// maxReports is about how many bytes of reports of a session wait for those that are being proposed; then its reader waits too. It
// is counted in bytes because frames are small when attempts are short: what comes in during one proposal must fit the next one.
const maxReports = 4 << 20

// entryBytes is about what an entry takes beside its contents.
const entryBytes = 256

// reports is the queue between the reader of a session and its reporter.
type reports struct {
	mu      sync.Mutex
	waiting []*session.Report
	bytes   int
	some    chan struct{} // one slot: something waits
	room    chan struct{} // one slot: something was taken
}

func newReports() *reports {
	return &reports{some: make(chan struct{}, 1), room: make(chan struct{}, 1)}
}

// put adds a report; it waits for room. One goroutine may call it.
func (q *reports) put(ctx context.Context, r *session.Report) error {
	for {
		q.mu.Lock()
		if q.bytes < maxReports {
			q.waiting = append(q.waiting, r)
			q.bytes += sizeOf(r)
			q.mu.Unlock()
			wake(q.some)
			return nil
		}
		q.mu.Unlock()
		select {
		case <-q.room:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// take returns what waits, in order, until it has most entries or more; nil when ctx ends first. One goroutine may call it.
func (q *reports) take(ctx context.Context, most int) []*session.Report {
	for {
		if taken := q.first(most); len(taken) > 0 {
			wake(q.room)
			return taken
		}
		select {
		case <-q.some:
		case <-ctx.Done():
			return nil
		}
	}
}

func (q *reports) first(most int) []*session.Report {
	q.mu.Lock()
	defer q.mu.Unlock()
	n, entries := 0, 0
	for n < len(q.waiting) && entries < most {
		entries += q.waiting[n].Len()
		q.bytes -= sizeOf(q.waiting[n])
		n++
	}
	taken := q.waiting[:n:n]
	if q.waiting = q.waiting[n:]; len(q.waiting) == 0 {
		q.waiting = nil
	}
	return taken
}

// sizeOf is about how many bytes a report holds.
func sizeOf(r *session.Report) int {
	size := r.Len() * entryBytes
	for i := range r.Checkpoints {
		c := &r.Checkpoints[i]
		size += recordsSize(c.Changes) + len(c.Piece) + linesSize(c.Log.Lines)
	}
	for i := range r.Finishes {
		size += len(r.Finishes[i].Result) + linesSize(r.Finishes[i].Log.Lines)
	}
	return size
}

func recordsSize(records []casare.Record) (size int) {
	for i := range records {
		size += records[i].Size()
	}
	return size
}

func linesSize(lines [][]byte) (size int) {
	for _, line := range lines {
		size += len(line)
	}
	return size
}
