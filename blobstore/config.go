package blobstore

import (
	"cmp"
	"context"
	"log/slog"
	"net"
	"time"

	"casare"
)

// DefaultMaxBytes is how much a robot keeps when nothing else is said.
const DefaultMaxBytes = 20 << 30

// KeyMaxBytes is the key of robot.yaml that sets Config.MaxBytes.
const KeyMaxBytes = "blobs.max_bytes"

// Config says where a Store keeps its files and how long things take. Dir, RobotID, Network and State are required.
type Config struct {
	Dir      string // the store's own folder; made with mode 0700 if missing
	RobotID  string
	MaxBytes int64 // of all blobs here, those being written too; 0: DefaultMaxBytes
	Network  Network
	State    State
	// Coordinators returns the robots to ask when this one does not hold the state, the best first.
	Coordinators func() []string
	Logger       *slog.Logger
	Now          func() time.Time

	PutWait       time.Duration // longest wait for a majority, beside what the bytes take; 15 s
	GetWait       time.Duration // longest wait for somebody to have the blob, beside what the bytes take; 15 s
	DialTimeout   time.Duration // 3 s
	Stall         time.Duration // a transfer without a byte for so long is over; 10 s
	FillDelay     time.Duration // from a change of what is referred to until it is fetched, for the pushes of Put to come first; 1 s
	FillRetry     time.Duration // until what could not be fetched is tried again; 2 s
	CheckInterval time.Duration // between two comparisons of the whole folder with the state; 1 h
	SweepInterval time.Duration // between two sweeps; 10 min
	SweepAge      time.Duration // since it was put last, before a blob that nobody refers to is deleted; 1 h

	fault func(operation string) error // tests only: what to break
}

func (c Config) withDefaults() Config {
	c.MaxBytes = cmp.Or(c.MaxBytes, DefaultMaxBytes)
	c.PutWait = cmp.Or(c.PutWait, 15*time.Second)
	c.GetWait = cmp.Or(c.GetWait, 15*time.Second)
	c.DialTimeout = cmp.Or(c.DialTimeout, 3*time.Second)
	c.Stall = cmp.Or(c.Stall, 10*time.Second)
	c.FillDelay = cmp.Or(c.FillDelay, time.Second)
	c.FillRetry = cmp.Or(c.FillRetry, 2*time.Second)
	c.CheckInterval = cmp.Or(c.CheckInterval, time.Hour)
	c.SweepInterval = cmp.Or(c.SweepInterval, 10*time.Minute)
	c.SweepAge = cmp.Or(c.SweepAge, time.Hour)
	c.Logger = cmp.Or(c.Logger, slog.New(slog.DiscardHandler))
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Coordinators == nil {
		c.Coordinators = func() []string { return nil }
	}
	if c.fault == nil {
		c.fault = func(string) error { return nil }
	}
	return c
}

// Validate says what is missing or makes no sense, as CodeInvalid with the field.
func (c Config) Validate() error {
	for field, missing := range map[string]bool{
		"dir": c.Dir == "", "robot_id": c.RobotID == "", "network": c.Network == nil, "state": c.State == nil,
	} {
		if missing {
			return casare.Errorf(casare.CodeInvalid, "the blob store needs %s", field).On(field)
		}
	}
	if c.MaxBytes < 0 || c.MaxBytes > 0 && c.MaxBytes < casare.MaxBlob {
		return casare.Errorf(casare.CodeInvalid, "%s must be at least %d, the size of the largest blob", KeyMaxBytes, casare.MaxBlob).On(KeyMaxBytes)
	}
	return nil
}

// Network reaches other robots. Their certificates say who they are; proving that is the business of whoever implements it.
type Network interface {
	// Dial connects to the blob plane of exactly that robot.
	Dial(ctx context.Context, robotID string) (net.Conn, error)
	// Listener accepts what other robots dial. It is asked for once, by Start; Stop closes what it gave.
	Listener() net.Listener
	// PeerOf says who is at the other end of an accepted connection.
	PeerOf(conn net.Conn) (Peer, bool)
}

// Peer is a robot as its certificate shows it.
type Peer struct {
	ID          string
	Coordinator bool // it may be one, whether or not it is now
}

// Member is a robot that holds the replicated state.
type Member struct {
	ID    string
	Voter bool
}

// State is the replicated state on this robot.
type State interface {
	// Replica says whether this robot holds the state; if not, nothing else here means anything.
	Replica() bool
	Leading() bool
	Leader() (robotID string, term uint64)
	// Members are the robots that hold the state.
	Members() []Member
	Barrier(ctx context.Context) error
	Index() uint64
	WaitIndex(ctx context.Context, index uint64) error
	// Job returns a job, or CodeNotFound.
	Job(id string) (*casare.Job, error)
	// Blobs returns a page of what is referred to, ordered by hash, from the first after the one given; the last page is empty.
	Blobs(after string, limit int) ([]casare.BlobRef, error)
	BlobReferred(hash string) (bool, error)
	BlobOwned(owner casare.BlobOwner, hash string) (bool, error)
	// BlobsChanged returns a channel that is closed when other blobs are referred to than now.
	BlobsChanged() <-chan struct{}
}
