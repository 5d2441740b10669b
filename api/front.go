package api

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"

	"casare"
)

const (
	bodyTimeout = 30 * time.Second // for a body, and longer for one that is announced as big:
	bodyRate    = 64 << 10         // bytes a second
	longestTry  = 5 * time.Second
	firstPause  = 20 * time.Millisecond
	lastPause   = 250 * time.Millisecond
	maxAnswer   = 80 << 20
)

// readBody reads a request's body up to the limit of its class.
func readBody(w http.ResponseWriter, r *http.Request, class bodyClass) ([]byte, error) {
	if r.Body == nil || r.Body == http.NoBody || r.ContentLength == 0 {
		return nil, nil
	}
	limit := class.limit()
	tooLarge := casare.Errorf(casare.CodeTooLarge, "the body is larger than the %d KiB this route takes", limit>>10)
	if r.ContentLength > limit {
		w.Header().Set("Connection", "close") // rather than read it all
		return nil, tooLarge
	}
	// Tests serve without a connection, so a missing deadline is no error; the limit on time is the server's.
	control := http.NewResponseController(w)
	allowed := max(bodyTimeout, time.Duration(r.ContentLength/bodyRate)*time.Second)
	if err := control.SetReadDeadline(time.Now().Add(allowed)); err == nil {
		defer control.SetReadDeadline(time.Time{}) //nolint:errcheck // it worked a moment ago
	}
	var buffer bytes.Buffer
	if r.ContentLength > 0 {
		buffer.Grow(int(r.ContentLength) + bytes.MinRead)
	}
	if _, err := buffer.ReadFrom(http.MaxBytesReader(w, r.Body, limit)); err != nil {
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return nil, tooLarge
		}
		return nil, casare.Errorf(casare.CodeInvalid, "the body broke off: %w", err)
	}
	return buffer.Bytes(), nil
}

// write gets a request that changes something answered by whoever leads, and says which of two things holds if nobody did.
func (a *API) write(w http.ResponseWriter, r *http.Request, rt *route, c *call) {
	ctx, cancel := context.WithTimeout(r.Context(), a.cfg.WriteWait)
	defer cancel()
	first := a.cfg.ForwardTry
	if rt.body == bodyBatch {
		first = longestTry
	}
	answered, proposed := a.repeat(ctx, r, c, first)
	switch {
	case answered != nil:
		answered.send(w)
	case r.Context().Err() != nil: // the client has gone
	case proposed:
		a.refuse(w, r, unknownOutcome(r, rt, c))
	default:
		a.refuse(w, r, casare.Errorf(casare.CodeUnavailable, "no robot leads the mesh; nothing was done, try again"))
	}
}

// unknownOutcome is the answer when a write may or may not have happened. The job's id is known when the command id became it, or
// when it stands in the path.
func unknownOutcome(r *http.Request, rt *route, c *call) error {
	const unknown = "nobody can say yet whether this was done; "
	command, id := c.command, pathID(rt, r.URL.Path)
	c.command = ""
	switch {
	case r.Header.Get(headerKey) != "":
		return casare.Errorf(casare.CodeOutcomeUnknown, unknown+"send it again with the same Idempotency-Key")
	case id != "":
		return casare.Errorf(casare.CodeOutcomeUnknown, unknown+"look at %s before you send it again", id)
	case rt.body == bodyDocument:
		c.command = command
		return casare.Errorf(casare.CodeOutcomeUnknown, unknown+"look for job %s before you send it again", command)
	default:
		return casare.Errorf(casare.CodeOutcomeUnknown, unknown+"look before you send it again")
	}
}

// read gets a request that changes nothing answered: by the leader, or by this robot when the request accepts that or nobody leads.
func (a *API) read(w http.ResponseWriter, r *http.Request, rt *route, c *call) {
	level, err := consistencyOf(r)
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	replica, lost := a.deps.Mesh.Replica(), a.leaderless()
	if replica && (level == stale || rt.place == placeNear) {
		a.answerHere(w, r, c)
		return
	}
	if replica && level == fromLeader && lost > a.cfg.ReadWait {
		a.answerInstead(w, r, c)
		return
	}
	wait, try := a.cfg.ReadWait, a.cfg.ForwardTry
	if !replica || level == linearizable {
		wait *= 5 // there is no second best, and an election takes one or two seconds
	}
	if r.URL.Query().Has("min_index") {
		wait, try = wait+a.cfg.IndexWait, try+a.cfg.IndexWait
	}
	ctx, cancel := context.WithTimeout(r.Context(), wait)
	defer cancel()
	answered, _ := a.repeat(ctx, r, c, try)
	switch {
	case answered != nil:
		answered.send(w)
	case r.Context().Err() != nil:
	case replica && level != linearizable:
		a.answerInstead(w, r, c)
	default:
		a.refuse(w, r, casare.Errorf(casare.CodeUnavailable, "this robot reaches no leader of the mesh; try again"))
	}
}

// answerHere answers from this robot's own copy of the state.
func (a *API) answerHere(w http.ResponseWriter, r *http.Request, c *call) {
	c.stale, c.staleFor = true, a.leaderless()
	a.local(r.Context(), r, c).send(w)
}

// answerInstead is answerHere for a request that wanted the leader's answer. A copy that lags behind does not know the newest
// things, so that it does not know of something is no answer.
func (a *API) answerInstead(w http.ResponseWriter, r *http.Request, c *call) {
	c.stale, c.staleFor = true, a.leaderless()
	answered := a.local(r.Context(), r, c)
	if answered.status == http.StatusNotFound {
		a.refuse(w, r, errNotInCopy())
		return
	}
	answered.send(w)
}

func errNotInCopy() error {
	return casare.Errorf(casare.CodeUnavailable, "no robot leads the mesh, and this robot's copy of the state does not have it; try again")
}

// repeat tries until somebody answers or ctx ends. Proposed says whether one of the tries may have changed something.
func (a *API) repeat(ctx context.Context, r *http.Request, c *call, limit time.Duration) (answered *recorder, proposed bool) {
	pause := firstPause
	for ctx.Err() == nil {
		changed := a.deps.Mesh.LeaderChanged()
		answered, err := a.once(ctx, r, c, limit, changed)
		code := casare.CodeOf(err)
		if err == nil {
			code = casare.Code(answered.header.Get(headerError))
		}
		switch {
		case code == casare.CodeNotLeader || code == casare.CodeUnavailable: // certainly nothing was done
		case err != nil || code == casare.CodeOutcomeUnknown:
			proposed = true
		default:
			return answered, proposed
		}
		if !proposed && a.leaderless() > a.cfg.LeaderWait {
			return nil, false // longer than an election takes: whoever asks should know now
		}
		limit = max(min(2*limit, longestTry), limit)
		select {
		case <-ctx.Done():
		case <-changed:
			pause = firstPause
		case <-time.After(pause + rand.N(pause/2)): //nolint:gosec // spreads robots, guards nothing
			pause = min(2*pause, lastPause)
		}
	}
	return nil, proposed
}

// once answers here if this robot leads, else asks the robot that does.
func (a *API) once(
	ctx context.Context, r *http.Request, c *call, limit time.Duration, changed <-chan struct{},
) (*recorder, error) {
	if a.deps.Mesh.Leading() {
		return a.local(ctx, r, c), nil
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	var watching sync.WaitGroup
	defer watching.Wait()
	defer cancel()
	watching.Go(func() { a.cancelOnNewLeader(ctx, changed, cancel) })
	resp, err := a.deps.Forward.RoundTrip(outgoing(ctx, r, c, a.self()))
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	answered := &recorder{header: resp.Header, status: resp.StatusCode}
	if _, err := answered.body.ReadFrom(io.LimitReader(resp.Body, maxAnswer)); err != nil {
		return nil, err
	}
	return answered, nil
}

// cancelOnNewLeader ends a try that waits for a robot that leads no longer.
func (a *API) cancelOnNewLeader(ctx context.Context, changed <-chan struct{}, cancel context.CancelFunc) {
	asked, term := a.deps.Mesh.Leader()
	for {
		select {
		case <-ctx.Done():
			return
		case <-changed:
			changed = a.deps.Mesh.LeaderChanged()
			if leader, newer := a.deps.Mesh.Leader(); leader != "" && newer > term && leader != asked {
				cancel()
				return
			}
		}
	}
}

// local runs the request through the local layer.
func (a *API) local(ctx context.Context, r *http.Request, c *call) *recorder {
	rec := newRecorder()
	req := r.WithContext(withCall(ctx, c))
	req.Body = http.NoBody
	a.engine.ServeHTTP(rec, req)
	return rec
}

// hopHeaders belong to one connection and are not passed on.
var hopHeaders = []string{
	"Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Te", "Trailer", "Transfer-Encoding", "Upgrade",
	"Expect",
}

// outgoing is the request as another robot gets it: the user's own, with the command id.
func outgoing(ctx context.Context, r *http.Request, c *call, self string) *http.Request {
	req := r.Clone(withCall(ctx, c))
	req.RequestURI, req.Host = "", ""
	req.URL.Scheme, req.URL.Host = "http", "leader"
	for _, name := range hopHeaders {
		req.Header.Del(name)
	}
	req.Header.Set(headerCommand, c.command)
	req.Header.Set(headerVia, self)
	req.Header.Set(headerRequestID, c.requestID)
	req.Body, req.ContentLength = http.NoBody, int64(len(c.body))
	req.TransferEncoding = nil
	req.Close = false // what the client does with its own connection ends none between robots
	if len(c.body) > 0 {
		req.Body = io.NopCloser(bytes.NewReader(c.body))
	}
	return req
}

// recorder keeps an answer until it is known to be one.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func newRecorder() *recorder { return &recorder{header: http.Header{}, status: http.StatusOK} }

// Header implements http.ResponseWriter.
func (r *recorder) Header() http.Header { return r.header }

// WriteHeader implements http.ResponseWriter.
func (r *recorder) WriteHeader(status int) { r.status = status }

// Write implements http.ResponseWriter.
func (r *recorder) Write(b []byte) (int, error) { return r.body.Write(b) }

// send passes the answer on. A failed write means that the client has gone.
func (r *recorder) send(w http.ResponseWriter) {
	for name, values := range r.header {
		if name != headerRequestID && name != "Content-Length" && !strings.EqualFold(name, "Date") {
			w.Header()[name] = values
		}
	}
	for _, name := range hopHeaders {
		w.Header().Del(name)
	}
	w.WriteHeader(r.status)
	_, _ = r.body.WriteTo(w)
}
