package engine

import (
	"casare/node"
)

// crossing is a step in a branch that leaves a loop around the branch, as data.
type crossing struct {
	frame string // whose loop it is
	scope uint64
	why   why
}

// crosses looks for a loop in the frames around a branch, and begins to leave it; false when there is none.
func (f *frame) crosses(t token, kind node.ExitKind, owner int) bool {
	for at := f; at.kind == frameBranch; at = at.parent {
		loop := at.parent.pos.around(at.scope, owner)
		if loop == nil {
			continue
		}
		f.went(t)
		c := &crossing{frame: at.parent.id, scope: loop.id, why: broken}
		switch kind {
		case node.ExitContinue:
			c.why = continued
		case node.ExitBreak:
		case node.ExitEnd, node.ExitSucceed, node.ExitGiveUp, node.ExitDecline:
			f.pos.move(t, nil) // the end of the loop's body: this branch has nothing more to do
			return true
		}
		f.pos.leave(f.pos.scopes[root], leaving{why: ended, ending: &ending{status: Completed, cross: c}}, t)
		return true
	}
	return false
}

// cross goes on with leaving a loop after the branches of the popped token have ended: in this frame, or in one around.
func (f *frame) cross(t token, c *crossing) {
	f.absorb(t)
	at, to := f.pos.scopes[root], leaving{why: ended, ending: &ending{status: Completed, cross: c}}
	if loop := f.pos.scopes[c.scope]; c.frame == f.id && loop != nil {
		at, to = loop, leaving{why: c.why}
	}
	f.pos.leave(at, to, t)
}

// around returns the nearest open loop around a scope, of that owner if owner is not -1; nil when there is none.
func (p *position) around(id uint64, owner int) *scope {
	for s := p.scopes[p.scopes[id].parent]; s.kind != scopeRoot; s = p.scopes[s.parent] {
		if s.kind == scopeLoop && (owner < 0 || s.owner == owner) {
			return s
		}
	}
	return nil
}
