package mesh

import (
	"net"
	"sync"
)

// acceptQueue caps the streams of a plane that wait for Accept.
const acceptQueue = 128

// planeListener hands out the streams that others open on a plane.
type planeListener struct {
	addr  net.Addr
	queue chan *conn
	slots chan struct{} // as many as the queue holds, taken before the peer is told that it was accepted
	done  chan struct{}
	once  sync.Once
	gone  func()
}

var _ net.Listener = (*planeListener)(nil)

func newListener(addr net.Addr, gone func()) *planeListener {
	return &planeListener{
		addr: addr, gone: gone,
		queue: make(chan *conn, acceptQueue), slots: make(chan struct{}, acceptQueue), done: make(chan struct{}),
	}
}

func (l *planeListener) reserve() bool {
	select {
	case l.slots <- struct{}{}:
		return true
	default:
		return false
	}
}

func (l *planeListener) unreserve() { <-l.slots }

// deliver queues a stream for which there is a reservation.
func (l *planeListener) deliver(c *conn) {
	l.queue <- c
	select {
	case <-l.done: // closed in between: nobody will ask for it
		l.drain()
	default:
	}
}

func (l *planeListener) drain() {
	for {
		select {
		case c := <-l.queue:
			l.unreserve()
			_ = c.Close()
		default:
			return
		}
	}
}

// Accept returns the next connection; its error after Close is net.ErrClosed.
func (l *planeListener) Accept() (net.Conn, error) {
	select {
	case <-l.done:
		return nil, net.ErrClosed
	default:
	}
	select {
	case c := <-l.queue:
		l.unreserve()
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

// Close ends the listener and closes the connections that nobody accepted.
func (l *planeListener) Close() error {
	l.once.Do(func() {
		l.gone()
		close(l.done)
		l.drain()
	})
	return nil
}

func (l *planeListener) Addr() net.Addr { return l.addr }

func (e *endpoint) listen(plane Plane) net.Listener {
	var l *planeListener
	l = newListener(e.socket.LocalAddr(), func() { e.listeners.CompareAndDelete(plane, l) })
	if existing, loaded := e.listeners.LoadOrStore(plane, l); loaded {
		if existing, ok := existing.(*planeListener); ok {
			return existing
		}
	}
	return l
}

func (e *endpoint) listenerOf(plane Plane) (*planeListener, bool) {
	l, ok := e.listeners.Load(plane)
	if !ok {
		return nil, false
	}
	listener, ok := l.(*planeListener)
	return listener, ok
}
