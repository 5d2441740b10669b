package daemon_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"casare"
	"casare/client"
	"casare/internal/meshtest"
)

// lonely waits until a robot knows that it reaches no leader.
func lonely(t *testing.T, m *meshtest.Mesh, r *meshtest.Robot) {
	t.Helper()
	m.Eventually("a robot without a leader", func(ctx context.Context) error {
		ready, err := r.Client().Ready(ctx)
		if err == nil && ready.Ready {
			err = errors.New("it takes " + ready.LeaderID + " for the leader")
		}
		return err
	})
}

// believes waits until gossip has told a robot that others are in a state.
func believes(t *testing.T, m *meshtest.Mesh, r *meshtest.Robot, want string, others ...*meshtest.Robot) {
	t.Helper()
	m.Eventually("robots "+want, func(ctx context.Context) error {
		info, err := r.Client().Mesh(ctx)
		if err != nil {
			return err
		}
		for _, o := range others {
			if s := state(info, o); s != want {
				return fmt.Errorf("robot %d takes robot %d for %q", r.Index+1, o.Index+1, s)
			}
		}
		return nil
	})
}

func TestSplit_ALeaderAloneRefusesWritesAndTheMajorityGoesOn(t *testing.T) {
	t.Parallel()
	m := meshtest.Start(t, 3, quickRefusals)
	m.WaitCoordinators(3)
	leader := m.Leader()
	others := m.Others(leader)
	var ids []string
	for range 3 {
		ids = append(ids, submit(t, leader.Client(), client.Submit{Workflow: quick(t)}))
	}
	completed(t, m, leader.Client(), ids[2])

	m.Split([]*meshtest.Robot{leader})
	// It leads for a moment longer: what it proposes now nobody else will ever see.
	torn := ask(t, leader, http.MethodPost, "/api/v1/jobs/submit", submission(t, quick(t)), "Idempotency-Key", "torn")
	if torn.code() == casare.CodeOutcomeUnknown {
		require.Equal(t, http.StatusInternalServerError, torn.status)
	} else {
		requireRefused(t, torn)
	}
	lonely(t, m, leader)
	began := time.Now()
	requireRefused(t, ask(t, leader, http.MethodPost, "/api/v1/jobs/submit", submission(t, quick(t))))
	require.Less(t, time.Since(began), 10*time.Second)
	read := ask(t, leader, http.MethodGet, "/api/v1/jobs/"+ids[0], nil)
	require.Equal(t, http.StatusOK, read.status, "%s", read.body)
	require.NotEmpty(t, read.header.Get("X-Casare-Stale"))
	strict := ask(t, leader, http.MethodGet, "/api/v1/jobs/"+ids[0]+"?consistency=linearizable", nil)
	requireRefused(t, strict)

	next := m.Leader(others...)
	require.NotEqual(t, leader, next)
	for _, r := range others {
		ids = append(ids, submit(t, r.Client(), client.Submit{Workflow: quick(t)}))
	}
	completed(t, m, next.Client(), ids[len(ids)-1])
	believes(t, m, leader, "dead", others...)
	believes(t, m, next, "dead", leader)

	m.Heal()
	require.NotNil(t, m.Leader())
	for _, r := range m.Robots() {
		believes(t, m, r, "alive", m.Others(r)...)
	}
	again := ask(t, leader, http.MethodPost, "/api/v1/jobs/submit", submission(t, quick(t)), "Idempotency-Key", "torn")
	require.Less(t, again.status, 300, "%s", again.body)
	ids = append(ids, again.field(t, "job_id"))
	endedOnce(t, m, leader, ids...)
	all, err := leader.Client().Jobs(t.Context(), client.JobFilter{})
	require.NoError(t, err)
	require.Equal(t, len(ids)+1, all.Total, "the history's own job, and those")
}

// requireRefused demands the answer that says that certainly nothing was done.
func requireRefused(t *testing.T, a answer) {
	t.Helper()
	require.Equal(t, http.StatusServiceUnavailable, a.status, "%s", a.body)
	require.Equal(t, casare.CodeUnavailable, a.code())
	require.NotEmpty(t, a.header.Get("Retry-After"))
}

func TestSplit_APlainRobotAloneAnswersForItselfOnly(t *testing.T) {
	t.Parallel()
	m := meshtest.Start(t, 3, quickRefusals)
	m.WaitCoordinators(3)
	plain := m.Add()
	online(t, m, 4)
	id := submit(t, plain.Client(), client.Submit{Workflow: quick(t)})
	completed(t, m, plain.Client(), id)

	m.Split([]*meshtest.Robot{plain})
	lonely(t, m, plain)
	require.Equal(t, http.StatusOK, ask(t, plain, http.MethodGet, "/health", nil).status)
	var all sync.WaitGroup // each waits for a leader
	refuse := func(method, path string, body []byte) {
		all.Go(func() {
			a, err := try(t.Context(), plain, method, path, body)
			if err != nil || a.status != http.StatusServiceUnavailable || a.code() != casare.CodeUnavailable || a.header.Get("Retry-After") == "" {
				t.Errorf("%s %s: status %d, %s, %v", method, path, a.status, a.body, err)
			}
		})
	}
	for _, path := range []string{"/jobs", "/jobs/" + id, "/jobs/" + id + "/logs", "/robots", "/mesh", "/workflows", "/keys", "/metrics/fleet"} {
		refuse(http.MethodGet, "/api/v1"+path, nil)
	}
	began := time.Now()
	refuse(http.MethodPost, "/api/v1/jobs/submit", submission(t, quick(t)))
	refuse(http.MethodPost, "/api/v1/jobs/"+id+"/cancel", nil)
	all.Wait()
	require.Less(t, time.Since(began), 10*time.Second)
	_, status, err := dial(t, plain, "/ws/live-jobs")
	require.ErrorIs(t, err, errHandshake)
	require.Equal(t, http.StatusServiceUnavailable, status)

	m.Heal()
	require.NotNil(t, m.Leader())
	endedOnce(t, m, plain, id, submit(t, plain.Client(), client.Submit{Workflow: quick(t)}))
}
