package daemon_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"casare/client"
	"casare/daemon"
	"casare/internal/meshtest"
	"casare/scheduler"
)

func TestStop_HandsOverLeadershipAndJobs(t *testing.T) {
	t.Parallel()
	m := meshtest.Start(t, 3, func(o *daemon.Options) {
		quickLeases(o)
		o.Tuning.Scheduler = func(c *scheduler.Config) { c.TTL = time.Hour } // a job that waits for its lease waits for ever
	})
	m.WaitCoordinators(3)
	leader := m.Leader()
	job := spread(t, m, leader.Client(), leader, 1)[0]
	c := m.Others(leader)[0].Client()
	sleeper := submit(t, c, client.Submit{Workflow: document(t, logStep("before"), waitStep(3), logStep("after"))})
	running(t, m, c, sleeper)
	leader.Stop()
	next := m.Leader()
	job.gate.visited(t, 2)
	job.gate.open()
	ended := completed(t, m, next.Client(), job.id)
	require.Equal(t, 2, ended.Attempt)
	require.NotEqual(t, leader.ID(), ended.RobotID)
	require.Equal(t, 1, lines(t, next.Client(), job.id, "before"))
	completed(t, m, next.Client(), sleeper)
	require.Equal(t, 1, lines(t, next.Client(), sleeper, "before"))
	leader.Restart()
	m.WaitCoordinators(3)
	endedOnce(t, m, leader, job.id, sleeper)
}

func TestStop_TwoRobotsAtOnce(t *testing.T) {
	t.Parallel()
	m := meshtest.Start(t, 3, quickLeases)
	m.WaitCoordinators(3)
	leader := m.Leader()
	second := m.Others(leader)[0]
	third := m.Others(leader, second)[0]
	job := spread(t, m, third.Client(), second, 1)[0]
	began := time.Now()
	m.Stop(leader, second)
	require.Less(t, time.Since(began), 30*time.Second)
	lonely(t, m, third)
	second.Restart()
	c := m.Leader().Client()
	job.gate.visited(t, 2)
	job.gate.open()
	completed(t, m, c, job.id)
	require.Equal(t, 1, lines(t, c, job.id, "before"))
	leader.Restart()
	m.WaitCoordinators(3)
	endedOnce(t, m, leader, job.id)
}

func TestStop_TheWholeMeshAndBack(t *testing.T) {
	t.Parallel()
	m := meshtest.Start(t, 3, quickLeases)
	m.WaitCoordinators(3)
	first := m.Robot(0)
	var jobs []gated
	for _, r := range m.Robots() {
		g := newGate(t)
		id := submit(t, first.Client(), client.Submit{
			Workflow: document(t, logStep("before"), gateAt(g), logStep("after")), RobotID: r.ID(),
		})
		g.visited(t, 1)
		jobs = append(jobs, gated{id: id, gate: g})
	}
	queued := submit(t, first.Client(), client.Submit{Workflow: quick(t), Needs: []string{"a wish"}})
	began := time.Now()
	m.Stop(m.Robots()...)
	require.Less(t, time.Since(began), 10*time.Second, "the last one waited for a leader that cannot come")
	for _, r := range m.Robots() {
		r.Restart()
	}
	m.WaitCoordinators(3)
	c := first.Client()
	for _, j := range jobs {
		j.gate.visited(t, 2)
		j.gate.open()
		completed(t, m, c, j.id)
		require.Equal(t, 1, lines(t, c, j.id, "before"), "the job began anew")
	}
	_, err := c.Cancel(t.Context(), queued, "nobody can")
	require.NoError(t, err)
	endedOnce(t, m, first, jobs[0].id, jobs[1].id, jobs[2].id)
}

func TestStop_OfTheOnlyRobot(t *testing.T) {
	t.Parallel()
	m := meshtest.Start(t, 1, quickLeases)
	only := m.Robot(0)
	job := spread(t, m, only.Client(), only, 1)[0]
	only.Stop()
	job.gate.killed(t, 0)
	only.Restart()
	job.gate.visited(t, 2)
	job.gate.open()
	ended := completed(t, m, only.Client(), job.id)
	require.Equal(t, 2, ended.Attempt, "it was given back in good order")
	require.Equal(t, 1, lines(t, only.Client(), job.id, "before"))
	endedOnce(t, m, only, job.id)
}
