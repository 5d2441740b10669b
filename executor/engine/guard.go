package engine

import (
	"maps"
	"slices"

	"casare/node"
)

// guarding is what a scope knows of errors and of being left.
type guarding struct {
	fault *node.Error // what went wrong in it last; it stays until the scope is closed, also when it was handled
	exit  *leaving    // it is being left: what its owner is told when the cleanups inside are through
	doom  doom
	then  []int // where control goes, besides, when it is closed
	round int   // how often its body was started
	// once holds what ran in a retry and must not run twice, by where it ran; the value says whether it is known how it ended.
	once map[string]bool
}

// leaving is why a scope is being left.
type leaving struct {
	why    why   // 0: what it was left for has been replaced by an error that was handled inside
	then   []int // see guarding
	ending *ending
}

// doom is what is still to happen in a scope, when one around it is being left. The numbers are in snapshots.
type doom uint8

const (
	spared doom = iota
	doomed      // its cleanup runs, then it is closed and control does not go on behind it
	void        // it was given up itself: nothing of it runs any more, but cleanups inside do
)

// settle sees to a scope in which nothing lives any more: its owner is called, or it is closed when all that was left to do in it was to
// wait for the cleanups inside.
func (p *position) settle(s *scope) {
	for s.live == 0 {
		g := &s.guard
		switch {
		case g.exit != nil && g.exit.why == 0:
			g.exit = nil
			continue
		case g.exit != nil && s.kind == scopeRoot:
			return
		case g.exit != nil:
			why, then := g.exit.why, g.exit.then
			g.exit, g.then = nil, then
			p.pushFront(token{step: s.owner, scope: s.id, why: why})
			return
		case s.kind == scopeRoot:
			return
		case g.doom == doomed && s.kind == scopeTry:
			p.pushFront(token{step: s.owner, scope: s.id, why: left})
			return
		case g.doom == spared || g.doom == doomed && s.kind == scopeFinally:
			p.pushFront(token{step: s.owner, scope: s.id, why: ended})
			return
		}
		parent := p.scopes[s.parent]
		delete(p.scopes, s.id)
		parent.live--
		s = parent
	}
}

// shut closes the scope of a re-entry that moves on, and returns where control goes: nowhere when a scope around is being left.
func (p *position) shut(t token, out *scope, next []int) []int {
	s := p.scopes[t.scope]
	delete(p.scopes, t.scope)
	if s.kind == scopeTry || s.kind == scopeRetry || s.kind == scopeFinally {
		out.done.join(s.done) // what has run inside has run
	}
	if s.guard.doom != spared {
		return nil
	}
	if len(s.guard.then) == 0 {
		return next
	}
	all := slices.Clone(s.guard.then)
	for _, i := range next {
		if !slices.Contains(all, i) {
			all = append(all, i)
		}
	}
	return all
}

// leave ends everything in a scope, the popped token t included, and then calls the scope's owner. What stands inside a try is cleaned up first,
// the innermost before those around it, and cleanups that have begun come to their end; only then the owner is called. The cleanup that t itself
// stands in is given up.
func (p *position) leave(s *scope, l leaving, t token) {
	inside, gone := p.inside(s), map[uint64]bool{}
	for at := t.scope; at != s.id; at = p.scopes[at].parent {
		gone[at] = true
	}
	stays, whole := p.spared(inside, s, t, gone)
	p.queue = slices.DeleteFunc(p.queue[p.head:], func(q token) bool {
		return q.scope == s.id || inside[q.scope] && !whole[q.scope]
	})
	p.head = 0
	s.live, s.guard.exit = 0, &l
	for id := range inside {
		if !stays[id] {
			delete(p.scopes, id)
		}
	}
	kept := slices.Sorted(maps.Keys(stays))
	p.count(append([]uint64{s.id}, kept...))
	for _, id := range kept {
		at := p.scopes[id]
		switch {
		case whole[id] && at.kind != scopeFinally, whole[id] && whole[at.parent]:
			// Something a cleanup does, as it does it.
		case gone[id] && at.kind == scopeFinally:
			at.guard.doom, at.guard.exit = void, nil
		case at.guard.doom == spared:
			at.guard.doom, at.guard.exit = doomed, nil
		}
	}
	for _, id := range kept {
		if at := p.scopes[id]; at != nil && !whole[id] {
			p.settle(at)
		}
	}
	if len(kept) == 0 {
		p.settle(s)
	}
}

// inside lists the scopes inside a scope, itself not included.
func (p *position) inside(s *scope) map[uint64]bool {
	out := map[uint64]bool{}
	for id := range p.scopes {
		if id != s.id && p.within(id, s.id) {
			out[id] = true
		}
	}
	return out
}

// spared says which scopes stay when the one around them is left by t: those whose cleanup is due or going on, and what lies around them. A
// cleanup that goes on stays whole, with everything in it.
func (p *position) spared(inside map[uint64]bool, s *scope, t token, gone map[uint64]bool) (stays, whole map[uint64]bool) {
	stays, whole = map[uint64]bool{}, map[uint64]bool{}
	for id := range inside {
		at := p.scopes[id]
		running := at.kind == scopeFinally && !gone[id] && at.guard.doom != void
		if !running && at.kind != scopeTry || t.why != arrived && id == t.scope {
			continue
		}
		for up := id; up != s.id; up = p.scopes[up].parent {
			stays[up] = true
		}
		if !running {
			continue
		}
		for in := range inside {
			if p.within(in, id) {
				stays[in], whole[in] = true, true
			}
		}
	}
	return stays, whole
}

// count finds out anew how much lives in scopes.
func (p *position) count(ids []uint64) {
	for _, id := range ids {
		p.scopes[id].live = 0
	}
	for _, q := range p.pending() {
		if q.why == arrived && slices.Contains(ids, q.scope) {
			p.scopes[q.scope].live++
		}
	}
	for id, at := range p.scopes {
		if id != root && slices.Contains(ids, at.parent) {
			p.scopes[at.parent].live++
		}
	}
}

// revive takes back that a scope and those around it are being left, because an error that happened meanwhile is handled in it.
func (p *position) revive(s *scope) {
	for at := s; at.kind != scopeRoot; at = p.scopes[at.parent] {
		if at.guard.doom == spared {
			return
		}
		at.guard.doom = spared
		up := p.scopes[at.parent]
		if up.guard.exit != nil {
			up.guard.exit.why, up.guard.exit.then = 0, nil
		}
	}
}

// guardian returns the nearest scope around a token whose owner is told of failures; nil when there is none.
func (p *position) guardian(t token) *scope {
	for s := p.outer(t); s.kind != scopeRoot; s = p.scopes[s.parent] {
		if s.kind == scopeTry || s.kind == scopeRetry {
			return s
		}
	}
	return nil
}

// cleanup returns the nearest cleanup around a token; nil when it stands in none.
func (p *position) cleanup(t token) *scope {
	for s := p.outer(t); s.kind != scopeRoot; s = p.scopes[s.parent] {
		if s.kind == scopeFinally {
			return s
		}
	}
	return nil
}

// construct returns the nearest open try of an owner around a token.
func (p *position) construct(t token, owner int) *scope {
	for s := p.outer(t); s.kind != scopeRoot; s = p.scopes[s.parent] {
		if s.owner == owner && (s.kind == scopeTry || s.kind == scopeFinally) {
			return s
		}
	}
	return nil
}

// nearest returns the nearest open scope of a kind around a token, of that owner if owner is not -1; nil when there is none.
func (p *position) nearest(t token, kind scopeKind, owner int) *scope {
	for s := p.outer(t); s.kind != scopeRoot; s = p.scopes[s.parent] {
		if s.kind == kind && (owner < 0 || s.owner == owner) {
			return s
		}
	}
	return nil
}

// closing says whether the run is about to end, and only cleanups still run.
func (p *position) closing() bool { return p.scopes[root].guard.exit != nil }
