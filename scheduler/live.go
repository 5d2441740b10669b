package scheduler

import (
	"sync"

	"casare"
	"casare/session"
)

const (
	ringSize   = 256  // updates kept of a running job for those who come later
	maxRings   = 4096 // jobs of which updates are kept
	liveBuffer = 256  // batches that wait for a slow watcher
)

// hub passes live updates on to whoever watches. Nothing is kept, and robots send nothing, while nobody does.
type hub struct {
	mu       sync.Mutex
	watchers map[*Watcher]struct{}
	rings    map[string][]casare.LiveUpdate
	closed   error
}

func newHub() *hub {
	return &hub{watchers: map[*Watcher]struct{}{}, rings: map[string][]casare.LiveUpdate{}}
}

// watched says whether anybody looks.
func (h *hub) watched() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.watchers) > 0
}

// publish passes on what happened in one job. The updates are shared from now on.
func (h *hub) publish(jobID string, updates []casare.LiveUpdate) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.watchers) == 0 || len(updates) == 0 {
		return
	}
	if ring, ok := h.rings[jobID]; ok || len(h.rings) < maxRings {
		ring = append(ring, updates...)
		if len(ring) > 2*ringSize {
			ring = append([]casare.LiveUpdate(nil), ring[len(ring)-ringSize:]...)
		}
		h.rings[jobID] = ring
	}
	for w := range h.watchers {
		if w.jobID != "" && w.jobID != jobID {
			continue
		}
		select {
		case w.c <- updates:
		default:
			h.remove(w, casare.Errorf(casare.CodeTimeout, "the watcher does not keep up"))
		}
	}
}

// forget drops what was kept of a job that no robot holds any more.
func (h *hub) forget(jobID string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.rings, jobID)
}

// remove ends a watcher. The caller holds mu.
func (h *hub) remove(w *Watcher, why error) {
	if _, ok := h.watchers[w]; ok {
		delete(h.watchers, w)
		w.err = why
		close(w.c)
	}
	if len(h.watchers) == 0 {
		clear(h.rings)
	}
}

func (h *hub) close(why error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = why
	for w := range h.watchers {
		h.remove(w, why)
	}
}

// Watcher receives the live updates of one job or of all.
type Watcher struct {
	term  *term
	jobID string
	c     chan []casare.LiveUpdate
	err   error // guarded by hub.mu
}

// C delivers updates in order, in batches that nobody may change. It is closed when the watcher is closed, was too slow, or this
// robot leads no more.
func (w *Watcher) C() <-chan []casare.LiveUpdate { return w.c }

// Err says why C was closed: nil after Close, CodeTimeout when the watcher was too slow, CodeNotLeader when this robot leads
// no more.
func (w *Watcher) Err() error {
	w.term.hub.mu.Lock()
	defer w.term.hub.mu.Unlock()
	return w.err
}

// Close ends the subscription. It may be called twice.
func (w *Watcher) Close() { w.term.unwatch(w) }

// watch adds a watcher; the first one makes the robots send. Lock order: term.mu, hub.mu, then that of a connection.
func (t *term) watch(jobID string) (*Watcher, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	w := &Watcher{term: t, jobID: jobID, c: make(chan []casare.LiveUpdate, liveBuffer)}
	h := t.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed != nil {
		return nil, h.closed
	}
	for id, ring := range h.rings {
		if jobID != "" && id != jobID {
			continue
		}
		select {
		case w.c <- ring[max(0, len(ring)-ringSize):len(ring):len(ring)]:
		default: // more jobs than batches fit: what is newest comes live
		}
	}
	h.watchers[w] = struct{}{}
	if len(h.watchers) == 1 {
		t.tellWatch(true)
	}
	return w, nil
}

func (t *term) unwatch(w *Watcher) {
	t.mu.Lock()
	defer t.mu.Unlock()
	h := t.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	before := len(h.watchers)
	h.remove(w, nil)
	if before > 0 && len(h.watchers) == 0 {
		t.tellWatch(false)
	}
}

// tellWatch tells every robot whether to send live updates. The caller holds term.mu.
func (t *term) tellWatch(on bool) {
	for _, r := range t.idx.robots {
		if r.peer != nil && r.peer.ready {
			r.peer.push(&session.Watch{On: on})
		}
	}
}

// live passes a robot's live updates on, if they are of attempts that it holds.
func (t *term) live(p *peer, m *session.Live) {
	for _, a := range m.Attempts {
		t.mu.Lock()
		e := t.idx.jobs[a.JobID]
		ok := e != nil && e.holds(p.robotID, a.Epoch)
		t.mu.Unlock()
		if ok {
			t.hub.publish(a.JobID, updatesOf(p.robotID, a))
		}
	}
}

func updatesOf(robotID string, a session.LiveAttempt) []casare.LiveUpdate {
	updates := make([]casare.LiveUpdate, 0, len(a.Steps)+len(a.Lines))
	for i := range a.Steps {
		updates = append(updates, casare.LiveUpdate{JobID: a.JobID, RobotID: robotID, Epoch: a.Epoch, Step: &a.Steps[i]})
	}
	for _, l := range a.Lines {
		updates = append(updates, casare.LiveUpdate{JobID: a.JobID, RobotID: robotID, Epoch: a.Epoch, Line: &casare.LogLine{
			N: l.N, Time: l.Time, Level: l.Level, Message: l.Message, Step: l.Step,
			RobotID: robotID, JobID: a.JobID, Attempt: a.Epoch,
		}})
	}
	return updates
}
