package api

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gin-gonic/gin"

	"casare"
	"casare/internal/service"
)

// API serves HTTP and WebSockets. Make it with New, Start it before it serves, Stop it after the servers have been shut down.
type API struct {
	cfg    Config
	deps   Deps
	engine *gin.Engine // the local layer
	match  *http.ServeMux
	routes map[routeKey]*route
	spec   []byte // the OpenAPI document
	keys   keyCache
	docs   documents
	stats  statistics
	lost   atomic.Pointer[time.Time] // since when nobody leads; nil while somebody does
	id     atomic.Pointer[string]
	group  service.Group
}

// New validates cfg and deps and returns an API that is ready to Start. The error is CodeInvalid.
func New(cfg Config, deps Deps) (*API, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if err := deps.validate(); err != nil {
		return nil, err
	}
	engine, err := newEngine()
	if err != nil {
		return nil, err
	}
	a := &API{cfg: cfg.withDefaults(), deps: deps.withDefaults(), engine: engine, match: http.NewServeMux()}
	a.keys.forget(false)
	engine.Use(a.guard)
	engine.NoRoute(a.notFound)
	engine.NoMethod(a.wrongMethod)
	h := newHuma(engine, a.cfg.Version)
	a.routes = a.register(engine, h)
	if a.spec, err = json.Marshal(h.OpenAPI()); err != nil {
		return nil, casare.Errorf(casare.CodeInternal, "write the OpenAPI document: %w", err)
	}
	for key, rt := range a.routes {
		pattern := muxPath(key.path)
		a.match.Handle(key.method+" "+pattern, matched{rt})
	}
	return a, nil
}

func (d Deps) validate() error {
	for name, missing := range map[string]bool{
		"State": d.State == nil, "Feed": d.Feed == nil, "Proposer": d.Proposer == nil, "Fleet": d.Fleet == nil, "Mesh": d.Mesh == nil,
		"Forward": d.Forward == nil, "Blobs": d.Blobs == nil, "Check": d.Check == nil, "Types": d.Types == nil, "Vault": d.Vault == nil, "Tokens": d.Tokens == nil,
	} {
		if missing {
			return casare.Errorf(casare.CodeInvalid, "the API needs %s", name).On(strings.ToLower(name))
		}
	}
	return nil
}

func (d Deps) withDefaults() Deps {
	d.Logger = cmp.Or(d.Logger, slog.New(slog.DiscardHandler))
	if d.Now == nil {
		d.Now = time.Now
	}
	if d.Random == nil {
		d.Random = rand.Reader
	}
	if d.NewID == nil {
		random := d.Random
		d.NewID = func() string {
			var b [16]byte
			if _, err := io.ReadFull(random, b[:]); err != nil {
				panic(fmt.Errorf("read random bytes: %w", err)) // the operating system has none: nothing can go on
			}
			// The clock first, so that jobs lie in the state in the order they came in: neighbours are written together.
			now := uint64(max(d.Now().UnixMilli(), 0))
			binary.BigEndian.PutUint64(b[:8], now<<16|uint64(b[6])<<8|uint64(b[7]))
			return uuidOf(b, 7)
		}
	}
	return d
}

// Start begins to watch the leader and the keys. It does not block.
func (a *API) Start(ctx context.Context) {
	a.group.Start(ctx)
	a.group.Go(a.followLeader) //nolint:contextcheck // the group gives its goroutines their context
	a.group.Go(a.followKeys)   //nolint:contextcheck // the same
}

// Stop closes every WebSocket, which http.Server.Shutdown does not, and waits for them. Twice is fine.
func (a *API) Stop() { a.group.Stop() }

// self is this robot's id. It never changes, and Info tells much more than that, so it is asked for once.
func (a *API) self() string {
	if id := a.id.Load(); id != nil {
		return *id
	}
	id := a.deps.Mesh.Info().RobotID
	if id != "" {
		a.id.Store(&id)
	}
	return id
}

// matched carries a route through http.ServeMux, which is used only to find it.
type matched struct{ route *route }

// ServeHTTP implements http.Handler; it is never called.
func (matched) ServeHTTP(http.ResponseWriter, *http.Request) {}

// muxPath is a path of gin in the notation of http.ServeMux.
func muxPath(path string) string {
	parts := strings.Split(path, "/")
	for i, p := range parts {
		if name, ok := strings.CutPrefix(p, ":"); ok {
			parts[i] = "{" + name + "}"
		}
	}
	path = strings.Join(parts, "/")
	if strings.HasSuffix(path, "/") {
		path += "{$}"
	}
	return path
}

// find returns the route a request asks for, nil for none.
func (a *API) find(r *http.Request) *route {
	handler, _ := a.match.Handler(r)
	if m, ok := handler.(matched); ok && m.route.method == r.Method {
		return m.route
	}
	return nil
}

// Handler is for the listener that users reach.
func (a *API) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Who sends these is a robot or pretends to be one; here it can only be the latter.
		r.Header.Del(headerCommand)
		r.Header.Del(headerVia)
		c := &call{requestID: requestID(r, a.deps.Random)}
		if a.cors(w, r) {
			return
		}
		a.serve(w, r, c, a.public)
	})
}

// PeerHandler is for requests that other robots forward over the RPC plane; only there are internal headers trusted. PeerID
// returns the verified id of the robot that sent a request, "" for none, which is refused.
func (a *API) PeerHandler(peerID func(*http.Request) string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := &call{requestID: requestID(r, a.deps.Random), command: r.Header.Get(headerCommand), via: peerID(r)}
		a.serve(w, r, c, a.peer)
	})
}

// serve does what holds for every request: its id, its log line, its panic.
func (a *API) serve(w http.ResponseWriter, r *http.Request, c *call, next func(http.ResponseWriter, *http.Request, *call)) {
	w.Header().Set(headerRequestID, c.requestID)
	w.Header().Set("X-Correlation-Id", cmp.Or(r.Header.Get("X-Correlation-Id"), c.requestID))
	r = r.WithContext(withCall(r.Context(), c))
	started := a.deps.Now()
	defer func() { //nolint:contextcheck // it uses the request's, which r carries
		if p := recover(); p != nil {
			if p == http.ErrAbortHandler { //nolint:errorlint // compared as net/http does
				panic(p)
			}
			a.refuse(w, r, fmt.Errorf("panic: %v", p))
		}
		if a.deps.Logger.Enabled(r.Context(), slog.LevelDebug) {
			a.deps.Logger.LogAttrs(r.Context(), slog.LevelDebug, "request",
				slog.String("method", r.Method), slog.String("path", r.URL.Path), slog.String("request_id", c.requestID),
				slog.String("via", c.via), slog.Duration("took", a.deps.Now().Sub(started)))
		}
	}()
	next(w, r, c)
}

// public is the front: it finds out who answers.
func (a *API) public(w http.ResponseWriter, r *http.Request, c *call) {
	rt := a.find(r)
	if rt == nil || rt.place == placeHere {
		r.Body = http.NoBody
		a.engine.ServeHTTP(w, r)
		return
	}
	switch rt.place { //nolint:exhaustive // every other place is for answers that fit in memory
	case placeLive:
		a.pump(w, r, c, rt)
		return
	case placeFile:
		a.file(w, r, rt, c)
		return
	}
	// A big body is read for those who may send it; who that is, the leader knows, and that nobody may without a key, everybody.
	var err error
	if a.deps.Mesh.Leading() && rt.body == bodyBatch || credential(r, false) == "" {
		_, err = a.authenticate(r, rt.policy)
	}
	if err == nil {
		c.body, err = readBody(w, r, rt.body)
	}
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	if rt.place == placeWrite {
		c.command = a.deps.NewID()
		a.write(w, r, rt, c)
		return
	}
	a.read(w, r, rt, c)
}

// peer answers what another robot forwards, or refuses: it never forwards again.
func (a *API) peer(w http.ResponseWriter, r *http.Request, c *call) {
	if c.via == "" || len(c.command) > maxCommandID {
		a.refuse(w, r, casare.Errorf(casare.CodeForbidden, "only robots of the mesh may ask here"))
		return
	}
	rt := a.find(r)
	if rt == nil || rt.place == placeHere || rt.place == placeLive || rt.place == placeFile {
		a.engine.ServeHTTP(w, r)
		return
	}
	var err error
	if c.body, err = readBody(w, r, rt.body); err != nil {
		a.refuse(w, r, err)
		return
	}
	if rt.place == placeWrite && c.command == "" {
		a.refuse(w, r, casare.Errorf(casare.CodeInvalid, "a forwarded write needs a command id"))
		return
	}
	r.Body = http.NoBody
	a.engine.ServeHTTP(w, r)
}

// maxCommandID is what the replicated state takes as the id of a command.
const maxCommandID = 64

// guard is the local layer's door: credential, depth of the body, freshness of the state.
func (a *API) guard(g *gin.Context) {
	if g.FullPath() == "" {
		return // no route: the answer is 404 or 405
	}
	rt := a.routes[routeKey{g.Request.Method, g.FullPath()}]
	if rt == nil || rt.policy == 0 {
		a.stop(g, casare.Errorf(casare.CodeForbidden, "this route has no policy"))
		return
	}
	ctx := g.Request.Context()
	c := callOf(ctx)
	if rt.policy != policyOpen {
		var err error
		if c.caller, err = a.authenticate(g.Request, rt.policy); err != nil {
			a.stop(g, err)
			return
		}
	}
	if err := checkDepth(c.body); err != nil {
		a.stop(g, err)
		return
	}
	switch rt.place {
	case placeRead, placeNear:
		c.stale = c.stale || rt.place == placeNear && !a.deps.Mesh.Leading()
		if err := a.prepareRead(ctx, g.Writer, g.Request); err != nil {
			a.stop(g, err)
		}
	case placeWrite, placeLive:
		if !a.deps.Mesh.Leading() && !c.stale {
			a.stop(g, errNotLeader())
		}
	case placeHere, placeFile:
	}
}

func (a *API) stop(g *gin.Context, err error) {
	g.Abort()
	a.refuse(g.Writer, g.Request, err)
}

func (a *API) notFound(g *gin.Context) {
	a.stop(g, casare.Errorf(casare.CodeNotFound, "there is no %s here; see /docs", g.Request.URL.Path))
}

func (a *API) wrongMethod(g *gin.Context) {
	f := a.fail(g.Request.Context(), casare.Errorf(casare.CodeInvalid, "%s cannot be asked with %s", g.Request.URL.Path, g.Request.Method))
	f.status = http.StatusMethodNotAllowed
	a.stop(g, f)
}

// cors answers preflights, which it says with true, and lets the allowed origins read every other answer.
func (a *API) cors(w http.ResponseWriter, r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return false
	}
	allowed := ""
	for _, o := range a.cfg.CORS {
		if o == "*" || o == origin {
			allowed = o
			break
		}
	}
	if allowed == "" {
		return false
	}
	h := w.Header()
	h.Set("Access-Control-Allow-Origin", allowed)
	h.Set("Access-Control-Expose-Headers", "X-Request-ID, X-RateLimit-Limit, X-RateLimit-Remaining, X-Casare-Index, X-Casare-Stale")
	if allowed != "*" {
		h.Add("Vary", "Origin")
		h.Set("Access-Control-Allow-Credentials", "true")
	}
	if r.Method != http.MethodOptions || r.Header.Get("Access-Control-Request-Method") == "" {
		return false
	}
	h.Set("Access-Control-Allow-Methods", "GET, POST, PUT, PATCH, DELETE, OPTIONS")
	h.Set("Access-Control-Allow-Headers", cmp.Or(r.Header.Get("Access-Control-Request-Headers"), "*"))
	h.Set("Access-Control-Max-Age", "600")
	w.WriteHeader(http.StatusNoContent)
	return true
}

// requestID takes the client's id of the request if it is a decent one, else makes one.
func requestID(r *http.Request, random io.Reader) string {
	id := r.Header.Get(headerRequestID)
	decent := id != "" && len(id) <= 128 && !bytes.ContainsFunc([]byte(id), func(c rune) bool { return c <= ' ' || c > '~' })
	if decent {
		return id
	}
	var b [8]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return "req_0000000000000000"
	}
	return "req_" + hex.EncodeToString(b[:])
}

// NewServer returns a server for handler with the time-outs and header limit that the public listener needs. Its BaseContext,
// TLS and listener are the caller's. There is no limit on a whole request: WebSockets stay, and the API limits bodies itself.
func NewServer(handler http.Handler) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
	}
}
