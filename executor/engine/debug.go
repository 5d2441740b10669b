package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"casare"
	"casare/value"
	"casare/workflow/expr"
)

// Why a run stops.
const (
	stopStart      = "start"
	stopPause      = "pause"
	stopBreakpoint = "breakpoint"
	stopCondition  = "condition"
	stopStep       = "step"
	stopRunTo      = "run_to"
)

// Debugger stops one run, shows how it stands, and lets it go on. Its methods may be called by any goroutine, before the run has begun and
// after it has ended too. It is given to one run only.
type Debugger struct {
	now    func() time.Time
	notice func(casare.DebugState)
	asked  chan request // for the frame that is stopped
	armed  atomic.Bool  // something may stop the run: mostly nothing does, and a step costs no more than this look

	mu      sync.Mutex
	points  []*point
	watches []watch
	spec    casare.DebugSpec // its times only
	start   bool             // stop before the first step
	pause   bool             // stop before the next one
	until   *until           // a step command is under way
	runTo   string
	at      *frame        // that is stopped; nil when none is
	gate    chan struct{} // closed when it goes on
	news    chan struct{} // closed and replaced when the run stops or ends
	state   casare.DebugState
	seen    time.Time // when a client was here last
	left    bool      // nobody was here for so long that the run goes on without stops
	ended   bool
}

// request is something only the frame that is stopped can do.
type request struct {
	do   func(ctx context.Context, f *frame, t token) (goesOn bool, err error)
	done chan error
}

// point is a breakpoint with its condition read.
type point struct {
	casare.Breakpoint
	condition *expr.Expr
	broken    error // why the condition cannot be read
}

type watch struct {
	source string
	code   *expr.Expr
	broken error
}

// until is where a step command ends.
type until struct {
	verb  casare.DebugVerb
	frame string
	depth int
}

// NewDebugger returns a debugger for one run. notice hears of each stop and of its end, from the goroutine of the run, and must not block; it may
// be nil. now is the clock; nil is time.Now. The error is that of spec.Validate.
func NewDebugger(spec casare.DebugSpec, now func() time.Time, notice func(casare.DebugState)) (*Debugger, error) {
	if err := spec.Validate(); err != nil {
		return nil, err
	}
	if now == nil {
		now = time.Now
	}
	if notice == nil {
		notice = func(casare.DebugState) {}
	}
	d := &Debugger{now: now, notice: notice, asked: make(chan request), seen: now(), news: make(chan struct{})}
	d.start = spec.BreakOnStart
	d.configure(&spec)
	return d, nil
}

// configure takes other breakpoints and watches; one that stays as it was keeps its count. The caller holds mu, or is alone.
func (d *Debugger) configure(spec *casare.DebugSpec) {
	before := d.points
	d.points, d.watches = nil, nil
	d.spec.IdleSeconds, d.spec.OnIdle = spec.IdleSeconds, spec.OnIdle
	for _, b := range spec.Breakpoints {
		b.Count = 0
		for _, old := range before {
			if same := old.Breakpoint; same.Step == b.Step && same.Condition == b.Condition && same.Hits == b.Hits {
				b.Count = same.Count
			}
		}
		p := &point{Breakpoint: b}
		if b.Condition != "" {
			p.condition, p.broken = expr.ParseCondition(b.Condition)
		}
		d.points = append(d.points, p)
	}
	d.arm()
	for _, source := range spec.Watches {
		w := watch{source: source}
		w.code, w.broken = expr.ParseTemplated(source)
		d.watches = append(d.watches, w)
	}
}

// arm says whether anything may stop the run. It is called after each change of what may; the caller holds mu, or is alone.
func (d *Debugger) arm() {
	d.armed.Store(d.start || d.pause || d.until != nil || d.runTo != "" || d.at != nil || len(d.points) > 0)
}

// Do carries out a command and returns how the debugger stands afterwards. A command that needs a stopped run is CodeTransition when it is
// not; what c.Validate refuses is refused. ctx bounds the wait for the run.
func (d *Debugger) Do(ctx context.Context, c casare.DebugCommand) (casare.DebugState, error) {
	if err := c.Validate(); err != nil {
		return casare.DebugState{}, err
	}
	d.mu.Lock()
	news := d.news
	d.mu.Unlock()
	if err := d.do(ctx, &c); err != nil {
		return casare.DebugState{}, err
	}
	switch c.Verb {
	case casare.DebugPause, casare.DebugStepOver, casare.DebugStepInto, casare.DebugStepOut, casare.DebugRunTo, casare.DebugContinue:
		d.settle(ctx, news)
	case casare.DebugLook, casare.DebugSetVariable, casare.DebugConfigure:
	}
	return d.State(), nil
}

// settleTime is how long the answer to a command waits for the stop that it leads to: mostly the next step is not far.
const settleTime = 300 * time.Millisecond

func (d *Debugger) settle(ctx context.Context, news <-chan struct{}) {
	timer := time.NewTimer(settleTime)
	defer timer.Stop()
	select {
	case <-news:
	case <-ctx.Done():
	case <-timer.C:
	}
}

// tell wakes whoever waits for the run to stop or to end.
func (d *Debugger) tell() {
	d.mu.Lock()
	defer d.mu.Unlock()
	close(d.news)
	d.news = make(chan struct{})
}

func (d *Debugger) do(ctx context.Context, c *casare.DebugCommand) error {
	d.mu.Lock()
	d.seen, d.left = d.now(), false
	stopped, ended := d.at != nil, d.ended
	switch {
	case ended:
		d.mu.Unlock()
		return casare.Errorf(casare.CodeTransition, "the run has ended")
	case c.Verb == casare.DebugLook:
		d.mu.Unlock()
		return nil
	case c.Verb == casare.DebugPause:
		d.pause = !stopped
		d.arm()
		if stopped {
			close(d.news) // there is nothing to wait for
			d.news = make(chan struct{})
		}
		d.mu.Unlock()
		return nil
	case c.Verb == casare.DebugConfigure:
		d.configure(c.Spec)
		d.mu.Unlock()
		if !stopped {
			return nil
		}
		return d.ask(ctx, func(context.Context, *frame, token) (bool, error) { return false, nil })
	case c.Verb == casare.DebugContinue && d.pause:
		d.pause = false // it has not stopped yet
		close(d.news)
		d.news = make(chan struct{})
		d.mu.Unlock()
		return nil
	}
	d.mu.Unlock()
	if !stopped {
		return errNotStopped()
	}
	if c.Verb == casare.DebugSetVariable {
		v, err := value.ParseJSON(c.Value)
		if err != nil {
			return casare.Errorf(casare.CodeInvalid, "the value is no JSON: %w", err).On("value")
		}
		return d.ask(ctx, func(ctx context.Context, f *frame, _ token) (bool, error) { return false, f.edit(ctx, c.Name, v) })
	}
	return d.ask(ctx, func(_ context.Context, f *frame, t token) (bool, error) { return true, d.aim(c, f, t) })
}

func errNotStopped() error {
	return casare.Errorf(casare.CodeTransition, "the run is not stopped")
}

// ask has the stopped frame do something and waits until it is done.
func (d *Debugger) ask(ctx context.Context, do func(ctx context.Context, f *frame, t token) (bool, error)) error {
	d.mu.Lock()
	gate := d.gate
	stopped := d.at != nil
	d.mu.Unlock()
	if !stopped {
		return errNotStopped()
	}
	r := request{do: do, done: make(chan error, 1)}
	select {
	case d.asked <- r:
	case <-gate: // it has gone on meanwhile
		return errNotStopped()
	case <-ctx.Done():
		return casare.Errorf(casare.CodeTimeout, "the run does not answer: %w", context.Cause(ctx))
	}
	select {
	case err := <-r.done:
		return err
	case <-ctx.Done():
		return casare.Errorf(casare.CodeTimeout, "the run does not answer: %w", context.Cause(ctx))
	}
}

// aim says where the run stops next.
func (d *Debugger) aim(c *casare.DebugCommand, f *frame, t token) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	defer d.arm()
	switch c.Verb {
	case casare.DebugStepOver, casare.DebugStepInto, casare.DebugStepOut:
		d.until = &until{verb: c.Verb, frame: f.id, depth: f.depth(t)}
	case casare.DebugRunTo:
		// "f/n1" is a step of what step f calls; whether there is one shows when that is called.
		caller, _, _ := strings.Cut(c.Step, "/")
		if _, ok := f.run.root.plan.index[caller]; !ok {
			return casare.Errorf(casare.CodeInvalid, "there is no step %s", c.Step).On("step")
		}
		d.runTo = c.Step
	case casare.DebugContinue, casare.DebugLook, casare.DebugPause, casare.DebugSetVariable, casare.DebugConfigure:
	}
	return nil
}

// State returns how the debugger stands.
func (d *Debugger) State() casare.DebugState {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.stateNow()
}

// stateNow returns a copy with the breakpoints as they are counted now. The caller holds mu.
func (d *Debugger) stateNow() casare.DebugState {
	s := d.state
	s.Breakpoints = make([]casare.Breakpoint, len(d.points))
	for i, p := range d.points {
		s.Breakpoints[i] = p.Breakpoint
	}
	return s
}

// end is called when the run has ended.
func (d *Debugger) end() {
	d.mu.Lock()
	d.ended = true
	d.mu.Unlock()
	d.tell()
}

// reason looks whether the run is to stop before a token's step, and says why; "" to go on.
func (d *Debugger) reason(ctx context.Context, f *frame, t token) (reason, text string) {
	id := f.prefix + f.plan.steps[t.step].id
	d.mu.Lock()
	if d.left {
		d.mu.Unlock()
		return "", ""
	}
	switch {
	case d.start:
		reason, text = stopStart, "The run stops before its first step."
	case d.pause:
		reason, text = stopPause, "The run was paused."
	case d.runTo == id:
		reason, text = stopRunTo, fmt.Sprintf("The run has come to step %s.", id)
	case d.until.reached(f, t):
		reason, text = stopStep, "The step that was to be taken is done."
	}
	var here []*point
	for _, p := range d.points {
		if p.Step == id && !p.Disabled {
			here = append(here, p)
		}
	}
	d.mu.Unlock()
	for _, p := range here {
		why, say := d.hit(ctx, f, t, p)
		if why != "" && reason == "" {
			reason, text = why, say
		}
	}
	return reason, text
}

// hit counts that control has come to a breakpoint and says whether it stops the run.
func (d *Debugger) hit(ctx context.Context, f *frame, t token, p *point) (reason, text string) {
	env := f.eye(ctx, t)
	if p.Condition != "" {
		holds, err := false, p.broken
		if err == nil {
			holds, err = p.condition.Truth(ctx, env)
		}
		if err != nil {
			// A condition that says nothing must not let the run pass where somebody wants to look.
			return stopCondition, fmt.Sprintf("The condition %q of the breakpoint at step %s cannot be evaluated: %s", p.Condition, p.Step, f.run.mask.clean(err.Error()))
		}
		if !holds {
			return "", ""
		}
	}
	d.mu.Lock()
	p.Count++
	early := p.Count < p.Hits
	d.mu.Unlock()
	switch {
	case early:
		return "", ""
	case p.Log != "":
		f.run.line(levelInfo, p.Step, env.text(p.Log))
		return "", ""
	}
	return stopBreakpoint, fmt.Sprintf("Breakpoint at step %s.", p.Step)
}

// reached says whether a step command ends before this token.
func (u *until) reached(f *frame, t token) bool {
	if u == nil {
		return false
	}
	if u.verb == casare.DebugStepInto {
		return true
	}
	// Other branches that run side by side are not what is stepped through.
	if t.why != arrived || !slices.Contains(lineage(u.frame), f.id) {
		return false
	}
	depth := f.depth(t)
	return u.verb == casare.DebugStepOver && depth <= u.depth || depth < u.depth
}
