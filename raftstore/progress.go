package raftstore

import (
	"context"
	"sync"

	"casare"
)

// progress lets readers wait until the state holds an entry.
type progress struct {
	mu      sync.Mutex
	index   uint64
	waiting map[chan struct{}]uint64
}

func (p *progress) reached(index uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.index = max(p.index, index)
	for c, wanted := range p.waiting {
		if wanted <= p.index {
			close(c)
			delete(p.waiting, c)
		}
	}
}

func (p *progress) wait(ctx context.Context, index uint64) error {
	p.mu.Lock()
	if p.index >= index {
		p.mu.Unlock()
		return nil
	}
	if p.waiting == nil {
		p.waiting = map[chan struct{}]uint64{}
	}
	c := make(chan struct{})
	p.waiting[c] = index
	p.mu.Unlock()
	select {
	case <-c:
		return nil
	case <-ctx.Done():
		p.mu.Lock()
		delete(p.waiting, c)
		p.mu.Unlock()
		return casare.Errorf(casare.CodeTimeout, "wait for index %d: %w", index, context.Cause(ctx))
	}
}
