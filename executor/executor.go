package executor

import (
	"context"
	"errors"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"casare"
	"casare/internal/service"
	"casare/session"
)

// Executor runs the attempts that the leader gives to this robot.
type Executor struct {
	cfg      Config
	leader   Leader
	runner   Runner
	programs *programs
	desk     *desk
	instance uint64
	group    service.Group
	slots    chan struct{} // holds one token for each attempt that runs
	asked    chan struct{} // holds one token for each question to a debugger that is being answered
	wake     chan struct{} // one slot: something may have to be reported or asked for
	beat     chan struct{} // one slot: send a heartbeat now
	leased   chan struct{} // one slot: the lease ends later than was known

	// Lock order: an attempt's mu, then this one.
	mu       sync.Mutex
	term     uint64              // highest seen
	number   uint64              // of the last session
	attempts map[string]*attempt // by job, the newest epoch
	kept     map[string]uint64   // epochs of attempts of an earlier process whose logs are here, by job
	dirty    []*attempt          // may have something to report
	marked   map[*attempt]struct{}
	online   bool          // a session stands
	heard    time.Time     // when the last heartbeat left that was answered
	lease    time.Duration // how long after that this robot may be given up; 0: not known
	watched  bool          // somebody looks at live updates
	draining bool
	told     bool          // the leader knows that this robot drains
	drained  chan struct{} // closed when it drains, holds no attempt, and will be given none
}

// New returns an executor that is ready to Start.
func New(cfg Config, leader Leader, runner Runner) (*Executor, error) {
	cfg = cfg.WithDefaults()
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if cfg.Load == nil {
		cfg.Load = newMeter(cfg.Logger).load
	}
	return &Executor{
		cfg: cfg, leader: leader, runner: runner, programs: newPrograms(), desk: newDesk(cfg.Work),
		instance: rand.Uint64(), //nolint:gosec // tells processes apart, is no secret
		slots:    make(chan struct{}, cfg.Robot.Slots),
		asked:    make(chan struct{}, debugsAtOnce),
		wake:     make(chan struct{}, 1),
		beat:     make(chan struct{}, 1),
		leased:   make(chan struct{}, 1),
		kept:     map[string]uint64{},
		attempts: map[string]*attempt{}, marked: map[*attempt]struct{}{}, drained: make(chan struct{}),
	}, nil
}

// Start begins to keep a session with the leader and to run what it assigns.
func (e *Executor) Start(ctx context.Context) error {
	if err := e.keepLogs(); err != nil {
		return err
	}
	e.group.Start(ctx)
	e.group.Go(e.keep) //nolint:contextcheck // the group gives its own context
	if e.cfg.Runs != "" {
		e.group.Go(e.syncLogs) //nolint:contextcheck // the group gives its own context
		e.group.Go(e.sealLogs) //nolint:contextcheck // the group gives its own context
	}
	e.group.Go(e.fence) //nolint:contextcheck // the group gives its own context
	e.group.Go(e.tidy)  //nolint:contextcheck // the group gives its own context
	return nil
}

// Stop ends the session and every attempt, and waits for them. Without Drain before it, it is as if the robot had died.
func (e *Executor) Stop() {
	e.group.Stop()
	e.closeLogs()
}

// Drain is the first half of a planned stop: no new work is taken, every attempt stops at its next step boundary (those that do
// not within Config.Drain are ended), its checkpoint is replicated and the job given back. It returns when the leader has
// acknowledged that for every attempt, or with ctx.
func (e *Executor) Drain(ctx context.Context) error {
	e.mu.Lock()
	e.draining = true
	all := e.list()
	e.checkDrained()
	e.mu.Unlock()
	signal(e.beat)
	for _, a := range all {
		a.halt()
	}
	timer := time.NewTimer(e.cfg.Drain)
	defer timer.Stop()
	for {
		select {
		case <-e.drained:
			return nil
		case <-ctx.Done():
			return casare.Errorf(casare.CodeTimeout, "drain: %d attempts not given back: %w", e.count(), context.Cause(ctx))
		case <-timer.C:
			e.cfg.Logger.WarnContext(ctx, "steps do not end, their attempts are given back as of their last checkpoint")
			for _, a := range all {
				a.kill(errDrained)
			}
		}
	}
}

// Running lists the jobs that this robot holds, for its own health page.
func (e *Executor) Running() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Sorted(maps.Keys(e.attempts))
}

// Waiting says what the jobs of this robot wait for that wait for the mesh: nobody else can tell while it does not answer.
func (e *Executor) Waiting() map[string]string {
	waiting := map[string]string{}
	for _, a := range e.all() {
		a.mu.Lock()
		if a.waiting != "" {
			waiting[a.jobID] = a.waiting
		}
		a.mu.Unlock()
	}
	return waiting
}

func (e *Executor) count() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.attempts)
}

// list returns all attempts. The caller holds mu.
func (e *Executor) list() []*attempt {
	all := make([]*attempt, 0, len(e.attempts))
	for _, a := range e.attempts {
		all = append(all, a)
	}
	return all
}

// find returns an attempt that this robot holds, else nil.
func (e *Executor) find(jobID string, epoch uint64) *attempt {
	e.mu.Lock()
	defer e.mu.Unlock()
	if a := e.attempts[jobID]; a != nil && a.epoch == epoch {
		return a
	}
	return nil
}

// assign takes attempts from the leader. One that is here already stays as it is; one of an older epoch is over.
func (e *Executor) assign(m *session.Assign) {
	e.mu.Lock()
	if m.Term < e.term {
		e.mu.Unlock()
		return // a deposed leader still talks
	}
	e.term = m.Term
	var older, fresh []*attempt
	for _, spec := range m.Attempts {
		known := e.attempts[spec.JobID]
		if known != nil && known.epoch >= spec.Epoch {
			continue
		}
		if known != nil {
			older = append(older, known)
		}
		a := e.newAttempt(spec)
		e.attempts[spec.JobID] = a
		e.desk.enter(spec.JobID)
		fresh = append(fresh, a)
	}
	draining := e.draining
	e.mu.Unlock()
	for _, a := range older {
		a.kill(errGone)
		a.closeJournal()
		e.desk.leave(a.jobID)
	}
	for _, a := range fresh {
		if draining {
			a.halt()
		}
		e.group.Go(func(ctx context.Context) {
			e.run(ctx, a)
			e.shut(ctx, a)
		})
	}
}

func (e *Executor) newAttempt(spec session.Assignment) *attempt {
	a := &attempt{
		jobID: spec.JobID, epoch: spec.Epoch, spec: spec, robot: e.cfg.Robot.ID,
		stop: make(chan struct{}), acked: make(chan struct{}), over: make(chan struct{}), online: e.online,
		work: func(f func(ctx context.Context)) { e.group.Go(f) },
		now:  func() casare.Time { return casare.TimeOf(e.cfg.Now()) },
	}
	if e.cfg.Blobs != nil {
		a.blobs = e.cfg.Blobs(spec.JobID, spec.Epoch)
	}
	a.stream.begin(spec.Records, spec.Seq)
	a.intents = spec.Intents
	a.log.first = spec.Lines
	a.wakes = func() { e.mark(a) }
	a.bench = newBench(spec.Debug, e.cfg.Now, a.wakes)
	if spec.Started {
		// The same attempt once more, after this robot's restart. What it gave numbers to before may still be on its way.
		a.say = startSaid
		a.stream.used += restartGap
	}
	return a
}

// restartGap is how many numbers of checkpoints a process leaves to the one before it.
const restartGap = 1 << 16

// run takes an attempt from its assignment to its end.
func (e *Executor) run(ctx context.Context, a *attempt) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	a.bind(cancel)
	limit := time.Duration(a.spec.TimeoutMillis) * time.Millisecond
	ctx, done := context.WithTimeoutCause(ctx, limit, errTimeout)
	defer done()
	var out Outcome
	select {
	case <-a.stop:
		out.Released = true
	case <-ctx.Done():
		out = outcomeOf(ctx)
	case e.slots <- struct{}{}:
		out = e.execute(ctx, a)
		<-e.slots
	}
	if end, ok := a.concludes(out); ok {
		a.finish(end)
	}
}

// outcomeOf is how an attempt ends that has not come to run its document.
func outcomeOf(ctx context.Context) Outcome {
	if errors.Is(context.Cause(ctx), errTimeout) {
		return Outcome{State: casare.JobTimeout}
	}
	return Outcome{State: casare.JobCancelled}
}

// execute runs the document.
func (e *Executor) execute(ctx context.Context, a *attempt) Outcome {
	doc, ask := e.programs.want(a.spec.Revision)
	if ask {
		signal(e.wake)
	}
	program, err := doc.compile(ctx, e.runner)
	switch {
	case ctx.Err() != nil:
		return outcomeOf(ctx)
	case casare.CodeOf(err) == casare.CodeUnsupported:
		return Outcome{Rejected: err.Error()}
	case err != nil:
		return Outcome{State: casare.JobFailed, Error: &casare.JobError{ErrorType: "ValidationError", Message: err.Error()}}
	}
	secrets, err := openSecrets(e.cfg.Open, &a.spec)
	if err != nil {
		return Outcome{State: casare.JobFailed, Error: &casare.JobError{ErrorType: "SecretError", Message: err.Error()}}
	}
	resume, out := e.takeUp(ctx, a)
	if out != nil {
		return *out
	}
	a.begin(casare.TimeOf(e.cfg.Now()), program.Policy())
	said := time.AfterFunc(e.cfg.Started, a.started)
	defer said.Stop()
	var base uint64
	if a.spec.Started {
		// The same attempt once more, after this robot's restart: numbers must go on where nobody remembers. Time does.
		base = uint64(max(0, a.begun))
	}
	return program.Run(ctx, RunOptions{
		Variables:  a.spec.Variables,
		Resume:     resume,
		Edit:       a.spec.Edit,
		Here:       func(p *casare.Placement) bool { return e.here(a, p) },
		Held:       a.pin,
		Decisions:  a.spec.Decisions,
		Secrets:    secrets,
		Stop:       a.stop,
		Checkpoint: a.checkpoint,
		Settle:     a.settle,
		Step:       func(s casare.StepEvent) { a.onStep(s, base) },
		Log:        a.onLog,
		Now:        e.cfg.Now,
		Files:      filesOf(a.folder),
		Documents:  &pinnedDocuments{a.spec.Pinned, e.programs, func() { signal(e.wake) }},
		Mode:       a.spec.Mode,
		Debug:      a.bench.debugger,
		Logger:     e.cfg.Logger,
	})
}

// here says whether steps at a place may run on this robot; nil is the job's home. What the leader chose the robot for is right here, or the
// job would go to and fro between two that see the robot differently.
func (e *Executor) here(a *attempt, p *casare.Placement) bool {
	if p.Equal(a.spec.Place) {
		return true
	}
	if p == nil {
		p = a.spec.Home
	}
	return p == nil || p.Fits(&e.cfg.Robot)
}

// drop ends an attempt that is over for this robot and forgets it.
func (e *Executor) drop(a *attempt) {
	a.kill(errGone)
	a.closeJournal()
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.attempts[a.jobID] == a {
		delete(e.attempts, a.jobID)
		e.desk.leave(a.jobID)
	}
	e.checkDrained()
}

// checkDrained ends the wait of Drain when nothing is held and the leader, if there is one, gives nothing more. The caller holds
// mu.
func (e *Executor) checkDrained() {
	if !e.draining || len(e.attempts) > 0 || e.online && !e.told {
		return
	}
	select {
	case <-e.drained:
	default:
		close(e.drained)
	}
}

// mark notes that an attempt may have something to report. It is called with the attempt's mu held.
func (e *Executor) mark(a *attempt) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if _, ok := e.marked[a]; !ok {
		e.marked[a] = struct{}{}
		e.dirty = append(e.dirty, a)
	}
	signal(e.wake)
}

func signal(ch chan struct{}) {
	select {
	case ch <- struct{}{}:
	default:
	}
}
