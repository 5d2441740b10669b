package engine

import (
	"casare/node"
)

// inherit keeps in mind what ran in a frame of the family and must not run twice, in the retries around the token and in the frames
// around.
func (f *frame) inherit(t token, c *frame) {
	for path, known := range c.ranOnce {
		path = c.label + "/" + path
		for s := f.pos.outer(t); s.kind != scopeRoot; s = f.pos.scopes[s.parent] {
			if s.kind == scopeRetry {
				s.guard.remember(f.path(t, s)+"/"+path, known)
			}
		}
		if f.parent != nil {
			f.remember(f.path(t, f.pos.scopes[root])+"/"+path, known)
		}
	}
}

func (f *frame) remember(path string, known bool) {
	if f.ranOnce == nil {
		f.ranOnce = map[string]bool{}
	}
	f.ranOnce[path] = known
}

func (g *guarding) remember(path string, known bool) {
	if g.once == nil {
		g.once = map[string]bool{}
	}
	g.once[path] = known
}

// ranAround is ran for the retries in the frames around this one.
func (f *frame) ranAround(path string) (known, ran bool) {
	for at := f; at.parent != nil && !at.loose; at = at.parent {
		up := at.parent
		s := up.pos.scopes[at.scope]
		t := token{step: s.owner, scope: at.scope, why: joined}
		path = at.label + "/" + path
		for around := up.pos.outer(t); around.kind != scopeRoot; around = up.pos.scopes[around.parent] {
			if around.kind != scopeRetry {
				continue
			}
			if known, ran = around.guard.once[up.path(t, around)+"/"+path]; ran {
				return known, true
			}
		}
		path = up.path(t, up.pos.scopes[root]) + "/" + path
	}
	return false, false
}

// getBound returns nodes of a plan's steps that no frame uses any more, or room for new ones.
func (r *run) getBound(p *Plan) []*node.Bound {
	r.mu.Lock()
	defer r.mu.Unlock()
	free := r.bound[p]
	if len(free) == 0 {
		return make([]*node.Bound, len(p.steps))
	}
	r.bound[p] = free[:len(free)-1]
	return free[len(free)-1]
}

func (r *run) putBound(p *Plan, bound []*node.Bound) {
	const most = 64 // of a plan
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.bound[p]) < most {
		r.bound[p] = append(r.bound[p], bound)
	}
}
