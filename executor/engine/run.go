package engine

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"casare"
	"casare/node"
	"casare/value"
)

// run is one Run of a plan: what its frames share.
type run struct {
	opts    Options
	log     *slog.Logger
	begun   time.Time
	root    *frame
	ledger  *ledger
	mask    mask
	library library
	single  *Single

	mu     sync.Mutex // guards what follows, and is held while the sink hears something
	prog   progress
	events uint64
	lines  uint64
	frames int                       // that hang on others
	bound  map[*Plan][][]*node.Bound // that no frame uses at present
}

// journal is what a frame has done, for the result. What comes after the first MaxEntries is counted but not kept.
type journal struct {
	order   []int32 // steps by their place in the document
	logs    []string
	ordered uint64 // entries in all, with those before a resume
	logged  uint64

	// As they are published, of a frame that hangs on another.
	orderList, logsList   value.List
	orderPiece, logsPiece *piece
}

// Run walks the plan until it ends, fails, is stopped or its context is cancelled, and says how it went. Branches
// run in goroutines of their own, all of which have ended when it returns. It never panics for what a document or a node does.
func (p *Plan) Run(ctx context.Context, o Options) Result {
	if o.Now == nil {
		o.Now = time.Now
	}
	r := &run{opts: o, log: cmp.Or(o.Logger, slog.New(slog.DiscardHandler)), begun: o.Now(), ledger: newLedger(), bound: map[*Plan][][]*node.Bound{}}
	f := r.newFrame(p, rootID)
	r.root = f
	if o.Debug != nil {
		defer o.Debug.end()
	}
	first, only, note, err := p.starts(o)
	if err != nil {
		return f.result(Failed, &casare.JobError{NodeID: cmp.Or(o.RunStep, o.RunTo), ErrorType: node.TypeInput, Message: err.Error()})
	}
	f.only, r.prog = only, newProgress(p, first, only)
	if len(o.Resume) > 0 {
		if err := r.restore(ctx, o.Resume); err != nil {
			return f.result(Failed, &casare.JobError{ErrorType: TypeResume, Message: err.Error()})
		}
		if o.Edit {
			f.override()
		}
		r.line(levelInfo, "", "Workflow resumed: "+p.doc.Name)
	} else {
		f.begin(first)
		r.line(levelInfo, "", "Workflow started: "+p.doc.Name)
		if note != "" {
			r.line(levelWarning, "", note)
		}
	}
	end := f.decide(ctx)
	if open := f.openSteps(); end == nil && len(open) > 0 {
		return f.undecided(open)
	}
	if end == nil {
		end = f.walk(ctx)
	}
	f.tidy(ctx, end)
	switch end.status {
	case Completed:
		r.line(levelInfo, "", "Workflow completed successfully")
	case Released:
		r.line(levelInfo, "", "Workflow stopped at a checkpoint, to be continued")
	case Failed, Cancelled, TimedOut:
		r.line(levelError, end.failure.NodeID, "Workflow "+string(end.status)+": "+end.failure.Message)
	}
	if end.status != Released {
		f.absorbAll()
	}
	out := f.result(end.status, end.failure)
	out.Attention, out.Moves, out.Move = end.attention, end.moves, end.move
	return out
}

// begin puts the run at the start of the document.
func (f *frame) begin(first []int) {
	sensitive := map[string]bool{}
	for _, v := range f.plan.doc.Variables {
		sensitive[v.Name] = v.Sensitive
		f.vals.set(v.Name, f.run.hidden(v.Default, v.Sensitive))
	}
	if f.run.opts.Variables != nil {
		for k, v := range f.run.opts.Variables.All() {
			f.vals.set(value.Str(k), f.run.hidden(v, sensitive[value.Str(k)]))
		}
	}
	f.pos.pushBack(root, first)
}

// override sets variables of the snapshot that is resumed.
func (f *frame) override() {
	if f.run.opts.Variables == nil {
		return
	}
	sensitive := map[string]bool{}
	for _, v := range f.plan.doc.Variables {
		sensitive[v.Name] = v.Sensitive
	}
	for k, v := range f.run.opts.Variables.All() {
		name := value.Str(k)
		f.vals.set(name, f.run.hidden(v, sensitive[name]))
		f.line(levelInfo, "", "Variable "+name+" was changed by a person.")
	}
	f.changed = true
}

// decide does what a person decided about steps, and makes it known before anything else happens.
func (f *frame) decide(ctx context.Context) *ending {
	var changed []*frame
	for i := range f.run.opts.Decisions {
		f.decideStep(&f.run.opts.Decisions[i], &changed)
	}
	for i, c := range changed {
		if i == len(changed)-1 {
			return c.checkpoint(ctx, MomentOutcome) // of all of them at once: from here on nobody asks for the decisions any more
		}
		if _, failure := c.publish(); failure != nil {
			return &ending{status: Failed, failure: failure}
		}
	}
	return nil
}

// decideStep does what a person decided about a step, in this frame and those that hang on it: where it is next and may run only once, in
// the frame of the run wherever it is next. It notes the frames that have changed.
func (f *frame) decideStep(d *Decision, changed *[]*frame) {
	for _, id := range slices.Sorted(maps.Keys(f.families)) {
		for _, c := range f.families[id].frames {
			c.decideStep(d, changed)
		}
	}
	t, ok := f.pos.peek()
	if !ok || f.prefix+f.plan.steps[t.step].id != d.Step || f.parent != nil && !f.open {
		return
	}
	f.open, f.changed = false, true
	*changed = append(*changed, f)
	if !d.Skip {
		return
	}
	st := &f.plan.steps[t.step]
	f.pos.pop()
	outputs := d.Outputs
	if outputs == nil {
		outputs = value.NewDict().Dict()
	}
	f.vals.publish(t.step, outputs)
	f.last = t.step
	f.went(t)
	f.pos.move(t, st.exec)
	f.track(t)
	f.tell(casare.StepEvent{Step: st.id, State: casare.StepSkipped}, st)
	f.line(levelWarning, st.id, "Step "+d.Step+" was skipped as a person decided.")
}

// openSteps lists the steps that may run only once and had begun, by their ids, in this frame and those that hang on it.
func (f *frame) openSteps() []string {
	var out []string
	if t, ok := f.pos.peek(); ok && f.open {
		out = append(out, f.prefix+f.plan.steps[t.step].id)
	}
	for _, id := range slices.Sorted(maps.Keys(f.families)) {
		for _, c := range f.families[id].frames {
			out = append(out, c.openSteps()...)
		}
	}
	return out
}

// undecided ends a run whose last checkpoint is the intent of steps that must not run twice.
func (f *frame) undecided(steps []string) Result {
	text := fmt.Sprintf("Step %s may only run once. It had begun when its robot was lost, and nobody knows whether it finished.", steps[0])
	if len(steps) > 1 {
		text = fmt.Sprintf("Steps %s may only run once. They had begun when their robot was lost, and nobody knows whether they finished.",
			strings.Join(steps, ", "))
	}
	f.run.line(levelError, steps[0], text)
	out := f.result(Failed, &casare.JobError{NodeID: steps[0], ErrorType: TypeUnknown, Message: text})
	out.Attention = text
	return out
}

// line tells the sink of a line of the log. The logs of the result are only what steps write.
func (r *run) line(level, step, text string) {
	if r.opts.Sink == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.opts.Sink.LogLine(casare.LogLine{
		N: r.lines, Time: casare.TimeOf(r.opts.Now()), Level: strings.ToUpper(level), Message: r.mask.clean(text), Step: step,
	})
	r.lines++
}

// tell tells the sink of a step.
func (f *frame) tell(e casare.StepEvent, st *step) {
	r := f.run
	if r.opts.Sink == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	e.Message = r.mask.clean(e.Message)
	e.Step = f.prefix + e.Step
	e.N, e.Time, e.Type, e.Progress = r.events, casare.TimeOf(r.opts.Now()), st.typ, r.prog.percent
	r.events++
	r.opts.Sink.StepEvent(e)
}

// note adds a step to the order.
func (b *journal) note(i int) {
	b.ordered++
	if b.ordered <= MaxEntries {
		b.order = append(b.order, int32(i)) //nolint:gosec // a document has at most workflow.MaxSteps steps
	}
}

// write adds a text to the logs.
func (b *journal) write(text string) {
	b.logged++
	if b.logged <= MaxEntries {
		b.logs = append(b.logs, text)
	}
}

// append adds what another journal has.
func (b *journal) append(o *journal) {
	room := max(MaxEntries-len(b.order), 0)
	b.order = append(b.order, o.order[:min(len(o.order), room)]...)
	room = max(MaxEntries-len(b.logs), 0)
	b.logs = append(b.logs, o.logs[:min(len(o.logs), room)]...)
	b.ordered += o.ordered
	b.logged += o.logged
}

// result gathers what the run leaves behind.
func (f *frame) result(status Status, failure *casare.JobError) Result {
	order := make([]string, len(f.book.order))
	for i, s := range f.book.order {
		order[i] = f.plan.steps[s].id
	}
	return Result{Status: status, Error: f.run.mask.failure(failure), Variables: f.run.mask.dict(f.vals.all()), Logs: f.book.logs, Order: order, Single: f.run.single}
}
