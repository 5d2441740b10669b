package raftstore

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/raft"
	"github.com/stretchr/testify/require"

	"casare"
)

// machine is the state machine without raft: a log that is applied entry by entry.
type machine struct {
	*fsm
	t     testing.TB
	store *Store // reads only
	index uint64
	fatal chan error
}

func newMachine(tb testing.TB, f ...faults) *machine {
	tb.Helper()
	c, fatals := testConfig(tb, newNetwork(), tb.TempDir(), "r1")
	if len(f) > 0 {
		c.faults = f[0]
	}
	s, err := Open(c)
	require.NoError(tb, err)
	tb.Cleanup(func() { s.Stop(); _ = c.Network.Listener().Close() })
	return &machine{fsm: s.fsm, t: tb, store: s, fatal: fatals}
}

// entry makes a log entry of commands.
func (m *machine) entry(ps ...casare.Proposal) *raft.Log {
	m.t.Helper()
	m.index++
	return &raft.Log{Index: m.index, Term: 1, Type: raft.LogCommand, Data: entryOf(m.t, ps...)}
}

func entryOf(tb testing.TB, ps ...casare.Proposal) []byte {
	tb.Helper()
	var frames [][]byte
	size := 0
	for _, p := range ps {
		f, refusal := encodeProposal(p)
		require.Nil(tb, refusal)
		frames = append(frames, f)
		size += len(f)
	}
	return joinFrames(frames, size)
}

// apply applies commands as one entry.
func (m *machine) apply(ps ...casare.Proposal) []casare.Result {
	m.t.Helper()
	results, ok := m.Apply(m.entry(ps...)).([]casare.Result)
	require.True(m.t, ok)
	return results
}

func (m *machine) ok(ps ...casare.Proposal) []casare.Result {
	m.t.Helper()
	results := m.apply(ps...)
	for _, r := range results {
		require.Nil(m.t, r.Err)
	}
	return results
}

func (m *machine) refused(code casare.Code, p casare.Proposal) {
	m.t.Helper()
	before, err := m.store.Hash(m.t.Context())
	require.NoError(m.t, err)
	r := m.apply(p)[0]
	require.NotNil(m.t, r.Err, "not refused")
	require.Equal(m.t, code, r.Err.Code, r.Err.Message)
	after, err := m.store.Hash(m.t.Context())
	require.NoError(m.t, err)
	require.Equal(m.t, before, after, "a refused command has written something")
}

func (m *machine) init() *machine {
	m.ok(system("init-mesh", initMesh("r1")))
	return m
}

func (m *machine) job(id string) *casare.Job {
	m.t.Helper()
	j, err := m.store.Job(id)
	require.NoError(m.t, err)
	return j
}

func line(n int) []byte { return fmt.Appendf(nil, `{"n":%d}`, n) }

func TestApply_LifeOfAJob(t *testing.T) {
	t.Parallel()
	m := newMachine(t).init()
	m.ok(submit("j1"))
	require.Equal(t, casare.JobQueued, m.job("j1").State)
	require.Equal(t, "key", m.job("j1").CreatedBy)

	epoch := m.ok(system("a1", casare.AssignJob{JobID: "j1", RobotID: "r1"}))[0].Index
	require.Equal(t, epoch, m.job("j1").Epoch)
	m.ok(system("s1", casare.StartJob{JobID: "j1", Epoch: epoch}))
	m.ok(system("c1", casare.CheckpointJob{JobID: "j1", Epoch: epoch, Seq: 1, Changes: records("pos", "cp1"), Step: "n1", Progress: 40, Log: casare.LogChunk{Lines: [][]byte{line(0), line(1)}}}))
	held, seq, err := m.store.Checkpoint("j1")
	require.NoError(t, err)
	require.Equal(t, records("pos", "cp1"), held)
	require.EqualValues(t, 1, seq)

	m.refused(casare.CodeGap, system("c3", casare.CheckpointJob{JobID: "j1", Epoch: epoch, Seq: 3, Base: 2, Changes: records("pos", "cp3")}))
	// Progress without a number: the checkpoint and its number stay.
	m.ok(system("p1", casare.CheckpointJob{JobID: "j1", Epoch: epoch, Progress: 60, Step: "n2", Log: casare.LogChunk{From: 1, Lines: [][]byte{line(1), line(2)}}}))
	require.Equal(t, 60, m.job("j1").Progress)
	require.EqualValues(t, 1, m.job("j1").CheckpointSeq)

	res := m.ok(system("f1", casare.FinishJob{JobID: "j1", Epoch: epoch, State: casare.JobCompleted, Result: []byte(`{"x":1}`), Log: casare.LogChunk{From: 3, Lines: [][]byte{line(3)}}}))
	require.Equal(t, casare.JobCompleted, res[0].Job.State)
	lines, err := m.store.JobLog("j1")
	require.NoError(t, err)
	require.Equal(t, [][]byte{line(0), line(1), line(2), line(3)}, lines)
	result, err := m.store.JobResult("j1")
	require.NoError(t, err)
	require.JSONEq(t, `{"x":1}`, string(result))
	held, _, err = m.store.Checkpoint("j1")
	require.NoError(t, err)
	require.Empty(t, held)
	m.refused(casare.CodeTransition, system("f2", casare.FinishJob{JobID: "j1", Epoch: epoch, State: casare.JobFailed}))
}

func TestApply_RepeatedCommandsHaveOneEffect(t *testing.T) {
	t.Parallel()
	m := newMachine(t).init()
	m.ok(submit("j1"))
	again := m.ok(submit("j1"))
	require.Equal(t, "j1", again[0].Job.ID)
	other := submit("j1")
	spec := as[casare.SubmitJob](t, other.Command)
	spec.Spec.BodyHash = []byte("other")
	other.Command = spec
	m.refused(casare.CodeIdempotency, other)

	epoch := m.ok(system("a1", casare.AssignJob{JobID: "j1", RobotID: "r1"}))[0].Index
	hash, err := m.store.Hash(t.Context())
	require.NoError(t, err)
	m.ok(system("a1", casare.AssignJob{JobID: "j1", RobotID: "r1"}))
	require.Equal(t, epoch, m.job("j1").Epoch)
	same, err := m.store.Hash(t.Context())
	require.NoError(t, err)
	require.Equal(t, hash, same)

	finish := system("f1", casare.FinishJob{JobID: "j1", Epoch: epoch, State: casare.JobFailed, Error: &casare.JobError{Message: "no"}})
	m.ok(finish)
	require.Equal(t, casare.JobFailed, m.ok(finish)[0].Job.State)

	put := casare.Proposal{ID: "pw", Tenant: casare.DefaultTenant, Time: 5, Command: casare.PutWorkflow{
		Workflow: casare.Workflow{ID: "w2", Tenant: casare.DefaultTenant, Name: "Two", Revision: casare.RevisionOf(document(2))}, Document: document(2),
	}}
	m.ok(put, put)
	w, err := m.store.Workflow(casare.DefaultTenant, "w2")
	require.NoError(t, err)
	require.Equal(t, 1, w.Version)

	token := system("t1", casare.CreateToken{Token: casare.Token{ID: "t1", SecretHash: []byte("s"), MaxUses: 1, Role: casare.RoleRobot}})
	m.ok(token, token)
	token.ID = "t2"
	m.refused(casare.CodeExists, token)
	m.ok(system("init-mesh", initMesh("r1")))
	m.refused(casare.CodeExists, system("other", initMesh("r1")))
}

func TestApply_SubmitRefusals(t *testing.T) {
	t.Parallel()
	m := newMachine(t).init()
	edit := func(change func(c *casare.SubmitJob)) casare.Proposal {
		p := submit("j")
		c := as[casare.SubmitJob](t, p.Command)
		change(&c)
		p.Command = c
		return p
	}
	m.refused(casare.CodeNotFound, edit(func(c *casare.SubmitJob) { c.Document = nil }))
	m.refused(casare.CodeInvalid, edit(func(c *casare.SubmitJob) { c.Spec.Revision = "abc" }))
	m.refused(casare.CodeInvalid, edit(func(c *casare.SubmitJob) { c.Spec.ID = "k" }))
	m.refused(casare.CodeInvalid, edit(func(c *casare.SubmitJob) { c.Spec.Tenant = "other" }))
	m.refused(casare.CodeInvalid, edit(func(c *casare.SubmitJob) { c.Spec.WorkflowID = "" }))
	m.refused(casare.CodeInvalid, edit(func(c *casare.SubmitJob) { c.Spec.Priority = 21 }))
	big := []byte(strings.Repeat("x", casare.MaxDocument+1))
	m.refused(casare.CodeTooLarge, edit(func(c *casare.SubmitJob) { c.Spec.Variables = big }))
	m.refused(casare.CodeTooLarge, edit(func(c *casare.SubmitJob) { c.Document, c.Spec.Revision = big, casare.RevisionOf(big) }))
	m.ok(submit("j"))
	m.ok(edit(func(c *casare.SubmitJob) { c.Document = nil })) // known by now, and a repeat
}

func TestApply_RefusedCommandsLeaveTheirNeighboursAlone(t *testing.T) {
	t.Parallel()
	m := newMachine(t).init()
	results := m.apply(
		submit("j1"),
		system("x", casare.CancelJob{JobID: "none"}),
		system("a1", casare.AssignJob{JobID: "j1", RobotID: "nobody"}),
		system("a2", casare.AssignJob{JobID: "j1", RobotID: "r1"}),
		system("a3", casare.AssignJob{JobID: "j1", RobotID: "r1"}),
		submit("j2"),
	)
	codes := make([]casare.Code, len(results))
	for i, r := range results {
		if r.Err != nil {
			codes[i] = r.Err.Code
		}
	}
	require.Equal(t, []casare.Code{"", casare.CodeNotFound, casare.CodeNotFound, "", casare.CodeTransition, ""}, codes)
	events := keptEvents(t, m.store)
	for i, e := range events[len(events)-4:] { // workflow, queued, assigned, queued
		require.Equal(t, casare.Cursor{Index: m.index, Position: uint32(i)}, e.Cursor)
	}
}

func keptEvents(tb testing.TB, s *Store) []casare.Event {
	tb.Helper()
	var all []casare.Event
	after := casare.Cursor{}
	for after.Less(s.Cursor()) {
		events, err := s.feed.backlog(after)
		require.NoError(tb, err)
		all = append(all, events...)
		after = all[len(all)-1].Cursor
	}
	return all
}

func TestApply_ATenantDoesNotSeeAnothersJob(t *testing.T) {
	t.Parallel()
	m := newMachine(t).init()
	m.ok(submit("j1"))
	p := system("x", casare.CancelJob{JobID: "j1"})
	p.Tenant = "other"
	m.refused(casare.CodeNotFound, p)
}

func TestApply_JoinOnAToken(t *testing.T) {
	t.Parallel()
	m := newMachine(t).init()
	m.ok(system("t", casare.CreateToken{Token: casare.Token{ID: "t", SecretHash: []byte("s"), MaxUses: 1, Role: casare.RoleRobot, ExpiresAt: 9}}))
	join := func(robot, key string, expired bool) casare.Proposal {
		r := robotRow(robot)
		r.PublicKey = []byte(key)
		return system("join-"+robot, casare.JoinRobot{TokenID: "t", SecretHash: []byte("s"), Robot: r, Expired: expired})
	}
	wrong := join("r2", "k2", false)
	c := as[casare.JoinRobot](t, wrong.Command)
	c.SecretHash = []byte("guess")
	wrong.Command = c
	m.refused(casare.CodeUnauthenticated, wrong)
	m.refused(casare.CodeUnauthenticated, join("r2", "k2", true))
	m.ok(join("r2", "k2", false))
	m.ok(join("r2", "k2", true)) // cut off before it had its certificate: no second use, whatever became of the token
	m.refused(casare.CodeExists, join("r2", "other", false))
	m.refused(casare.CodeUnauthenticated, join("r3", "k3", false))
	r, err := m.store.Robot("r2")
	require.NoError(t, err)
	require.Equal(t, casare.RoleRobot, r.Role)

	// What it says of itself changes; who it is does not.
	said := *r
	said.Role, said.PublicKey, said.Slots = casare.RoleCoordinator, []byte("forged"), 7
	m.ok(system("p", casare.PutRobot{Robot: said}))
	r, err = m.store.Robot("r2")
	require.NoError(t, err)
	require.Equal(t, casare.RoleRobot, r.Role)
	require.Equal(t, "k2", string(r.PublicKey))
	require.Equal(t, 7, r.Slots)
	m.refused(casare.CodeNotFound, system("q", casare.PutRobot{Robot: robotRow("stranger")}))
}

func TestApply_KeysSealsAndGrowth(t *testing.T) {
	t.Parallel()
	m := newMachine(t).init()
	k := casare.APIKey{ID: "k1", Tenant: casare.DefaultTenant, Name: "one", Hash: []byte("h1"), Role: "admin"}
	m.ok(system("ck", casare.CreateKey{Key: k}), system("ck", casare.CreateKey{Key: k}))
	m.refused(casare.CodeExists, system("ck2", casare.CreateKey{Key: k}))
	revoke := casare.Proposal{ID: "rk", Tenant: casare.DefaultTenant, Time: 77, Command: casare.RevokeKey{KeyID: "k1"}}
	m.ok(revoke, revoke)
	got, err := m.store.KeyByHash([]byte("h1"))
	require.NoError(t, err)
	require.EqualValues(t, 77, got.RevokedAt)
	keys, err := m.store.Keys(casare.DefaultTenant)
	require.NoError(t, err)
	require.Len(t, keys, 2)
	m.refused(casare.CodeNotFound, casare.Proposal{ID: "rk2", Tenant: "other", Command: casare.RevokeKey{KeyID: "k1"}})

	m.refused(casare.CodeNotFound, system("s", casare.SealKeys{Keys: casare.SealedKeys{RobotID: "r9", Sealed: []byte("x")}}))
	m.ok(system("s2", casare.SealKeys{Keys: casare.SealedKeys{RobotID: "r1", Sealed: []byte("new")}}))
	sealed, err := m.store.SealedKeys("r1")
	require.NoError(t, err)
	require.Equal(t, "new", string(sealed.Sealed))

	m.ok(system("g", casare.MarkGrown{}), system("g2", casare.MarkGrown{}))
	mesh, err := m.store.Mesh()
	require.NoError(t, err)
	require.True(t, mesh.Grown)
	require.Equal(t, "ca", string(mesh.CACert))
}

func TestApply_WorkflowVersions(t *testing.T) {
	t.Parallel()
	m := newMachine(t).init()
	put := func(id string, n int) casare.Proposal {
		return casare.Proposal{ID: id, Tenant: casare.DefaultTenant, Time: casare.Time(n), Command: casare.PutWorkflow{
			Workflow: casare.Workflow{ID: "w", Tenant: casare.DefaultTenant, Name: "W", Revision: casare.RevisionOf(document(n))}, Document: document(n),
		}}
	}
	m.ok(put("1", 1), put("2", 2), put("3", 2), put("4", 1))
	w, err := m.store.Workflow(casare.DefaultTenant, "w")
	require.NoError(t, err)
	require.Equal(t, 3, w.Version)
	require.Equal(t, casare.RevisionOf(document(1)), w.Revision)
	versions, err := m.store.WorkflowVersions(casare.DefaultTenant, "w")
	require.NoError(t, err)
	require.Len(t, versions, 3)
	d, err := m.store.Document(versions[1].Revision)
	require.NoError(t, err)
	require.Equal(t, document(2), d)
	list, total, err := m.store.Workflows(casare.DefaultTenant, 10, 0)
	require.NoError(t, err)
	require.Equal(t, 1, total)
	require.Equal(t, "w", list[0].ID)
}

func TestApply_LogKeepsItsEndByWholeLines(t *testing.T) {
	t.Parallel()
	m := newMachine(t).init()
	m.ok(submit("j1"))
	epoch := m.ok(system("a1", casare.AssignJob{JobID: "j1", RobotID: "r1"}))[0].Index
	pad := strings.Repeat("x", 1000)
	n := 0
	for i := range 40 {
		chunk := casare.LogChunk{From: uint64(n)}
		for range 20 {
			chunk.Lines = append(chunk.Lines, fmt.Appendf(nil, "{\"n\":%d,\"pad\":%q}\n", n, pad))
			n++
		}
		m.ok(system(fmt.Sprint("c", i), casare.CheckpointJob{JobID: "j1", Epoch: epoch, Log: chunk}))
	}
	lines, err := m.store.JobLog("j1")
	require.NoError(t, err)
	size := 0
	for i, l := range lines {
		require.Equal(t, fmt.Sprintf("{\"n\":%d,\"pad\":%q}", n-len(lines)+i, pad), string(l))
		size += len(l) + 1
	}
	require.LessOrEqual(t, size, maxJobLog)
	require.Greater(t, size, maxJobLog-2000)
	// A new attempt numbers its lines from 0 again.
	m.ok(system("x", casare.ExpireJob{JobID: "j1", Epoch: epoch}))
	epoch = m.ok(system("a2", casare.AssignJob{JobID: "j1", RobotID: "r1"}))[0].Index
	m.ok(system("c", casare.CheckpointJob{JobID: "j1", Epoch: epoch, Log: casare.LogChunk{Lines: [][]byte{line(0)}}}))
	lines, err = m.store.JobLog("j1")
	require.NoError(t, err)
	require.Equal(t, line(0), lines[len(lines)-1])
}

func TestLastLines(t *testing.T) {
	t.Parallel()
	text := []byte("aa\nbbb\nc\n")
	for limit, want := range map[int]string{9: "aa\nbbb\nc\n", 8: "bbb\nc\n", 6: "bbb\nc\n", 5: "c\n", 2: "c\n", 1: ""} {
		require.Equal(t, want, string(lastLines(text, limit)), "limit %d", limit)
	}
}

func TestApply_AnUnknownCommandHaltsUnlessItMayBeIgnored(t *testing.T) {
	t.Parallel()
	frame := func(flags, version uint8, typ casare.CommandType) []byte {
		b, err := encoding.Marshal(envelope{Type: typ, Version: version, Flags: flags, ID: "x", Body: []byte{0xa0}})
		require.NoError(t, err)
		return b
	}
	m := newMachine(t).init()
	f := frame(flagMayIgnore, 1, 200)
	m.index++
	res := as[[]casare.Result](t, m.Apply(&raft.Log{Index: m.index, Term: 1, Data: joinFrames([][]byte{f}, len(f))}))
	require.Equal(t, casare.CodeUnsupported, res[0].Err.Code)

	for _, f := range [][]byte{frame(0, 1, 200), frame(0, commandVersion+1, casare.CommandMarkGrown)} {
		m := newMachine(t).init()
		before, err := m.store.Hash(t.Context())
		require.NoError(t, err)
		m.index++
		answered := make(chan any)
		go func() { answered <- m.Apply(&raft.Log{Index: m.index, Term: 1, Data: joinFrames([][]byte{f}, len(f))}) }()
		require.ErrorContains(t, <-m.fatal, "does not know: update it")
		select {
		case <-answered:
			t.Fatal("it has answered")
		case <-time.After(20 * time.Millisecond):
		}
		m.latch.free()
		require.Error(t, as[error](t, <-answered))
		after, err := m.store.Hash(t.Context())
		require.NoError(t, err)
		require.Equal(t, before, after)
	}
}

func TestApply_AFailedTransactionAcknowledgesNothing(t *testing.T) {
	t.Parallel()
	full := errors.New("no space left")
	armed := false
	m := newMachine(t, func(op string) error {
		if armed && op == opStateCommit {
			return full
		}
		return nil
	}).init()
	armed = true
	answered := make(chan any)
	go func() { answered <- m.Apply(m.entry(submit("j1"))) }()
	require.ErrorIs(t, <-m.fatal, full)
	_, err := m.store.Job("j1")
	require.Equal(t, casare.CodeNotFound, casare.CodeOf(err))
	m.latch.free()
	require.ErrorIs(t, as[error](t, <-answered), full)
	require.ErrorIs(t, as[error](t, m.Apply(m.entry(submit("j2")))), full)
	require.Empty(t, m.fatal, "Fatal is called once")
}

func TestApply_EntriesBelowTheIndexAreSkipped(t *testing.T) {
	t.Parallel()
	m := newMachine(t).init()
	e := m.entry(submit("j1"))
	first := m.ApplyBatch([]*raft.Log{e})
	require.Len(t, first, 1)
	next := m.entry(submit("j2"))
	answers := m.ApplyBatch([]*raft.Log{e, next})
	require.Len(t, answers, 2)
	require.Nil(t, answers[0])
	require.Len(t, answers[1], 1)
	require.Equal(t, casare.JobCounts{casare.JobQueued: 2}, must(m.store.Counts("")))
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestApply_ConfigurationEntriesAreKeptInMeta(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	servers := raft.Configuration{Servers: []raft.Server{{ID: "a", Address: "a"}, {ID: "b", Address: "b", Suffrage: raft.Nonvoter}}}
	require.Nil(t, m.Apply(&raft.Log{Index: 1, Term: 1, Type: raft.LogConfiguration, Data: raft.EncodeConfiguration(servers)}))
	meta, err := m.state.meta()
	require.NoError(t, err)
	require.EqualValues(t, 1, meta.ConfigurationIndex)
	require.Equal(t, []Member{{ID: "a", Voter: true}, {ID: "b"}}, meta.members())
	list, err := m.store.snapshots.List()
	require.NoError(t, err)
	require.Equal(t, servers, list[0].Configuration)
}

func TestApply_PruneForgetsFromTheFront(t *testing.T) {
	t.Parallel()
	m := newMachine(t).init()
	for i := range 10 {
		m.ok(submit(fmt.Sprint("j", i)), submit(fmt.Sprint("k", i)))
	}
	events := keptEvents(t, m.store)
	cut := events[len(events)-4].Cursor // in the middle of an entry
	m.ok(system("p", casare.PruneEvents{Through: cut}))
	kept, err := m.store.feed.backlog(cut)
	require.NoError(t, err)
	require.Equal(t, events[len(events)-3:], kept)
	_, pruned, n := m.state.memory.feedState()
	require.Equal(t, cut, pruned)
	require.Equal(t, 3, n)
	m.refused(casare.CodeInvalid, system("p2", casare.PruneEvents{Through: casare.Cursor{Index: m.index + 100}}))
	require.NoError(t, m.state.flush())
	rows, err := m.state.load(m.state.db)
	require.NoError(t, err)
	require.Equal(t, 3, rows.events)
	require.Equal(t, m.store.Cursor(), rows.last)
}
