package api

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/require"

	"casare"
	"casare/node"
	"casare/workflow"
)

// bare returns an API whose other parts are not there: a test that reaches one fails.
func bare(t *testing.T) *API {
	t.Helper()
	a, err := New(Config{}, Deps{
		State: struct{ State }{}, Feed: struct{ Feed }{}, Proposer: struct{ Proposer }{}, Fleet: struct{ Fleet }{}, Blobs: struct{ Blobs }{},
		Mesh: struct{ Mesh }{}, Tokens: struct{ TokenMinter }{}, Forward: struct{ http.RoundTripper }{},
		Check: func([]byte) []workflow.Problem { return nil },
		Types: node.Default, Vault: struct{ Vault }{},
	})
	require.NoError(t, err)
	return a
}

func TestRoutes_NothingIsOutsideTheTableAndNothingHasNoPolicy(t *testing.T) {
	t.Parallel()
	a := bare(t)
	seen := map[routeKey]bool{}
	for _, r := range a.engine.Routes() {
		key := routeKey{r.Method, r.Path}
		rt := a.routes[key]
		require.NotNil(t, rt, "%s %s is not in the table", r.Method, r.Path)
		require.NotZero(t, rt.policy, "%s %s has no policy", r.Method, r.Path)
		require.NotZero(t, rt.place, "%s %s is answered nowhere", r.Method, r.Path)
		seen[key] = true
	}
	require.Len(t, seen, len(a.routes))
}

func TestRoutes_EachHasOneHandlerAndAnIDOfItsOwn(t *testing.T) {
	t.Parallel()
	ids := map[string]bool{}
	for _, r := range routes() {
		handlers := 0
		for _, set := range []bool{r.huma != nil, r.plain != nil, r.live != nil} {
			if set {
				handlers++
			}
		}
		require.Equal(t, 1, handlers, r.id)
		require.False(t, ids[r.id], "two routes are called %s", r.id)
		ids[r.id] = true
		require.Equal(t, r.method == get || r.asks, r.place != placeWrite, "%s: what changes something goes to the leader", r.id)
		require.Equal(t, r.policy == policyOpen, r.place == placeHere, "%s: only what needs no state needs no key", r.id)
		for _, p := range r.paths {
			for part := range strings.SplitSeq(p, "/") {
				if strings.HasPrefix(part, "{") {
					require.Contains(t, []string{"{id}", "{sub}", "{file}"}, part)
				}
			}
		}
	}
}

func TestRoutes_WhatHasNoPolicyIsRefused(t *testing.T) {
	t.Parallel()
	a := bare(t)
	a.engine.GET("/forgotten", func(g *gin.Context) { g.String(http.StatusOK, "secret") })
	rec := newRecorder()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "/forgotten", http.NoBody)
	require.NoError(t, err)
	a.engine.ServeHTTP(rec, req)
	require.Equal(t, http.StatusForbidden, rec.status)
	require.NotContains(t, rec.body.String(), "secret")
}

func TestOpenAPI_NamesEveryCanonicalPath(t *testing.T) {
	t.Parallel()
	a := bare(t)
	var doc struct {
		OpenAPI string                                `json:"openapi"`
		Paths   map[string]map[string]json.RawMessage `json:"paths"`
	}
	require.NoError(t, json.Unmarshal(a.spec, &doc))
	require.True(t, strings.HasPrefix(doc.OpenAPI, "3.1"))
	for _, r := range routes() {
		if r.plain != nil {
			continue
		}
		op, ok := doc.Paths[r.paths[0]][strings.ToLower(r.method)]
		require.True(t, ok, "%s %s", r.method, r.paths[0])
		require.Equal(t, r.method == post || r.method == put, strings.Contains(string(op), `"requestBody"`), "%s describes its body", r.id)
		for _, alias := range r.paths[1:] {
			require.NotContains(t, doc.Paths[alias], strings.ToLower(r.method), alias)
		}
	}
}

func TestNew_SaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	_, err := New(Config{}, Deps{})
	require.Equal(t, casare.CodeInvalid, casare.CodeOf(err))
	_, err = New(Config{ReadWait: -1}, Deps{})
	require.ErrorContains(t, err, "read_wait")
}

func TestMatch_FindsWhatGinFinds(t *testing.T) {
	t.Parallel()
	a := bare(t)
	for path, id := range map[string]string{
		"/api/v1/jobs/x/logs": "get-job-log", "/ws/jobs/x/": "watch-jobs", "/ws/live-jobs/": "watch-live-jobs", "/": "home",
		"/docs/swagger-ui.css": "docs", "/ws/monitoring/robot-status": "watch-robot-status", "/health/live": "get-health",
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody)
		require.NoError(t, err)
		rt := a.find(req)
		require.NotNil(t, rt, path)
		require.Equal(t, id, rt.id)
	}
	for _, path := range []string{"/api/v1/jobs/", "/nope", "/ws/jobs/"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody)
		require.NoError(t, err)
		require.Nil(t, a.find(req), path)
	}
	require.Equal(t, "x", pathID(&route{paths: []string{"/ws/jobs/{id}", "/ws/jobs/{id}/"}}, "/ws/jobs/x/"))
}
