package daemon_test

import (
	"maps"
	"testing"

	"github.com/stretchr/testify/require"

	"casare"
	"casare/client"
	"casare/internal/meshtest"
)

// at puts a step on a robot.
func at(robot string, s step) step {
	config := step{"_robot": robot}
	if own, ok := s["config"].(step); ok {
		maps.Copy(config, own)
	}
	return step{"node_type": s["node_type"], "config": config}
}

func TestPlace_ARunGoesFromRobotToRobotAndHomeAgain(t *testing.T) {
	t.Parallel()
	m := meshtest.Start(t, 3, quickLeases)
	m.WaitCoordinators(3)
	leader := m.Leader()
	a, b, c := m.Robots()[0], m.Robots()[1], m.Robots()[2]
	g := newGate(t)
	g.open()
	id := submit(t, leader.Client(), client.Submit{RobotID: a.ID(), Workflow: document(t,
		setStep("x", 1),
		at(b.ID(), logStep("one {{x}}")),
		at(b.ID(), setStep("x", 2)),
		at(c.ID(), logStep("two {{x}}")),
		logStep("still there"),
		gateAt(g),
		logStep("three {{x}}"),
	)})
	job := completed(t, m, leader.Client(), id)
	require.Equal(t, 1, lines(t, leader.Client(), id, "one 1"))
	require.Equal(t, 1, lines(t, leader.Client(), id, "two 2"))
	require.Equal(t, 1, lines(t, leader.Client(), id, "three 2"))
	require.Equal(t, a.ID(), job.RobotID, "the last steps are the job's own")
	require.Equal(t, 4, job.Attempt)
}

func TestPlace_AJobWaitsForAPlaceThatNoRobotIs(t *testing.T) {
	t.Parallel()
	m := meshtest.Start(t, 3, quickLeases)
	leader := m.Leader()
	id := submit(t, leader.Client(), client.Submit{Workflow: document(t,
		logStep("before"),
		step{"node_type": "LogNode", "requires": []string{"printer", "room=7"}, "config": step{"message": "there"}},
	)})
	job := until(t, m, leader.Client(), id, "waits for a place", func(j client.Job) bool { return j.State == casare.JobQueued && j.WaitingFor != "" })
	require.Equal(t, "A place for its next step: a robot with printer, room=7", job.WaitingFor)
	require.Equal(t, 1, lines(t, leader.Client(), id, "before"))
	_, err := leader.Client().Cancel(t.Context(), id, "")
	require.NoError(t, err)
}
