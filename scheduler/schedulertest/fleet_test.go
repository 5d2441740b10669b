package schedulertest_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"casare"
	"casare/executor"
	"casare/scheduler"
	"casare/scheduler/schedulertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// script is what a document of these tests says.
type script struct {
	Steps  int           `json:"steps"`
	Each   time.Duration `json:"each"`
	Fail   string        `json:"fail"`
	Needs  string        `json:"needs"`  // compiles only on this robot
	Stuck  bool          `json:"stuck"`  // steps do not end when asked to stop
	Bare   bool          `json:"bare"`   // takes no checkpoints
	Result int           `json:"result"` // bytes
}

// runner runs scripts and counts the steps of every job, by robot.
type runner struct {
	robot string
	fleet *fleet
}

func (r runner) Compile(document []byte) (executor.Program, error) {
	var s script
	if err := json.Unmarshal(document, &s); err != nil {
		return nil, casare.Errorf(casare.CodeInvalid, "script: %w", err)
	}
	if s.Needs != "" && s.Needs != r.robot {
		return nil, casare.Errorf(casare.CodeUnsupported, "no node type for %s here", s.Needs)
	}
	return program{r, s}, nil
}

type program struct {
	runner
	script script
}

func (p program) Policy() executor.Policy { return executor.Policy{} }

func (p program) Run(ctx context.Context, o executor.RunOptions) executor.Outcome {
	step := 0
	if len(o.Resume) > 0 {
		if err := json.Unmarshal(o.Resume[0].Data, &step); err != nil {
			return executor.Outcome{State: casare.JobFailed, Error: &casare.JobError{Message: err.Error()}}
		}
	}
	n := uint64(0)
	for ; step < p.script.Steps; step++ {
		name := fmt.Sprintf("s%d", step)
		o.Step(casare.StepEvent{N: 2 * n, Step: name, State: casare.StepStarted})
		stop := o.Stop
		if p.script.Stuck {
			stop = nil
		}
		timer := time.NewTimer(p.script.Each)
		select {
		case <-timer.C:
		case <-stop:
			timer.Stop()
			return executor.Outcome{Released: true}
		case <-ctx.Done():
			timer.Stop()
			if errors.Is(context.Cause(ctx), errTimeout) || context.Cause(ctx).Error() == "job timed out" {
				return executor.Outcome{State: casare.JobTimeout}
			}
			return executor.Outcome{State: casare.JobCancelled}
		}
		p.fleet.ran(p.robot, o.Variables, name)
		o.Log(casare.LogLine{N: n, Time: casare.TimeOf(o.Now()), Level: "INFO", Message: name, Step: name})
		o.Step(casare.StepEvent{N: 2*n + 1, Step: name, State: casare.StepCompleted})
		n++
		if p.script.Bare {
			continue
		}
		data, err := json.Marshal(step + 1)
		if err != nil {
			return executor.Outcome{State: casare.JobFailed}
		}
		at := executor.Snapshot{
			Changes: []casare.Record{{Key: "step", Data: data}}, Moment: executor.MomentEffect, Step: name, Progress: (step + 1) * 100 / p.script.Steps,
		}
		if err := errors.Join(o.Checkpoint(ctx, at), o.Settle(ctx, "", at.Moment)); err != nil {
			return executor.Outcome{State: casare.JobFailed}
		}
	}
	if p.script.Fail != "" {
		return executor.Outcome{State: casare.JobFailed, Error: &casare.JobError{NodeID: "s", ErrorType: "TestError", Message: p.script.Fail}}
	}
	return executor.Outcome{State: casare.JobCompleted, Variables: []byte(`{"ok":true}`)}
}

var errTimeout = context.DeadlineExceeded

// fleet is some robots with one replicated state. Any may lead; the streams between them are pipes.
type fleet struct {
	t     *testing.T
	store *schedulertest.Store

	mu      sync.Mutex
	robots  map[string]*member
	leader  string
	term    uint64
	changed chan struct{}
	steps   map[string][]string // by variables of the job: "robot:step"
	serving sync.WaitGroup
	delay   time.Duration // of the streams, each way
}

type member struct {
	id        string
	scheduler *scheduler.Scheduler
	executor  *executor.Executor
	cut       bool // reaches nobody
	streams   []net.Conn
	resign    context.CancelFunc // ends its Lead
	led       chan struct{}
}

func newFleet(t *testing.T, slots int, ids ...string) *fleet {
	t.Helper()
	f := &fleet{
		t: t, store: schedulertest.New(), robots: map[string]*member{}, changed: make(chan struct{}), steps: map[string][]string{},
	}
	for _, id := range ids {
		f.store.AddRobot(casare.Robot{ID: id, Role: casare.RoleCoordinator})
		f.start(id, slots)
	}
	return f
}

// start makes a robot's process.
func (f *fleet) start(id string, slots int) *member {
	f.t.Helper()
	s, err := scheduler.New(scheduler.Config{RobotID: id, Logger: logger(f.t, id)}, f.store)
	require.NoError(f.t, err)
	m := &member{id: id, scheduler: s}
	m.executor, err = executor.New(executor.Config{
		Robot:  casare.Robot{ID: id, Name: id, Slots: slots, Capabilities: []string{"os:test"}},
		Load:   func() executor.Load { return executor.Load{CPUPercent: 1, MemoryMB: 10} },
		Logger: logger(f.t, id),
	}, dialer{f, m}, runner{id, f})
	require.NoError(f.t, err)
	f.mu.Lock()
	f.robots[id] = m
	f.mu.Unlock()
	require.NoError(f.t, m.executor.Start(context.Background()))
	return m
}

func logger(t *testing.T, id string) *slog.Logger {
	t.Helper()
	if testing.Verbose() {
		return slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug})).With(slog.String("at", id))
	}
	return slog.New(slog.DiscardHandler)
}

type dialer struct {
	f *fleet
	m *member
}

func (d dialer) Dial(context.Context) (net.Conn, uint64, error) {
	d.f.mu.Lock()
	defer d.f.mu.Unlock()
	leader := d.f.robots[d.f.leader]
	if leader == nil || leader.cut && leader != d.m || d.m.cut && leader != d.m {
		return nil, 0, errors.New("no leader in reach")
	}
	here, there := net.Pipe()
	if d.f.delay > 0 {
		here, there = delayed(&d.f.serving, d.f.delay)
	}
	d.m.streams = append(d.m.streams, here)
	leader.streams = append(leader.streams, there)
	//nolint:contextcheck // the other end is another process
	d.f.serving.Go(func() { _ = leader.scheduler.Serve(context.Background(), there, d.m.id, d.f.leader) })
	return here, d.f.term, nil
}

func (d dialer) Changed() <-chan struct{} {
	d.f.mu.Lock()
	defer d.f.mu.Unlock()
	return d.f.changed
}

func (f *fleet) ran(robot string, job []byte, step string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.steps[string(job)] = append(f.steps[string(job)], robot+":"+step)
}

// elect makes a robot the leader of a new term; the one before ends.
func (f *fleet) elect(id string) {
	f.resign()
	f.mu.Lock()
	f.leader = id
	f.term++
	m := f.robots[id]
	ctx, cancel := context.WithCancel(context.Background())
	led := make(chan struct{})
	m.resign, m.led = cancel, led
	term := f.term
	close(f.changed)
	f.changed = make(chan struct{})
	f.mu.Unlock()
	go func() {
		defer close(led)
		if err := m.scheduler.Lead(ctx, term); err != nil {
			f.t.Errorf("lead: %v", err)
		}
	}()
}

func (f *fleet) resign() {
	f.mu.Lock()
	m := f.robots[f.leader]
	f.leader = ""
	f.mu.Unlock()
	if m != nil && m.resign != nil {
		m.resign()
		<-m.led
	}
}

// kill ends a robot's process without a word: its streams break and it says nothing more.
func (f *fleet) kill(id string) {
	f.cut(id)
	f.mu.Lock()
	m := f.robots[id]
	delete(f.robots, id)
	leads := f.leader == id
	f.mu.Unlock()
	if leads {
		m.resign()
		<-m.led
		f.mu.Lock()
		f.leader = ""
		f.mu.Unlock()
	}
	m.executor.Stop()
}

// cut takes a robot off the network; heal brings it back.
func (f *fleet) cut(id string) {
	f.mu.Lock()
	m := f.robots[id]
	m.cut = true
	streams := m.streams
	m.streams = nil
	f.mu.Unlock()
	for _, s := range streams {
		_ = s.Close()
	}
}

func (f *fleet) heal(id string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.robots[id].cut = false
}

func (f *fleet) stop() {
	for id := range f.robots {
		f.robots[id].executor.Stop()
	}
	f.resign()
	f.serving.Wait()
}

// submit queues a job. Its variables are its id, so that the runner knows whose steps it runs.
func (f *fleet) submit(id string, s script, change ...func(*casare.JobSpec)) {
	f.t.Helper()
	document, err := json.Marshal(s)
	require.NoError(f.t, err)
	spec := casare.JobSpec{
		ID: id, Tenant: casare.DefaultTenant, WorkflowID: "w", Revision: f.store.AddDocument(document), Priority: casare.PriorityNormal,
		Variables: []byte(id), TimeoutSeconds: 3600, CreatedAt: casare.TimeOf(time.Now()),
	}
	for _, c := range change {
		c(&spec)
	}
	f.propose(casare.Proposal{ID: id, Tenant: spec.Tenant, Time: spec.CreatedAt, Command: casare.SubmitJob{Spec: spec}})
}

func (f *fleet) cancel(id string) {
	f.t.Helper()
	f.propose(casare.Proposal{ID: "cancel-" + id, Tenant: casare.DefaultTenant, Command: casare.CancelJob{JobID: id, Reason: "by user"}})
}

func (f *fleet) propose(p casare.Proposal) {
	f.t.Helper()
	results, err := f.store.Propose(context.Background(), p)
	require.NoError(f.t, err)
	require.Nil(f.t, results[0].Err)
}

func (f *fleet) job(id string) *casare.Job {
	f.t.Helper()
	j, err := f.store.Job(id)
	require.NoError(f.t, err)
	return j
}

func (f *fleet) stepsOf(id string) []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]string(nil), f.steps[id]...)
}

// until lets time pass until ok, and fails after limit.
func (f *fleet) until(limit time.Duration, what string, ok func() bool) time.Duration {
	f.t.Helper()
	begin := time.Now()
	for !ok() {
		if time.Since(begin) > limit {
			f.t.Fatalf("%s: not within %s", what, limit)
		}
		wait(5 * time.Millisecond)
	}
	return time.Since(begin)
}

func (f *fleet) untilState(limit time.Duration, id string, want casare.JobState) time.Duration {
	f.t.Helper()
	return f.until(limit, id+" "+string(want), func() bool { return f.job(id).State == want })
}

// wait lets the bubble's time pass.
func wait(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}
