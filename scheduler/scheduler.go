package scheduler

import (
	"context"
	"net"
	"sync"

	"casare"
)

// Scheduler places jobs while this robot leads. It is idle, and refuses sessions, while it does not.
type Scheduler struct {
	cfg   Config
	store Store

	mu  sync.Mutex
	now *term // the term that is led, nil between terms
}

// New returns a scheduler that leads nothing yet.
func New(cfg Config, store Store) (*Scheduler, error) {
	cfg = cfg.WithDefaults()
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	return &Scheduler{cfg: cfg, store: store}, nil
}

// Lead does a leader's work until ctx ends; the daemon calls it when this robot has begun to lead term and cancels ctx when it
// leads no more. It waits for the state to be whole (a barrier), builds the queue from it, and ends every session when it
// returns. The error is nil when ctx ended; any other error means that this robot cannot do the work and should hand over.
func (s *Scheduler) Lead(ctx context.Context, term uint64) error {
	return nil
}

// Serve talks with a robot over stream until the session ends; the daemon calls it for every connection of the robot plane,
// with the id that the certificate names. leader is who leads as far as this robot knows, told to the robot when this one does
// not. Serve closes stream.
func (s *Scheduler) Serve(ctx context.Context, stream net.Conn, robotID, leader string) error {
	return nil
}

// Handover stops placing, waits for what is being proposed, and calls transfer. When transfer fails, placing goes on.
func (s *Scheduler) Handover(ctx context.Context, transfer func(context.Context) error) error {
	return transfer(ctx)
}

// Robots tells what every robot of the mesh does right now, in the order of their ids; nil when this robot does not lead.
func (s *Scheduler) Robots() []casare.RobotStatus { return nil }

// RobotsChanged returns a channel that is closed at the next change of what Robots tells, heartbeats included.
func (s *Scheduler) RobotsChanged() <-chan struct{} { return nil }

// Watch subscribes to the live updates of a job, "" for all jobs. What was kept of running attempts comes first; an update is
// known by (job, epoch, step or line, number) and may come twice. CodeNotLeader when this robot does not lead. The caller must
// Close.
func (s *Scheduler) Watch(jobID string) (*Watcher, error) { return nil, nil }
