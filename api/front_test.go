package api_test

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"casare"
	"casare/api"
)

func TestFront_AnyRobotTakesAnyRequest(t *testing.T) {
	t.Parallel()
	w := setup(t, 3)
	for _, r := range w.robots {
		r.submitted()
	}
	require.Equal(t, 3, w.store.jobCount())
	require.Len(t, w.robots[2].get("/api/v1/jobs").ok()["jobs"], 3)
	w.robots[1].get("/api/v1/jobs/nope").fails(http.StatusNotFound, casare.CodeNotFound)
}

func TestFront_AClientThatClosesItsConnectionClosesNoneBetweenRobots(t *testing.T) {
	t.Parallel()
	w := setup(t, 2)
	closing := make(chan bool, 1)
	w.robots[1].forwarding(func(req *http.Request) (*http.Response, error) {
		closing <- req.Close || req.Header.Get("Connection") != ""
		return w.robots[1].to(w.robots[0], req)
	})
	w.robots[1].get("/api/v1/jobs", "Connection", "close").ok()
	require.False(t, <-closing)
}

func TestFront_TheLeaderChecksTheCredentialOfAForwardedRequest(t *testing.T) {
	t.Parallel()
	w := setup(t, 2)
	for _, headers := range [][]string{
		{"Authorization", "Bearer nobody"},
		{"Authorization", "", "X-Api-Key", "nobody"},
		{"Authorization", "Bearer nobody", "X-Api-Key", adminKey},
	} {
		answer := w.robots[1].post("/api/v1/jobs/submit", `{"workflow_json":`+hello+`}`, headers...)
		answer.fails(http.StatusUnauthorized, casare.CodeUnauthenticated)
		require.Equal(t, "Bearer", answer.header.Get("WWW-Authenticate"))
	}
	w.robots[1].post("/api/v1/tokens", `{}`, "Authorization", "Bearer "+userKey).fails(http.StatusForbidden, casare.CodeForbidden)
	w.robots[1].post("/api/v1/jobs/submit", `{"workflow_json":`+hello+`}`, "Authorization", "", "X-Api-Token", userKey).ok()
	require.Equal(t, 1, w.store.writes())
	require.Equal(t, "key-1", w.store.proposals[0].Actor)
}

func TestFront_InternalHeadersOfUsersMeanNothing(t *testing.T) {
	t.Parallel()
	w := setup(t, 2)
	for _, r := range w.robots {
		id := r.post("/api/v1/jobs/submit", `{"workflow_json":`+hello+`}`, "X-Casare-Command", "mine", "X-Casare-Via", "robot-a").
			ok()["job_id"]
		require.NotEqual(t, "mine", id)
	}
	// And nobody reaches the peers' door without a certificate that names a robot.
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.robots[0].peer.URL+"/api/v1/jobs", http.NoBody)
	require.NoError(t, err)
	resp, err := w.robots[0].dial.RoundTrip(req)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusForbidden, resp.StatusCode)
}

func TestFront_AChangeOfLeaderInARequestIsOneJob(t *testing.T) {
	t.Parallel()
	w := setup(t, 3)
	a, b := w.robots[0], w.robots[1]
	proposed := make(chan struct{})
	// The first leader applies the command and falls silent before it can answer.
	a.proposing(func(ctx context.Context, ps []casare.Proposal) ([]casare.Result, error) {
		w.store.apply(ps...)
		close(proposed)
		<-ctx.Done()
		return nil, casare.Errorf(casare.CodeOutcomeUnknown, "cut off")
	})
	var id string
	var wait sync.WaitGroup
	wait.Go(func() { id = w.robots[2].submitted() })
	<-proposed
	w.elect(b)
	wait.Wait()
	require.Equal(t, 1, w.store.jobCount())
	require.Equal(t, 2, w.store.writes(), "it was proposed twice")
	require.Equal(t, w.store.proposals[0].ID, w.store.proposals[1].ID)
	require.Equal(t, id, w.store.proposals[0].ID)
}

func TestFront_ALeaderThatSaysNoLongerIsAskedAgainElsewhere(t *testing.T) {
	t.Parallel()
	w := setup(t, 2)
	a, b := w.robots[0], w.robots[1]
	refused := make(chan struct{})
	a.proposing(func(context.Context, []casare.Proposal) ([]casare.Result, error) {
		defer w.elect(b)
		a.proposing(nil)
		close(refused)
		return nil, casare.Errorf(casare.CodeNotLeader, "deposed")
	})
	a.submitted() // this very robot led, and now forwards
	<-refused
	require.Equal(t, 1, w.store.writes())
}

func TestFront_NobodyLeads(t *testing.T) {
	t.Parallel()
	w := setup(t, 2, func(c *api.Config) { c.WriteWait, c.ReadWait = 300*time.Millisecond, 100*time.Millisecond })
	id := w.robots[0].submitted()
	w.elect(nil)
	answer := w.robots[1].post("/api/v1/jobs/submit", `{"workflow_json":`+hello+`}`)
	answer.fails(http.StatusServiceUnavailable, casare.CodeUnavailable)
	require.Equal(t, "1", answer.header.Get("Retry-After"))
	require.Equal(t, 1, w.store.writes())

	// Reads are answered from the copy, and say so.
	read := w.robots[1].get("/api/v1/jobs/" + id)
	read.ok()
	require.NotEmpty(t, read.header.Get("X-Casare-Stale"))
	// That a copy, which may lag behind, does not know of something is no answer, unless the copy's was asked for.
	w.robots[1].get("/api/v1/jobs/none").fails(http.StatusServiceUnavailable, casare.CodeUnavailable)
	w.robots[1].get("/api/v1/jobs/none?consistency=stale").fails(http.StatusNotFound, casare.CodeNotFound)
	require.Equal(t, "1", read.header.Get("X-Casare-Index"))
	w.robots[1].get("/api/v1/jobs/"+id+"?consistency=linearizable").fails(http.StatusServiceUnavailable, casare.CodeUnavailable)
	w.robots[1].get("/api/v1/jobs/"+id, "Authorization", "Bearer nobody").fails(http.StatusUnauthorized, casare.CodeUnauthenticated)

	// A robot without a copy can only say no, and how it is itself.
	w.robots[1].replica.Store(false)
	w.robots[1].get("/api/v1/jobs/"+id).fails(http.StatusServiceUnavailable, casare.CodeUnavailable)
	require.Equal(t, "healthy", w.robots[1].get("/health").ok()["status"])
	require.Equal(t, false, w.robots[1].get("/health/ready").ok()["ready"])
}

func TestFront_AnUnknownOutcomeIsNeverAnAnswerThatOldClientsRepeat(t *testing.T) {
	t.Parallel()
	w := setup(t, 2, func(c *api.Config) { c.WriteWait = 300 * time.Millisecond })
	var ids sync.Map
	w.robots[0].proposing(func(_ context.Context, ps []casare.Proposal) ([]casare.Result, error) {
		ids.Store(ps[0].ID, true)
		return nil, casare.Errorf(casare.CodeOutcomeUnknown, "cut off")
	})
	for _, r := range w.robots {
		answer := r.post("/api/v1/jobs/submit", `{"workflow_json":`+hello+`}`)
		message, _ := answer.fails(http.StatusInternalServerError, casare.CodeOutcomeUnknown)
		known := 0
		ids.Range(func(id, _ any) bool {
			require.Contains(t, string(answer.body), `"job_id":"`+is[string](id)+`"`)
			require.Contains(t, message, id)
			known++
			return true
		})
		require.Equal(t, 1, known, "every try had the same command id")
		ids.Clear()
	}
	// A connection that breaks leaves it open as well, also when the next tries are certain refusals.
	w.elect(nil)
	broken := false
	w.robots[1].forwarding(func(*http.Request) (*http.Response, error) {
		if !broken {
			broken = true
			return nil, errors.New("connection reset")
		}
		return nil, casare.Errorf(casare.CodeUnavailable, "nobody leads")
	})
	w.robots[1].post("/api/v1/jobs/submit", `{"workflow_json":`+hello+`}`).
		fails(http.StatusInternalServerError, casare.CodeOutcomeUnknown)
	broken = false
	message, _ := w.robots[1].post("/api/v1/jobs/submit", `{"workflow_json":`+hello+`}`, "Idempotency-Key", "k").
		fails(http.StatusInternalServerError, casare.CodeOutcomeUnknown)
	require.Contains(t, message, "Idempotency-Key")
}

func TestFront_PartOfTheAnswersIsAnUnknownOutcome(t *testing.T) {
	t.Parallel()
	w := setup(t, 1, func(c *api.Config) { c.WriteWait = 200 * time.Millisecond })
	w.robots[0].proposing(func(_ context.Context, ps []casare.Proposal) ([]casare.Result, error) {
		return w.store.apply(ps[0]), casare.Errorf(casare.CodeUnavailable, "full")
	})
	job := `{"workflow_json":` + hello + `}`
	w.robots[0].post("/api/v1/jobs/batch", `{"jobs":[`+job+`,`+job+`]}`).
		fails(http.StatusInternalServerError, casare.CodeOutcomeUnknown)
	require.Equal(t, 1, w.store.jobCount(), "every repeat was the same jobs")
}

func TestFront_ASlowLeaderIsAskedAgain(t *testing.T) {
	t.Parallel()
	w := setup(t, 2, func(c *api.Config) { c.ForwardTry = 100 * time.Millisecond })
	tries := 0
	w.robots[1].forwarding(func(req *http.Request) (*http.Response, error) {
		if tries++; tries < 4 { // the fourth has 800 ms
			<-req.Context().Done()
			return nil, req.Context().Err()
		}
		return w.robots[1].to(w.robots[0], req)
	})
	w.robots[1].submitted()
	require.GreaterOrEqual(t, tries, 4)
	require.Equal(t, 1, w.store.jobCount())
}

func TestFront_AClientThatGoesAwayIsNotRepeated(t *testing.T) {
	t.Parallel()
	w := setup(t, 2)
	gone := make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	w.robots[1].forwarding(func(req *http.Request) (*http.Response, error) {
		defer close(gone) // a second try would close it again, and fail
		cancel()
		<-req.Context().Done()
		return nil, req.Context().Err()
	})
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.robots[1].public.URL+"/api/v1/jobs/x/cancel", http.NoBody)
	require.NoError(t, err)
	req.Header.Set("X-Api-Key", adminKey)
	_, err = w.robots[1].dial.RoundTrip(req) //nolint:bodyclose // there is no answer
	require.ErrorIs(t, err, context.Canceled)
	<-gone
}

func TestRead_WaitsForTheIndexTheClientHasSeen(t *testing.T) {
	t.Parallel()
	w := setup(t, 2)
	w.robots[0].submitted()
	for _, r := range w.robots {
		r.get("/api/v1/jobs?min_index=1").ok()
		r.get("/api/v1/jobs?min_index=99").fails(http.StatusGatewayTimeout, casare.CodeTimeout)
		_, field := r.get("/api/v1/jobs?min_index=x").fails(http.StatusBadRequest, casare.CodeInvalid)
		require.Equal(t, "min_index", field)
		_, field = r.get("/api/v1/jobs?consistency=eventual").fails(http.StatusBadRequest, casare.CodeInvalid)
		require.Equal(t, "consistency", field)
		r.get("/api/v1/jobs?consistency=linearizable").ok()
	}
	next := strconv.FormatUint(w.store.Index()+1, 10)
	var wait sync.WaitGroup
	wait.Go(func() { w.robots[1].get("/api/v1/jobs?consistency=stale&min_index=" + next).ok() })
	w.store.apply(casare.Proposal{ID: "x", Command: casare.MarkGrown{}})
	wait.Wait()
}

func TestRead_StaleIsAnsweredByTheRobotThatIsAsked(t *testing.T) {
	t.Parallel()
	w := setup(t, 2)
	w.robots[1].forwarding(func(*http.Request) (*http.Response, error) { return nil, errors.New("must not forward") })
	answer := w.robots[1].get("/api/v1/jobs?consistency=stale")
	answer.ok()
	require.Equal(t, "0", answer.header.Get("X-Casare-Stale"), "a leader is known")
	mesh := w.robots[1].get("/api/v1/mesh").ok()
	require.Equal(t, "robot-b", mesh["robot_id"])
	require.Equal(t, "robot-a", mesh["leader_id"])
}

func TestKeys_ARevokedKeyOpensNothing(t *testing.T) {
	t.Parallel()
	w := setup(t, 1)
	r := w.robots[0]
	made := r.post("/api/v1/keys", `{"name":"ci","expires_in_days":1}`).ok()
	text := is[string](made["api_key"])
	require.Contains(t, text, "crpa_")
	r.get("/api/v1/jobs", "Authorization", "Bearer "+text).ok()
	reads := w.store.keyReads
	for range 5 {
		r.get("/api/v1/jobs", "Authorization", "Bearer "+text).ok()
		r.get("/api/v1/jobs", "Authorization", "Bearer nobody").fails(http.StatusUnauthorized, casare.CodeUnauthenticated)
	}
	w.store.mu.Lock()
	require.LessOrEqual(t, w.store.keyReads, reads+1, "what is known of a key is kept, also that it is unknown")
	w.store.mu.Unlock()
	require.InDelta(t, 3, r.get("/api/v1/keys").ok()["total"], 0)
	require.NotContains(t, string(r.get("/api/v1/keys").body), text)
	require.Equal(t, true, r.do(http.MethodDelete, "/api/v1/keys/"+is[string](made["id"]), "").ok()["revoked"])
	require.Eventually(t, func() bool {
		return r.get("/api/v1/jobs", "Authorization", "Bearer "+text).status == http.StatusUnauthorized
	}, 5*time.Second, 5*time.Millisecond)
	r.do(http.MethodDelete, "/api/v1/keys/nope", "").fails(http.StatusNotFound, casare.CodeNotFound)
}

func TestKeys_AnExpiredKeyOpensNothing(t *testing.T) {
	t.Parallel()
	w := setup(t, 1)
	w.store.addKey("old", "admin", func(k *casare.APIKey) { k.ExpiresAt = casare.TimeOf(fixedTime) })
	message, _ := w.robots[0].get("/api/v1/jobs", "Authorization", "Bearer old").
		fails(http.StatusUnauthorized, casare.CodeUnauthenticated)
	require.Contains(t, message, "expired")
}
