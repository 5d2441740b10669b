package api

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"

	"casare"
)

// maxFrame bounds a frame of another robot: a job with its variables, or a line of its log.
const maxFrame = 8 << 20

// errLost ends a stream whose robot was lost: it goes on at the next leader.
var errLost = errors.New("the robot that served the stream was lost")

// source is where the frames of one WebSocket come from at the moment: this robot, or the one that leads.
type source struct {
	remote *websocket.Conn // nil: this robot
	stale  bool
}

// pump serves a WebSocket on any robot: from this robot if it leads, else from the robot that does. The client stays connected
// when the leader changes; the stream goes on after the last frame it was sent.
func (a *API) pump(w http.ResponseWriter, r *http.Request, c *call, rt *route) {
	ctx, cancel := context.WithCancel(withCall(r.Context(), c))
	defer cancel()
	finished, ok := a.track(cancel) //nolint:contextcheck // the group gives its goroutines their context
	defer finished()
	if !ok {
		a.refuse(w, r, errStopping())
		return
	}
	s := &session{jobID: pathID(rt, r.URL.Path), since: r.URL.Query().Get("since")}
	// The first source is found before the upgrade, so that a wrong key is an HTTP status and not a connection that closes.
	from, err := a.firstSource(ctx, r, c, rt, s)
	if err != nil {
		if r.Context().Err() == nil {
			a.refuse(w, r, err)
		}
		return
	}
	client, err := a.accept(w, r)
	if err != nil {
		from.drop()
		return
	}
	client.start(ctx, cancel)
	s.write = client.write
	err = a.pumpFrom(ctx, r, c, rt, s, from)
	cancel()
	client.end(err)
}

// pathID is the {id} in the path of a request to a route.
func pathID(rt *route, path string) string {
	for _, p := range rt.paths {
		if before, after, ok := strings.Cut(p, "{id}"); ok {
			rest, found := strings.CutPrefix(path, before)
			id, ended := strings.CutSuffix(rest, after)
			if found && ended && !strings.Contains(id, "/") {
				return id
			}
		}
	}
	return ""
}

// pumpFrom goes from source to source until the client has gone or nothing more will come.
func (a *API) pumpFrom(ctx context.Context, r *http.Request, c *call, rt *route, s *session, from source) error {
	for {
		err := a.show(ctx, rt, s, from)
		if ctx.Err() != nil || !errors.Is(err, errMoved) && !errors.Is(err, errLost) {
			return err
		}
		if from, err = a.nextSource(ctx, r, c, rt, s, 0); err != nil {
			return err // the key was revoked, the job has gone, or the client has
		}
	}
}

func (a *API) show(ctx context.Context, rt *route, s *session, from source) error {
	if from.remote == nil {
		return a.showLocal(ctx, rt.live, s, from.stale)
	}
	defer from.drop()
	for {
		_, text, err := from.remote.Read(ctx)
		if websocket.CloseStatus(err) == websocket.StatusNormalClosure {
			return errFinal
		}
		if err != nil {
			return errLost
		}
		var f struct {
			Cursor string `json:"cursor"`
			Final  bool   `json:"final"`
		}
		if err := json.Unmarshal(text, &f); err != nil {
			return errLost
		}
		if err := s.write(ctx, text); err != nil {
			return err
		}
		if f.Final { // though the leader be lost before it says good bye
			return errFinal
		}
		if f.Cursor != "" {
			s.since = f.Cursor
		}
	}
}

func (f source) drop() {
	if f.remote != nil {
		_ = f.remote.CloseNow() // what was not read is asked for again
	}
}

// firstSource finds who serves the stream within the time a read would have.
func (a *API) firstSource(ctx context.Context, r *http.Request, c *call, rt *route, s *session) (source, error) {
	return a.nextSource(ctx, r, c, rt, s, 5*a.cfg.ReadWait)
}

// nextSource tries until somebody serves the stream, for as long as wait, or with 0 until ctx ends. What is not a lack of a leader
// is an error at once.
func (a *API) nextSource(
	ctx context.Context, r *http.Request, c *call, rt *route, s *session, wait time.Duration,
) (source, error) {
	if wait > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, wait)
		defer cancel()
	}
	pause, started := firstPause, time.Now()
	for {
		changed := a.deps.Mesh.LeaderChanged()
		from, err := a.trySource(ctx, r, c, rt, s)
		if err == nil || !errors.Is(err, errLost) {
			return from, err
		}
		if leader, _ := a.deps.Mesh.Leader(); leader == "" && a.deps.Mesh.Replica() &&
			max(a.leaderless(), time.Since(started)) > a.cfg.ReadWait {
			err := a.admit(r, c, rt, s)
			if casare.CodeOf(err) == casare.CodeNotFound {
				err = errNotInCopy()
			}
			return source{stale: true}, err
		}
		select {
		case <-ctx.Done():
			return source{}, casare.Errorf(casare.CodeUnavailable, "this robot reaches no leader of the mesh; try again")
		case <-changed:
			pause = firstPause
		case <-time.After(pause):
			pause = min(2*pause, lastPause)
		}
	}
}

// admit checks the credential here, and that what is to be shown exists.
func (a *API) admit(r *http.Request, c *call, rt *route, s *session) error {
	caller, err := a.authenticate(r, rt.policy)
	if err != nil {
		return err
	}
	c.caller, s.caller = caller, caller
	if s.jobID != "" {
		_, err = a.job(withCall(r.Context(), c), s.jobID)
	}
	return err
}

// trySource asks this robot if it leads, else the robot that does, once. The error is errLost when that may be different later.
func (a *API) trySource(ctx context.Context, r *http.Request, c *call, rt *route, s *session) (source, error) {
	if a.deps.Mesh.Leading() {
		return source{}, a.admit(r, c, rt, s)
	}
	ctx, cancel := context.WithTimeout(ctx, longestTry)
	defer cancel()
	out := outgoing(ctx, r, c, a.self())
	for _, name := range []string{"Sec-Websocket-Key", "Sec-Websocket-Version", "Sec-Websocket-Extensions", "Sec-Websocket-Protocol", "Origin"} {
		out.Header.Del(name)
	}
	q := out.URL.Query()
	q.Set("since", s.since)
	out.URL.RawQuery = q.Encode()
	recorded := &refusal{next: a.deps.Forward}
	conn, resp, err := websocket.Dial(ctx, out.URL.String(), &websocket.DialOptions{
		HTTPClient: &http.Client{Transport: recorded}, HTTPHeader: out.Header,
	})
	if resp != nil && resp.Body != nil && err != nil {
		defer resp.Body.Close()
	}
	if err == nil {
		conn.SetReadLimit(maxFrame)
		return source{remote: conn}, nil
	}
	switch answered := recorded.answer(); {
	case answered == nil:
		return source{}, errLost
	case answered.Problem.Code == casare.CodeNotLeader || answered.Problem.Code == casare.CodeUnavailable:
		return source{}, errLost
	default:
		return source{}, answered
	}
}

// refusal passes a handshake on and keeps the error body of an answer that is not an upgrade.
type refusal struct {
	next http.RoundTripper
	mu   sync.Mutex
	kept *failure
}

// RoundTrip implements http.RoundTripper.
func (r *refusal) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := r.next.RoundTrip(req)
	if err != nil || resp.StatusCode == http.StatusSwitchingProtocols {
		return resp, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return nil, err
	}
	f := &failure{}
	if err := json.Unmarshal(body, f); err != nil || f.Problem.Code == "" {
		return nil, casare.Errorf(casare.CodeInternal, "the leader answered a WebSocket with status %d", resp.StatusCode)
	}
	f.status, f.header = resp.StatusCode, http.Header{headerError: {string(f.Problem.Code)}}
	for _, name := range []string{"Www-Authenticate", "Retry-After"} {
		if v := resp.Header.Values(name); len(v) > 0 {
			f.header[name] = v
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.kept = f
	resp.Body = http.NoBody
	return resp, nil
}

func (r *refusal) answer() *failure {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.kept
}
