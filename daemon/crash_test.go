package daemon_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"casare/client"
	"casare/internal/meshtest"
)

func TestCrash_OfTheLeader_TheAttemptGoesOn(t *testing.T) {
	t.Parallel()
	m := meshtest.Start(t, 3)
	m.WaitCoordinators(3)
	leader := m.Leader()
	runner := m.Others(leader)[0]
	job := spread(t, m, runner.Client(), runner, 1)[0]
	leader.Crash()
	next := m.Leader()
	job.gate.open()
	ended := completed(t, m, next.Client(), job.id)
	require.Equal(t, job.job.Epoch, ended.Epoch)
	require.Equal(t, 1, ended.Attempt)
	visits, _ := job.gate.count()
	require.Equal(t, 1, visits)
	leader.Restart()
	m.WaitCoordinators(3)
	endedOnce(t, m, leader, job.id)
}

func TestCrash_OfTheRobotThatRunsTheJob_ItIsResumedElsewhere(t *testing.T) {
	t.Parallel()
	for name, leads := range map[string]bool{"it does not lead": false, "it leads": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := meshtest.Start(t, 3, quickLeases)
			m.WaitCoordinators(3)
			victim := m.Leader()
			if !leads {
				victim = m.Others(victim)[0]
			}
			job := spread(t, m, victim.Client(), victim, 1)[0]
			victim.Crash()
			c := m.Leader().Client()
			job.gate.visited(t, 2)
			job.gate.open()
			ended := completed(t, m, c, job.id)
			require.Equal(t, 2, ended.Attempt)
			require.Greater(t, ended.Epoch, job.job.Epoch)
			require.NotEqual(t, victim.ID(), ended.RobotID)
			require.Equal(t, 1, lines(t, c, job.id, "before"), "the job began anew instead of going on")
			require.Equal(t, 1, lines(t, c, job.id, "after"))
			victim.Restart()
			m.WaitCoordinators(3)
			endedOnce(t, m, victim, job.id)
		})
	}
}

func TestCrash_OfTheLeaderAndTheRobotThatRunsTheJob(t *testing.T) {
	t.Parallel()
	m := meshtest.Start(t, 3, quickLeases)
	m.WaitCoordinators(3)
	leader := m.Leader()
	runner := m.Others(leader)[0]
	last := m.Others(leader, runner)[0]
	job := spread(t, m, last.Client(), runner, 1)[0]
	m.Crash(leader, runner)
	lonely(t, m, last)
	leader.Restart() // a majority again, without the robot that ran the job
	c := m.Leader().Client()
	job.gate.visited(t, 2)
	runner.Restart()
	job.gate.open()
	ended := completed(t, m, c, job.id)
	require.Equal(t, 2, ended.Attempt)
	require.Equal(t, 1, lines(t, c, job.id, "before"))
	m.WaitCoordinators(3)
	endedOnce(t, m, runner, job.id)
}

func TestMove_ARobotWithAnotherAddressIsFoundAgain(t *testing.T) {
	t.Parallel()
	m := meshtest.Start(t, 3)
	m.WaitCoordinators(3)
	leader := m.Leader()
	moved := m.Others(leader)[0]
	before := moved.MeshAddr()
	moved.Crash()
	moved.Move(nil)
	require.NotEqual(t, before, moved.MeshAddr())
	m.WaitCoordinators(3)
	g := newGate(t)
	id := submit(t, moved.Client(), client.Submit{Workflow: document(t, gateAt(g)), RobotID: moved.ID()})
	g.visited(t, 1)
	g.open()
	require.Equal(t, moved.ID(), completed(t, m, leader.Client(), id).RobotID)
	for _, member := range view(t, leader).Members {
		if member.RobotID == moved.ID() {
			require.Equal(t, moved.MeshAddr(), member.Mesh)
		}
	}
	leader.Crash() // its vote counts at the new address
	completed(t, m, m.Leader().Client(), submit(t, moved.Client(), client.Submit{Workflow: quick(t)}))
	leader.Restart()
	m.WaitCoordinators(3)
	endedOnce(t, m, leader, id)
}

func TestMove_EverybodyAtOnceWithOneSeedKnown(t *testing.T) {
	t.Parallel()
	m := meshtest.Start(t, 3)
	m.WaitCoordinators(3)
	id := submit(t, m.Robot(0).Client(), client.Submit{Workflow: quick(t)})
	completed(t, m, m.Robot(0).Client(), id)
	m.Crash(m.Robots()...)
	m.Robot(0).Move(nil)
	m.Robot(1).Move(m.Robot(0))
	m.Robot(2).Move(m.Robot(0))
	require.NotNil(t, m.Leader())
	m.WaitCoordinators(3)
	later := submit(t, m.Robot(2).Client(), client.Submit{Workflow: quick(t), RobotID: m.Robot(1).ID()})
	endedOnce(t, m, m.Robot(0), id, later)
}
