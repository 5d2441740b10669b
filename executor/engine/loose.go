package engine

import (
	"context"
	"errors"
	"fmt"

	"casare"
	"casare/node"
	"casare/value"
)

// errLeft is the cause with which documents that run beside a frame are cancelled when it does not come to its end.
var errLeft = errors.New("cancelled because the run that started it has ended before it")

// detach starts a document that runs beside the frame, on a copy of the values as they are now. It hangs on the frame's root scope, until
// the frame ends.
func (f *frame) detach(t token, call *node.Call) *ending {
	n, ok := call.Prepared.(*nested)
	fail := f.room(1)
	if !ok {
		fail = node.Fail(node.TypeDocument, "%s was not prepared", call.Reference.Name())
	}
	if fail != nil {
		fail.Step = f.plan.steps[t.step].id
		return f.failed(t, node.Outcome{}, fail)
	}
	s := f.pos.scopes[root]
	if s.kids == nil {
		s.kids = &family{begun: casare.TimeOf(f.run.opts.Now())}
	}
	c := f.child(frameSub, s, len(s.kids.frames), n.plan)
	c.loose, c.vals.under = true, nil
	for name, v := range f.vals.visible().All() {
		c.vals.set(value.Str(name), v)
	}
	c.enter(n)
	s.kids.add(c)
	if f.run.opts.Checkpoint != nil {
		if _, failure := f.publish(); failure != nil {
			return f.unable(failure)
		}
	}
	f.spawn(c)
	return nil
}

// respawn walks on the documents beside the frame that a snapshot has left.
func (f *frame) respawn() {
	if k := f.pos.scopes[root].kids; k != nil && !f.pos.closing() {
		for _, c := range k.frames {
			if !c.ended {
				f.spawn(c)
			}
		}
	}
}

// gather waits for the documents beside the frame, when nothing else is left to do; nil when all have ended.
func (f *frame) gather(ctx context.Context) *ending {
	s := f.pos.scopes[root]
	if s.kids == nil || f.pos.closing() {
		return nil
	}
	f.await()
	for _, c := range s.kids.frames {
		switch {
		case c.final != nil && c.final.broken:
			return c.final
		case ctx.Err() != nil:
			return f.cancelled(ctx)
		case !c.ended:
			return f.halt(ctx)
		}
	}
	f.collectLoose()
	return nil
}

// collectLoose takes over what the documents beside the frame leave: their logs, in the order in which they were begun.
func (f *frame) collectLoose() {
	s := f.pos.scopes[root]
	if s.kids == nil {
		return
	}
	for _, c := range s.kids.frames {
		c.absorbAll()
		f.book.append(c.book)
		if c.fault != nil {
			f.line(levelWarning, c.nested.ref.Step, fmt.Sprintf("The %s that step %s started failed: %s", c.label, c.nested.ref.Step, c.fault.Message))
		}
	}
	f.dismiss(s)
	s.kids = nil
}
