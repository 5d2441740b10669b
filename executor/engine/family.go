package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"casare"
	"casare/node"
	"casare/value"
)

// Limits on what a run may have open at once. A fork that begins another and so on is stopped by them.
const (
	maxFrames = 4096
	maxNested = 32 // frames inside one another
)

// TypeTooMany is the type of the error of a step that would start more branches than a run may have.
const TypeTooMany = "TooManyBranches"

// The causes with which branches are cancelled while the run goes on.
var (
	errSibling = errors.New("cancelled because another branch failed")
	errCrossed = errors.New("cancelled because another branch left the loop around")
	errTimeout = errors.New("branch timed out")
	errBroken  = errors.New("the run cannot go on")
)

// family is what a step has started and waits for: branches, or one document it called. It hangs on the step's scope.
type family struct {
	frames []*frame
	base   int // how many the scope had started before these
	limit  int // how many run at once; 0: all
	fast   bool
	begun  casare.Time
	fresh  []*frame // that are not published yet
}

func (k *family) add(c *frame) {
	k.frames, k.fresh = append(k.frames, c), append(k.fresh, c)
}

// called says whether it is a document that was called.
func (k *family) called() bool { return len(k.frames) == 1 && k.frames[0].kind == frameSub }

// openEach starts branches in the place of the popped token.
func (f *frame) openEach(t token, out node.Outcome) *ending {
	st := &f.plan.steps[t.step]
	if fail := f.room(len(out.Each.Branches)); fail != nil {
		fail.Step = st.id
		return f.failed(t, node.Outcome{}, fail)
	}
	o := out.Each.Options
	s, k := f.adopt(t, out.Saved)
	k.limit, k.fast = o.Limit, o.FailFast
	for i, b := range out.Each.Branches {
		c := f.child(frameBranch, s, k.base+i, f.plan)
		c.label, c.limit = b.Label, o.Timeout
		for name, v := range b.Variables.All() {
			c.vals.give(value.Str(name), v)
		}
		if b.Outputs != nil {
			c.vals.publish(t.step, b.Outputs)
		}
		c.pos.pushBack(root, st.leave[b.Body])
		k.add(c)
	}
	return nil
}

// adopt makes a scope that holds a family in the place of the popped token. The owner is called when the family has ended, before
// anything else in the frame runs.
func (f *frame) adopt(t token, saved node.Saved) (*scope, *family) {
	k := &family{begun: casare.TimeOf(f.run.opts.Now())}
	s := f.pos.hold(t, scopeFamily)
	if old := s.kids; old != nil {
		k.base, k.begun = old.base+len(old.frames), old.begun
	}
	s.kind, s.saved, s.kids, s.nap = scopeFamily, saved, k, nap{}
	f.pos.pushFront(token{step: t.step, scope: s.id, why: joined})
	return s, k
}

// room says whether the run may have so many frames more, and counts them.
func (f *frame) room(n int) *node.Error {
	depth := 0
	for at := f; at != nil; at = at.parent {
		depth++
	}
	r := f.run
	r.mu.Lock()
	defer r.mu.Unlock()
	if depth >= maxNested || r.frames+n > maxFrames {
		return node.Fail(TypeTooMany, "a run may have %d branches at once, %d inside one another; this step wants %d more", maxFrames, maxNested, n)
	}
	r.frames += n
	return nil
}

// together runs the family of a scope and waits for all of it. again says that the position has changed and the queue is to be looked at anew.
func (f *frame) together(ctx context.Context, t token) (again bool, end *ending) {
	k := f.pos.scopes[t.scope].kids
	if len(k.fresh) > 0 && f.run.opts.Checkpoint != nil {
		if _, failure := f.publish(); failure != nil {
			return false, f.unable(failure)
		}
	}
	inner, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	ends := make([]*ending, len(k.frames))
	watch := func(i int) {
		c := k.frames[i]
		ends[i] = c.live(inner, ctx)
		switch {
		case ends[i].broken:
			cancel(errBroken)
		case ends[i].cross != nil:
			cancel(errCrossed)
		case k.fast && c.failedItself():
			cancel(errSibling)
		}
	}
	if k.fast && slices.ContainsFunc(k.frames, (*frame).failedItself) {
		cancel(errSibling)
	}
	f.launch(inner, k, watch)
	return f.joined(ctx, t, ends)
}

// failedItself says whether the frame has failed, and not because another one has.
func (f *frame) failedItself() bool {
	return f.ended && f.fault != nil && f.fault.Type != node.TypeCancelled
}

// launch runs the frames that have not ended, at most so many at once, and waits for them.
func (f *frame) launch(ctx context.Context, k *family, watch func(i int)) {
	if len(k.frames) == 1 {
		if !k.frames[0].ended {
			watch(0)
		}
		return
	}
	n := len(k.frames)
	if k.limit > 0 {
		n = min(n, k.limit)
	}
	turns := make(chan struct{}, n)
	var wg sync.WaitGroup
	defer wg.Wait()
	for i, c := range k.frames {
		if c.ended {
			continue
		}
		select {
		case turns <- struct{}{}:
		case <-ctx.Done():
			return
		case <-f.stop():
			return
		}
		if ctx.Err() != nil {
			return
		}
		wg.Go(func() {
			defer func() { <-turns }()
			watch(i)
		})
	}
}

// joined decides what the ends of a family's frames mean. A frame that was never begun has none.
func (f *frame) joined(ctx context.Context, t token, ends []*ending) (again bool, end *ending) {
	k := f.pos.scopes[t.scope].kids
	cancelled, stopped := false, false
	var cross *crossing
	for i, e := range ends {
		switch {
		case e != nil && e.broken:
			return false, e
		case e != nil && e.cross != nil && cross == nil:
			cross = e.cross
		case e != nil && e.status == Released:
			stopped = true
		case e == nil && !k.frames[i].ended:
			stopped = stopped || f.stopping()
			cancelled = true
		}
	}
	switch {
	case ctx.Err() != nil:
		return false, f.cancelled(ctx)
	case cross != nil:
		f.pos.pop()
		f.cross(t, cross)
		return true, nil
	case stopped:
		return false, f.halt(ctx)
	case cancelled:
		for _, c := range k.frames {
			if !c.ended {
				c.end(&node.Error{Type: node.TypeCancelled, Message: errSibling.Error()})
			}
		}
	}
	return false, nil
}

func (f *frame) stopping() bool {
	select {
	case <-f.stop():
		return true
	default:
		return false
	}
}

// live walks a frame that another one waits for. calm is a context that does not end when the frame is cancelled for the sake of others.
func (f *frame) live(ctx, calm context.Context) (end *ending) {
	// A bug that shows in a branch must not take the robot's other jobs down: nobody else can catch it here.
	defer func() {
		if p := recover(); p != nil {
			f.run.log.ErrorContext(ctx, "branch panicked", slog.Any("error", p), slog.String("stack", string(debug.Stack())))
			end = &ending{status: Failed, broken: true, failure: &casare.JobError{
				NodeID: f.at(), ErrorType: node.TypePanic, Message: fmt.Sprintf("%s hit a bug: %v", f.name(), p),
			}}
		}
	}()
	f.alive = f.run.opts.Now()
	if f.limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, max(f.limit-f.lived, 0), errTimeout)
		defer cancel()
	}
	end = f.walk(ctx)
	f.lived, f.alive = f.age(), time.Time{}
	if end.broken || end.cross != nil || end.status == Released {
		return end
	}
	fault := end.fault()
	if end.status == Cancelled || end.status == TimedOut {
		cause := context.Cause(ctx)
		switch {
		case calm.Err() != nil:
			f.tidy(calm, end)
			return end
		case errors.Is(cause, errBroken):
			end.broken = true
			return end
		}
		fault = f.cancelFault(cause, end)
		f.windUp(calm, end)
		if end = f.crossed(end); end.cross != nil {
			return end
		}
	}
	f.end(fault)
	// A failure that goes on around the frame is not stored: whoever tries the run again begins before it.
	if f.run.opts.Checkpoint != nil && (fault == nil || f.kind == frameBranch && !f.parent.pos.scopes[f.scope].kids.fast) {
		if _, failure := f.publish(); failure != nil {
			return f.unable(failure)
		}
	}
	return end
}

// cancelFault is why a frame failed that was cancelled while the run goes on. Without a cause that was so before the snapshot it was resumed
// from, and only cleanups were left.
func (f *frame) cancelFault(cause error, end *ending) *node.Error {
	out := &node.Error{Type: node.TypeCancelled, Message: end.failure.Message, Step: end.failure.NodeID}
	switch {
	case errors.Is(cause, errTimeout):
		out.Type, out.Message = TypeTimeout, fmt.Sprintf("%s timed out after %v", f.name(), f.limit)
	case cause != nil:
		out.Message = cause.Error()
	}
	return out
}

// age is how long the frame has been walked, on all robots together.
func (f *frame) age() time.Duration {
	if f.alive.IsZero() {
		return f.lived
	}
	return f.lived + f.run.opts.Now().Sub(f.alive)
}

// crossed returns how a frame that was wound up ends: it may have been leaving a loop around already.
func (f *frame) crossed(end *ending) *ending {
	if exit := f.pos.scopes[root].guard.exit; exit != nil && exit.ending != nil && exit.ending.cross != nil {
		return exit.ending
	}
	return end
}

// end records that the frame has come to its end.
func (f *frame) end(fault *node.Error) {
	f.ended, f.fault, f.changed = true, fault, true
}

// name is what messages call the frame.
func (f *frame) name() string {
	if f.label != "" {
		return f.label
	}
	return "branch"
}

// fault is the error that an ending hands to whoever waits; nil for a frame that came to its end.
func (e *ending) fault() *node.Error {
	if e.status != Failed || e.failure == nil {
		return nil
	}
	return &node.Error{
		Type: e.failure.ErrorType, Message: e.failure.Message, Step: e.failure.NodeID, Unknown: e.attention != "",
	}
}

// results is what became of each frame of a family.
func (f *frame) results(s *scope) []node.BranchResult {
	out := make([]node.BranchResult, len(s.kids.frames))
	for i, c := range s.kids.frames {
		out[i] = node.BranchResult{Label: c.label, Variables: c.vals.changed(), Err: c.fault}
		if c.kind != frameSub {
			continue
		}
		out[i].Outputs = c.vals.outputs()
		if c.fault != nil {
			fault := *c.fault
			fault.Step = strings.TrimSuffix(f.plan.steps[s.owner].id+"/"+fault.Step, "/")
			out[i].Err = &fault
		}
	}
	return out
}

// absorb takes over what the frames of a popped token's family leave to this one besides their results: order, logs, what must not run
// again. It is the end of the family.
func (f *frame) absorb(t token) {
	if t.why != joined {
		return
	}
	s := f.pos.scopes[t.scope]
	for _, c := range s.kids.frames {
		c.absorbAll()
		f.book.append(c.book)
		f.inherit(t, c)
		if c.kind != frameBranch {
			continue
		}
		f.pos.scopes[s.parent].done.join(c.pos.scopes[root].done)
		if f.plan.steps[s.owner].ports.Fork != nil {
			f.vals.overhear(c.vals, s.owner)
		}
	}
	f.dismiss(s)
}

// absorbAll takes over the journals of all families that are still there, when the frame goes no further.
func (f *frame) absorbAll() {
	for _, t := range slices.Clone(f.pos.pending()) {
		if t.why == joined {
			f.absorb(t)
		}
	}
	f.collectLoose()
}

// dismiss ends the family of a scope.
func (f *frame) dismiss(s *scope) {
	r := f.run
	r.mu.Lock()
	r.frames -= len(s.kids.frames)
	r.mu.Unlock()
	for _, c := range s.kids.frames {
		r.putBound(c.plan, c.bound)
		c.bound = nil
	}
	f.gone = append(f.gone, s.kids.frames...)
	s.kids = &family{base: s.kids.base + len(s.kids.frames), begun: s.kids.begun}
}
