package scheduler

import (
	"context"
	"log/slog"
	"math"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"casare"
	"casare/internal/service"
	"casare/session"
)

// term is the work of one term as leader. Its goroutines are the feed loop (what changed in the state), the placer and the
// lease loop; sessions run in the goroutines of Serve.
//
// The index follows the state in two ways. Results of our own proposals move it at once where they fit what it holds. Everything
// else, from the feed or a refusal, makes it read the job again under mu (refresh), so that what is written down is never older
// than what was known before. A job that stands in the queue by mistake does no harm: its Assign is refused and it is read again.
type term struct {
	cfg    Config
	store  Store
	number uint64
	log    *slog.Logger

	group     service.Group
	proposed  atomic.Uint64 // numbers this term's own proposals
	hub       *hub
	kick      chan struct{} // one slot: look for jobs to place
	questions questions     // to debuggers
	placing   chan struct{} // one slot, held while jobs are placed, and by Handover

	mu       sync.Mutex
	idx      *index
	peers    map[*peer]struct{} // sessions that are being served, superseded ones too
	serving  sync.WaitGroup     // Serve calls of this term; Add only under mu while not closed
	closed   bool
	changed  chan struct{} // closed and replaced when a robot's status changes
	deadline chan struct{} // one slot: a lease deadline may have come nearer
}

func newTerm(cfg Config, store Store, number uint64) *term {
	t := &term{
		cfg: cfg, store: store, number: number,
		log:      cfg.Logger.With(slog.Uint64("term", number)),
		hub:      newHub(),
		kick:     make(chan struct{}, 1),
		placing:  make(chan struct{}, 1),
		idx:      newIndex(cfg.Ageing),
		peers:    map[*peer]struct{}{},
		changed:  make(chan struct{}),
		deadline: make(chan struct{}, 1),
	}
	t.idx.woken = func() { wake(t.deadline) }
	return t
}

// rebuild reads robots and jobs. Called once at the start, and again whenever the feed broke; then it keeps sessions, leases and
// what is being placed. It returns the feed from before the read on.
func (t *term) rebuild() (Feed, error) {
	cursor := t.store.Cursor()
	feed, err := t.store.Subscribe(cursor, feedBuffer)
	if err != nil {
		return nil, casare.Errorf(casare.CodeOf(err), "subscribe to the change feed: %w", err)
	}
	if err := t.read(); err != nil {
		feed.Close()
		return nil, err
	}
	return feed, nil
}

func (t *term) read() error {
	robots, err := t.store.Robots()
	if err != nil {
		return casare.Errorf(casare.CodeOf(err), "read robots: %w", err)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	// Under mu, so that no result of a proposal gets between the read and what is made of it.
	jobs, err := t.store.Active()
	if err != nil {
		return casare.Errorf(casare.CodeOf(err), "read active jobs: %w", err)
	}
	for _, r := range robots {
		t.idx.robot(r.ID).record = r
	}
	seen := make(map[string]struct{}, len(jobs))
	for _, j := range jobs {
		seen[j.ID] = struct{}{}
		t.idx.put(j)
	}
	for id, e := range t.idx.jobs {
		if _, ok := seen[id]; !ok && e.phase != phasePlacing {
			t.idx.drop(id)
		}
	}
	// A robot that has not been heard of in this term gets its full time from now.
	first := time.Now().Add(t.cfg.TTL + t.cfg.Grace)
	for _, r := range t.idx.robots {
		if r.deadline.IsZero() && len(r.jobs) > 0 {
			r.deadline = first
		}
	}
	t.stir()
	return nil
}

// run does the term's work until ctx ends or it cannot go on.
func (t *term) run(ctx context.Context, feed Feed) error {
	failed := make(chan error, 1)
	t.group.Start(ctx)
	t.group.Go(func(ctx context.Context) { //nolint:contextcheck // the group gives its own context
		if err := t.follow(ctx, feed); err != nil {
			failed <- err
		}
	})
	t.group.Go(t.place)  //nolint:contextcheck // the group gives its own context
	t.group.Go(t.leases) //nolint:contextcheck // the group gives its own context
	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	t.end()
	return err
}

// end closes every session and waits for all of the term's goroutines.
func (t *term) end() {
	t.mu.Lock()
	t.closed = true
	for p := range t.peers {
		// The robot looks for the new leader by itself; a lost word costs it a failed dial.
		_ = p.conn.Push(&session.NotLeader{})
		p.cancel()
	}
	t.mu.Unlock()
	t.group.Stop()
	t.serving.Wait()
	t.hub.close(casare.Errorf(casare.CodeNotLeader, "this robot leads no more"))
	t.mu.Lock()
	t.stir()
	t.mu.Unlock()
}

// feedBuffer is how many batches of events may wait for the scheduler.
const feedBuffer = 1024

// follow keeps the index true to the change feed.
func (t *term) follow(ctx context.Context, feed Feed) error {
	defer func() { feed.Close() }()
	for {
		select {
		case <-ctx.Done():
			return nil
		case events, ok := <-feed.C():
			if ok {
				t.see(ctx, events)
				continue
			}
		}
		if ctx.Err() != nil {
			return nil
		}
		t.log.WarnContext(ctx, "change feed broke, reading the state again")
		feed.Close()
		if !pause(ctx) { // a feed that breaks again and again must not become a busy loop
			return nil
		}
		next, err := t.rebuild()
		if err != nil {
			return err
		}
		feed = next
	}
}

// see takes in a batch of events.
func (t *term) see(ctx context.Context, events []casare.Event) {
	var queued []string
	for _, ev := range events {
		switch ev.Type {
		case casare.EventJobQueued:
			queued = append(queued, ev.JobID)
		case casare.EventJobAssigned, casare.EventJobStarted:
			t.seeHeld(ctx, ev)
		case casare.EventJobFinished, casare.EventJobAttention:
			t.seeEnded(ev)
		case casare.EventJobCancelling:
			t.seeCancelling(ctx, ev)
		case casare.EventRobotJoined, casare.EventRobotChanged:
			t.seeRobot(ctx, ev.RobotID)
		case casare.EventJobProgress, casare.EventWorkflowSaved, casare.EventKeyChanged, casare.EventSecretChanged, casare.EventMeshChanged:
		}
	}
	if len(queued) > 0 {
		t.seeQueued(ctx, queued)
	}
}

// seeQueued reads jobs that went to the queue. New ones are read without the lock: they are many, and a stale read only puts a
// job into the queue by mistake.
func (t *term) seeQueued(ctx context.Context, ids []string) {
	t.mu.Lock()
	fresh := make([]string, 0, len(ids))
	for _, id := range ids {
		if t.idx.jobs[id] == nil {
			fresh = append(fresh, id)
		} else {
			t.refresh(ctx, id)
		}
	}
	t.mu.Unlock()
	jobs := make([]*casare.Job, 0, len(fresh))
	for _, id := range fresh {
		if j := t.job(ctx, id); j != nil && j.State == casare.JobQueued {
			jobs = append(jobs, j)
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, j := range jobs {
		if t.idx.jobs[j.ID] == nil {
			t.idx.enqueue(j)
		} else {
			t.refresh(ctx, j.ID)
		}
	}
	wake(t.kick)
}

// seeHeld learns of an attempt that this term did not place itself or whose proposal was answered with an unknown outcome.
func (t *term) seeHeld(ctx context.Context, ev casare.Event) {
	t.mu.Lock()
	e := t.idx.jobs[ev.JobID]
	if e != nil && (e.phase == phasePlacing || e.epoch >= ev.Epoch && e.phase == phaseHeld) {
		t.mu.Unlock()
		return
	}
	t.refresh(ctx, ev.JobID)
	var p *peer
	if e := t.idx.jobs[ev.JobID]; e != nil && e.phase == phaseHeld && ev.Type == casare.EventJobAssigned {
		p = e.robot.peer
	}
	t.mu.Unlock()
	if p != nil {
		t.pushAgain(ctx, p, []string{ev.JobID})
	}
}

func (t *term) seeEnded(ev casare.Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	e := t.idx.jobs[ev.JobID]
	if e == nil {
		return
	}
	if e.phase == phasePlacing {
		e.again = true
		return
	}
	if e.phase == phaseHeld && !e.ended && e.robot.peer != nil && e.robot.peer.ready {
		// It has ended by another hand than the report of its robot.
		e.robot.peer.push(&session.Stop{JobID: e.id, Epoch: e.epoch, Code: casare.CodeTransition})
	}
	t.drop(ev.JobID)
	wake(t.kick)
}

// drop forgets a job and what was kept of it for watchers. The caller holds mu.
func (t *term) drop(id string) {
	t.idx.drop(id)
	t.hub.forget(id)
}

func (t *term) seeCancelling(ctx context.Context, ev casare.Event) {
	j := t.job(ctx, ev.JobID)
	if j == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	e := t.idx.jobs[ev.JobID]
	if e == nil {
		return
	}
	e.cancel = true
	if e.phase == phaseHeld && e.robot.peer != nil && e.robot.peer.ready {
		e.robot.peer.push(&session.Cancel{JobID: e.id, Epoch: e.epoch, Reason: j.CancelReason})
	}
}

func (t *term) seeRobot(ctx context.Context, id string) {
	r, err := t.store.Robot(id)
	if err != nil {
		t.log.ErrorContext(ctx, "read robot", slog.String("robot_id", id), slog.Any("error", err))
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.idx.robot(id).record = r
	t.stir()
}

// refresh reads a job and makes the index agree with it. The caller holds mu, so nothing newer can be overwritten.
func (t *term) refresh(ctx context.Context, id string) {
	j, err := t.store.Job(id)
	if casare.CodeOf(err) == casare.CodeNotFound {
		t.drop(id)
		return
	}
	if err != nil {
		t.log.ErrorContext(ctx, "read job", slog.String("job", id), slog.Any("error", err))
		return
	}
	t.idx.put(j)
	if t.idx.jobs[id] == nil {
		t.hub.forget(id)
	}
	if e := t.idx.jobs[id]; e != nil && e.phase == phaseHeld && e.robot.deadline.IsZero() {
		// Held by a robot that this term has not heard of: it gets its full time.
		e.robot.deadline = time.Now().Add(t.cfg.TTL + t.cfg.Grace)
		wake(t.deadline)
	}
	wake(t.kick)
}

// job reads a job; nil when it is not there or cannot be read, which is logged.
func (t *term) job(ctx context.Context, id string) *casare.Job {
	j, err := t.store.Job(id)
	if err != nil {
		if casare.CodeOf(err) != casare.CodeNotFound {
			t.log.ErrorContext(ctx, "read job", slog.String("job", id), slog.Any("error", err))
		}
		return nil
	}
	return j
}

// stir tells that a robot's status has changed and looks for jobs to place. The caller holds mu.
func (t *term) stir() {
	close(t.changed)
	t.changed = make(chan struct{})
	wake(t.kick)
}

// proposal dresses a command of the leader's own.
func (t *term) proposal(kind, tenant string, cmd casare.Command) casare.Proposal {
	n := t.proposed.Add(1)
	id := kind + strconv.FormatUint(t.number, 36) + "." + strconv.FormatUint(n, 36)
	return casare.Proposal{ID: id, Tenant: tenant, Actor: "system", Time: t.time(), Command: cmd}
}

func (t *term) time() casare.Time { return casare.TimeOf(t.cfg.Now()) }

// wake puts a token into a channel of one slot.
func wake(ch chan struct{}) {
	select {
	case ch <- struct{}{}:
	default:
	}
}

// never is further away than any lease.
const never = time.Duration(math.MaxInt64)
