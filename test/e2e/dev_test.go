package e2e_test

import (
	"net"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"casare/client"
)

// port returns a port that is free now, with the next ones most likely free too.
func port(t *testing.T) int {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port //nolint:errcheck // a TCP listener
}

func TestDev_RunsTheExampleAndLosesItsLeader(t *testing.T) {
	t.Parallel()
	out, errs, code := casareRun(t, nil, "dev", "--once", "--kill-leader", "--run", example("hello.json"),
		"--http-port", "0", "--mesh-port", "0")
	require.Equal(t, 0, code, "%s\n%s", out, errs)
	require.Contains(t, out, "the leader")
	require.Contains(t, out, "is back")
	require.Contains(t, out, "is COMPLETED")
	require.Contains(t, out, "all robots stopped")
}

func TestDev_SaysWhichPortIsTaken(t *testing.T) {
	t.Parallel()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	taken := l.Addr().(*net.TCPAddr).Port //nolint:errcheck // a TCP listener
	_, errs, code := casareRun(t, nil, "dev", "--http-port", strconv.Itoa(taken), "--mesh-port", strconv.Itoa(port(t)))
	require.Equal(t, 2, code)
	require.Contains(t, errs, strconv.Itoa(taken))
	require.Contains(t, errs, "--http-port")
}

// The recorded stress documents, where they are at hand; each through a robot that does not lead.
func TestStressDocuments_CompleteThroughARobotThatDoesNotLead(t *testing.T) {
	t.Parallel()
	vectors := os.Getenv("CASARE_VECTORS")
	if vectors == "" {
		vectors = filepath.Join("..", "..", "..", "shared", "vectors")
	}
	files, err := filepath.Glob(filepath.Join(vectors, "files", "workflows", "stress_test_v1", "*.json"))
	require.NoError(t, err)
	own, err := filepath.Glob(example("*.json"))
	require.NoError(t, err)
	require.NotEmpty(t, own)
	if len(files) == 0 {
		t.Logf("no recorded documents in %s: only our own examples run", vectors)
	}
	f := startFleet(t, 3)
	leader, err := f.Leader(t.Context())
	require.NoError(t, err)
	c := f.Client(f.Others(leader)[0])
	jobs := map[string]string{}
	for _, file := range append(own, files...) {
		raw, err := os.ReadFile(file)
		require.NoError(t, err)
		submitted, err := c.Submit(t.Context(), client.Submit{WorkflowName: filepath.Base(file), Workflow: raw})
		require.NoError(t, err, file)
		jobs[submitted.JobID] = file
	}
	for id, file := range jobs {
		job := waitJob(t, c, id, time.Minute)
		require.Equal(t, "completed", string(job.State), "%s: %+v", file, job.Error)
	}
	ensureSame(t, f)
}
