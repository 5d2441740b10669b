package daemon_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"casare"
	"casare/client"
	"casare/internal/meshtest"
)

// online waits until the leader has a session with n robots.
func online(t *testing.T, m *meshtest.Mesh, n int) {
	t.Helper()
	m.Eventually(fmt.Sprintf("%d robots", n), func(ctx context.Context) error {
		robots, err := m.Leader().Client().Robots(ctx)
		if err != nil {
			return err
		}
		there := 0
		for _, r := range robots {
			if r.Status != "offline" {
				there++
			}
		}
		if there != n {
			return fmt.Errorf("%d of %d are there", there, len(robots))
		}
		return nil
	})
}

func coordinators(info client.Mesh) []string {
	var ids []string
	for _, member := range info.Members {
		if member.Coordinator {
			ids = append(ids, member.RobotID)
		}
	}
	return ids
}

func TestGrow_OneTwoThreeFour(t *testing.T) {
	t.Parallel()
	m := meshtest.Start(t, 1)
	first := m.Leader()
	info := view(t, first)
	require.Equal(t, 0, info.FaultTolerance)
	require.Contains(t, info.Summary, "One coordinator")

	second := m.Add()
	m.Eventually("the copy", func(context.Context) error {
		if !second.Replica() {
			return errors.New("the second robot holds no state")
		}
		return nil
	})
	m.EnsureSame()
	info = view(t, first)
	require.Equal(t, []string{first.ID()}, coordinators(info), "the second robot votes")
	require.Equal(t, 0, info.FaultTolerance)
	require.Contains(t, info.Summary, "One coordinator")
	require.Contains(t, info.Summary, "until there are three")

	third := m.Add()
	m.WaitCoordinators(3)
	m.Eventually("the tolerance", func(ctx context.Context) error {
		for _, r := range []*meshtest.Robot{first, second, third} {
			info, err := r.Client().Mesh(ctx)
			if err != nil {
				return err
			}
			if info.FaultTolerance != 1 || !strings.Contains(info.Summary, "survives the loss of 1") {
				return fmt.Errorf("robot %d says %q", r.Index+1, info.Summary)
			}
		}
		return nil
	})

	fourth := m.Add()
	online(t, m, 4)
	everyRoute(t, m, fourth)
	require.False(t, fourth.Replica(), "the fourth robot holds the state")
	require.Len(t, coordinators(view(t, first)), 3)
}

// everyRoute asks a robot for everything that the OpenAPI document lists.
func everyRoute(t *testing.T, m *meshtest.Mesh, r *meshtest.Robot) {
	t.Helper()
	saved := ask(t, r, http.MethodPost, "/api/v1/workflows", workflowBody(t))
	require.Less(t, saved.status, 300, "%s", saved.body)
	job := submit(t, r.Client(), client.Submit{Workflow: quick(t)})
	completed(t, m, r.Client(), job)
	batch, err := r.Client().SubmitBatch(t.Context(), []client.Submit{{Workflow: quick(t)}, {Workflow: quick(t)}})
	require.NoError(t, err)
	completed(t, m, r.Client(), batch[1].JobID)
	_, err = r.Client().CreateToken(t.Context(), casare.RoleRobot, time.Hour, 1)
	require.NoError(t, err)
	_, err = r.Client().Cancel(t.Context(), job, "too late")
	require.NoError(t, err)
	key := ask(t, r, http.MethodPost, "/api/v1/keys", []byte(`{"name":"one more","role":"admin"}`))
	require.Less(t, key.status, 300, "%s", key.body)

	var spec struct {
		Paths map[string]map[string]struct {
			Tags []string `json:"tags"`
		} `json:"paths"`
	}
	require.NoError(t, json.Unmarshal(ask(t, r, http.MethodGet, "/openapi.json", nil).body, &spec))
	ids := strings.NewReplacer("/jobs/{id}", "/jobs/"+job, "/robots/{id}", "/robots/"+r.ID(), "/workflows/{id}", "/workflows/"+saved.field(t, "workflow_id"),
		"/nodes/{id}", "/nodes/LogNode")
	asked, sockets := 0, 0
	for path, methods := range spec.Paths {
		if _, ok := methods["get"]; !ok {
			continue
		}
		path = ids.Replace(path)
		require.NotContains(t, path, "{")
		if strings.Contains(path, "/ws/") {
			s := open(t, r, path)
			_, ok := s.read(t)
			require.True(t, ok, path)
			sockets++
			continue
		}
		a := ask(t, r, http.MethodGet, path, nil)
		if strings.HasSuffix(path, "/debug") {
			require.Equal(t, casare.CodeTransition, a.code(), "the job has ended: %s", a.body)
			continue
		}
		require.Equal(t, http.StatusOK, a.status, "%s: %s", path, a.body)
		require.Empty(t, a.header.Get("X-Casare-Stale"), path)
		asked++
	}
	require.Greater(t, asked, 12)
	require.Equal(t, 4, sockets)
	missing := ask(t, r, http.MethodGet, "/api/v1/jobs/nothing", nil)
	require.Equal(t, http.StatusNotFound, missing.status)
	stranger := ask(t, r, http.MethodGet, "/api/v1/jobs", nil, "Authorization", "Bearer nobody")
	require.Equal(t, http.StatusUnauthorized, stranger.status)
	gone := ask(t, r, http.MethodDelete, "/api/v1/keys/"+key.field(t, "id"), nil)
	require.Less(t, gone.status, 300, "%s", gone.body)
}

func workflowBody(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, json.NewEncoder(&b).Encode(step{"workflow_name": "kept", "workflow_json": quick(t), "trigger_type": "none"}))
	return b.Bytes()
}

func TestGrow_ARobotOfRoleRobotIsNeverACoordinator(t *testing.T) {
	t.Parallel()
	m := meshtest.Start(t, 2)
	token, err := m.Leader().Client().CreateToken(t.Context(), casare.RoleRobot, time.Hour, 1)
	require.NoError(t, err)
	plain, err := m.Join(meshtest.Joining{Token: token.Text})
	require.NoError(t, err)
	online(t, m, 3)
	everyRoute(t, m, plain)
	require.Len(t, coordinators(view(t, m.Robot(0))), 1, "a plain robot was counted as one that may become a coordinator")

	last := m.Add()
	m.WaitCoordinators(3)
	require.NotContains(t, coordinators(view(t, last)), plain.ID())
	require.False(t, plain.Replica())
	robot, err := plain.Client().Robot(t.Context(), plain.ID())
	require.NoError(t, err)
	require.Equal(t, casare.RoleRobot, robot.Role)
}
