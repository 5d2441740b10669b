package daemon_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"casare"
	"casare/client"
	"casare/internal/meshtest"
)

func TestLive_SocketsOutliveTheLeader(t *testing.T) {
	t.Parallel()
	m := meshtest.Start(t, 3, quickLeases)
	m.WaitCoordinators(3)
	plain := m.Add()
	online(t, m, 4)
	leader := m.Leader()
	follower := m.Others(leader, plain)[0]
	g := newGate(t)
	id := submit(t, follower.Client(), client.Submit{
		Workflow: document(t, logStep("one"), logStep("two"), gateAt(g), logStep("three"), logStep("four")), RobotID: follower.ID(),
	})
	g.visited(t, 1)
	through := []*meshtest.Robot{follower, plain}
	var boards, jobs []*socket
	for _, r := range through {
		boards = append(boards, open(t, r, "/ws/live-jobs"))
		jobs = append(jobs, open(t, r, "/ws/jobs/"+id))
	}
	var ids []string
	for range 3 {
		ids = append(ids, submit(t, follower.Client(), client.Submit{Workflow: quick(t)}))
	}
	leader.Crash()
	for range 3 {
		ids = append(ids, submit(t, plain.Client(), client.Submit{Workflow: quick(t)}))
	}
	next := m.Leader()
	for _, one := range ids {
		completed(t, m, next.Client(), one)
	}
	g.open()
	completed(t, m, next.Client(), id)
	last := submit(t, plain.Client(), client.Submit{Workflow: quick(t)})

	truth := history(t, m, next)
	for i, r := range through {
		t.Logf("through robot %d", r.Index+1)
		requirePart(t, truth, boards[i].events(t, last))
		requireWhole(t, jobs[i], id)
	}
	leader.Restart()
	m.WaitCoordinators(3)
}

// requirePart demands that a socket showed every event from its first to its last, each once, in order.
func requirePart(t *testing.T, truth, shown []frame) {
	t.Helper()
	require.NotEmpty(t, shown)
	name := func(f frame) string { return fmt.Sprintf("%s %s %s", f.Cursor, f.Event, f.JobID) }
	var want, got []string
	begun := false
	for _, f := range truth {
		begun = begun || f.Cursor == shown[0].Cursor
		if begun {
			want = append(want, name(f))
		}
		if f.Cursor == shown[len(shown)-1].Cursor {
			break
		}
	}
	for _, f := range shown {
		got = append(got, name(f))
	}
	require.Equal(t, want, got)
}

// requireWhole demands that a job's socket showed each of its lines and the end of each step once, and then the job's end.
func requireWhole(t *testing.T, s *socket, id string) {
	t.Helper()
	var texts []string
	steps := map[string]int{}
	final := false
	for {
		f, ok := s.read(t)
		if !ok {
			break
		}
		require.False(t, final, "something came after the last frame")
		switch {
		case f.Line != nil:
			if strings.HasPrefix(f.Line.Message, "[") { // what the steps say
				texts = append(texts, f.Line.Message)
			}
		case f.Step != nil && f.Step.State == casare.StepCompleted:
			steps[f.Step.Step]++
		}
		if final = f.Final; final {
			require.Equal(t, casare.JobCompleted, f.State)
			require.Equal(t, id, f.JobID)
		}
	}
	require.True(t, final, "the end was not told")
	require.Equal(t, []string{"[s1] one", "[s2] two", "[s4] three", "[s5] four"}, texts)
	for _, name := range []string{"s1", "s2", "s3", "s4", "s5"} {
		require.Equal(t, 1, steps[name], "%s: %v", name, steps)
	}
}
