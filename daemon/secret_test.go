package daemon_test

import (
	"bytes"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"casare/client"
	"casare/internal/meshtest"
)

// canary is a secret that nobody may ever see.
const canary = "canary-7f3a91e0"

// TestSecret_GoesOnWithItsJobAndIsNowhere uses a secret before and after the loss of the robot and of the leader.
func TestSecret_GoesOnWithItsJobAndIsNowhere(t *testing.T) {
	t.Parallel()
	m := meshtest.Start(t, 3, quickLeases)
	m.WaitCoordinators(3)
	runner := m.Others(m.Leader())[0]
	admin := m.Leader()
	_, err := admin.Client().SetSecret(t.Context(), "door", canary, "for the test")
	require.NoError(t, err)
	g := newGate(t)
	id := submit(t, admin.Client(), client.Submit{RobotID: runner.ID(), Workflow: document(t,
		setStep("x", "<{{$secret:door}}>"), waitStep(0.2), logStep("have {{x}}"), gateAt(g),
		step{"node_type": "SetVariableNode", "config": step{"variable_name": "size", "value": "{{x}}"}},
		step{"node_type": "LogNode", "config": step{"message": "after {{x}}"}},
	)})
	g.visited(t, 1)
	runner.Crash()
	runner.Restart()
	g.open()
	ended := completed(t, m, m.Leader().Client(), id)
	require.Contains(t, string(ended.Result), `"x":"***"`)
	// It went on behind a checkpoint: before or after the line, which then is of the first process.
	require.Equal(t, 1, lines(t, m.Leader().Client(), id, "have ***")+lines(t, m.Leader().Client(), id, "have <***>"))
	require.Equal(t, 1, lines(t, m.Leader().Client(), id, "after ***"))
	for _, r := range m.Robots() {
		nowhere(t, r.Data())
		for _, path := range []string{"/api/v1/jobs/" + id, "/api/v1/jobs/" + id + "/logs", "/api/v1/secrets", "/api/v1/jobs"} {
			require.NotContains(t, string(ask(t, r, http.MethodGet, path, nil).body), canary)
		}
	}
}

// nowhere demands that no file of a folder holds the canary.
func nowhere(t *testing.T, folder string) {
	t.Helper()
	files := 0
	require.NoError(t, filepath.WalkDir(folder, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		files++
		content, err := os.ReadFile(path)
		require.False(t, bytes.Contains(content, []byte(canary)), "the secret is in %s", path)
		return err
	}))
	require.Positive(t, files)
}
