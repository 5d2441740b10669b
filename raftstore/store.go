package raftstore

import (
	"context"

	"casare"
)

// Member is a robot that holds the replicated state.
type Member struct {
	ID    string
	Voter bool // a coordinator; else a copy that does not vote
}

// Candidate is a robot that may become a coordinator and is alive as far as the leader knows.
type Candidate struct {
	RobotID string
}

// Mesh is what the state knows of the mesh itself.
type Mesh struct {
	MeshID string
	CACert []byte // DER
	Grown  bool   // three coordinators have existed once
}

// Store is this robot's part of the replicated state.
type Store struct{ cfg Config }

// Open opens the files under cfg.Dir, making them if need be. Nothing runs before Start.
func Open(cfg Config) (*Store, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	return &Store{cfg: cfg.withDefaults()}, nil
}

var errEarly = casare.Errorf(casare.CodeUnavailable, "the store is being built")

// Start starts raft and the goroutines of the store. The context ends them as Stop does.
func (s *Store) Start(ctx context.Context) error { _ = ctx; return errEarly }

// Stop hands leadership over if it can, ends everything and closes the files. Twice is fine.
func (s *Store) Stop() {}

// HasState says whether this robot has ever been part of a mesh's raft group.
func (s *Store) HasState() bool { return false }

// Bootstrap makes this robot the only coordinator of a new mesh and applies the mesh's first command. It is refused as
// CodeExists when the robot has state.
func (s *Store) Bootstrap(ctx context.Context, p casare.Proposal) error { _, _ = ctx, p; return errEarly }

// Propose applies commands, in order, and answers each. Only the leader can: elsewhere it is CodeNotLeader and nothing was
// proposed. CodeUnavailable also says that nothing was proposed; after CodeOutcomeUnknown nobody can say yet. With an error the
// results hold the answers that are known: those of a prefix of ps.
func (s *Store) Propose(ctx context.Context, ps ...casare.Proposal) ([]casare.Result, error) {
	_, _ = ctx, ps
	return nil, errEarly
}

// Leading says whether this robot leads, as far as it knows.
func (s *Store) Leading() bool { return false }

// Leader returns the id of the robot that leads, "" when unknown, and the term this robot is in.
func (s *Store) Leader() (robotID string, term uint64) { return "", 0 }

// LeaderChanged returns a channel that is closed when the leader changes next.
func (s *Store) LeaderChanged() <-chan struct{} { return nil }

// Barrier waits until everything the leader has accepted before is applied here. Leader only.
func (s *Store) Barrier(ctx context.Context) error { _ = ctx; return errEarly }

// VerifyLeader asks a majority whether this robot still leads. The error is CodeNotLeader.
func (s *Store) VerifyLeader(ctx context.Context) error { _ = ctx; return errEarly }

// Index returns the index of the last entry in the state.
func (s *Store) Index() uint64 { return 0 }

// WaitIndex waits until the state holds the entry. The error is CodeTimeout.
func (s *Store) WaitIndex(ctx context.Context, index uint64) error { _, _ = ctx, index; return errEarly }

// TransferLeadership hands leadership to a coordinator that answers and is caught up.
func (s *Store) TransferLeadership(ctx context.Context) error { _ = ctx; return errEarly }

// Replica says whether this robot is in the raft configuration, so that its reads mean something.
func (s *Store) Replica() bool { return false }

// Configuration returns who holds the state, as this robot knows it, ordered by id.
func (s *Store) Configuration() []Member { return nil }

// Hash returns the SHA-256 of the replicated state. Robots with equal Index have equal hashes.
func (s *Store) Hash(ctx context.Context) (string, error) { _ = ctx; return "", errEarly }

// ManageCoordinators makes copies and coordinators of eligible robots while this robot leads: it returns when it no longer does
// or ctx ends. The daemon runs it on leadership; eligible is called about every 50 ms and must not block.
func (s *Store) ManageCoordinators(ctx context.Context, eligible func() []Candidate) { _, _ = ctx, eligible }

// Job returns a job, else CodeNotFound.
func (s *Store) Job(id string) (*casare.Job, error) { _ = id; return nil, errEarly }

// JobResult returns the raw JSON object a job ended with, else CodeNotFound.
func (s *Store) JobResult(id string) ([]byte, error) { _ = id; return nil, errEarly }

// JobLog returns the lines the state keeps of a job's log, oldest first: JSON of casare.LogLine. CodeNotFound if there is no such job.
func (s *Store) JobLog(id string) ([][]byte, error) { _ = id; return nil, errEarly }

// Checkpoint returns the checkpoint the state holds for the job, and its number within the epoch that made it. None: nil, 0, no error.
func (s *Store) Checkpoint(id string) (data []byte, seq uint64, err error) { _ = id; return nil, 0, errEarly }

// Jobs returns a page of the jobs a query selects, newest first.
func (s *Store) Jobs(q casare.JobQuery) (casare.JobPage, error) { _ = q; return casare.JobPage{}, errEarly }

// Active returns every job that has not ended, of all tenants, oldest first.
func (s *Store) Active() ([]*casare.Job, error) { return nil, errEarly }

// Counts returns how many jobs of a tenant ("" = all) stand in each state.
func (s *Store) Counts(tenant string) (casare.JobCounts, error) { _ = tenant; return nil, errEarly }

// Workflow returns a workflow, else CodeNotFound.
func (s *Store) Workflow(tenant, id string) (*casare.Workflow, error) { _, _ = tenant, id; return nil, errEarly }

// Workflows returns a tenant's workflows ordered by id, and how many there are in all. A limit of 0 means 100.
func (s *Store) Workflows(tenant string, limit, offset int) ([]*casare.Workflow, int, error) {
	_, _, _ = tenant, limit, offset
	return nil, 0, errEarly
}

// Document returns the bytes of a document by revision, else CodeNotFound.
func (s *Store) Document(revision string) ([]byte, error) { _ = revision; return nil, errEarly }

// Robot returns a robot's record, else CodeNotFound.
func (s *Store) Robot(id string) (*casare.Robot, error) { _ = id; return nil, errEarly }

// Robots returns every robot's record, ordered by id.
func (s *Store) Robots() ([]*casare.Robot, error) { return nil, errEarly }

// KeyByHash returns the API key with that SHA-256, also when it is revoked or expired; else CodeNotFound.
func (s *Store) KeyByHash(hash []byte) (*casare.APIKey, error) { _ = hash; return nil, errEarly }

// Keys returns a tenant's API keys, ordered by id.
func (s *Store) Keys(tenant string) ([]*casare.APIKey, error) { _ = tenant; return nil, errEarly }

// Token returns a join token, else CodeNotFound.
func (s *Store) Token(id string) (*casare.Token, error) { _ = id; return nil, errEarly }

// SealedKeys returns the mesh's keys sealed to a robot, else CodeNotFound.
func (s *Store) SealedKeys(robotID string) (*casare.SealedKeys, error) { _ = robotID; return nil, errEarly }

// Mesh returns what the state knows of the mesh, else CodeNotFound.
func (s *Store) Mesh() (*Mesh, error) { return nil, errEarly }
