package daemon_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"casare"
	"casare/client"
	"casare/internal/meshtest"
)

func fileStep(action string, config step) step {
	config["action"] = action
	return step{"node_type": "FileSystemSuperNode", "config": config}
}

// A job writes and reads in a folder of its own, which is gone when it is over, and never reaches the robot's own files, although the data
// folder of this test lies within the temporary folder.
func TestWork_AJobHasAFolderUntilItIsOver(t *testing.T) {
	t.Parallel()
	m := meshtest.Start(t, 1)
	robot := m.Leader()
	g := newGate(t)
	id := submit(t, robot.Client(), client.Submit{Workflow: document(
		t, fileStep("Write File", step{"file_path": "a/b.txt", "content": "in {{$workspace}}"}), gateAt(g),
		fileStep("Read File", step{"file_path": "a/b.txt"}), logStep("read: {{s3.content}}"),
	)})
	g.visited(t, 1)
	work := filepath.Join(robot.Data(), "work", id)
	written, err := os.ReadFile(filepath.Join(work, "a", "b.txt"))
	require.NoError(t, err)
	require.Equal(t, "in "+work, string(written))
	g.open()
	completed(t, m, robot.Client(), id)
	require.Equal(t, 1, lines(t, robot.Client(), id, "read: in "+work))
	require.Eventually(t, func() bool {
		_, err := os.Stat(work)
		return os.IsNotExist(err)
	}, patience, 10*time.Millisecond)

	id = submit(t, robot.Client(), client.Submit{Workflow: document(
		t, fileStep("Read File", step{"file_path": filepath.Join(robot.Data(), "admin.key")}),
	)})
	job := until(t, m, robot.Client(), id, "has ended", func(j client.Job) bool { return j.State.Terminal() })
	require.Equal(t, casare.JobFailed, job.State)
	require.Contains(t, job.Error.Message, "belongs to the robot itself")
}
