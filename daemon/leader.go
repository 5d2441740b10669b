package daemon

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"casare"
	"casare/mesh"
)

// Waits between robots, so that nobody hangs on one that is gone.
const (
	askTimeout   = 500 * time.Millisecond // for "who leads"
	idleForward  = 30 * time.Second       // a connection nobody uses
	leaderPath   = "/mesh/leader"
	admitPath    = "/mesh/join"
	maxPeerReply = 1 << 20
)

// errNoLeader says that nothing was sent because nobody is known to lead.
func errNoLeader() error {
	return casare.Errorf(casare.CodeUnavailable, "no robot leads the mesh at the moment")
}

// voice is raft as the tracker hears it.
type voice interface {
	Replica() bool
	Leader() (robotID string, term uint64)
	LeaderChanged() <-chan struct{}
}

// tracker knows who leads: from raft where this robot holds the state, else from gossip and by asking coordinators.
type tracker struct {
	self  string
	store voice
	mesh  *mesh.Mesh

	mu       sync.Mutex
	hint     leaderAnswer
	settled  bool // raft has told of a leader here: from then on it knows best
	known    leaderAnswer
	changed  chan struct{}
	last     leaderAnswer  // the newest leader that was known
	replaced chan struct{} // closed and replaced when that is another one
}

// leaderAnswer is what a coordinator says when it is asked who leads.
type leaderAnswer struct {
	Leader string `json:"leader"`
	Term   uint64 `json:"term"`
}

func newTracker(self string, store voice) *tracker {
	return &tracker{self: self, store: store, changed: make(chan struct{}), replaced: make(chan struct{})}
}

// Leader returns the robot that leads, "" when unknown, and its term.
func (t *tracker) Leader() (string, uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.leader()
	return now.Leader, now.Term
}

// leader asks raft where this robot holds the state and has heard from a leader; a fresh copy goes by hints a little longer. The
// caller holds mu.
func (t *tracker) leader() leaderAnswer {
	if !t.store.Replica() {
		t.settled = false
		return t.hint
	}
	leader, term := t.store.Leader()
	t.settled = t.settled || leader != ""
	if !t.settled {
		return t.hint
	}
	return leaderAnswer{Leader: leader, Term: term}
}

// LeaderChanged returns a channel that is closed when Leader may answer otherwise.
func (t *tracker) LeaderChanged() <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.changed
}

// Replaced returns a channel that is closed when another robot leads, or the same in another term. That nobody is known to lead
// at the moment closes it not: who works with the last leader goes on until that one is gone.
func (t *tracker) Replaced() <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.replaced
}

// Heard takes a hint from gossip, an answer or a session. A lower term than one heard before changes nothing.
func (t *tracker) Heard(leader string, term uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if term < t.hint.Term || leader == "" || (leaderAnswer{leader, term}) == t.hint {
		return
	}
	t.hint = leaderAnswer{leader, term}
	t.signal(false)
}

// lost says that the robot that led cannot be reached; the next hint, also of the same term, counts again.
func (t *tracker) lost(leader string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.hint.Leader == leader {
		t.hint.Leader = ""
		t.signal(false)
	}
}

// signal tells those who wait, if the leader is another one than when they were told last; with force, anyway. The caller holds mu.
func (t *tracker) signal(force bool) {
	now := t.leader()
	if now == t.known && !force {
		return
	}
	t.known = now
	close(t.changed)
	t.changed = make(chan struct{})
	if force || now.Leader != "" && now != t.last {
		t.last = now
		close(t.replaced)
		t.replaced = make(chan struct{})
	}
}

// alone calls tell once nobody has been known to lead for so long, and returns then or with ctx.
func (t *tracker) alone(ctx context.Context, limit time.Duration, tell func()) {
	var lost *time.Timer // runs while nobody is known to lead
	for {
		changed := t.LeaderChanged()
		leader, _ := t.Leader()
		var over <-chan time.Time
		switch {
		case leader == "" && lost == nil:
			lost = time.NewTimer(limit)
			over = lost.C
		case leader == "":
			over = lost.C
		case lost != nil:
			lost.Stop()
			lost = nil
		}
		select {
		case <-ctx.Done():
			return
		case <-changed:
		case <-over:
			tell()
			return
		}
	}
}

// run passes on what raft and gossip say, and asks the coordinators while nobody else knows.
func (t *tracker) run(ctx context.Context, client *http.Client) {
	ask := time.NewTicker(250 * time.Millisecond)
	defer ask.Stop()
	for {
		raftChanged := t.store.LeaderChanged()
		t.mu.Lock()
		t.signal(false) // after the channel was taken: what changes from here on closes it
		t.mu.Unlock()
		select {
		case <-ctx.Done():
			return
		case <-raftChanged:
		case <-ask.C:
			if leader, _ := t.Leader(); leader == "" && !t.store.Replica() {
				t.ask(ctx, client)
			}
		}
	}
}

// ask asks every living robot that may be a coordinator who leads, all at once, and takes the newest answer.
func (t *tracker) ask(ctx context.Context, client *http.Client) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	var wait sync.WaitGroup
	for _, m := range t.mesh.Members() {
		if m.RobotID == t.self || m.Role != casare.RoleCoordinator {
			continue
		}
		wait.Go(func() {
			answer, err := askLeader(ctx, client, m.RobotID)
			if err == nil {
				t.Heard(answer.Leader, answer.Term)
			}
		})
	}
	wait.Wait()
}

func askLeader(ctx context.Context, client *http.Client, robotID string) (leaderAnswer, error) {
	var answer leaderAnswer
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+robotID+leaderPath, http.NoBody)
	if err != nil {
		return answer, fmt.Errorf("ask who leads: %w", err)
	}
	resp, err := client.Do(req)
	if err != nil {
		return answer, fmt.Errorf("ask who leads: %w", err)
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxPeerReply)).Decode(&answer); err != nil {
		return answer, fmt.Errorf("ask who leads: %w", err)
	}
	return answer, nil
}

// dialError marks a failure before anything was sent, so that nothing can have been proposed.
type dialError struct{ err error }

func (e *dialError) Error() string { return e.err.Error() }
func (e *dialError) Unwrap() error { return e.err }

// peerTransport carries HTTP to another robot over the mesh; the host of a URL is a robot id.
func peerTransport(m *mesh.Mesh) *http.Transport {
	return &http.Transport{
		DialContext: func(ctx context.Context, _, address string) (net.Conn, error) {
			robotID, _, err := net.SplitHostPort(address)
			if err != nil {
				return nil, &dialError{err}
			}
			conn, err := m.Dial(ctx, robotID, mesh.PlaneRPC)
			if err != nil {
				return nil, &dialError{err}
			}
			return conn, nil
		},
		MaxIdleConnsPerHost: 128,
		IdleConnTimeout:     idleForward,
		DisableCompression:  true,
	}
}

// forwarder sends a request to the robot that leads, once. It is an http.RoundTripper.
type forwarder struct {
	tracker   *tracker
	transport http.RoundTripper
}

// RoundTrip sends req to the leader as it knows it. The error is CodeUnavailable when nothing was sent, and
// CodeOutcomeUnknown when the leader may have seen the request: when the request's context ended, when the connection
// broke, or when somebody else leads in the meantime.
func (f *forwarder) RoundTrip(req *http.Request) (*http.Response, error) {
	changed := f.tracker.LeaderChanged()
	leader, _ := f.tracker.Leader()
	if leader == "" || leader == f.tracker.self {
		return nil, errNoLeader()
	}
	lost, lose := context.WithCancelCause(context.Background())
	ctx, cancel := context.WithCancelCause(req.Context())
	context.AfterFunc(lost, func() { cancel(context.Cause(lost)) })
	go f.watch(lost, lose, watched{leader: leader, changed: changed}) // ends with lost: below, or when the body is closed
	out := req.Clone(ctx)
	out.URL.Scheme, out.URL.Host = "http", leader
	resp, err := f.transport.RoundTrip(out)
	if err != nil {
		lose(err)
		if !errors.Is(req.Context().Err(), context.Canceled) { // then the leader may be as well as ever
			f.tracker.lost(leader)
		}
		if _, unsent := errors.AsType[*dialError](err); unsent {
			return nil, casare.Errorf(casare.CodeUnavailable, "the leader does not answer: %w", err)
		}
		return nil, casare.Errorf(casare.CodeOutcomeUnknown, "the leader's answer did not come: %w", err)
	}
	body := &forwardedBody{ReadCloser: resp.Body, end: func() { lose(nil) }}
	if resp.StatusCode == http.StatusSwitchingProtocols {
		// From now on the transport ignores the context of an upgraded request, so the loss of the leader closes the connection.
		connection := resp.Body
		context.AfterFunc(lost, func() { _ = connection.Close() })
	}
	resp.Body = body
	return resp, nil
}

type watched struct {
	leader  string
	changed <-chan struct{}
}

// watch loses a request whose robot no longer leads.
func (f *forwarder) watch(ctx context.Context, lose context.CancelCauseFunc, w watched) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-w.changed:
			w.changed = f.tracker.LeaderChanged()
			if now, _ := f.tracker.Leader(); now != w.leader && now != "" {
				lose(errors.New("another robot leads now"))
				return
			}
		}
	}
}

// forwardedBody ends what watches over a request when its answer has been read.
type forwardedBody struct {
	io.ReadCloser
	end func()
}

// Close closes the answer and ends what watched over it.
func (b *forwardedBody) Close() error {
	defer b.end()
	return b.ReadCloser.Close()
}

// Write sends on an upgraded connection (a WebSocket), where the answer's body is the connection itself.
func (b *forwardedBody) Write(p []byte) (int, error) {
	w, ok := b.ReadCloser.(io.Writer)
	if !ok {
		return 0, errors.New("the answer is not an upgraded connection")
	}
	return w.Write(p)
}

// signalChange tells those who wait that Leader or Leading may answer otherwise.
func (t *tracker) signalChange() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.signal(true)
}
