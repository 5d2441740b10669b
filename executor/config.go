package executor

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net"
	"runtime"
	"time"

	"casare"
	"casare/session"
)

// Leader finds the leader of the mesh.
type Leader interface {
	// Dial connects to the robot plane of the robot that leads term, as far as is known. The caller closes the connection.
	Dial(ctx context.Context) (stream net.Conn, term uint64, err error)
	// Changed returns a channel that is closed when another robot leads than the last Dial went to. Called again for each wait.
	Changed() <-chan struct{}
}

// Config is what may be set about an executor.
type Config struct {
	Robot     casare.Robot                        // what this robot says of itself: ID, name, environment, labels, capabilities, slots, addresses, facts
	Heartbeat time.Duration                       // between heartbeats; 1 s
	Redial    time.Duration                       // longest wait between two tries to reach the leader; 250 ms
	Started   time.Duration                       // an attempt that still runs after so long is reported as started; 20 ms
	Drain     time.Duration                       // a planned stop waits so long for the end of the running steps; 10 s
	Live      time.Duration                       // between two batches of live updates; 100 ms
	Load      func() Load                         // of this machine; nil measures it
	Open      func(sealed []byte) ([]byte, error) // opens what is sealed to this robot; nil: jobs that need secrets fail
	Work      Workspaces                          // of the jobs; nil: they have no access to files
	Now       func() time.Time
	Logger    *slog.Logger

	// Blobs is where large parts of an attempt's checkpoints lie; nil: they go into the state.
	Blobs func(job string, epoch uint64) Blobs
	// Runs is the folder of the logs that runs resume from when this process dies; empty: none are kept.
	Runs string
}

// Load is how busy the machine is.
type Load struct {
	CPUPercent float64
	MemoryMB   float64 // of this process
}

// WithDefaults returns c with defaults in its zero fields; Slots becomes the number of CPUs.
func (c Config) WithDefaults() Config {
	c.Robot.Slots = cmp.Or(c.Robot.Slots, runtime.NumCPU())
	c.Heartbeat = cmp.Or(c.Heartbeat, time.Second)
	c.Redial = cmp.Or(c.Redial, 250*time.Millisecond)
	c.Started = cmp.Or(c.Started, 20*time.Millisecond)
	c.Drain = cmp.Or(c.Drain, 10*time.Second)
	c.Live = cmp.Or(c.Live, 100*time.Millisecond)
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
	case c.Robot.ID == "":
		return errors.New("executor: robot id is missing")
	case c.Robot.Slots < 1 || c.Robot.Slots > session.MaxSlots:
		return errors.New("executor: slots are out of range")
	case c.Heartbeat < 0 || c.Redial < 0 || c.Started < 0 || c.Drain < 0 || c.Live < 0:
		return errors.New("executor: a duration is negative")
	}
	return nil
}
