package mesh

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/quic-go/quic-go"

	"casare"
)

const (
	greetTime  = 5 * time.Second
	lingerTime = 10 * time.Second // for a peer to read what was written before Close
)

// conn is one QUIC stream as a net.Conn.
type conn struct {
	stream *quic.Stream
	quic   *quic.Conn
	peer   Peer
	// release is called once, when the stream has been closed. last says that the peer had closed it before us.
	release func(last bool)

	writing sync.Mutex // held during a Write: QUIC allows no Close beside one
	torn    bool       // a write was cut off; under writing
	closed  atomic.Bool
	ended   atomic.Bool // the peer's end of stream was read
	once    sync.Once
}

var _ net.Conn = (*conn)(nil)

// PeerOf returns the robot at the other end of a connection that Dial or a listener gave.
func PeerOf(c net.Conn) (Peer, bool) {
	ours, ok := c.(*conn)
	if !ok {
		return Peer{}, false
	}
	return ours.peer, true
}

func (c *conn) Read(p []byte) (int, error) {
	n, err := c.stream.Read(p)
	if errors.Is(err, io.EOF) {
		c.ended.Store(true)
	}
	return n, c.translate(err)
}

func (c *conn) Write(p []byte) (int, error) {
	c.writing.Lock()
	defer c.writing.Unlock()
	if c.closed.Load() {
		return 0, net.ErrClosed
	}
	n, err := c.stream.Write(p)
	if err != nil {
		c.torn = true
	}
	return n, c.translate(err)
}

func (c *conn) translate(err error) error {
	switch {
	case err == nil:
		return nil
	case c.closed.Load():
		return net.ErrClosed
	case errors.Is(err, io.EOF), errors.Is(err, os.ErrDeadlineExceeded):
		return err
	case closedByPeer(err):
		return io.EOF
	}
	return &brokenError{peer: c.peer.ID, cause: err}
}

// Close ends both directions. What was written before reaches the peer, unless a Write was cut off, by this Close or a
// deadline: then the peer is told so instead of seeing an end.
func (c *conn) Close() error {
	c.once.Do(func() {
		last := c.ended.Load() || stoppedByPeer(c.stream)
		c.closed.Store(true)
		c.stream.CancelRead(quitDone)
		// An error would say that the stream is gone, which is what we want. The past deadline frees a blocked Write.
		_ = c.stream.SetWriteDeadline(time.Unix(1, 0))
		c.writing.Lock()
		if c.torn {
			c.stream.CancelWrite(quitTorn)
		} else {
			_ = c.stream.Close()
		}
		c.writing.Unlock()
		c.release(last)
	})
	return nil
}

// stoppedByPeer says whether the peer has ended its reading, which only its Close does.
func stoppedByPeer(s *quic.Stream) bool {
	stop, ok := errors.AsType[*quic.StreamError](context.Cause(s.Context()))
	return ok && stop.Remote
}

func (c *conn) LocalAddr() net.Addr  { return c.quic.LocalAddr() }
func (c *conn) RemoteAddr() net.Addr { return c.quic.RemoteAddr() }

func (c *conn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

func (c *conn) SetReadDeadline(t time.Time) error {
	if c.closed.Load() {
		return net.ErrClosed
	}
	return c.stream.SetReadDeadline(t)
}

func (c *conn) SetWriteDeadline(t time.Time) error {
	if c.closed.Load() {
		return net.ErrClosed
	}
	return c.stream.SetWriteDeadline(t)
}

// sendGreeting begins a direction of a stream: two bytes of length, then the sender's record.
func sendGreeting(s *quic.Stream, own *record) error {
	frame := binary.BigEndian.AppendUint16(make([]byte, 0, 2+len(own.raw)), uint16(len(own.raw))) //nolint:gosec // at most maxRecord
	_, err := s.Write(append(frame, own.raw...))
	return err
}

// readGreeting returns the raw record of the other side.
func readGreeting(s *quic.Stream) ([]byte, error) {
	var head [2]byte
	if _, err := io.ReadFull(s, head[:]); err != nil {
		return nil, err
	}
	size := int(binary.BigEndian.Uint16(head[:]))
	if size > maxRecord {
		return nil, casare.Errorf(casare.CodeInvalid, "greeting has %d bytes, more than %d", size, maxRecord)
	}
	raw := make([]byte, size)
	_, err := io.ReadFull(s, raw)
	return raw, err
}

// abandon ends both directions of a stream that never became a conn.
func abandon(s *quic.Stream, code quic.StreamErrorCode) {
	s.CancelRead(code)
	s.CancelWrite(code)
}
