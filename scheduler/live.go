package scheduler

import "casare"

// Watcher receives the live updates of one job or of all.
type Watcher struct {
	c chan []casare.LiveUpdate
}

// C delivers updates in order, in batches. It is closed when the watcher is closed, was too slow, or this robot leads no more.
func (w *Watcher) C() <-chan []casare.LiveUpdate { return w.c }

// Err says why C was closed: nil after Close, CodeTimeout when the watcher was too slow, CodeNotLeader when this robot leads
// no more.
func (w *Watcher) Err() error { return nil }

// Close ends the subscription. It may be called twice.
func (w *Watcher) Close() {}
