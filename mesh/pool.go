package mesh

import (
	"context"
	"net"
	"sync"
	"time"

	"github.com/quic-go/quic-go"

	"casare/mesh/identity"
)

// keepIdle is how long a shared connection without streams is kept for the next one.
const keepIdle = 30 * time.Second

// pool keeps one connection a robot for a plane.
type pool struct {
	mu      sync.Mutex
	robots  map[string]*shared
	dialing map[string]chan struct{} // closed when somebody has finished connecting to the robot
	stopped bool
}

// shared is a connection that several streams use. All its fields are under the pool's lock.
type shared struct {
	qc      *quic.Conn
	name    identity.Name
	streams int
	unused  *time.Timer // runs while there are no streams
	dropped bool        // not for new streams; closed with the last one
}

func newPool() *pool {
	return &pool{robots: map[string]*shared{}, dialing: map[string]chan struct{}{}}
}

// take returns the kept connection to a robot with a stream counted on it, or, when there is none, a function that the caller
// must call when it has finished connecting. Others wait for that.
func (p *pool) take(ctx context.Context, robotID string) (*shared, func(*shared), error) {
	for {
		p.mu.Lock()
		if s, ok := p.robots[robotID]; ok {
			if s.qc.Context().Err() == nil {
				s.streams++
				if s.unused != nil {
					s.unused.Stop()
				}
				p.mu.Unlock()
				return s, nil, nil
			}
			delete(p.robots, robotID)
		}
		wait, busy := p.dialing[robotID]
		if !busy {
			done := make(chan struct{})
			p.dialing[robotID] = done
			p.mu.Unlock()
			return nil, func(s *shared) { p.finish(robotID, s, done) }, nil
		}
		p.mu.Unlock()
		select {
		case <-wait:
		case <-ctx.Done():
			return nil, nil, context.Cause(ctx)
		}
	}
}

func (p *pool) finish(robotID string, s *shared, done chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.dialing, robotID)
	close(done)
	if s != nil && !p.stopped {
		p.robots[robotID] = s
	}
}

// release gives a stream back.
func (p *pool) release(s *shared) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s.streams--
	if s.streams > 0 {
		return
	}
	quit := func() { _ = s.qc.CloseWithError(quitDone, "") }
	switch {
	case s.dropped || p.stopped:
		// The last stream's end may still be on its way: the linger of a single stream, without anybody waiting for it.
		s.unused = time.AfterFunc(lingerTime, quit)
	default:
		s.unused = time.AfterFunc(keepIdle, func() {
			p.mu.Lock()
			idle := s.streams == 0
			if idle && p.robots[s.name.RobotID] == s {
				delete(p.robots, s.name.RobotID)
			}
			p.mu.Unlock()
			if idle {
				quit()
			}
		})
	}
}

// drop keeps a connection that does not answer from being used again. Its other streams go on.
func (p *pool) drop(s *shared) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s.dropped = true
	if p.robots[s.name.RobotID] == s {
		delete(p.robots, s.name.RobotID)
	}
}

func (p *pool) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stopped = true
	for _, s := range p.robots {
		if s.unused != nil {
			s.unused.Stop()
		}
	}
	clear(p.robots)
}

// dialShared opens a stream on the kept connection to a robot, or on a new one when there is none or it does not answer: a
// robot that has died is noticed by nothing but its silence.
func (e *endpoint) dialShared(ctx context.Context, robotID string, plane Plane) (net.Conn, error) {
	pool := e.pools[plane]
	for {
		s, finish, err := pool.take(ctx, robotID)
		if err != nil {
			return nil, refusal(robotID, err)
		}
		if finish != nil {
			return e.dialFresh(ctx, robotID, plane, finish)
		}
		trial, cancel := context.WithTimeout(ctx, reuseTime)
		c, err := e.open(trial, s.qc, s.name, func(bool) { pool.release(s) })
		cancel()
		if err == nil {
			return c, nil
		}
		pool.drop(s)
		pool.release(s)
		if ctx.Err() != nil {
			return nil, err
		}
	}
}

func (e *endpoint) dialFresh(ctx context.Context, robotID string, plane Plane, finish func(*shared)) (net.Conn, error) {
	qc, name, err := e.connect(ctx, robotID, plane)
	if err != nil {
		finish(nil)
		return nil, err
	}
	s := &shared{qc: qc, name: name, streams: 1}
	c, err := e.open(ctx, qc, name, func(bool) { e.pools[plane].release(s) })
	if err != nil {
		finish(nil)
		_ = qc.CloseWithError(quitDone, "")
		return nil, err
	}
	finish(s)
	return c, nil
}
