package scheduler

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"time"

	"casare"
)

// Store is what the scheduler needs of the replicated state. Reads see at least what this robot has applied.
type Store interface {
	// Propose replicates commands and returns one result each, in order. It fails as a whole with CodeNotLeader or
	// CodeUnavailable when nothing was proposed, with CodeOutcomeUnknown when nobody can say.
	Propose(ctx context.Context, ps ...casare.Proposal) ([]casare.Result, error)
	// Barrier returns when everything that was committed before is applied here.
	Barrier(ctx context.Context) error
	// Cursor is that of the last event applied here.
	Cursor() casare.Cursor
	// Active returns every job that is not terminal.
	Active() ([]*casare.Job, error)
	// Job returns a job, or CodeNotFound.
	Job(id string) (*casare.Job, error)
	// JobLog returns the kept lines of a job's log, each a JSON object in the form of casare.LogLine.
	JobLog(id string) ([][]byte, error)
	// Document returns a workflow revision, or CodeNotFound.
	Document(revision string) ([]byte, error)
	// Checkpoint returns the records of the checkpoint that the state holds of a job, ordered by key, and its number.
	Checkpoint(id string) (records []casare.Record, seq uint64, err error)
	// Robot returns a robot of the mesh, or CodeNotFound.
	Robot(id string) (*casare.Robot, error)
	// Robots returns every robot of the mesh.
	Robots() ([]*casare.Robot, error)
	// Subscribe returns the changes after a cursor.
	Subscribe(after casare.Cursor, buffer int) (Feed, error)
}

// Feed is a subscription to the change feed. C is closed when the subscriber was too slow or the store cannot go on; the
// scheduler then reads the state anew.
type Feed interface {
	C() <-chan []casare.Event
	Close()
}

// Config is what may be set about a scheduler.
type Config struct {
	RobotID string        // of the robot it runs on
	TTL     time.Duration // without a word from a robot for so long, its attempts expire; 5 s
	Grace   time.Duration // added to TTL after winning leadership; 2 s
	PinWait time.Duration // a job that can go on at one robot only waits so long for it; 10 min
	Ageing  time.Duration // waiting so long counts as much as one level of priority; 1 min
	Batch   int           // most commands in one proposal; 512
	// Secrets returns what Assignment.Sealed carries for an assigned job; nil for none. An error keeps the job from its robot for now.
	Secrets func(j *casare.Job) ([]byte, error)
	Now     func() time.Time
	Logger  *slog.Logger
}

// WithDefaults returns c with defaults in its zero fields.
func (c Config) WithDefaults() Config {
	c.TTL = cmp.Or(c.TTL, 5*time.Second)
	c.Grace = cmp.Or(c.Grace, 2*time.Second)
	c.PinWait = cmp.Or(c.PinWait, 10*time.Minute)
	c.Ageing = cmp.Or(c.Ageing, time.Minute)
	c.Batch = cmp.Or(c.Batch, 512)
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

// Validate says what is wrong with c, after WithDefaults.
func (c Config) Validate() error {
	switch {
	case c.RobotID == "":
		return errors.New("scheduler: robot id is missing")
	case c.TTL < 0 || c.Grace < 0 || c.Ageing < 0 || c.PinWait < 0:
		return errors.New("scheduler: a duration is negative")
	case c.Batch < 1 || c.Batch > 1024:
		return errors.New("scheduler: batch is not from 1 to 1024")
	}
	return nil
}
