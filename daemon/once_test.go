package daemon_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"casare/client"
	"casare/internal/meshtest"
)

func TestIdempotencyKey_ManyTriesWhileTheLeaderDiesAreOneJob(t *testing.T) {
	t.Parallel()
	m := meshtest.Start(t, 3, quickLeases)
	m.WaitCoordinators(3)
	leader := m.Leader()
	const keys = 10
	body := submission(t, quick(t))
	var mu sync.Mutex
	jobs := make([]map[string]bool, keys) // ids by key
	acknowledged := make(chan struct{}, keys*3)
	var all sync.WaitGroup
	for k := range keys {
		jobs[k] = map[string]bool{}
		for _, r := range m.Robots() {
			all.Go(func() {
				a, err := try(t.Context(), r, http.MethodPost, "/api/v1/jobs/submit", body, "Idempotency-Key", fmt.Sprintf("key %d", k))
				if err != nil && r == leader {
					return // it died
				}
				if !assertOK(t, a, err) {
					return
				}
				mu.Lock()
				jobs[k][a.field(t, "job_id")] = true
				mu.Unlock()
				acknowledged <- struct{}{}
			})
		}
	}
	<-acknowledged
	leader.Crash()
	all.Wait()
	next := m.Leader()
	ids := map[string]bool{}
	for k, found := range jobs {
		require.Len(t, found, 1, "key %d", k)
		for id := range found {
			require.False(t, ids[id], "two keys are one job")
			ids[id] = true
			completed(t, m, next.Client(), id)
		}
	}
	list, err := next.Client().Jobs(t.Context(), client.JobFilter{})
	require.NoError(t, err)
	require.Equal(t, keys, list.Total)
	leader.Restart()
	m.WaitCoordinators(3)
	for k := range keys { // the same again, much later
		a := ask(t, leader, http.MethodPost, "/api/v1/jobs/submit", body, "Idempotency-Key", fmt.Sprintf("key %d", k))
		require.True(t, jobs[k][a.field(t, "job_id")], "%s", a.body)
	}
	other := ask(t, leader, http.MethodPost, "/api/v1/jobs/submit", submission(t, document(t, setStep("n", 2))), "Idempotency-Key", "key 0")
	require.Equal(t, http.StatusUnprocessableEntity, other.status, "%s", other.body)
}

// assertOK is for goroutines, which must not end the test.
func assertOK(t *testing.T, a answer, err error) bool {
	t.Helper()
	if err != nil || a.status >= http.StatusMultipleChoices {
		t.Errorf("status %d, %s, %v", a.status, a.body, err)
		return false
	}
	return true
}

func TestForward_TheLeaderDiesBetweenCommitAndAnswer(t *testing.T) {
	t.Parallel()
	m := meshtest.Start(t, 3, quickLeases)
	m.WaitCoordinators(3)
	leader := m.Leader()
	asked, third := m.Others(leader)[0], m.Others(leader)[1]
	// When most of the request has reached the leader, nothing comes back any more, the answer neither.
	const size = 9_000
	padding := strings.Repeat("x", size)
	m.Unanswered(asked, leader, size*3/2)
	answers, body := make(chan answer, 1), submission(t, document(t, setStep("a", padding), setStep("b", padding)))
	go func() { // awaited below
		a, err := try(t.Context(), asked, http.MethodPost, "/api/v1/jobs/submit", body)
		assertOK(t, a, err)
		answers <- a
	}()
	var made client.Job
	m.Eventually("the commit", func(ctx context.Context) error {
		list, err := third.Client().Jobs(ctx, client.JobFilter{})
		if err != nil {
			return err
		}
		if len(list.Jobs) == 0 {
			return errors.New("no job")
		}
		made = list.Jobs[0]
		return nil
	})
	select {
	case a := <-answers:
		require.Fail(t, "the answer came through", "%s", a.body)
	default:
	}
	leader.Crash()
	a := <-answers
	require.Equal(t, made.ID, a.field(t, "job_id"))
	completed(t, m, asked.Client(), made.ID)
	list, err := asked.Client().Jobs(t.Context(), client.JobFilter{})
	require.NoError(t, err)
	require.Equal(t, 1, list.Total)
	leader.Restart()
	m.WaitCoordinators(3)
	endedOnce(t, m, leader, made.ID)
}
