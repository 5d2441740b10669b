package session

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"casare"
)

// ErrClosed is what Send and Receive return after the connection was closed on this side.
var ErrClosed = errors.New("session closed")

// ErrSlow is what Push returns when the peer has not taken what was sent to it before; the connection is closed by then.
var ErrSlow = errors.New("the peer does not keep up")

// The limits of a connection.
const (
	maxPending   = 16 << 20 // bytes that wait for the writer
	writeTimeout = 10 * time.Second
	closeTimeout = time.Second
)

// Conn sends and receives messages over a stream. One goroutine may call Receive; any may call Push, Send and Close. Messages
// leave in the order of the calls. Between two writes everything that waits becomes one write.
type Conn struct {
	stream net.Conn
	reader *bufio.Reader
	body   []byte

	mu      sync.Mutex
	pending []byte
	err     error
	wake    chan struct{} // one slot: something is pending, or the connection has ended
	room    chan struct{} // closed and replaced whenever the writer has taken what was pending
	done    chan struct{} // closed when the connection has ended
	writer  sync.WaitGroup
}

// NewConn takes over stream and starts the writer. The caller must Close.
func NewConn(stream net.Conn) *Conn {
	c := &Conn{
		stream: stream,
		reader: bufio.NewReaderSize(stream, 64<<10),
		wake:   make(chan struct{}, 1),
		room:   make(chan struct{}),
		done:   make(chan struct{}),
	}
	c.writer.Go(c.write)
	return c
}

// Push queues m without waiting. When too much waits already, the connection is closed with ErrSlow.
func (c *Conn) Push(m Message) error {
	ok, _, err := c.queue(m)
	if err != nil {
		return err
	}
	if !ok {
		return c.fail(ErrSlow)
	}
	return nil
}

// Send queues m, and waits while too much waits already. It returns when m is queued, ctx ends or the connection has ended.
func (c *Conn) Send(ctx context.Context, m Message) error {
	for {
		ok, room, err := c.queue(m)
		if err != nil || ok {
			return err
		}
		select {
		case <-room:
		case <-c.done:
		case <-ctx.Done():
			return fmt.Errorf("send: %w", context.Cause(ctx))
		}
	}
}

// queue appends m to what waits. When there is no room it returns the channel that tells of room.
func (c *Conn) queue(m Message) (queued bool, room <-chan struct{}, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return false, nil, c.err
	}
	if len(c.pending) > maxPending {
		return false, c.room, nil
	}
	if c.pending, err = Append(c.pending, m); err != nil {
		return false, nil, err
	}
	signal(c.wake)
	return true, nil, nil
}

// Receive returns the next message. Any error ends the connection: io.EOF when the peer closed it in good order, ErrClosed
// after Close, CodeInvalid for what is no frame of this protocol.
func (c *Conn) Receive() (Message, error) {
	m, err := c.receive()
	if err != nil {
		return nil, c.fail(err)
	}
	return m, nil
}

func (c *Conn) receive() (Message, error) {
	var length [header]byte
	if _, err := io.ReadFull(c.reader, length[:]); err != nil {
		if errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, io.EOF
		}
		return nil, fmt.Errorf("read a frame: %w", err)
	}
	size := int(binary.BigEndian.Uint32(length[:]))
	if size == 0 || size > MaxFrame {
		return nil, casare.Errorf(casare.CodeInvalid, "a frame of %d bytes, more than %d", size, MaxFrame)
	}
	if cap(c.body) < size {
		c.body = make([]byte, size)
	}
	c.body = c.body[:size]
	if _, err := io.ReadFull(c.reader, c.body); err != nil {
		return nil, fmt.Errorf("read a frame: %w", err)
	}
	return Decode(c.body)
}

// SetReadDeadline bounds the Receive that runs or comes next; the zero time lifts the bound.
func (c *Conn) SetReadDeadline(t time.Time) error {
	if err := c.stream.SetReadDeadline(t); err != nil {
		return fmt.Errorf("set read deadline: %w", err)
	}
	return nil
}

// Done is closed when the connection has ended.
func (c *Conn) Done() <-chan struct{} { return c.done }

// Close sends what is still queued, for at most a second, ends the connection and waits for the writer. It may be called twice.
func (c *Conn) Close() {
	c.mu.Lock()
	if c.err == nil {
		c.err = ErrClosed
		close(c.done)
		signal(c.wake)
	}
	c.mu.Unlock()
	_ = c.stream.SetWriteDeadline(time.Now().Add(closeTimeout)) // a write that already hangs must not hold up Close
	c.writer.Wait()
	_ = c.stream.Close() // the writer has said all there is to say
}

// fail ends the connection at once because of cause, or returns what ended it before.
func (c *Conn) fail(cause error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil {
		c.err = cause
		c.pending = nil
		close(c.done)
		signal(c.wake)
		_ = c.stream.Close() // the cause is what matters
	}
	return c.err
}

// write is the writer: it takes everything that waits and writes it at once.
func (c *Conn) write() {
	var out []byte
	for range c.wake {
		c.mu.Lock()
		out, c.pending = c.pending, out[:0]
		ended := c.err != nil
		close(c.room)
		c.room = make(chan struct{})
		c.mu.Unlock()
		if len(out) > 0 {
			limit := writeTimeout
			if ended {
				limit = closeTimeout
			}
			if err := c.flush(out, limit); err != nil {
				_ = c.fail(fmt.Errorf("write: %w", err)) // the reader and the next Send learn of it
				return
			}
		}
		if ended {
			return
		}
		if cap(out) > maxPending {
			out = nil
		}
	}
}

func (c *Conn) flush(out []byte, limit time.Duration) error {
	if err := c.stream.SetWriteDeadline(time.Now().Add(limit)); err != nil {
		return fmt.Errorf("set write deadline: %w", err)
	}
	_, err := c.stream.Write(out)
	return err //nolint:wrapcheck // the caller names the action
}

func signal(ch chan struct{}) {
	select {
	case ch <- struct{}{}:
	default:
	}
}
