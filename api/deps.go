package api

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"time"

	"casare"
	"casare/workflow"
)

// Deps are the parts of a robot that the API speaks to. All but Logger, Now, NewID and Random must be given.
type Deps struct {
	State    State
	Feed     Feed
	Proposer Proposer
	Fleet    Fleet
	Blobs    Blobs
	Mesh     Mesh
	Forward  http.RoundTripper // see Forwarding
	Check    Checker
	Types    Types // of node
	Tokens   TokenMinter
	Vault    Vault
	Logger   *slog.Logger     // default: discards
	Now      func() time.Time // default: time.Now
	NewID    func() string    // random ids of at most 64 bytes; default: UUID version 7
	Random   io.Reader        // of new keys; default: crypto/rand
}

// Forwarding is what Deps.Forward must do: send the request to the robot that leads now (its PeerHandler, over the RPC plane),
// once, and return the answer. The URL's host means nothing. When the request was certainly not handled (no leader known, none
// could be dialled) the error is a *casare.Error with CodeNotLeader or CodeUnavailable; any other error leaves open whether it
// was. A 101 answer must have a body that is an io.ReadWriteCloser, as http.Transport gives.
type Forwarding = http.RoundTripper

// Checker reads a document and returns its problems, warnings too. None that is an error: the document may be stored and run.
type Checker func(raw []byte) []workflow.Problem

// State is the replicated state on this robot. Reads that find nothing return CodeNotFound.
type State interface {
	Index() uint64
	WaitIndex(ctx context.Context, index uint64) error // CodeTimeout
	Barrier(ctx context.Context) error
	VerifyLeader(ctx context.Context) error // CodeNotLeader
	Hash(ctx context.Context) (string, error)

	Job(id string) (*casare.Job, error)
	JobResult(id string) ([]byte, error)
	JobLog(id string) ([][]byte, error)
	KeptLog(id string) ([]casare.LogPiece, error)
	Jobs(q casare.JobQuery) (casare.JobPage, error)
	Counts(tenant string) (casare.JobCounts, error)
	Workflow(tenant, id string) (*casare.Workflow, error)
	Workflows(tenant string, limit, offset int) ([]*casare.Workflow, int, error)
	Document(revision string) ([]byte, error)
	Robot(id string) (*casare.Robot, error)
	Robots() ([]*casare.Robot, error)
	KeyByHash(hash []byte) (*casare.APIKey, error)
	Keys(tenant string) ([]*casare.APIKey, error)
	Secret(tenant, name string) (*casare.Secret, error)
	Secrets(tenant string) ([]*casare.Secret, error)
}

// Feed is the change feed of the replicated state. Subscribe fails when the events after the cursor are no longer kept.
type Feed interface {
	Cursor() casare.Cursor
	Subscribe(after casare.Cursor, buffer int) (Subscription, error)
}

// Subscription delivers events until C is closed.
type Subscription interface {
	C() <-chan []casare.Event
	Close()
}

// Proposer changes the replicated state. CodeNotLeader and CodeUnavailable mean that nothing was proposed; after
// CodeOutcomeUnknown nobody can say yet.
type Proposer interface {
	Propose(ctx context.Context, ps ...casare.Proposal) ([]casare.Result, error)
}

// Fleet is what the leader alone knows of its robots. On other robots it knows nothing.
type Fleet interface {
	Robots() []casare.RobotStatus
	// Watch delivers what happens in a job, what is kept of its running attempt first; an update may come twice.
	Watch(jobID string) (Watcher, error)
	// Debug has the debugger of a running job do something, on the robot that holds the job. CodeTransition: the job does not run, or is
	// not stopped where the command needs that; CodeTimeout: its robot does not answer; CodeNotLeader: this robot does not lead.
	Debug(ctx context.Context, jobID string, c casare.DebugCommand) (casare.DebugState, error)
	// Stopped says whether the debugger of a job has stopped it; false also where nobody knows.
	Stopped(jobID string) (casare.DebugStop, bool)
}

// Watcher delivers live updates until C is closed: it was closed, too slow, or this robot leads no longer.
type Watcher interface {
	C() <-chan []casare.LiveUpdate
	Close()
}

// Mesh is what this robot knows of the mesh.
type Mesh interface {
	Leading() bool
	Leader() (robotID string, term uint64) // "" when unknown
	LeaderChanged() <-chan struct{}        // closed when the leader changes next
	Replica() bool                         // this robot holds the replicated state, so its reads mean something
	Info() MeshInfo
}

// MeshInfo is the mesh as this robot sees it.
type MeshInfo struct {
	MeshID  string
	RobotID string // of this robot
	Members []Member
}

// Member is a robot of the mesh as this robot sees it.
type Member struct {
	RobotID     string
	Name        string
	State       string // alive, suspect, dead, left
	Coordinator bool   // a Raft voter
	HTTP        string // host:port
	Mesh        string // host:port
	Version     string
}

// TokenMinter makes join tokens: the text for the human and the row for the state. Nothing is stored.
type TokenMinter interface {
	Mint(role casare.Role, expires casare.Time, maxUses int) (text string, token casare.Token, err error)
}
