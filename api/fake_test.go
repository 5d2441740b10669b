package api_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"casare"
	"casare/api"
)

// fakeStore is a replicated state in memory, one for all robots of a test: what raftstore promises, without raft.
type fakeStore struct {
	mu        sync.Mutex
	index     uint64
	jobs      map[string]*casare.Job
	order     []string
	results   map[string][]byte
	kept      map[string][]casare.LogPiece
	begun     map[string]*casare.Beginning
	logs      map[string][][]byte
	documents map[string][]byte
	workflows map[string]*casare.Workflow
	robots    []*casare.Robot
	keys      []*casare.APIKey
	tokens    []casare.Token
	secrets   map[string]*casare.Secret
	events    []casare.Event
	subs      map[*fakeSubscription]struct{}
	forgotten casare.Cursor // events up to here are no longer kept
	proposals []casare.Proposal
	keyReads  int
	moved     chan struct{}
}

func newFakeStore() *fakeStore {
	return &fakeStore{
		secrets: map[string]*casare.Secret{}, jobs: map[string]*casare.Job{}, results: map[string][]byte{}, logs: map[string][][]byte{}, documents: map[string][]byte{},
		kept: map[string][]casare.LogPiece{}, begun: map[string]*casare.Beginning{}, workflows: map[string]*casare.Workflow{}, subs: map[*fakeSubscription]struct{}{}, moved: make(chan struct{}),
	}
}

func (s *fakeStore) Index() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.index
}

func (s *fakeStore) WaitIndex(ctx context.Context, index uint64) error {
	for {
		s.mu.Lock()
		reached, moved := s.index >= index, s.moved
		s.mu.Unlock()
		if reached {
			return nil
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return casare.Errorf(casare.CodeTimeout, "not reached")
		}
	}
}

func (s *fakeStore) Barrier(context.Context) error        { return nil }
func (s *fakeStore) Hash(context.Context) (string, error) { return "abc", nil }

func notFound() error { return casare.Errorf(casare.CodeNotFound, "not there") }

func (s *fakeStore) Job(id string) (*casare.Job, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if j, ok := s.jobs[id]; ok {
		c := *j
		return &c, nil
	}
	return nil, notFound()
}

func (s *fakeStore) JobResult(id string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r, ok := s.results[id]; ok {
		return r, nil
	}
	return nil, notFound()
}

func (s *fakeStore) JobLog(id string) ([][]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.logs[id]), nil
}

func (s *fakeStore) KeptLog(id string) ([]casare.LogPiece, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.kept[id]), nil
}

func (s *fakeStore) Jobs(q casare.JobQuery) (casare.JobPage, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var page casare.JobPage
	for _, id := range slices.Backward(s.order) {
		j := *s.jobs[id]
		if len(q.States) > 0 && !slices.Contains(q.States, j.State) || q.WorkflowID != "" && q.WorkflowID != j.WorkflowID ||
			q.RobotID != "" && q.RobotID != j.RobotID || q.Tenant != "" && q.Tenant != j.Tenant {
			continue
		}
		page.Total++
		if page.Total > q.Offset && len(page.Jobs) < q.Limit {
			page.Jobs = append(page.Jobs, &j)
		}
	}
	return page, nil
}

func (s *fakeStore) Counts(string) (casare.JobCounts, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	counts := casare.JobCounts{}
	for _, j := range s.jobs {
		counts[j.State]++
	}
	return counts, nil
}

func (s *fakeStore) Workflow(_, id string) (*casare.Workflow, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if w, ok := s.workflows[id]; ok {
		return w, nil
	}
	return nil, notFound()
}

func (s *fakeStore) Workflows(string, int, int) ([]*casare.Workflow, int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []*casare.Workflow
	for _, w := range s.workflows {
		out = append(out, w)
	}
	return out, len(out), nil
}

func (s *fakeStore) Document(revision string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if d, ok := s.documents[revision]; ok {
		return d, nil
	}
	return nil, notFound()
}

func (s *fakeStore) Robot(id string) (*casare.Robot, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.robots {
		if r.ID == id {
			return r, nil
		}
	}
	return nil, notFound()
}

func (s *fakeStore) Robots() ([]*casare.Robot, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.robots), nil
}

func (s *fakeStore) KeyByHash(hash []byte) (*casare.APIKey, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keyReads++
	for _, k := range s.keys {
		if string(k.Hash) == string(hash) {
			c := *k
			return &c, nil
		}
	}
	return nil, notFound()
}

func (s *fakeStore) Keys(string) ([]*casare.APIKey, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.keys), nil
}

// Secret implements api.State.
func (s *fakeStore) Secret(tenant, name string) (*casare.Secret, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if found, ok := s.secrets[name]; ok && found.Tenant == tenant {
		return found, nil
	}
	return nil, casare.Errorf(casare.CodeNotFound, "there is no secret %s", name)
}

// Secrets implements api.State.
func (s *fakeStore) Secrets(string) ([]*casare.Secret, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.SortedFunc(maps.Values(s.secrets), func(a, b *casare.Secret) int { return strings.Compare(a.Name, b.Name) }), nil
}

// fakeVault seals nothing, visibly.
type fakeVault struct{}

// Seal implements api.Vault.
func (fakeVault) Seal(tenant, name, text string) ([]byte, error) {
	return []byte("sealed " + tenant + "/" + name + " " + text), nil
}

// addKey makes a key with this text.
func (s *fakeStore) addKey(text, role string, change func(*casare.APIKey)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	hash := sha256.Sum256([]byte(text))
	k := &casare.APIKey{ID: "key-" + strconv.Itoa(len(s.keys)), Tenant: casare.DefaultTenant, Name: text, Role: role, Hash: hash[:]}
	if change != nil {
		change(k)
	}
	s.keys = append(s.keys, k)
}

// apply is what the state machine does with an entry.
func (s *fakeStore) apply(ps ...casare.Proposal) []casare.Result {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.index++
	results := make([]casare.Result, len(ps))
	position := uint32(0)
	var events []casare.Event
	for i, p := range ps {
		results[i] = s.applyOne(p, func(e casare.Event) {
			e.Cursor, e.Time = casare.Cursor{Index: s.index, Position: position}, p.Time
			e.Tenant = casare.DefaultTenant
			position++
			events = append(events, e)
		})
		results[i].Index = s.index
	}
	s.events = append(s.events, events...)
	if len(events) > 0 {
		for sub := range s.subs {
			sub.c <- events
		}
	}
	close(s.moved)
	s.moved = make(chan struct{})
	return results
}

func (s *fakeStore) applyOne(p casare.Proposal, tell func(casare.Event)) casare.Result {
	s.proposals = append(s.proposals, p)
	switch c := p.Command.(type) {
	case casare.SubmitJob:
		return s.submit(p, c, tell)
	case casare.PutWorkflow:
		w := c.Workflow
		if old, ok := s.workflows[w.ID]; ok {
			w.Version = old.Version
		} else {
			w.Version = 1
		}
		s.workflows[w.ID] = &w
		if c.Document != nil {
			s.documents[w.Revision] = c.Document
		}
		tell(casare.Event{Type: casare.EventWorkflowSaved, WorkflowID: w.ID})
	case casare.PutDocument:
		s.documents[casare.RevisionOf(c.Document)] = c.Document
	case casare.PutSecret:
		secret := c.Secret
		secret.Tenant, secret.Version = p.Tenant, 1
		if old, ok := s.secrets[secret.Name]; ok {
			secret.Version = old.Version + 1
		}
		s.secrets[secret.Name] = &secret
	case casare.DeleteSecret:
		if _, ok := s.secrets[c.Name]; !ok {
			return casare.Result{Err: casare.Errorf(casare.CodeNotFound, "there is no secret %s", c.Name)}
		}
		delete(s.secrets, c.Name)
	case casare.ResolveJob:
		j := s.jobs[c.JobID]
		if err := j.Resolve(&c, p.Actor, p.Time); err != nil {
			refusal, _ := errors.AsType[*casare.Error](err)
			return casare.Result{Err: refusal}
		}
		tell(s.eventOf(casare.EventJobQueued, j))
		copied := *j
		return casare.Result{Job: &copied}
	case casare.CancelJob:
		j := s.jobs[c.JobID]
		ended, err := j.Cancel(c.Reason, p.Time)
		if err != nil {
			return casare.Result{Err: casare.Errorf(casare.CodeOf(err), "%w", err)}
		}
		if ended {
			tell(s.eventOf(casare.EventJobFinished, j))
		} else {
			tell(s.eventOf(casare.EventJobCancelling, j))
		}
		copied := *j
		return casare.Result{Job: &copied}
	case casare.CreateToken:
		s.tokens = append(s.tokens, c.Token)
	case casare.CreateKey:
		s.keys = append(s.keys, &c.Key)
		tell(casare.Event{Type: casare.EventKeyChanged})
	case casare.RevokeKey:
		for _, k := range s.keys {
			if k.ID == c.KeyID {
				k.RevokedAt = p.Time
			}
		}
		tell(casare.Event{Type: casare.EventKeyChanged})
	}
	return casare.Result{}
}

func (s *fakeStore) submit(p casare.Proposal, c casare.SubmitJob, tell func(casare.Event)) casare.Result {
	if old, ok := s.jobs[p.ID]; ok {
		if string(old.BodyHash) != string(c.Spec.BodyHash) {
			return casare.Result{Err: casare.Errorf(casare.CodeIdempotency, "the key was used with another body")}
		}
		copied := *old
		return casare.Result{Job: &copied}
	}
	if c.Document != nil {
		s.documents[c.Spec.Revision] = c.Document
	} else if s.documents[c.Spec.Revision] == nil {
		return casare.Result{Err: casare.Errorf(casare.CodeNotFound, "the state does not hold revision %s", c.Spec.Revision)}
	}
	j := casare.NewJob(c.Spec)
	if c.Begin != nil {
		j.Begin(c.Begin)
		s.begun[j.ID] = c.Begin
	}
	s.jobs[p.ID] = j
	s.order = append(s.order, p.ID)
	tell(s.eventOf(casare.EventJobQueued, j))
	copied := *j
	return casare.Result{Job: &copied}
}

func (s *fakeStore) eventOf(t casare.EventType, j *casare.Job) casare.Event {
	return casare.Event{
		Type: t, JobID: j.ID, RobotID: j.RobotID, WorkflowID: j.WorkflowID, State: j.State, Progress: j.Progress, Step: j.Step,
		Epoch: j.Epoch,
	}
}

// change makes a move of a job as an entry of its own.
func (s *fakeStore) change(id string, t casare.EventType, move func(j *casare.Job, epoch uint64) error) {
	s.mu.Lock()
	j := s.jobs[id]
	s.index++
	if err := move(j, s.index); err != nil {
		s.mu.Unlock()
		panic(err)
	}
	e := s.eventOf(t, j)
	e.Cursor, e.Tenant = casare.Cursor{Index: s.index}, casare.DefaultTenant
	s.events = append(s.events, e)
	for sub := range s.subs {
		sub.c <- []casare.Event{e}
	}
	s.mu.Unlock()
}

func (s *fakeStore) run(id, robot string) (epoch uint64) {
	s.change(id, casare.EventJobAssigned, func(j *casare.Job, e uint64) error { epoch = e; return j.Assign(robot, e, 1) })
	s.change(id, casare.EventJobStarted, func(j *casare.Job, _ uint64) error { return j.Start(j.Epoch, 2) })
	return epoch
}

func (s *fakeStore) finish(id, result string) {
	s.mu.Lock()
	s.results[id] = []byte(result)
	s.mu.Unlock()
	s.change(id, casare.EventJobFinished, func(j *casare.Job, _ uint64) error {
		return j.Finish(j.Epoch, casare.JobCompleted, nil, 1002)
	})
}

func (s *fakeStore) addLog(id string, lines ...casare.LogLine) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range lines {
		b, err := json.Marshal(l)
		if err != nil {
			panic(err)
		}
		s.logs[id] = append(s.logs[id], b)
	}
}

func (s *fakeStore) jobCount() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.jobs)
}

func (s *fakeStore) writes() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.proposals)
}

type fakeSubscription struct {
	store *fakeStore
	c     chan []casare.Event
	once  sync.Once
}

func (s *fakeSubscription) C() <-chan []casare.Event { return s.c }

func (s *fakeSubscription) Close() {
	s.once.Do(func() {
		s.store.mu.Lock()
		defer s.store.mu.Unlock()
		delete(s.store.subs, s)
	})
}

func (s *fakeStore) Cursor() casare.Cursor {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(s.events); n > 0 {
		return s.events[n-1].Cursor
	}
	return casare.Cursor{}
}

func (s *fakeStore) Subscribe(after casare.Cursor, _ int) (api.Subscription, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if after.Less(s.forgotten) {
		return nil, casare.Errorf(casare.CodeGap, "events are missing")
	}
	sub := &fakeSubscription{store: s, c: make(chan []casare.Event, 1000)}
	for _, e := range s.events {
		if after.Less(e.Cursor) {
			sub.c <- []casare.Event{e}
		}
	}
	s.subs[sub] = struct{}{}
	return sub, nil
}

// fakeFleet is what the leader's scheduler would know.
type fakeFleet struct {
	mu       sync.Mutex
	statuses []casare.RobotStatus
	watchers []*fakeWatcher
	stops    map[string]casare.DebugStop
	commands []casare.DebugCommand
	answers  casare.DebugState
	refuses  error
}

// Debug implements api.Fleet.
func (f *fakeFleet) Debug(_ context.Context, _ string, c casare.DebugCommand) (casare.DebugState, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.commands = append(f.commands, c)
	return f.answers, f.refuses
}

// Stopped implements api.Fleet.
func (f *fakeFleet) Stopped(jobID string) (casare.DebugStop, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	stop, ok := f.stops[jobID]
	return stop, ok
}

type fakeWatcher struct {
	job string
	c   chan []casare.LiveUpdate
}

func (w *fakeWatcher) C() <-chan []casare.LiveUpdate { return w.c }
func (*fakeWatcher) Close()                          {}

func (f *fakeFleet) Robots() []casare.RobotStatus {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.statuses)
}

func (f *fakeFleet) set(statuses ...casare.RobotStatus) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.statuses = statuses
}

func (f *fakeFleet) Watch(job string) (api.Watcher, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	w := &fakeWatcher{job: job, c: make(chan []casare.LiveUpdate, 100)}
	f.watchers = append(f.watchers, w)
	return w, nil
}

func (f *fakeFleet) tell(updates ...casare.LiveUpdate) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, w := range f.watchers {
		if w.job == updates[0].JobID {
			w.c <- updates
		}
	}
}

func (f *fakeFleet) watching(job string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.ContainsFunc(f.watchers, func(w *fakeWatcher) bool { return w.job == job })
}

type fakeMinter struct{}

func (fakeMinter) Mint(role casare.Role, expires casare.Time, uses int) (string, casare.Token, error) {
	return "CASARE1.mesh.ca.token-1.secret", casare.Token{ID: "token-1", Role: role, ExpiresAt: expires, MaxUses: uses}, nil
}

var fixedTime = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
