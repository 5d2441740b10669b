package api

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"casare"
)

// consistency is how fresh a read must be.
type consistency string

const (
	stale        consistency = "stale"        // from this robot's own copy, if it holds one
	fromLeader   consistency = "leader"       // from the robot that leads, as far as it knows; the default
	linearizable consistency = "linearizable" // after the leader has asked a majority whether it still leads
)

func consistencyOf(r *http.Request) (consistency, error) {
	switch level := consistency(r.URL.Query().Get("consistency")); level {
	case "":
		return fromLeader, nil
	case stale, fromLeader, linearizable:
		return level, nil
	default:
		return "", casare.Errorf(casare.CodeInvalid, "consistency %q is none of stale, leader, linearizable", string(level)).
			On("consistency")
	}
}

// prepareRead makes the state here as fresh as the request asks, and says in the header which index the answer is about.
func (a *API) prepareRead(ctx context.Context, w http.ResponseWriter, r *http.Request) error {
	c := callOf(ctx)
	if c.stale {
		w.Header().Set(headerStale, strconv.FormatInt(c.staleFor.Milliseconds(), 10))
	} else if !a.deps.Mesh.Leading() {
		return errNotLeader()
	}
	level, err := consistencyOf(r)
	if err != nil {
		return err
	}
	if level == linearizable {
		if err := a.deps.State.VerifyLeader(ctx); err != nil {
			return err
		}
		if err := a.deps.State.Barrier(ctx); err != nil {
			return err
		}
	}
	if err := a.waitIndex(ctx, r); err != nil {
		return err
	}
	w.Header().Set(headerIndex, strconv.FormatUint(a.deps.State.Index(), 10))
	return nil
}

// waitIndex waits until the state here holds the index that the request wants to see.
func (a *API) waitIndex(ctx context.Context, r *http.Request) error {
	text := r.URL.Query().Get("min_index")
	if text == "" {
		return nil
	}
	index, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return casare.Errorf(casare.CodeInvalid, "min_index %q is not a number", text).On("min_index")
	}
	ctx, cancel := context.WithTimeout(ctx, a.cfg.IndexWait)
	defer cancel()
	if err := a.deps.State.WaitIndex(ctx, index); err != nil {
		return casare.Errorf(casare.CodeTimeout, "the state is at index %d and did not reach %d in %s",
			a.deps.State.Index(), index, a.cfg.IndexWait)
	}
	return nil
}

func errNotLeader() error {
	return casare.Errorf(casare.CodeNotLeader, "this robot does not lead the mesh")
}

// followLeader notes since when nobody leads, until ctx ends.
func (a *API) followLeader(ctx context.Context) {
	for {
		changed := a.deps.Mesh.LeaderChanged()
		if leader, _ := a.deps.Mesh.Leader(); leader != "" {
			a.lost.Store(nil)
		} else if a.lost.Load() == nil {
			now := time.Now() // a span, measured like the timers beside it; no date
			a.lost.Store(&now)
		}
		select {
		case <-ctx.Done():
			return
		case <-changed:
		}
	}
}

// leaderless says for how long this robot has known no leader; 0 while it knows one.
func (a *API) leaderless() time.Duration {
	if since := a.lost.Load(); since != nil {
		return time.Since(*since)
	}
	return 0
}
