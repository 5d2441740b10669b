package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/coder/websocket"
	"github.com/gin-gonic/gin"

	"casare"
)

const (
	pingEvery   = 20 * time.Second
	pingTimeout = 10 * time.Second
)

// errFinal ends a WebSocket in good order: nothing more will come.
var errFinal = errors.New("nothing more will come")

// errMoved ends a stream on a robot that no longer is the one to serve it.
var errMoved = errors.New("another robot leads now")

// stream shows something on a WebSocket until ctx ends, the client has gone, or (errFinal) there is nothing more to show.
type stream func(a *API, ctx context.Context, s *session) error

// session is one client of a stream.
type session struct {
	caller principal
	jobID  string
	since  string // cursor to go on after; moves with every frame sent
	write  func(ctx context.Context, text []byte) error
}

// send encodes a frame and sends it. Cursor is where a client goes on that has seen it.
func (s *session) send(ctx context.Context, cursor string, frame any) error {
	text, err := json.Marshal(frame)
	if err != nil {
		return casare.Errorf(casare.CodeInternal, "encode a frame: %w", err)
	}
	if err := s.write(ctx, text); err != nil {
		return err
	}
	s.since = cursor
	return nil
}

// socket is the client's end: frames go out, pings are answered.
type socket struct {
	conn    *websocket.Conn
	limit   time.Duration // for one frame
	running sync.WaitGroup
}

// accept upgrades a request. The origin was judged like that of any other request: what counts is the key, not a cookie.
func (a *API) accept(w http.ResponseWriter, r *http.Request) (*socket, error) {
	options := &websocket.AcceptOptions{OriginPatterns: a.cfg.CORS, InsecureSkipVerify: slices.Contains(a.cfg.CORS, "*")}
	conn, err := websocket.Accept(w, r, options)
	if err != nil {
		return nil, err // Accept has answered
	}
	return &socket{conn: conn, limit: a.cfg.LiveWrite}, nil
}

// start reads what the client says and keeps the connection alive, until ctx ends; when the client goes, it calls cancel.
func (s *socket) start(ctx context.Context, cancel context.CancelFunc) {
	s.running.Go(func() {
		defer cancel()
		for {
			_, text, err := s.conn.Read(ctx)
			if err != nil {
				return
			}
			if string(text) == "ping" && s.write(ctx, []byte("pong")) != nil {
				return
			}
		}
	})
	s.running.Go(func() {
		ticker := time.NewTicker(pingEvery)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
			ping, done := context.WithTimeout(ctx, pingTimeout)
			err := s.conn.Ping(ping)
			done()
			if err != nil {
				cancel()
				return
			}
		}
	})
}

// write sends one frame. A client that does not take it in time is dropped. The end of ctx, which may be that of one source among
// several, does not interrupt it: a frame half written would be the end of the connection.
func (s *socket) write(ctx context.Context, text []byte) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.limit)
	defer cancel()
	return s.conn.Write(ctx, websocket.MessageText, text)
}

// end closes the connection and says why.
func (s *socket) end(err error) {
	switch {
	case errors.Is(err, errFinal):
		_ = s.conn.Close(websocket.StatusNormalClosure, "") // a client that has gone needs no goodbye
	case errors.Is(err, errMoved):
		_ = s.conn.Close(websocket.StatusServiceRestart, errMoved.Error())
	default:
		_ = s.conn.CloseNow()
	}
	s.running.Wait()
}

// track ties a WebSocket to the API's life: Stop ends it and waits for finished. It says whether the API still runs.
func (a *API) track(cancel context.CancelFunc) (finished func(), ok bool) {
	done := make(chan struct{})
	ok = a.group.Go(func(ctx context.Context) {
		select {
		case <-ctx.Done():
			cancel()
			<-done
		case <-done:
		}
	})
	return func() { close(done) }, ok
}

// liveHandler serves a stream to another robot, which pumps it to its client. The door has checked credential and leadership.
func (a *API) liveHandler(show stream) gin.HandlerFunc {
	return func(g *gin.Context) {
		c := callOf(g.Request.Context())
		id := g.Param("id")
		if id != "" {
			if _, err := a.job(g.Request.Context(), id); err != nil {
				a.stop(g, err)
				return
			}
		}
		ctx, cancel := context.WithCancel(g.Request.Context())
		defer cancel()
		finished, ok := a.track(cancel)
		defer finished()
		if !ok {
			a.stop(g, errStopping())
			return
		}
		s, err := a.accept(g.Writer, g.Request)
		if err != nil {
			return
		}
		s.start(ctx, cancel)
		err = a.showLocal(ctx, show, &session{
			caller: c.caller, jobID: id, since: g.Query("since"), write: s.write,
		}, c.stale)
		cancel() // end() waits for the readers
		s.end(err)
	}
}

func errStopping() error {
	return casare.Errorf(casare.CodeUnavailable, "this robot is stopping; try another one")
}

// showLocal runs a stream on this robot while it leads; with stale, while nobody does.
func (a *API) showLocal(ctx context.Context, show stream, s *session, stale bool) error {
	ctx, cancel := context.WithCancelCause(ctx)
	var watching sync.WaitGroup
	watching.Go(func() {
		for {
			changed := a.deps.Mesh.LeaderChanged()
			leader, _ := a.deps.Mesh.Leader()
			if stale && leader != "" || !stale && !a.deps.Mesh.Leading() {
				cancel(errMoved)
				return
			}
			select {
			case <-ctx.Done():
				return
			case <-changed:
			}
		}
	})
	err := show(a, ctx, s)
	moved := errors.Is(context.Cause(ctx), errMoved)
	cancel(nil)
	watching.Wait()
	if moved && !errors.Is(err, errFinal) {
		return errMoved
	}
	return err
}
