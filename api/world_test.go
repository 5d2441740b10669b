package api_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"casare"
	"casare/api"
	"casare/client"
	"casare/node"
	_ "casare/nodes/all"
	"casare/workflow"
)

const (
	adminKey = "crpa_admin"
	userKey  = "crpa_user"
)

// world is a mesh of robots in one process: one state, one leader at a time, real HTTP between them.
type world struct {
	t      testing.TB
	store  *fakeStore
	fleet  *fakeFleet
	robots []*robot

	mu      sync.Mutex
	leader  string
	term    uint64
	changed chan struct{}
}

// robot is one API of a world.
type robot struct {
	blobs   *fakeBlobs
	world   *world
	id      string
	api     *api.API
	replica atomic.Bool
	public  *httptest.Server
	peer    *httptest.Server
	dial    *http.Transport
	checks  int

	mu      sync.Mutex
	propose func(ctx context.Context, ps []casare.Proposal) ([]casare.Result, error) // nil: apply
	forward func(*http.Request) (*http.Response, error)                              // nil: to the leader
}

// setup returns a world of n robots, the first of which leads.
func setup(tb testing.TB, n int, change ...func(*api.Config)) *world {
	tb.Helper()
	w := &world{t: tb, store: newFakeStore(), fleet: &fakeFleet{}, changed: make(chan struct{})}
	w.store.addKey(adminKey, "admin", nil)
	w.store.addKey(userKey, "viewer", nil)
	cfg := api.Config{
		Version: "1.2.3", WriteWait: 20 * time.Second, ReadWait: 2 * time.Second, ForwardTry: 2 * time.Second,
		IndexWait: 100 * time.Millisecond, LiveTick: 10 * time.Millisecond, LiveRefresh: time.Hour,
	}
	for _, f := range change {
		f(&cfg)
	}
	for i := range n {
		r := &robot{world: w, id: "robot-" + string(rune('a'+i)), dial: &http.Transport{}}
		r.blobs = &fakeBlobs{content: map[string]string{}, owners: map[string][]casare.BlobOwner{}}
		r.replica.Store(true)
		w.store.robots = append(w.store.robots, &casare.Robot{
			ID: r.id, Tenant: casare.DefaultTenant, Name: strings.ToUpper(r.id), Role: casare.RoleCoordinator, Slots: 2,
			Facts: casare.Facts{Hostname: "host-" + r.id, MemoryMB: 1000},
		})
		var err error
		r.api, err = api.New(cfg, api.Deps{
			State: fakeState{w.store, r}, Feed: w.store, Proposer: r, Fleet: w.fleet, Blobs: r.blobs, Mesh: r, Forward: r, Tokens: fakeMinter{}, Vault: fakeVault{},
			Check: r.check, Types: node.Default, Now: func() time.Time { return fixedTime },
		})
		require.NoError(tb, err)
		r.api.Start(tb.Context())
		r.public = httptest.NewServer(r.api.Handler())
		r.peer = httptest.NewServer(r.api.PeerHandler(func(req *http.Request) string { return req.Header.Get("X-Casare-Via") }))
		w.robots = append(w.robots, r)
		tb.Cleanup(func() {
			r.api.Stop()
			r.dial.CloseIdleConnections()
			r.public.Close()
			r.peer.Close()
		})
	}
	w.elect(w.robots[0])
	return w
}

// elect makes a robot the leader, nil nobody.
func (w *world) elect(r *robot) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.leader = ""
	if r != nil {
		w.leader = r.id
	}
	w.term++
	close(w.changed)
	w.changed = make(chan struct{})
}

func (r *robot) Leading() bool {
	r.world.mu.Lock()
	defer r.world.mu.Unlock()
	return r.world.leader == r.id
}

func (r *robot) Leader() (string, uint64) {
	r.world.mu.Lock()
	defer r.world.mu.Unlock()
	return r.world.leader, r.world.term
}

func (r *robot) LeaderChanged() <-chan struct{} {
	r.world.mu.Lock()
	defer r.world.mu.Unlock()
	return r.world.changed
}

func (r *robot) Replica() bool { return r.replica.Load() }

func (r *robot) Info() api.MeshInfo {
	info := api.MeshInfo{MeshID: "mesh-1", RobotID: r.id}
	for _, o := range r.world.robots {
		info.Members = append(info.Members, api.Member{RobotID: o.id, Name: o.id, State: "alive", Coordinator: true, Version: "1.2.3"})
	}
	return info
}

func (r *robot) check(raw []byte) []workflow.Problem {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.checks++
	doc, problems := workflow.Read(raw)
	if doc != nil {
		problems = append(problems, doc.Check(someTypes{})...)
	}
	return problems
}

// someTypes knows the node types of the documents here.
type someTypes struct{}

func (someTypes) Known(typ string) (string, bool) {
	return typ, slices.Contains([]string{"StartNode", "LogNode", "SubflowNode", "CallSubworkflowNode"}, typ)
}

func (someTypes) Ports(*workflow.Step) (workflow.Ports, bool) { return workflow.Ports{}, false }

func (r *robot) Propose(ctx context.Context, ps ...casare.Proposal) ([]casare.Result, error) {
	r.mu.Lock()
	hook := r.propose
	r.mu.Unlock()
	if hook != nil {
		return hook(ctx, ps)
	}
	if !r.Leading() {
		return nil, casare.Errorf(casare.CodeNotLeader, "not the leader")
	}
	return r.world.store.apply(ps...), nil
}

// proposing replaces what Propose does on this robot.
func (r *robot) proposing(f func(ctx context.Context, ps []casare.Proposal) ([]casare.Result, error)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.propose = f
}

func (r *robot) forwarding(f func(*http.Request) (*http.Response, error)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.forward = f
}

func (r *robot) RoundTrip(req *http.Request) (*http.Response, error) {
	r.mu.Lock()
	hook := r.forward
	r.mu.Unlock()
	if hook != nil {
		return hook(req)
	}
	leader, _ := r.Leader()
	for _, o := range r.world.robots {
		if o.id == leader {
			return r.to(o, req)
		}
	}
	return nil, casare.Errorf(casare.CodeUnavailable, "nobody leads")
}

// to sends a request to another robot's peer handler.
func (r *robot) to(o *robot, req *http.Request) (*http.Response, error) {
	u, err := url.Parse(o.peer.URL)
	if err != nil {
		return nil, err
	}
	req = req.Clone(req.Context())
	req.URL.Host = u.Host
	return r.dial.RoundTrip(req)
}

// fakeState is the state as one robot sees it: only the leader can verify that it leads.
type fakeState struct {
	*fakeStore

	robot *robot
}

func (s fakeState) VerifyLeader(context.Context) error {
	if !s.robot.Leading() {
		return casare.Errorf(casare.CodeNotLeader, "not the leader")
	}
	return nil
}

// reply is an answer with its body.
type reply struct {
	t      testing.TB
	status int
	header http.Header
	body   []byte
}

// do sends a request with the admin key, unless a header says otherwise.
func (r *robot) do(method, path, body string, headers ...string) reply {
	r.world.t.Helper()
	req, err := http.NewRequestWithContext(r.world.t.Context(), method, r.public.URL+path, strings.NewReader(body))
	require.NoError(r.world.t, err)
	req.Header.Set("Authorization", "Bearer "+adminKey)
	for i := 0; i < len(headers); i += 2 {
		req.Header.Del(headers[i])
		if headers[i+1] != "" {
			req.Header.Set(headers[i], headers[i+1])
		}
	}
	resp, err := http.DefaultClient.Do(req)
	require.NoError(r.world.t, err)
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	require.NoError(r.world.t, err)
	http.DefaultClient.CloseIdleConnections()
	return reply{t: r.world.t, status: resp.StatusCode, header: resp.Header, body: answer}
}

func (r *robot) get(path string, headers ...string) reply {
	r.world.t.Helper()
	return r.do(http.MethodGet, path, "", headers...)
}

func (r *robot) post(path, body string, headers ...string) reply {
	r.world.t.Helper()
	return r.do(http.MethodPost, path, body, headers...)
}

// ok demands a status of 200 and decodes the body.
func (r reply) ok() map[string]any {
	r.t.Helper()
	require.Equal(r.t, http.StatusOK, r.status, "%s", r.body)
	var out map[string]any
	require.NoError(r.t, json.Unmarshal(r.body, &out), "%s", r.body)
	return out
}

// fails demands an error body of the contract and returns its parts.
func (r reply) fails(status int, code casare.Code) (message, field string) {
	r.t.Helper()
	require.Equal(r.t, status, r.status, "%s", r.body)
	require.Equal(r.t, "application/json", r.header.Get("Content-Type"))
	var e struct {
		Success *bool `json:"success"`
		Error   struct {
			Code    casare.Code `json:"code"`
			Message string      `json:"message"`
			Field   *string     `json:"field"`
		} `json:"error"`
		Meta struct {
			RequestID string `json:"request_id"`
		} `json:"meta"`
		Detail string `json:"detail"`
	}
	require.NoError(r.t, json.Unmarshal(r.body, &e), "%s", r.body)
	require.NotNil(r.t, e.Success)
	require.False(r.t, *e.Success)
	require.Equal(r.t, code, e.Error.Code, "%s", r.body)
	require.NotEmpty(r.t, e.Error.Message)
	require.Equal(r.t, e.Error.Message, e.Detail)
	require.Equal(r.t, r.header.Get("X-Request-Id"), e.Meta.RequestID)
	if e.Error.Field != nil {
		field = *e.Error.Field
	}
	return e.Error.Message, field
}

func (r *robot) client(others ...*robot) *client.Client {
	urls := []string{r.public.URL}
	for _, o := range others {
		urls = append(urls, o.public.URL)
	}
	c := client.New(adminKey, urls...)
	r.world.t.Cleanup(c.Close)
	return c
}

// is returns v as a T; a value of another type as the zero T, which the test then does not expect.
func is[T any](v any) T {
	t, _ := v.(T)
	return t
}

type object = map[string]any

// hello is a document that may run.
const hello = `{"metadata":{"name":"hello"},"nodes":{"n1":{"node_id":"n1","node_type":"StartNode","config":{}},` +
	`"n2":{"node_id":"n2","node_type":"LogNode","config":{"message":"15.0"}}},` +
	`"connections":[{"source_node":"n1","source_port":"exec_out","target_node":"n2","target_port":"exec_in"}]}`

// submitted queues the hello document and returns the job's id.
func (r *robot) submitted() string {
	r.world.t.Helper()
	id, _ := r.post("/api/v1/jobs/submit", `{"workflow_json":`+hello+`}`).ok()["job_id"].(string)
	require.NotEmpty(r.world.t, id)
	return id
}
