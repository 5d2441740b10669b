package daemon_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"casare/client"
	"casare/internal/meshtest"
)

func TestRerun_GoesOnFromAnEarlierPointOnAnyRobot(t *testing.T) {
	t.Parallel()
	m := meshtest.Start(t, 3, quickLeases)
	m.WaitCoordinators(3)
	leader := m.Leader()
	_, err := leader.Client().SetSecret(t.Context(), "door", canary, "for the test")
	require.NoError(t, err)
	g := newGate(t)
	g.open()
	id := submit(t, leader.Client(), client.Submit{Workflow: document(t,
		setStep("x", 1), setStep("key", "{{$secret:door}}"), logStep("before"), gateAt(g), logStep("x is {{x}}, {{key}}"), waitStep(0.2), logStep("end"),
	)})
	completed(t, m, leader.Client(), id)
	var points client.Checkpoints
	m.Eventually("its checkpoints", func(ctx context.Context) (err error) {
		if points, err = leader.Client().Checkpoints(ctx, id, ""); err == nil && len(points.Checkpoints) == 0 {
			err = errors.New("there are none")
		}
		return err
	})
	var beforeGate client.Checkpoint
	for _, p := range points.Checkpoints {
		if p.Moment == "effect" && p.Step == "s3" {
			beforeGate = p
		}
	}
	require.NotEmpty(t, beforeGate.Checkpoint, "%+v", points)
	for _, r := range m.Robots() {
		again, err := m.Others(r)[0].Client().Rerun(t.Context(), id, client.Rerun{
			Checkpoint: beforeGate.Checkpoint, Variables: json.RawMessage(`{"x":"new"}`), RobotID: r.ID(),
		})
		require.NoError(t, err)
		job := completed(t, m, leader.Client(), again.JobID)
		require.Equal(t, r.ID(), job.RobotID)
		require.Equal(t, 0, lines(t, leader.Client(), again.JobID, "before"))
		require.Equal(t, 1, lines(t, leader.Client(), again.JobID, "x is new, ***"))
		require.Equal(t, 1, lines(t, leader.Client(), again.JobID, "end"))
		// One that was run again can be run again.
		twice, err := leader.Client().Rerun(t.Context(), again.JobID, client.Rerun{})
		require.NoError(t, err)
		completed(t, m, leader.Client(), twice.JobID)
	}
	nowhere(t, leader.Data())
}
