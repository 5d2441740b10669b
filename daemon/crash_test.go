package daemon_test

import (
	"context"
	"errors"
	"net/http"
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

func TestCrash_OfEverybody_TheSameAttemptGoesOn(t *testing.T) {
	t.Parallel()
	m := meshtest.Start(t, 3)
	m.WaitCoordinators(3)
	runner := m.Others(m.Leader())[0]
	job := spread(t, m, runner.Client(), runner, 1)[0]
	m.Crash(m.Robots()...)
	for _, r := range m.Robots() {
		r.Restart()
	}
	job.gate.visited(t, 2) // its robot is given it again, with the checkpoint, before its lease ends
	job.gate.open()
	ended := completed(t, m, runner.Client(), job.id)
	require.Equal(t, job.job.Epoch, ended.Epoch)
	require.Equal(t, runner.ID(), ended.RobotID)
	require.Equal(t, 1, lines(t, runner.Client(), job.id, "before"))
	m.WaitCoordinators(3)
	endedOnce(t, m, runner, job.id)
}

func TestCrash_OfAllCoordinators_ThePlainRobotFinishesWhatItRuns(t *testing.T) {
	t.Parallel()
	m := meshtest.Start(t, 3)
	m.WaitCoordinators(3)
	coordinators := m.Others()
	plain := m.Add()
	online(t, m, 4)
	g := newGate(t)
	id := submit(t, plain.Client(), client.Submit{Workflow: document(t, gateAt(g), logStep("after")), RobotID: plain.ID()})
	g.visited(t, 1)
	epoch := running(t, m, plain.Client(), id).Epoch
	m.Crash(coordinators...)
	lonely(t, m, plain)
	g.pass(t, 0)
	for _, r := range coordinators {
		r.Restart()
	}
	ended := completed(t, m, plain.Client(), id)
	require.Equal(t, epoch, ended.Epoch)
	require.Equal(t, plain.ID(), ended.RobotID)
	require.Equal(t, 1, lines(t, plain.Client(), id, "after"))
	m.WaitCoordinators(3)
	endedOnce(t, m, plain, id)
}

func TestCrash_OfTheOnlyCoordinator_ItsCopyReadsAndWaits(t *testing.T) {
	t.Parallel()
	m := meshtest.Start(t, 2, quickRefusals)
	voter, reader := m.Robot(0), m.Robot(1)
	id := submit(t, reader.Client(), client.Submit{Workflow: quick(t)})
	completed(t, m, voter.Client(), id)
	m.Eventually("the copy", func(context.Context) error {
		if !reader.Replica() {
			return errors.New("the second robot holds no state")
		}
		return nil
	})
	m.EnsureSame()
	voter.Crash()
	lonely(t, m, reader)
	read := ask(t, reader, http.MethodGet, "/api/v1/jobs/"+id, nil)
	require.Equal(t, http.StatusOK, read.status, "%s", read.body)
	require.NotEmpty(t, read.header.Get("X-Casare-Stale"))
	requireRefused(t, ask(t, reader, http.MethodPost, "/api/v1/jobs/submit", submission(t, quick(t))))
	require.Contains(t, view(t, reader).Summary, "Nobody leads")
	voter.Restart()
	require.Equal(t, voter, m.Leader())
	endedOnce(t, m, reader, id, submit(t, reader.Client(), client.Submit{Workflow: quick(t)}))
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
