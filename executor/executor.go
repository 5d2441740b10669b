package executor

import (
	"context"
)

// Executor runs the attempts that the leader gives to this robot.
type Executor struct {
	cfg    Config
	leader Leader
	runner Runner
}

// New returns an executor that is ready to Start.
func New(cfg Config, leader Leader, runner Runner) (*Executor, error) {
	cfg = cfg.WithDefaults()
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	return &Executor{cfg: cfg, leader: leader, runner: runner}, nil
}

// Start begins to keep a session with the leader and to run what it assigns.
func (e *Executor) Start(ctx context.Context) error { return nil }

// Drain is the first half of a planned stop: no new work is taken, every attempt stops at its next step boundary (those that do
// not within Config.Drain are ended), its checkpoint is replicated and the job given back. It returns when the leader has
// acknowledged that for every attempt, or with ctx.
func (e *Executor) Drain(ctx context.Context) error { return nil }

// Stop ends the session and every attempt, and waits for them. Without Drain before it, it is as if the robot had died.
func (e *Executor) Stop() {}

// Running lists the jobs that hold a slot here, for this robot's own health page.
func (e *Executor) Running() []string { return nil }
