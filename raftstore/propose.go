package raftstore

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/hashicorp/raft"

	"casare"
)

const (
	entriesInFlight = 2           // one is synced while the next is filled
	maxQueuedBytes  = 64 << 20    // what waits beyond that is refused
	enqueueTimeout  = time.Second // for raft to take an entry; then nothing was proposed
)

// proposer collects commands that are proposed at the same time into entries: while some are in flight, the next is filled.
type proposer struct {
	latch *latch
	apply func(entry []byte, timeout time.Duration) raft.ApplyFuture

	mu      sync.Mutex
	queue   []*call
	queued  int // bytes
	stopped bool
	open    sync.WaitGroup // entries in flight

	wake  chan struct{}
	slots chan struct{}
}

// call is one Propose. Its frames go into entries in order; entries may overtake nothing of the same call.
type call struct {
	frames  [][]byte // nil: refused before it was proposed, results has the answer
	results []casare.Result
	done    chan struct{}

	// Guarded by proposer.mu.
	next     int  // first frame that is in no entry yet
	left     int  // frames without an answer
	sent     bool // at least one frame is in an entry
	known    int  // answers before this one are known
	err      *casare.Error
	finished bool
}

// span is the part of a call that is in an entry.
type span struct {
	call     *call
	from, to int
}

func newProposer(l *latch, apply func([]byte, time.Duration) raft.ApplyFuture) *proposer {
	return &proposer{latch: l, apply: apply, wake: make(chan struct{}, 1), slots: make(chan struct{}, entriesInFlight)}
}

// propose queues the commands and waits for their answers.
func (p *proposer) propose(ctx context.Context, ps []casare.Proposal) ([]casare.Result, error) {
	c := &call{frames: make([][]byte, len(ps)), results: make([]casare.Result, len(ps)), done: make(chan struct{})}
	size := 0
	for i := range ps {
		frame, refusal := encodeProposal(ps[i])
		if refusal != nil {
			c.results[i].Err = refusal
			continue
		}
		c.frames[i] = frame
		size += len(frame)
		c.left++
	}
	if c.left == 0 {
		return c.results, nil
	}
	if err := p.enqueue(c, size); err != nil {
		return nil, err
	}
	select {
	case <-c.done:
	case <-p.latch.tripped:
		p.abandon(c, p.latch.err())
	case <-ctx.Done():
		p.abandon(c, context.Cause(ctx))
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if c.err != nil {
		return append([]casare.Result(nil), c.results[:c.known]...), c.err
	}
	return c.results, nil
}

func (p *proposer) enqueue(c *call, size int) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.stopped:
		return errClosed
	case p.latch.broken():
		return casare.Errorf(casare.CodeUnavailable, "nothing was proposed: %w", p.latch.err())
	case p.queued+size > maxQueuedBytes && p.queued > 0:
		return casare.Errorf(casare.CodeUnavailable, "%d bytes of commands wait already", p.queued)
	}
	p.queue = append(p.queue, c)
	p.queued += size
	p.signal()
	return nil
}

func (p *proposer) signal() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// abandon ends a call whose caller waits no longer.
func (p *proposer) abandon(c *call, cause error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	code := casare.CodeUnavailable
	if c.sent {
		code = casare.CodeOutcomeUnknown
	}
	p.finish(c, casare.Errorf(code, "no answer in time: %w", cause))
}

// finish ends a call once. What it has not proposed yet is not proposed any more. The caller holds mu.
func (p *proposer) finish(c *call, err *casare.Error) {
	if c.finished {
		return
	}
	c.finished, c.err = true, err
	for ; c.next < len(c.frames); c.next++ {
		p.queued -= len(c.frames[c.next])
	}
	close(c.done)
}

// run proposes until ctx ends.
func (p *proposer) run(ctx context.Context) {
	before := make(chan struct{}) // closed when the entry before is settled
	close(before)
	for {
		select {
		case p.slots <- struct{}{}:
		case <-ctx.Done():
			p.stop()
			return
		}
		entry, spans := p.take()
		for entry == nil {
			select {
			case <-p.wake:
			case <-ctx.Done():
				p.stop()
				return
			}
			entry, spans = p.take()
		}
		settled := make(chan struct{})
		go p.await(p.apply(entry, enqueueTimeout), spans, before, settled) // waited for by drain
		before = settled
	}
}

// await waits for an entry's answer. Entries are settled in order: the answers of a call are known from the front.
func (p *proposer) await(future raft.ApplyFuture, spans []span, before <-chan struct{}, settled chan<- struct{}) {
	defer p.open.Done()
	err := future.Error()
	var answer any
	if err == nil {
		answer = future.Response()
	}
	<-before
	p.settle(spans, answer, err)
	close(settled)
	<-p.slots
}

// take fills an entry from the queue; nil if nothing waits.
func (p *proposer) take() ([]byte, []span) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var frames [][]byte
	var spans []span
	size := 0
	for len(p.queue) > 0 && size < targetEntry && len(frames) < maxCommands {
		c := p.queue[0]
		from := c.next
		for c.next < len(c.frames) && size < targetEntry && len(frames) < maxCommands {
			f := c.frames[c.next]
			if size > 0 && size+len(f) > maxEntry-entryOverhead {
				break
			}
			c.next++
			if f != nil {
				frames = append(frames, f)
				size += len(f)
			}
		}
		if c.next > from && !c.finished {
			spans = append(spans, span{call: c, from: from, to: c.next})
			c.sent = true
		}
		if c.next < len(c.frames) {
			break
		}
		p.queue[0] = nil
		p.queue = p.queue[1:]
	}
	p.queued -= size
	if len(frames) == 0 {
		return nil, nil
	}
	p.open.Add(1)
	return joinFrames(frames, size), spans
}

// settle gives an entry's answers to the calls that are in it.
func (p *proposer) settle(spans []span, answer any, err error) {
	var results []casare.Result
	failure := translate(err)
	if failure == nil {
		switch a := answer.(type) {
		case []casare.Result:
			results = a
		case error:
			failure = casare.Errorf(casare.CodeOutcomeUnknown, "%w", a)
		default: // an entry the state has already held: it was applied, by an earlier life of this robot
			failure = casare.Errorf(casare.CodeOutcomeUnknown, "the answer is not known any more")
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range spans {
		if failure != nil {
			p.finish(s.call, s.failure(failure))
			continue
		}
		results = s.call.take(s, results)
		if s.call.left == 0 {
			p.finish(s.call, nil)
		}
	}
}

// failure is what the failure of its entry means for a call: what follows may be in an entry too, which may yet be applied.
func (s span) failure(err *casare.Error) *casare.Error {
	if s.to < s.call.next && err.Code != casare.CodeOutcomeUnknown {
		return casare.Errorf(casare.CodeOutcomeUnknown, "a part was refused, the rest is under way: %w", err)
	}
	return err
}

// take copies the answers of a span; it returns the rest. The caller holds proposer.mu.
func (c *call) take(s span, results []casare.Result) []casare.Result {
	for i := s.from; i < s.to; i++ {
		if c.frames[i] == nil {
			continue
		}
		if !c.finished {
			c.results[i] = results[0]
		}
		c.left--
		results = results[1:]
	}
	if !c.finished {
		c.known = s.to
	}
	return results
}

// translate says what a future's error means for the caller.
func translate(err error) *casare.Error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, raft.ErrNotLeader):
		return casare.Errorf(casare.CodeNotLeader, "this robot does not lead: %w", err)
	case errors.Is(err, raft.ErrLeadershipTransferInProgress):
		return casare.Errorf(casare.CodeNotLeader, "this robot is handing leadership over: %w", err)
	case errors.Is(err, raft.ErrEnqueueTimeout):
		return casare.Errorf(casare.CodeUnavailable, "the leader is too busy: %w", err)
	}
	return casare.Errorf(casare.CodeOutcomeUnknown, "nobody can say yet whether it holds: %w", err)
}

// stop refuses what waits and what comes.
func (p *proposer) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stopped = true
	for _, c := range p.queue {
		err := errClosed
		if c.sent {
			err = casare.Errorf(casare.CodeOutcomeUnknown, "the store was closed meanwhile")
		}
		p.finish(c, err)
	}
	p.queue = nil
}

// drain waits until every entry in flight is answered. raft answers none that it has not applied when it shuts down.
func (p *proposer) drain(timeout time.Duration) bool {
	drained := make(chan struct{})
	go func() {
		p.open.Wait()
		close(drained)
	}()
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	select {
	case <-drained:
		return true
	case <-timer.C:
		return false
	}
}
