package api

import (
	"context"
	"crypto/sha256"
	"net/http"
	"strings"
	"sync"
	"time"

	"casare"
)

const (
	roleAdmin   = "admin"
	maxKeys     = 1024 // entries of the cache
	feedRetry   = 500 * time.Millisecond
	feedBuffer  = 64 // batches of events that wait for a subscriber
	bearer      = "bearer "
	statusAdmin = "this needs a key with the role admin"
)

// credential returns the key text of a request, "" if there is none. A bearer token counts alone: when it is wrong, no other is
// tried. WebSocket clients that cannot send headers put it in the query.
func credential(r *http.Request, live bool) string {
	if h := r.Header.Get("Authorization"); h != "" {
		if len(h) > len(bearer) && strings.EqualFold(h[:len(bearer)], bearer) {
			return strings.TrimSpace(h[len(bearer):])
		}
		return h
	}
	for _, name := range []string{"X-Api-Key", "X-Api-Token"} {
		if key := r.Header.Get(name); key != "" {
			return key
		}
	}
	if live {
		q := r.URL.Query()
		for _, name := range []string{"token", "api_key", "api_secret"} {
			if key := q.Get(name); key != "" {
				return key
			}
		}
	}
	return ""
}

// authenticate finds whose credential came with a request and whether the policy lets it through.
func (a *API) authenticate(r *http.Request, p policy) (principal, error) {
	text := credential(r, p == policyKey && websocketPath(r.URL.Path))
	if text == "" {
		return principal{}, casare.Errorf(casare.CodeUnauthenticated,
			"an API key is needed: send it as Authorization: Bearer, X-Api-Key or X-Api-Token")
	}
	hash := sha256.Sum256([]byte(text))
	key, err := a.keys.find(hash, a.deps.State.KeyByHash)
	if casare.CodeOf(err) == casare.CodeNotFound {
		return principal{}, casare.Errorf(casare.CodeUnauthenticated, "the API key is not known")
	}
	if err != nil {
		return principal{}, err
	}
	switch now := casare.TimeOf(a.deps.Now()); {
	case key.RevokedAt != 0:
		return principal{}, casare.Errorf(casare.CodeUnauthenticated, "the API key %s was revoked", key.ID)
	case key.ExpiresAt != 0 && now >= key.ExpiresAt:
		return principal{}, casare.Errorf(casare.CodeUnauthenticated, "the API key %s expired on %s", key.ID, key.ExpiresAt)
	case p == policyAdmin && key.Role != roleAdmin:
		return principal{}, casare.Errorf(casare.CodeForbidden, statusAdmin)
	}
	return principal{tenant: key.Tenant, id: key.ID, role: key.Role}, nil
}

func websocketPath(path string) bool {
	return strings.HasPrefix(path, "/ws/") || strings.HasPrefix(path, "/api/v1/ws/")
}

// keyCache keeps what the state said of keys, also that one is unknown, until a key changes. While nobody tells it of changes
// it keeps nothing.
type keyCache struct {
	mu      sync.Mutex
	told    bool   // the change feed is being followed
	changes uint64 // so that an answer read before a change is not kept after it
	keys    map[[32]byte]*casare.APIKey
}

func (k *keyCache) find(hash [32]byte, read func([]byte) (*casare.APIKey, error)) (*casare.APIKey, error) {
	k.mu.Lock()
	key, ok := k.keys[hash]
	changes := k.changes
	k.mu.Unlock()
	if ok && key == nil {
		return nil, casare.Errorf(casare.CodeNotFound, "no such key")
	}
	if ok {
		return key, nil
	}
	key, err := read(hash[:])
	if err != nil && casare.CodeOf(err) != casare.CodeNotFound {
		return nil, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.told && k.changes == changes {
		if len(k.keys) >= maxKeys {
			clear(k.keys)
		}
		k.keys[hash] = key
	}
	return key, err
}

// forget drops everything, and says whether changes will be told from now on.
func (k *keyCache) forget(told bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.told = told
	k.changes++
	k.keys = map[[32]byte]*casare.APIKey{}
}

// followKeys drops the cache whenever a key changes, until ctx ends.
func (a *API) followKeys(ctx context.Context) {
	for ctx.Err() == nil {
		if sub, err := a.deps.Feed.Subscribe(a.deps.Feed.Cursor(), feedBuffer); err == nil {
			a.keys.forget(true)
			a.forgetOnChange(ctx, sub)
			sub.Close()
			a.keys.forget(false)
		}
		select {
		case <-ctx.Done():
		case <-time.After(feedRetry):
		}
	}
}

func (a *API) forgetOnChange(ctx context.Context, sub Subscription) {
	for {
		select {
		case <-ctx.Done():
			return
		case events, ok := <-sub.C():
			if !ok {
				return
			}
			for _, e := range events {
				if e.Type == casare.EventKeyChanged {
					a.keys.forget(true)
					break
				}
			}
		}
	}
}
