package raftstore

import (
	"context"
	"errors"
	"io"
	"maps"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"
)

const (
	transportTimeout = 10 * time.Second
	transportPool    = 3
	// dialPatience bounds one try to reach a peer. A handshake with one that is down is repeated ever more rarely, so a try that began
	// before the peer came back would find it seconds late; a fresh one finds it at once.
	dialPatience = time.Second
)

// streams adapts Network to raft: a server's address is its robot id. It closes every connection it made or took when it is
// closed: raft's own transport leaves those open that a peer still holds.
type streams struct {
	network  Network
	listener net.Listener
	self     string

	mu       sync.Mutex
	stopping bool // nobody is dialled any more
	closed   bool
	open     map[*stream]struct{}
	dials    map[*context.CancelFunc]struct{} // under way
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
	return &streams{network: network, listener: network.Listener(), self: self, open: map[*stream]struct{}{}, dials: map[*context.CancelFunc]struct{}{}}
}

// Dial implements raft.StreamLayer.
func (l *streams) Dial(address raft.ServerAddress, timeout time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), min(timeout, dialPatience))
	defer cancel()
	l.mu.Lock()
	if l.stopping {
		l.mu.Unlock()
		return nil, net.ErrClosed
	}
	l.dials[&cancel] = struct{}{}
	l.mu.Unlock()
	c, err := l.network.Dial(ctx, string(address))
	l.mu.Lock()
	delete(l.dials, &cancel)
	l.mu.Unlock()
	if err != nil {
		return nil, err
	}
	return l.keep(c)
}

// giveUp ends every dial and every request that waits for a peer: raft would wait for them, and for a peer that is gone that is
// seconds.
func (l *streams) giveUp() {
	l.mu.Lock()
	l.stopping = true
	dials, all := slices.Collect(maps.Keys(l.dials)), slices.Collect(maps.Keys(l.open))
	l.mu.Unlock()
	for _, cancel := range dials {
		(*cancel)()
	}
	for _, s := range all {
		_ = s.Close() // what it carried is lost either way
	}
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

// silentPatience is how long replication to a peer that does not answer heartbeats is held back at a time.
const silentPatience = time.Minute

// transport remembers when each peer last answered this leader, and how far its log reached then. It embeds the transport of
// raft: a wrapper that only held it would lack RequestPreVote, and raft would silently do without pre-vote.
//
// It also holds replication to a silent peer back until a heartbeat gets through. raft doubles its wait after each failure up to
// ten seconds, and sleeps through the peer's return: a coordinator that was away for a while would not count for that long.
type transport struct {
	*raft.NetworkTransport
	layer *streams

	mu       sync.Mutex
	contacts map[string]*contact
	stopped  chan struct{}
	stop     sync.Once
}

type contact struct {
	at      time.Time
	lastLog uint64
	silent  chan struct{} // not nil: the last heartbeat failed; closed when one gets through
}

func newTransport(layer *streams, logger hclog.Logger) *transport {
	return &transport{
		NetworkTransport: raft.NewNetworkTransportWithConfig(&raft.NetworkTransportConfig{
			Stream: layer, MaxPool: transportPool, Timeout: transportTimeout, Logger: logger,
		}),
		layer: layer, contacts: map[string]*contact{}, stopped: make(chan struct{}),
	}
}

// AppendEntries implements raft.Transport. Heartbeats come through here every 50 to 100 ms, whatever else goes on.
func (t *transport) AppendEntries(id raft.ServerID, target raft.ServerAddress, args *raft.AppendEntriesRequest, resp *raft.AppendEntriesResponse) error {
	heartbeat := len(args.Entries) == 0 && args.PrevLogEntry == 0 && args.PrevLogTerm == 0 && args.LeaderCommitIndex == 0
	if !heartbeat {
		t.awaitAnswer(string(id))
	}
	err := t.NetworkTransport.AppendEntries(id, target, args, resp)
	t.note(string(id), heartbeat, args.Term, resp, err)
	return err
}

// errWasSilent makes raft send a fresh snapshot to a peer that is back, instead of the one it prepared when the peer was gone.
var errWasSilent = errors.New("the peer has been silent since the snapshot was made")

// InstallSnapshot implements raft.Transport.
func (t *transport) InstallSnapshot(id raft.ServerID, target raft.ServerAddress, args *raft.InstallSnapshotRequest, resp *raft.InstallSnapshotResponse, data io.Reader) error {
	if t.awaitAnswer(string(id)) {
		return errWasSilent
	}
	return t.NetworkTransport.InstallSnapshot(id, target, args, resp, data)
}

func (t *transport) note(id string, heartbeat bool, term uint64, resp *raft.AppendEntriesResponse, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.contacts[id]
	if c == nil {
		c = &contact{}
		t.contacts[id] = c
	}
	switch {
	case err != nil && heartbeat && c.silent == nil:
		c.silent = make(chan struct{})
	case err == nil && c.silent != nil:
		close(c.silent)
		c.silent = nil
	}
	if err == nil && resp.Term == term {
		c.at, c.lastLog = time.Now(), resp.LastLog
	}
}

// awaitAnswer waits while the peer does not answer heartbeats, and says whether it had to.
func (t *transport) awaitAnswer(id string) bool {
	t.mu.Lock()
	var silent chan struct{}
	if c := t.contacts[id]; c != nil {
		silent = c.silent
	}
	t.mu.Unlock()
	if silent == nil {
		return false
	}
	timer := time.NewTimer(silentPatience)
	defer timer.Stop()
	select {
	case <-silent:
	case <-timer.C:
	case <-t.stopped:
	}
	return true
}

// release lets go of everything that waits for a peer, here or in awaitAnswer; raft waits for that when it shuts down.
func (t *transport) release() {
	t.stop.Do(func() {
		close(t.stopped)
		t.layer.giveUp()
	})
}

func (t *transport) contact(id string) contact {
	t.mu.Lock()
	defer t.mu.Unlock()
	if c := t.contacts[id]; c != nil {
		return *c
	}
	return contact{}
}

// Close implements raft.WithClose.
func (t *transport) Close() error {
	t.release()
	t.CloseStreams()
	return t.NetworkTransport.Close()
}
