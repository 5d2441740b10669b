package raftstore

import (
	"context"
	"net"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"
)

const (
	transportTimeout = 10 * time.Second
	transportPool    = 3
)

// streams adapts Network to raft: a server's address is its robot id. It closes every connection it made or took when it is
// closed: raft's own transport leaves those open that a peer still holds.
type streams struct {
	network  Network
	listener net.Listener
	self     string

	mu     sync.Mutex
	closed bool
	open   map[*stream]struct{}
}

type stream struct {
	net.Conn
	layer *streams
}

// Close implements net.Conn.
func (s *stream) Close() error {
	s.layer.mu.Lock()
	delete(s.layer.open, s)
	s.layer.mu.Unlock()
	return s.Conn.Close()
}

func newStreams(network Network, self string) *streams {
	return &streams{network: network, listener: network.Listener(), self: self, open: map[*stream]struct{}{}}
}

// Dial implements raft.StreamLayer.
func (l *streams) Dial(address raft.ServerAddress, timeout time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	c, err := l.network.Dial(ctx, string(address))
	if err != nil {
		return nil, err
	}
	return l.keep(c)
}

// Accept implements net.Listener.
func (l *streams) Accept() (net.Conn, error) {
	c, err := l.listener.Accept()
	if err != nil {
		return nil, err
	}
	return l.keep(c)
}

func (l *streams) keep(c net.Conn) (net.Conn, error) {
	s := &stream{Conn: c, layer: l}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		_ = c.Close()
		return nil, net.ErrClosed
	}
	l.open[s] = struct{}{}
	return s, nil
}

// Close implements net.Listener.
func (l *streams) Close() error {
	err := l.listener.Close()
	l.mu.Lock()
	l.closed = true
	all := l.open
	l.open = map[*stream]struct{}{}
	l.mu.Unlock()
	for s := range all {
		_ = s.Conn.Close()
	}
	return err
}

// Addr implements net.Listener.
func (l *streams) Addr() net.Addr { return robotAddr(l.self) }

type robotAddr string

// Network implements net.Addr.
func (robotAddr) Network() string { return "casare" }

// String implements net.Addr.
func (a robotAddr) String() string { return string(a) }

// transport remembers when each peer last answered this leader, and how far its log reached then. It embeds the transport of
// raft: a wrapper that only held it would lack RequestPreVote, and raft would silently do without pre-vote.
type transport struct {
	*raft.NetworkTransport

	mu       sync.Mutex
	contacts map[string]contact
}

type contact struct {
	at      time.Time
	lastLog uint64
}

func newTransport(layer *streams, logger hclog.Logger) *transport {
	return &transport{
		NetworkTransport: raft.NewNetworkTransportWithConfig(&raft.NetworkTransportConfig{
			Stream: layer, MaxPool: transportPool, Timeout: transportTimeout, Logger: logger,
		}),
		contacts: map[string]contact{},
	}
}

// AppendEntries implements raft.Transport. Heartbeats come through here every 50 to 100 ms, whatever else goes on.
func (t *transport) AppendEntries(id raft.ServerID, target raft.ServerAddress, args *raft.AppendEntriesRequest, resp *raft.AppendEntriesResponse) error {
	if err := t.NetworkTransport.AppendEntries(id, target, args, resp); err != nil {
		return err
	}
	if resp.Term == args.Term {
		t.mu.Lock()
		t.contacts[string(id)] = contact{at: time.Now(), lastLog: resp.LastLog}
		t.mu.Unlock()
	}
	return nil
}

func (t *transport) contact(id string) contact {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.contacts[id]
}

// Close implements raft.WithClose.
func (t *transport) Close() error {
	t.CloseStreams()
	return t.NetworkTransport.Close()
}
