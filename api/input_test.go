package api_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"casare"
)

// Each has the right status and code, names the field, and leaves nothing behind.
func TestBadInput(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat("[", 70) + strings.Repeat("]", 70)
	dangling := strings.Replace(hello, `"target_node":"n2"`, `"target_node":"gone"`, 1)
	unknown := strings.Replace(hello, "LogNode", "NoSuchNode", 1)
	big := `{"metadata":{"name":"` + strings.Repeat("x", 400<<10) + `"},"nodes":{}}`
	for name, c := range map[string]struct {
		path, body string
		status     int
		code       casare.Code
		field      string
	}{
		"no body":            {"jobs/submit", ``, 400, casare.CodeInvalid, ""},
		"no JSON":            {"jobs/submit", `{"workflow_id":`, 400, casare.CodeInvalid, ""},
		"a list":             {"jobs/submit", `[]`, 400, casare.CodeInvalid, ""},
		"too deep":           {"jobs/submit", `{"variables":` + deep + `}`, 400, casare.CodeInvalid, ""},
		"too deep in text":   {"jobs/submit", `{"workflow_json":"{\"a\":` + deep + `}"}`, 400, casare.CodeInvalid, ""},
		"nothing to run":     {"jobs/submit", `{}`, 422, casare.CodeValidation, "workflow_json"},
		"wrong kind":         {"jobs/submit", `{"workflow_id":5}`, 422, casare.CodeValidation, "workflow_id"},
		"document a number":  {"jobs/submit", `{"workflow_json":5}`, 422, casare.CodeValidation, "workflow_json"},
		"document bad text":  {"jobs/submit", `{"workflow_json":"{nodes"}`, 400, casare.CodeInvalid, "workflow_json"},
		"unknown workflow":   {"jobs/submit", `{"workflow_id":"nope"}`, 404, casare.CodeNotFound, "workflow_id"},
		"unknown robot":      {"jobs/submit", `{"robot_id":"nope","workflow_json":` + hello + `}`, 404, casare.CodeNotFound, "robot_id"},
		"priority":           {"jobs/submit", `{"priority":21,"workflow_json":` + hello + `}`, 422, casare.CodeValidation, "priority"},
		"priority name":      {"jobs/submit", `{"priority":"SOON","workflow_json":` + hello + `}`, 422, casare.CodeValidation, "priority"},
		"timeout":            {"jobs/submit", `{"timeout":-1,"workflow_json":` + hello + `}`, 422, casare.CodeValidation, "timeout_seconds"},
		"variables":          {"jobs/submit", `{"variables":[1],"workflow_json":` + hello + `}`, 422, casare.CodeValidation, "variables"},
		"unknown node type":  {"jobs/submit", `{"workflow_json":` + unknown + `}`, 422, casare.CodeValidation, "workflow_json.nodes.n2"},
		"dangling":           {"jobs/submit", `{"workflow_json":` + dangling + `}`, 422, casare.CodeValidation, "workflow_json"},
		"document too big":   {"jobs/submit", `{"workflow_json":` + big + `}`, 413, casare.CodeTooLarge, "workflow_json"},
		"body too big":       {"jobs/submit", `{"x":"` + strings.Repeat("x", 600<<10) + `"}`, 413, casare.CodeTooLarge, ""},
		"empty batch":        {"jobs/batch", `{"jobs":[]}`, 422, casare.CodeValidation, "jobs"},
		"batch too long":     {"jobs/batch", `{"jobs":[` + strings.Repeat(`{},`, 1000) + `{}]}`, 422, casare.CodeValidation, "jobs"},
		"atomic batch":       {"jobs/batch", `{"atomic":true,"jobs":[{}]}`, 501, casare.CodeUnsupported, "atomic"},
		"workflow no name":   {"workflows", `{"workflow_json":` + hello + `}`, 422, casare.CodeValidation, "workflow_name"},
		"workflow unknown":   {"workflows", `{"workflow_name":"x","workflow_json":` + unknown + `}`, 422, casare.CodeValidation, "workflow_json.nodes.n2"},
		"scheduled":          {"workflows", `{"trigger_type":"scheduled","schedule_cron":"* * * * *"}`, 501, casare.CodeUnsupported, "trigger_type"},
		"webhook":            {"workflows", `{"trigger_type":"webhook"}`, 501, casare.CodeUnsupported, "trigger_type"},
		"trigger":            {"workflows", `{"trigger_type":"magic"}`, 422, casare.CodeValidation, "trigger_type"},
		"cancel nothing":     {"jobs/nope/cancel", ``, 404, casare.CodeNotFound, "id"},
		"edge token":         {"tokens", `{"role":"edge"}`, 501, casare.CodeUnsupported, "role"},
		"token role":         {"tokens", `{"role":"boss"}`, 422, casare.CodeValidation, "role"},
		"token ttl":          {"tokens", `{"ttl":"soon"}`, 422, casare.CodeValidation, "ttl"},
		"token uses":         {"tokens", `{"uses":0}`, 422, casare.CodeValidation, "uses"},
		"key without a name": {"keys", `{}`, 422, casare.CodeValidation, "name"},
		"key role":           {"keys", `{"name":"x","role":"viewer"}`, 501, casare.CodeUnsupported, "role"},
		"long key":           {"jobs/submit", `{"key":"` + strings.Repeat("k", 256) + `","workflow_json":` + hello + `}`, 400, casare.CodeInvalid, "key"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t, 2)
			for _, r := range w.robots {
				_, field := r.post("/api/v1/"+c.path, c.body).fails(c.status, c.code)
				require.True(t, strings.HasPrefix(field, c.field), "field %q", field)
				require.Equal(t, c.field == "", field == "")
			}
			require.Zero(t, w.store.writes())
		})
	}
}

func TestBadInput_Reads(t *testing.T) {
	t.Parallel()
	w := setup(t, 2)
	for _, r := range w.robots {
		r.get("/api/v1/jobs/nope").fails(http.StatusNotFound, casare.CodeNotFound)
		r.get("/api/v1/jobs/nope/logs").fails(http.StatusNotFound, casare.CodeNotFound)
		r.get("/api/v1/metrics/jobs/nope").fails(http.StatusNotFound, casare.CodeNotFound)
		r.get("/api/v1/metrics/robots/nope").fails(http.StatusNotFound, casare.CodeNotFound)
		r.get("/api/v1/robots/nope").fails(http.StatusNotFound, casare.CodeNotFound)
		r.get("/api/v1/workflows/nope").fails(http.StatusNotFound, casare.CodeNotFound)
		_, field := r.get("/api/v1/jobs?limit=0").fails(http.StatusUnprocessableEntity, casare.CodeValidation)
		require.Equal(t, "limit", field)
		_, field = r.get("/api/v1/jobs?limit=x").fails(http.StatusUnprocessableEntity, casare.CodeValidation)
		require.Equal(t, "limit", field)
		for _, path := range []string{"/api/v1/nope", "/api/nope", "/ws/nope", "/health/nope", "/nope"} {
			r.get(path).fails(http.StatusNotFound, casare.CodeNotFound)
		}
		r.do(http.MethodPut, "/api/v1/jobs", "{}").fails(http.StatusMethodNotAllowed, casare.CodeInvalid)
		r.do(http.MethodDelete, "/health", "").fails(http.StatusMethodNotAllowed, casare.CodeInvalid)
	}
}

func TestAuth_IsNeededWhereItShouldBe(t *testing.T) {
	t.Parallel()
	w := setup(t, 2)
	for _, r := range w.robots {
		for _, path := range []string{"/health", "/health/live", "/health/ready", "/", "/docs", "/openapi.json"} {
			require.Equal(t, http.StatusOK, r.get(path, "Authorization", "").status, path)
		}
		for _, path := range []string{
			"/api/v1/jobs", "/api/v1/robots", "/api/v1/mesh", "/api/v1/metrics/fleet", "/api/v1/keys", "/ws/live-jobs", "/ws/jobs/x",
		} {
			r.get(path, "Authorization", "").fails(http.StatusUnauthorized, casare.CodeUnauthenticated)
			r.get(path, "Authorization", "Bearer nobody").fails(http.StatusUnauthorized, casare.CodeUnauthenticated)
		}
		// In the query a key counts for WebSockets only: elsewhere it would end up in logs for nothing.
		r.get("/api/v1/jobs?token="+adminKey, "Authorization", "").fails(http.StatusUnauthorized, casare.CodeUnauthenticated)
	}
}
