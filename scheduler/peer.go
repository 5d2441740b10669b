package scheduler

import (
	"context"
	"log/slog"
	"sync"

	"casare"
	"casare/session"
)

// maxDocuments is how many revisions a session is believed to remember; then the leader starts over and sends them again.
const maxDocuments = 1024

// peer is the leader's side of one session.
type peer struct {
	robotID  string
	conn     *session.Conn
	cancel   context.CancelFunc // ends the session's work
	instance uint64
	number   uint64
	ready    bool // guarded by term.mu: the welcome is queued, so assignments may follow
	log      *slog.Logger
	reports  *reports

	mu   sync.Mutex
	sent map[string]struct{} // revisions
}

// push queues a message for the robot. A robot that does not keep up loses its session and says hello again.
func (p *peer) push(m session.Message) {
	if err := p.conn.Push(m); err != nil {
		p.close(err)
	}
}

// close ends the session because of err.
func (p *peer) close(err error) {
	p.log.Debug("session ends", slog.Any("error", err))
	p.cancel()
}

// has says whether a revision has been sent before, and takes it as sent from now on.
func (p *peer) has(revision string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, ok := p.sent[revision]; ok {
		return true
	}
	if len(p.sent) >= maxDocuments {
		clear(p.sent)
	}
	p.sent[revision] = struct{}{}
	return false
}

func (p *peer) forget(revision string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.sent, revision)
}

// supersedes says whether a session holds against an older one of the same robot.
func (p *peer) supersedes(old *peer) bool {
	return old == nil || old.instance != p.instance || old.number < p.number
}

// errSuperseded is why a session with an old number ends.
var errSuperseded = casare.Errorf(casare.CodeConflict, "the robot has a newer session")
