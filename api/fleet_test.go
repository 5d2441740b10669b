package api_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"casare"
)

func TestRobots_ShowWhatTheLeaderKnows(t *testing.T) {
	t.Parallel()
	w := setup(t, 3)
	w.fleet.set(
		casare.RobotStatus{RobotID: "robot-a", State: casare.RobotIdle, CPUPercent: 12.5, MemoryMB: 100, LastHeartbeat: 5},
		casare.RobotStatus{RobotID: "robot-b", State: casare.RobotStopping, Running: []string{"job-1"}},
	)
	for _, r := range w.robots {
		robots := is[[]any](r.get("/api/v1/robots").ok()["robots"])
		require.Len(t, robots, 3)
		a, b, c := is[object](robots[0]), is[object](robots[1]), is[object](robots[2])
		require.Equal(t, "idle", a["status"])
		require.InDelta(t, 10, a["memory_percent"], 1e-9)
		require.Equal(t, "host-robot-a", a["hostname"])
		require.Equal(t, []any{}, a["current_job_ids"])
		require.Equal(t, "busy", b["status"])
		require.Equal(t, "stopping", b["state"])
		require.Equal(t, "job-1", b["current_job"])
		require.Equal(t, "offline", c["status"])
		require.True(t, strings.HasPrefix(string(r.get("/api/v1/metrics/robots?status=online").body), `[{"id":"robot-a"`))
		one := r.get("/api/v1/metrics/robots/robot-b").ok()
		require.InDelta(t, 0, one["jobs_completed_today"], 0)
	}
	listed, err := w.robots[1].client().Robots(t.Context())
	require.NoError(t, err)
	require.Len(t, listed, 3)
	one, err := w.robots[1].client().Robot(t.Context(), "robot-a")
	require.NoError(t, err)
	require.Equal(t, 2, one.Slots)
}

func TestFleetMetrics_HaveEveryFieldThatClientsNeed(t *testing.T) {
	t.Parallel()
	w := setup(t, 1)
	r := w.robots[0]
	w.fleet.set(casare.RobotStatus{RobotID: "robot-a", State: casare.RobotBusy})
	done := r.submitted()
	r.submitted()
	w.store.run(done, "robot-a")
	w.store.finish(done, `{}`)
	out := r.get("/api/v1/metrics/fleet?time_range=24h").ok()
	for field, want := range map[string]float64{
		"total_robots": 1, "active_robots": 1, "busy_robots": 1, "idle_robots": 0, "offline_robots": 0, "total_jobs_today": 2,
		"active_jobs": 0, "queue_depth": 1, "average_job_duration_seconds": 0.001, "total_jobs": 2, "completed_jobs": 1,
		"running_jobs": 0, "queued_jobs": 1, "failed_jobs": 0, "success_rate": 100, "avg_execution_time": 1, "dlq_count": 0,
	} {
		require.InDelta(t, want, out[field], 1e-9, field)
	}
	r.get("/api/v1/metrics/fleet?time_range=1y").fails(http.StatusUnprocessableEntity, casare.CodeValidation)
}

func TestMesh_SaysWhatMayBeLost(t *testing.T) {
	t.Parallel()
	w := setup(t, 3)
	mesh, err := w.robots[1].client().Mesh(t.Context())
	require.NoError(t, err)
	require.Equal(t, "mesh-1", mesh.MeshID)
	require.Equal(t, "robot-a", mesh.LeaderID)
	require.Equal(t, "robot-b", mesh.RobotID)
	require.Equal(t, 1, mesh.FaultTolerance)
	require.Equal(t, "3 of 3 coordinators answer: the mesh survives the loss of 1 of them.", mesh.Summary)
	require.Len(t, mesh.Members, 3)
	require.True(t, mesh.Members[0].Leader)
	require.Empty(t, mesh.StateHash)
	hash, _, err := w.robots[1].client().StateHash(t.Context())
	require.NoError(t, err)
	require.Equal(t, "abc", hash)

	alone := setup(t, 1)
	mesh, err = alone.robots[0].client().Mesh(t.Context())
	require.NoError(t, err)
	require.Zero(t, mesh.FaultTolerance)
	require.Contains(t, mesh.Summary, "One coordinator")
}

func TestTokens_AreMadeByTheLeader(t *testing.T) {
	t.Parallel()
	w := setup(t, 2)
	token, err := w.robots[1].client().CreateToken(t.Context(), casare.RoleCoordinator, 0, 3)
	require.NoError(t, err)
	require.Equal(t, "CASARE1.mesh.ca.token-1.secret", token.Text)
	require.Equal(t, 3, token.Uses)
	require.Len(t, w.store.tokens, 1)
	require.Equal(t, "key-0", w.store.tokens[0].CreatedBy)
	require.Equal(t, casare.RoleCoordinator, w.store.tokens[0].Role)
	out := w.robots[0].post("/api/v1/tokens", "").ok()
	require.Equal(t, "robot", out["role"])
	require.Equal(t, "2026-03-04T06:06:07.000000Z", out["expires_at"])
}

func TestOpen_PagesNeedNothingFromOutside(t *testing.T) {
	t.Parallel()
	w := setup(t, 1)
	r := w.robots[0]
	home := r.get("/")
	require.Contains(t, string(home.body), "console")
	require.Contains(t, string(home.body), `href="/docs"`)
	docs := string(r.get("/docs").body)
	require.Contains(t, docs, "/openapi.json")
	linked := regexp.MustCompile(`(?:src|href)="([^"]+)"`).FindAllStringSubmatch(docs, -1)
	require.Greater(t, len(linked), 2)
	for _, l := range linked {
		require.True(t, strings.HasPrefix(l[1], "/docs/"), l[1])
		require.Equal(t, http.StatusOK, r.get(l[1]).status, l[1])
	}
	health := r.get("/health").ok()
	require.Equal(t, "casare-rpa-orchestrator", health["service"])
	require.Equal(t, "1.2.3", health["version"])
	require.InDelta(t, float64(fixedTime.Unix()), health["timestamp"], 0)
	require.Equal(t, true, health["alive"])
	ready := r.get("/health/ready").ok()
	require.Equal(t, "up", ready["status"])
}

func TestHeaders_OfEveryAnswer(t *testing.T) {
	t.Parallel()
	w := setup(t, 2)
	r := w.robots[1]
	answer := r.get("/api/v1/jobs", "X-Request-ID", "mine")
	require.Equal(t, "mine", answer.header.Get("X-Request-ID"))
	answer = r.get("/api/v1/jobs", "X-Correlation-ID", "corr")
	require.Regexp(t, "^req_[0-9a-f]{16}$", answer.header.Get("X-Request-ID"))
	require.Equal(t, "corr", answer.header.Get("X-Correlation-ID"))
	answer = r.get("/api/v1/jobs", "Origin", "http://console")
	require.Equal(t, "*", answer.header.Get("Access-Control-Allow-Origin"))
	require.Contains(t, answer.header.Get("Access-Control-Expose-Headers"), "X-RateLimit-Remaining")
	preflight := r.do(http.MethodOptions, "/api/v1/jobs", "", "Authorization", "", "Origin", "http://console",
		"Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "x-api-key")
	require.Equal(t, http.StatusNoContent, preflight.status)
	require.Equal(t, "x-api-key", preflight.header.Get("Access-Control-Allow-Headers"))
	require.Empty(t, preflight.header.Get("Access-Control-Allow-Credentials"))
}
