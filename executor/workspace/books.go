package workspace

import (
	"context"
	"errors"
	"sync"
)

// books knows which contents the records refer to, and which of them are not kept yet. It has a lock of its own, so that nobody who asks
// waits for a look at the folder.
type books struct {
	flushing sync.Mutex // held while contents are put; taken before mu

	mu     sync.Mutex
	held   map[string]int   // by hash: how many chunks are this content
	drafts map[string]Draft // of them, those that are not kept yet
	busy   string           // hash of the draft that is being put
	pin    string
	closed chan struct{}
	over   bool
}

func newBooks() books {
	return books{held: map[string]int{}, drafts: map[string]Draft{}, closed: make(chan struct{})}
}

// have refers to a content once more, if it is known.
func (b *books) have(hash string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.held[hash] == 0 && b.drafts[hash] == nil {
		return false
	}
	b.held[hash]++
	return true
}

// add refers to a content that is not kept yet.
func (b *books) add(hash string, d Draft) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.held[hash]++
	if b.over {
		d.Discard()
		return
	}
	b.drafts[hash] = d
}

// hold refers to a content that is kept.
func (b *books) hold(hash string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.held[hash]++
}

// drop lets go of a content once.
func (b *books) drop(hash string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.held[hash]--; b.held[hash] > 0 {
		return
	}
	delete(b.held, hash)
	if d := b.drafts[hash]; d != nil && b.busy != hash { // else whoever puts it discards it
		delete(b.drafts, hash)
		d.Discard()
	}
}

func (b *books) setPin(pin string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.pin = pin
}

func (b *books) pinned() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.pin
}

func (b *books) pending() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.drafts) > 0
}

var errClosed = errors.New("the workspace is closed")

func (b *books) flush(ctx context.Context) error {
	b.flushing.Lock()
	defer b.flushing.Unlock()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	ended := make(chan struct{})
	defer close(ended)
	go func() { // ends with the function
		select {
		case <-b.closed:
			cancel(errClosed)
		case <-ended:
		}
	}()
	for {
		hash, draft := b.next()
		if draft == nil {
			return nil
		}
		err := draft.Put(ctx)
		b.settle(hash, draft, err == nil)
		if err != nil {
			return err
		}
	}
}

// next gives a draft that nobody discards before settle.
func (b *books) next() (string, Draft) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for hash, draft := range b.drafts {
		b.busy = hash
		return hash, draft // any
	}
	return "", nil
}

// settle notes what became of a draft. Perhaps nobody refers to it any more.
func (b *books) settle(hash string, draft Draft, put bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.busy = ""
	if put || b.held[hash] == 0 || b.over {
		delete(b.drafts, hash)
		draft.Discard()
	}
}

// close ends a flush and discards what is not kept.
func (b *books) close() {
	b.mu.Lock()
	if !b.over {
		b.over = true
		close(b.closed)
	}
	b.mu.Unlock()
	b.flushing.Lock()
	defer b.flushing.Unlock()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, d := range b.drafts {
		d.Discard()
	}
	clear(b.drafts)
}
