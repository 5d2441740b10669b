package daemon

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"

	"github.com/fxamacker/cbor/v2"

	"casare"
	"casare/mesh"
)

type peerKey struct{}

// peerOf returns the id of the robot that sent a request over the mesh, "" for none.
func peerOf(req *http.Request) string {
	peer, _ := req.Context().Value(peerKey{}).(mesh.Peer)
	return peer.ID
}

// peerServer answers what other robots ask: who leads, a join to be judged by the leader, and users' requests on their way to it.
func (d *Daemon) peerServer() *http.Server {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+leaderPath, d.answerLeader)
	mux.HandleFunc("POST "+admitPath, d.answerAdmit)
	mux.Handle("/", d.api.PeerHandler(peerOf))
	return &http.Server{
		Handler:           mux,
		ReadHeaderTimeout: askTimeout * 10,
		IdleTimeout:       2 * idleForward,
		ErrorLog:          slog.NewLogLogger(d.log.Handler(), slog.LevelDebug),
		ConnContext: func(ctx context.Context, conn net.Conn) context.Context {
			peer, ok := mesh.PeerOf(conn)
			if !ok {
				return ctx
			}
			return context.WithValue(ctx, peerKey{}, peer)
		},
	}
}

func (d *Daemon) answerLeader(w http.ResponseWriter, req *http.Request) {
	leader, term := d.tracker.Leader()
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(leaderAnswer{Leader: leader, Term: term}); err != nil {
		d.log.DebugContext(req.Context(), "answer who leads", slog.Any("error", err)) // the other side will ask again
	}
}

// admitReply carries a join's answer or refusal between two robots.
type admitReply struct {
	Answer  mesh.JoinAnswer `cbor:"1,keyasint"`
	Code    casare.Code     `cbor:"2,keyasint,omitempty"`
	Message string          `cbor:"3,keyasint,omitempty"`
	Field   string          `cbor:"4,keyasint,omitempty"`
}

func (d *Daemon) answerAdmit(w http.ResponseWriter, req *http.Request) {
	var reply admitReply
	var join mesh.JoinRequest
	body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, maxPeerReply))
	if err == nil {
		err = cbor.Unmarshal(body, &join)
	}
	if err != nil {
		err = casare.Errorf(casare.CodeInvalid, "join request: %w", err)
	} else {
		reply.Answer, err = d.admitHere(req.Context(), join)
	}
	if err != nil {
		reply.Code, reply.Message = casare.CodeOf(err), err.Error()
		if e, ok := errors.AsType[*casare.Error](err); ok {
			reply.Field = e.Field
		}
	}
	out, err := cbor.Marshal(reply)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/cbor")
	if _, err := w.Write(out); err != nil {
		d.log.DebugContext(req.Context(), "answer a join", slog.Any("error", err)) // the joiner will repeat it
	}
}
