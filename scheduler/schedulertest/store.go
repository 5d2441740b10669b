// Package schedulertest has a replicated state that is not replicated: the domain's own rules over maps, with a change feed, for
// tests of those who talk to one.
package schedulertest

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"sync"

	"casare"
	"casare/scheduler"
	"casare/session"
)

// Store implements scheduler.Store in memory. Each Propose is one entry of the log.
type Store struct {
	mu          sync.Mutex
	before      func(ps []casare.Proposal) error
	after       func(ps []casare.Proposal) error
	index       uint64
	cursor      casare.Cursor
	jobs        map[string]*casare.Job
	results     map[string][]byte
	logs        map[string]*jobLog
	checkpoints map[string]map[string]casare.Record
	pieces      map[string][][]byte
	kept        map[string][]casare.LogPiece
	documents   map[string][]byte
	robots      map[string]*casare.Robot
	events      []casare.Event
	feeds       map[*feed]struct{}
	proposals   int
}

type jobLog struct {
	epoch uint64
	next  uint64
	lines [][]byte
}

// New returns an empty store.
func New() *Store {
	return &Store{
		jobs: map[string]*casare.Job{}, results: map[string][]byte{}, logs: map[string]*jobLog{},
		checkpoints: map[string]map[string]casare.Record{}, pieces: map[string][][]byte{}, kept: map[string][]casare.LogPiece{}, documents: map[string][]byte{}, robots: map[string]*casare.Robot{},
		feeds: map[*feed]struct{}{},
	}
}

// Intercept sets what is called around each Propose, nil for nothing: an error from before comes instead of applying, one from
// after instead of the results.
func (s *Store) Intercept(before, after func(ps []casare.Proposal) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.before, s.after = before, after
}

// AddRobot puts a robot into the state.
func (s *Store) AddRobot(r casare.Robot) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r.Tenant = cmp.Or(r.Tenant, casare.DefaultTenant)
	s.robots[r.ID] = &r
}

// AddDocument puts a workflow revision into the state and returns its name.
func (s *Store) AddDocument(data []byte) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	revision := casare.RevisionOf(data)
	s.documents[revision] = data
	return revision
}

// Entries is how many times something was proposed.
func (s *Store) Entries() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.proposals
}

// Propose implements scheduler.Store.
func (s *Store) Propose(ctx context.Context, ps ...casare.Proposal) ([]casare.Result, error) {
	if err := ctx.Err(); err != nil {
		return nil, casare.Errorf(casare.CodeUnavailable, "propose: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.before != nil {
		if err := s.before(ps); err != nil {
			return nil, err
		}
	}
	s.index++
	s.proposals++
	position := uint32(0)
	results := make([]casare.Result, len(ps))
	first := len(s.events)
	for i, p := range ps {
		results[i] = s.apply(p, &position)
	}
	s.publish(slices.Clone(s.events[first:]))
	if s.after != nil {
		if err := s.after(ps); err != nil {
			return nil, err
		}
	}
	return results, nil
}

func (s *Store) apply(p casare.Proposal, position *uint32) casare.Result {
	j, typ, err := s.decide(p)
	if err != nil {
		var known *casare.Error
		if !errors.As(err, &known) {
			known = casare.Errorf(casare.CodeInternal, "%w", err)
		}
		return casare.Result{Index: s.index, Err: known}
	}
	if typ != "" {
		ev := casare.Event{Cursor: casare.Cursor{Index: s.index, Position: *position}, Type: typ, Time: p.Time}
		if j != nil {
			ev.Tenant, ev.JobID, ev.RobotID, ev.State, ev.Epoch = j.Tenant, j.ID, j.RobotID, j.State, j.Epoch
		}
		if c, ok := p.Command.(casare.PutRobot); ok {
			ev.RobotID = c.Robot.ID
		}
		*position++
		s.cursor = ev.Cursor
		s.events = append(s.events, ev)
	}
	if j != nil {
		return casare.Result{Index: s.index, Job: clone(j)}
	}
	return casare.Result{Index: s.index}
}

// decide applies a command to the job it is about, which changes only if there is no error.
func (s *Store) decide(p casare.Proposal) (*casare.Job, casare.EventType, error) {
	if c, ok := p.Command.(casare.SubmitJob); ok {
		if j := s.jobs[c.Spec.ID]; j != nil {
			return j, "", nil
		}
		j := casare.NewJob(c.Spec)
		s.jobs[j.ID] = j
		return j, casare.EventJobQueued, nil
	}
	if c, ok := p.Command.(casare.PutRobot); ok {
		s.robots[c.Robot.ID] = &c.Robot
		return nil, casare.EventRobotChanged, nil
	}
	j := s.jobs[jobOf(p.Command)]
	if j == nil {
		return nil, "", casare.Errorf(casare.CodeNotFound, "there is no job %s", jobOf(p.Command))
	}
	if j.LastCommand == p.ID {
		return j, "", nil
	}
	changed := clone(j)
	typ, err := s.move(changed, p)
	if err != nil {
		return nil, "", err
	}
	changed.LastCommand = p.ID
	s.jobs[j.ID] = changed
	return changed, typ, nil
}

func jobOf(c casare.Command) string {
	switch c := c.(type) {
	case casare.AssignJob:
		return c.JobID
	case casare.StartJob:
		return c.JobID
	case casare.CheckpointJob:
		return c.JobID
	case casare.FinishJob:
		return c.JobID
	case casare.RejectJob:
		return c.JobID
	case casare.ReleaseJob:
		return c.JobID
	case casare.ExpireJob:
		return c.JobID
	case casare.CancelJob:
		return c.JobID
	case casare.ResolveJob:
		return c.JobID
	case casare.StrandJob:
		return c.JobID
	}
	return ""
}

func (s *Store) move(j *casare.Job, p casare.Proposal) (casare.EventType, error) {
	switch c := p.Command.(type) {
	case casare.AssignJob:
		return casare.EventJobAssigned, j.Assign(c.RobotID, s.index, p.Time)
	case casare.StartJob:
		return casare.EventJobStarted, j.Start(c.Epoch, p.Time)
	case casare.CheckpointJob:
		return s.checkpoint(j, c, p.Time)
	case casare.FinishJob:
		if err := j.Finish(c.Epoch, c.State, c.Error, p.Time); err != nil {
			return "", err
		}
		s.results[j.ID] = c.Result
		s.keep(j, c.Kept)
		s.appendLog(j, c.Log)
		return casare.EventJobFinished, nil
	case casare.RejectJob:
		return requeued(j, j.Reject(c.Epoch, c.RobotID, p.Time))
	case casare.ReleaseJob:
		if c.Moves {
			return requeued(j, j.Move(c.Epoch, c.Place, p.Time))
		}
		return requeued(j, j.Release(c.Epoch, p.Time))
	case casare.ExpireJob:
		return requeued(j, j.Expire(c.Epoch, p.Time))
	case casare.StrandJob:
		return casare.EventJobAttention, j.Strand(c.Epoch, c.Reason, p.Time)
	case casare.ResolveJob:
		return requeued(j, j.Resolve(&c, p.Actor, p.Time))
	case casare.CancelJob:
		ended, err := j.Cancel(c.Reason, p.Time)
		if ended {
			return casare.EventJobFinished, err
		}
		return casare.EventJobCancelling, err
	}
	return "", casare.Errorf(casare.CodeUnsupported, "command %d", p.Command.Type())
}

func (s *Store) checkpoint(j *casare.Job, c casare.CheckpointJob, now casare.Time) (casare.EventType, error) {
	was := j.State
	fresh, err := j.Checkpoint(&c, now)
	if err == nil && fresh {
		err = s.merge(c)
	}
	if err != nil {
		return "", err
	}
	s.appendLog(j, c.Log)
	s.keep(j, c.Kept)
	if was != casare.JobRunning {
		return casare.EventJobStarted, nil
	}
	return casare.EventJobProgress, nil
}

func (s *Store) keep(j *casare.Job, p *casare.LogPiece) {
	if p != nil {
		piece := *p
		piece.Epoch = j.Epoch
		s.kept[j.ID] = append(s.kept[j.ID], piece)
	}
}

// KeptLog returns the pieces of a job's run logs.
func (s *Store) KeptLog(id string) []casare.LogPiece {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.kept[id])
}

// merge makes the changes of a checkpoint, or keeps a piece of them.
func (s *Store) merge(c casare.CheckpointJob) error {
	changes := c.Changes
	if c.More || c.Part > 0 {
		if c.Part != len(s.pieces[c.JobID]) && c.Part > 0 {
			return casare.Errorf(casare.CodeGap, "pieces are missing")
		}
		s.pieces[c.JobID] = append(s.pieces[c.JobID][:c.Part:c.Part], c.Piece)
		if c.More {
			return nil
		}
		var err error
		if changes, err = session.JoinRecords(s.pieces[c.JobID]); err != nil {
			return err
		}
	}
	delete(s.pieces, c.JobID)
	held := maps.Clone(s.checkpoints[c.JobID])
	if c.Base == 0 || held == nil {
		held = map[string]casare.Record{}
	}
	for _, r := range changes {
		if r.Deleted() {
			delete(held, r.Key)
		} else {
			held[r.Key] = r
		}
	}
	s.checkpoints[c.JobID] = held
	return nil
}

func (s *Store) appendLog(j *casare.Job, c casare.LogChunk) {
	if len(c.Lines) == 0 {
		return
	}
	l := s.logs[j.ID]
	if l == nil {
		l = &jobLog{}
		s.logs[j.ID] = l
	}
	if l.epoch != j.Epoch {
		l.epoch, l.next = j.Epoch, 0
	}
	for i, line := range c.Lines {
		if n := c.From + uint64(i); n >= l.next {
			l.lines = append(l.lines, line)
			l.next = n + 1
		}
	}
}

func requeued(j *casare.Job, err error) (casare.EventType, error) {
	if j.State == casare.JobNeedsAttention {
		return casare.EventJobAttention, err
	}
	if j.State.Terminal() {
		return casare.EventJobFinished, err
	}
	return casare.EventJobQueued, err
}

func clone(j *casare.Job) *casare.Job {
	c := *j
	c.RejectedBy = slices.Clone(j.RejectedBy)
	return &c
}

// Barrier implements scheduler.Store.
func (s *Store) Barrier(ctx context.Context) error { return ctx.Err() }

// Cursor implements scheduler.Store.
func (s *Store) Cursor() casare.Cursor {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cursor
}

// Active implements scheduler.Store.
func (s *Store) Active() ([]*casare.Job, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var active []*casare.Job
	for _, id := range slices.Sorted(maps.Keys(s.jobs)) {
		if j := s.jobs[id]; !j.State.Terminal() {
			active = append(active, clone(j))
		}
	}
	return active, nil
}

// Job implements scheduler.Store.
func (s *Store) Job(id string) (*casare.Job, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	j := s.jobs[id]
	if j == nil {
		return nil, casare.Errorf(casare.CodeNotFound, "there is no job %s", id)
	}
	return clone(j), nil
}

// Result returns what a job ended with.
func (s *Store) Result(id string) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.results[id]
}

// JobLog implements scheduler.Store.
func (s *Store) JobLog(id string) ([][]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l := s.logs[id]; l != nil {
		return slices.Clone(l.lines), nil
	}
	return nil, nil
}

// Document implements scheduler.Store.
func (s *Store) Document(revision string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d, ok := s.documents[revision]
	if !ok {
		return nil, casare.Errorf(casare.CodeNotFound, "there is no document %s", revision)
	}
	return d, nil
}

// Checkpoint implements scheduler.Store.
func (s *Store) Checkpoint(id string) (records []casare.Record, seq uint64, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	j := s.jobs[id]
	if j == nil {
		return nil, 0, casare.Errorf(casare.CodeNotFound, "there is no job %s", id)
	}
	for _, k := range slices.Sorted(maps.Keys(s.checkpoints[id])) {
		records = append(records, s.checkpoints[id][k])
	}
	return records, j.CheckpointSeq, nil
}

// Robot implements scheduler.Store.
func (s *Store) Robot(id string) (*casare.Robot, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, ok := s.robots[id]
	if !ok {
		return nil, casare.Errorf(casare.CodeNotFound, "there is no robot %s", id)
	}
	c := *r
	return &c, nil
}

// Robots implements scheduler.Store.
func (s *Store) Robots() ([]*casare.Robot, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []*casare.Robot
	for _, id := range slices.Sorted(maps.Keys(s.robots)) {
		r := *s.robots[id]
		all = append(all, &r)
	}
	return all, nil
}

// Subscribe implements scheduler.Store.
func (s *Store) Subscribe(after casare.Cursor, buffer int) (scheduler.Feed, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := &feed{store: s, c: make(chan []casare.Event, buffer)}
	var missed []casare.Event
	for _, ev := range s.events {
		if after.Less(ev.Cursor) {
			missed = append(missed, ev)
		}
	}
	if len(missed) > 0 {
		f.c <- missed
	}
	s.feeds[f] = struct{}{}
	return f, nil
}

func (s *Store) publish(events []casare.Event) {
	if len(events) == 0 {
		return
	}
	for f := range s.feeds {
		select {
		case f.c <- events:
		default:
			delete(s.feeds, f)
			close(f.c)
		}
	}
}

// BreakFeeds closes every subscription, as a store does whose subscriber is too slow.
func (s *Store) BreakFeeds() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for f := range s.feeds {
		delete(s.feeds, f)
		close(f.c)
	}
}

type feed struct {
	store *Store
	c     chan []casare.Event
}

// C implements scheduler.Feed.
func (f *feed) C() <-chan []casare.Event { return f.c }

// Close implements scheduler.Feed.
func (f *feed) Close() {
	f.store.mu.Lock()
	defer f.store.mu.Unlock()
	if _, open := f.store.feeds[f]; open {
		delete(f.store.feeds, f)
		close(f.c)
	}
}

// Retarget changes where a job may run, which no command does.
func (s *Store) Retarget(id, robot string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	j := clone(s.jobs[id])
	j.TargetRobot = robot
	s.jobs[id] = j
}
