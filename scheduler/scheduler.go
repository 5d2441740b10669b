package scheduler

import (
	"context"
	"sync"

	"casare"
)

// Scheduler places jobs while this robot leads. It is idle, and refuses sessions, while it does not.
type Scheduler struct {
	cfg   Config
	store Store

	mu      sync.Mutex
	now     *term         // the term that is led, nil between terms
	changed chan struct{} // closed and replaced when now changes
}

// New returns a scheduler that leads nothing yet.
func New(cfg Config, store Store) (*Scheduler, error) {
	cfg = cfg.WithDefaults()
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	return &Scheduler{cfg: cfg, store: store, changed: make(chan struct{})}, nil
}

// Lead does a leader's work until ctx ends; the daemon calls it when this robot has begun to lead term and cancels ctx when it
// leads no more. It waits for the state to be whole (a barrier), builds the queue from it, and ends every session before it
// returns. The error is nil when ctx ended; any other error means that this robot cannot do the work and should hand over.
// One Lead at a time.
func (s *Scheduler) Lead(ctx context.Context, number uint64) error {
	if err := s.store.Barrier(ctx); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return casare.Errorf(casare.CodeOf(err), "lead term %d: %w", number, err)
	}
	t := newTerm(s.cfg, s.store, number)
	feed, err := t.rebuild()
	if err != nil {
		return casare.Errorf(casare.CodeOf(err), "lead term %d: %w", number, err)
	}
	s.become(t)
	defer s.become(nil)
	return t.run(ctx, feed)
}

func (s *Scheduler) become(t *term) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = t
	close(s.changed)
	s.changed = make(chan struct{})
}

func (s *Scheduler) term() *term {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

// Handover stops placing, waits for the assignments that are being proposed, and calls transfer. When transfer fails, placing
// goes on. On a robot that does not lead it only calls transfer.
func (s *Scheduler) Handover(ctx context.Context, transfer func(context.Context) error) error {
	t := s.term()
	if t == nil {
		return transfer(ctx)
	}
	select {
	case t.placing <- struct{}{}:
	case <-ctx.Done():
		return casare.Errorf(casare.CodeTimeout, "hand over: %w", context.Cause(ctx))
	}
	err := transfer(ctx)
	<-t.placing
	wake(t.kick)
	return err
}

// Robots tells what every robot of the mesh does right now, in the order of their ids; nil when this robot does not lead.
func (s *Scheduler) Robots() []casare.RobotStatus {
	t := s.term()
	if t == nil {
		return nil
	}
	return t.robots()
}

// RobotsChanged returns a channel that is closed at the next change of what Robots tells, heartbeats included.
func (s *Scheduler) RobotsChanged() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.now == nil {
		return s.changed
	}
	s.now.mu.Lock() // lock order: Scheduler.mu, then term.mu
	defer s.now.mu.Unlock()
	return s.now.changed
}

// Watch subscribes to the live updates of a job, "" for all jobs. What was kept of running attempts comes first; an update is
// known by (job, epoch, step or line, number) and may come twice. CodeNotLeader when this robot does not lead. The caller must
// Close.
func (s *Scheduler) Watch(jobID string) (*Watcher, error) {
	t := s.term()
	if t == nil {
		return nil, casare.Errorf(casare.CodeNotLeader, "this robot does not lead")
	}
	return t.watch(jobID)
}
