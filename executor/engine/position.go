package engine

import (
	"slices"
	"time"

	"casare"
	"casare/node"
)

// why says why a token's step is to run.
type why uint8

const (
	arrived   why = iota + 1 // control came by a wire, or the run begins here
	ended                    // the token's scope has no live token left: its owner is called again
	continued                // a step asked the owner for the next iteration
	broken                   // a step asked the owner to leave the loop
	woken                    // the owner's sleep is over
	failed                   // a step in the scope failed, and nobody inside handled it
	left                     // a scope around is being left: the owner is to clean up
	declined                 // the part of the owner's construct that was asked has declined
	again                    // the step failed and is to be tried anew after a wait
	joined                   // what the owner started, branches or another document, has ended
)

// event translates the reason of a re-entry for the node.
func (w why) event() node.EventKind {
	switch w {
	case ended:
		return node.Ended
	case continued:
		return node.Continued
	case broken:
		return node.Broken
	case woken:
		return node.Woken
	case failed:
		return node.Failed
	case left:
		return node.Left
	case declined:
		return node.Declined
	case joined:
		return node.Branches
	case arrived, again:
	}
	return 0
}

// token is one place where control stands. An arrived token runs step within scope; any other calls the owner of scope (which is
// step) again, and what the owner does next happens in the scope's parent.
type token struct {
	step  int
	scope uint64
	why   why
}

// scopeKind says what a scope is for. The numbers are in snapshots: only ever add.
type scopeKind uint8

const (
	scopeRoot    scopeKind = iota + 1
	scopeLoop              // a body that is run again and again
	scopeWait              // holds what a sleeping step saved; no token ever runs in it
	scopeTry               // its owner is told of a failure inside, and before it is left from inside
	scopeRetry             // its owner is told of a failure inside
	scopeFinally           // runs to its end even when a scope around it is left
	scopeFamily            // frames hang on it; no token ever runs in it
)

// root is the id of the scope that is always there.
const root uint64 = 0

// scope is what a control step opened: a region in which each ordinary step runs once. It is alive as long as it has live tokens
// or scopes inside.
type scope struct {
	id     uint64
	owner  int // -1 for root
	kind   scopeKind
	parent uint64
	body   string
	saved  node.Saved
	done   set // ordinary steps that have run in it
	live   int // arrived tokens directly in it, plus scopes directly inside

	nap   nap      // of a sleeping owner
	kids  *family  // of a scopeFamily
	guard guarding // of constructs that handle errors, and of scopes that are being left
}

// nap is how long a step sleeps.
type nap struct {
	wake    casare.Time   // when to call it
	begun   casare.Time   // when it fell asleep first
	slept   time.Duration // what it asked for in all
	expired bool          // it is called to be told that this was too long
	tries   int           // how often the step was run, when it waits to be tried again
	as      why           // what it is tried again as
}

// position is where a run stands, as plain data: one FIFO of tokens and a tree of scopes. It knows nothing of documents or nodes.
type position struct {
	steps  int // size of the document
	queue  []token
	head   int // of queue: what is before it has been popped
	scopes map[uint64]*scope
	last   uint64 // id given last
}

func newPosition(steps int) *position {
	p := &position{steps: steps, scopes: map[uint64]*scope{}}
	p.scopes[root] = &scope{id: root, owner: -1, kind: scopeRoot, parent: root, done: newSet(steps)}
	return p
}

// pending returns the tokens in order. The slice is valid until the next change.
func (p *position) pending() []token { return p.queue[p.head:] }

// peek returns the token that is next.
func (p *position) peek() (token, bool) {
	if p.head == len(p.queue) {
		return token{}, false
	}
	return p.queue[p.head], true
}

// pop takes the next token off. It stays alive in its scope until it is moved on.
func (p *position) pop() {
	p.head++
	if p.head == len(p.queue) {
		p.queue, p.head = p.queue[:0], 0
	}
}

func (p *position) pushFront(t token) {
	if p.head == 0 {
		p.queue = slices.Insert(p.queue, 0, t)
		return
	}
	p.head--
	p.queue[p.head] = t
}

func (p *position) pushBack(scope uint64, steps []int) {
	// A long run must not keep every token it ever had.
	if p.head > 32 && p.head > len(p.queue)/2 {
		p.queue = append(p.queue[:0], p.queue[p.head:]...)
		p.head = 0
	}
	for _, s := range steps {
		p.queue = append(p.queue, token{step: s, scope: scope, why: arrived})
	}
	p.scopes[scope].live += len(steps)
}

// outer returns the scope in which a token's step acts: where its successors go.
func (p *position) outer(t token) *scope {
	s := p.scopes[t.scope]
	if t.why == arrived {
		return s
	}
	return p.scopes[s.parent]
}

// move ends a popped token and lets control go on to steps in its outer scope. A re-entry that moves on has closed its scope.
func (p *position) move(t token, next []int) {
	out := p.outer(t)
	if t.why != arrived {
		next = p.shut(t, out, next)
	}
	p.pushBack(out.id, next)
	out.live--
	p.settle(out)
}

// enter starts what is behind a body port of the popped token's step: a new scope, or the next iteration of the one it was called for.
func (p *position) enter(t token, kind scopeKind, body string, saved node.Saved, first []int) {
	s := p.hold(t, kind)
	s.body, s.saved = body, saved
	s.kind, s.nap = kind, nap{}
	if s.done == nil {
		s.done = newSet(p.steps)
	}
	if kind == scopeLoop || kind == scopeRetry {
		clear(s.done)
	}
	s.guard.round++
	p.pushBack(s.id, first)
	p.settle(s)
}

// sleep parks the popped token's step; it is called again before anything else runs, so the order stays sequential.
func (p *position) sleep(t token, saved node.Saved, n nap) {
	s := p.hold(t, scopeWait)
	s.saved, s.nap = saved, n
	p.pushFront(token{step: t.step, scope: s.id, why: woken})
}

// park leaves the popped token's step where it is, to be tried again before anything else runs.
func (p *position) park(t token, saved node.Saved, n nap) {
	s := p.hold(t, scopeWait)
	s.saved, s.nap = saved, n
	p.pushFront(token{step: t.step, scope: s.id, why: again})
}

// hold returns the scope that stands for the popped token from now on: the one it was called for, or a new one in its place.
func (p *position) hold(t token, kind scopeKind) *scope {
	if t.why != arrived {
		return p.scopes[t.scope]
	}
	p.last++
	s := &scope{id: p.last, owner: t.step, kind: kind, parent: t.scope}
	if kind != scopeWait {
		s.done = newSet(p.steps)
	}
	p.scopes[s.id] = s
	return s
}

// discard kills the tokens in a scope and in every scope inside it, and forgets those scopes.
func (p *position) discard(s *scope) {
	doomed := map[uint64]bool{s.id: true}
	for id := range p.scopes {
		if p.within(id, s.id) {
			doomed[id] = true
		}
	}
	p.queue = slices.DeleteFunc(p.queue[p.head:], func(t token) bool { return doomed[t.scope] })
	p.head = 0
	for id := range doomed {
		if id != s.id {
			delete(p.scopes, id)
		}
	}
	s.live = 0
}

// within says whether scope id lies inside scope ancestor (or is it).
func (p *position) within(id, ancestor uint64) bool {
	for id != ancestor {
		if id == root {
			return false
		}
		id = p.scopes[id].parent
	}
	return true
}
