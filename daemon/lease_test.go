package daemon_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"casare"
	"casare/client"
	"casare/internal/meshtest"
)

func TestCutOff_BackBeforeTheLeaseEnds_NothingHappens(t *testing.T) {
	t.Parallel()
	m := meshtest.Start(t, 3)
	m.WaitCoordinators(3)
	leader := m.Leader()
	away := m.Others(leader)[0]
	job := spread(t, m, leader.Client(), away, 1)[0]
	m.Split([]*meshtest.Robot{away})
	lonely(t, m, away) // it is a coordinator: that takes it a second
	m.Heal()
	m.Leader()
	job.gate.open()
	ended := completed(t, m, leader.Client(), job.id)
	require.Equal(t, job.job.Epoch, ended.Epoch)
	require.Equal(t, 1, ended.Attempt)
	visits, _ := job.gate.count()
	require.Equal(t, 1, visits)
	endedOnce(t, m, away, job.id)
}

func TestCutOff_BackBeforeTheJobMoved_ItsResultIsTaken(t *testing.T) {
	t.Parallel()
	m := meshtest.Start(t, 3, quickLeases)
	m.WaitCoordinators(3)
	leader := m.Leader()
	away := m.Others(leader)[0]
	done, open := newGate(t), newGate(t)
	ids := []string{ // only one robot fits
		submit(t, leader.Client(), client.Submit{Workflow: document(t, logStep("before"), gateAt(done), setStep("n", 7)), RobotID: away.ID()}),
		submit(t, leader.Client(), client.Submit{Workflow: document(t, logStep("before"), gateAt(open), setStep("n", 7)), RobotID: away.ID()}),
	}
	var epochs []uint64
	for i, g := range []*gate{done, open} {
		g.visited(t, 1)
		epochs = append(epochs, running(t, m, leader.Client(), ids[i]).Epoch)
	}
	m.Split([]*meshtest.Robot{away})
	for _, id := range ids {
		until(t, m, leader.Client(), id, "went back to the queue", func(j client.Job) bool { return j.State == casare.JobQueued })
	}
	done.pass(t, 0) // one ends while its robot is away, the other afterwards
	m.Heal()
	until(t, m, leader.Client(), ids[1], "was taken back", func(j client.Job) bool { return j.State == casare.JobRunning })
	open.pass(t, 0)
	for i, id := range ids {
		ended := completed(t, m, leader.Client(), id)
		require.Equal(t, epochs[i], ended.Epoch)
		require.Equal(t, 1, ended.Attempt)
		require.Contains(t, string(ended.Result), `"n":7`)
		require.Equal(t, 1, lines(t, leader.Client(), id, "before"))
	}
	for _, g := range []*gate{done, open} {
		visits, _ := g.count()
		require.Equal(t, 1, visits)
	}
	endedOnce(t, m, away, ids...)
}

func TestCutOff_BackAfterTheJobMoved_ItsResultIsRefused(t *testing.T) {
	t.Parallel()
	m := meshtest.Start(t, 3, quickLeases)
	m.WaitCoordinators(3)
	leader := m.Leader()
	away := m.Others(leader)[0]
	jobs := spread(t, m, leader.Client(), away, 2)
	m.Split([]*meshtest.Robot{away})
	for _, job := range jobs {
		job.gate.visited(t, 2) // another robot runs it
		running(t, m, leader.Client(), job.id)
	}
	jobs[0].gate.pass(t, 0) // one ends on the robot that is away, the other is still running there
	m.Heal()
	jobs[1].gate.killed(t, 0)
	online(t, m, 3)
	for _, job := range jobs {
		now := running(t, m, leader.Client(), job.id)
		require.Equal(t, 2, now.Attempt)
		require.NotEqual(t, away.ID(), now.RobotID)
		job.gate.pass(t, 1)
		ended := completed(t, m, leader.Client(), job.id)
		require.Equal(t, now.Epoch, ended.Epoch)
		require.Equal(t, 1, lines(t, leader.Client(), job.id, "before"))
		require.Equal(t, 1, lines(t, leader.Client(), job.id, "after"))
	}
	endedOnce(t, m, away, jobs[0].id, jobs[1].id)
}
