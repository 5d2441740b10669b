// Package e2e tests the whole binary: real processes on loopback that are killed, restarted and asked over HTTP.
package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"casare"
	"casare/client"
	"casare/internal/fleet"
)

// program is the binary under test, built once by TestMain.
var program string

func TestMain(m *testing.M) { os.Exit(fleet.RunMain(&program, m.Run)) } //nolint:forbidigo // a test binary ends so

// startFleet brings up robots with enough slots for many waiting jobs, waits for the coordinators, and stops everything at the
// end of the test. When the test fails the last words of each robot are shown.
func startFleet(t *testing.T, robots int) *fleet.Fleet {
	t.Helper()
	f, err := fleet.Start(t.Context(), fleet.Config{Program: program, Dir: t.TempDir(), Robots: robots, Args: []string{"--slots", "100"}})
	require.NoError(t, err)
	t.Cleanup(func() {
		f.Kill()
		if !t.Failed() {
			return
		}
		for _, r := range f.Robots() {
			text, err := os.ReadFile(r.LogFile())
			if err != nil {
				continue
			}
			t.Logf("%s:\n%s", r.Name, tail(text, 4<<10))
		}
	})
	want := 1
	if robots >= 3 {
		want = 3
	}
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
	defer cancel()
	require.NoError(t, f.WaitCoordinators(ctx, want))
	return f
}

func tail(text []byte, n int) []byte {
	if len(text) > n {
		return text[len(text)-n:]
	}
	return text
}

// step is one step of a document made by a test, executed in the order given.
type step map[string]any

func wait(seconds float64) step {
	return step{"node_type": "WaitNode", "config": step{"duration": seconds}}
}

func logStep(text string) step {
	return step{"node_type": "LogNode", "config": step{"message": text, "level": "info"}}
}

func set(name string, v any) step {
	return step{"node_type": "SetVariableNode", "config": step{"variable_name": name, "default_value": v}}
}

// document makes a workflow that runs the steps one after another; they are called s1, s2, …
func document(t *testing.T, steps ...step) json.RawMessage {
	t.Helper()
	nodes := map[string]any{"start": step{"node_type": "StartNode"}, "end": step{"node_type": "EndNode"}}
	var wires []any
	last := "start"
	for i, s := range steps {
		id := fmt.Sprintf("s%d", i+1)
		nodes[id] = s
		wires = append(wires, step{"source_node": last, "target_node": id})
		last = id
	}
	wires = append(wires, step{"source_node": last, "target_node": "end"})
	text, err := json.Marshal(step{"metadata": step{"name": t.Name()}, "nodes": nodes, "connections": wires})
	require.NoError(t, err)
	return text
}

// casareRun runs the binary to its end and returns what it printed and its exit code.
func casareRun(t *testing.T, env []string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	cmd.Env = append(append(os.Environ(), "HOME="+t.TempDir()), env...)
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		require.NoError(t, err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// waitJob waits until a job has ended and returns it.
func waitJob(t *testing.T, c *client.Client, id string, limit time.Duration) client.Job {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	job, err := c.WaitJob(ctx, id)
	require.NoError(t, err)
	return job
}

// waitState waits until a job is in a state, as the feed of the job tells.
func waitState(t *testing.T, c *client.Client, id string, state casare.JobState) client.Job {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	reached := errors.New("reached")
	var job client.Job
	err := c.Watch(ctx, id, "", func(u client.Update) error {
		if u.Job != nil && u.Job.State == state {
			job = *u.Job
			return reached
		}
		return nil
	})
	require.ErrorIs(t, err, reached)
	return job
}

// ensureSame waits until every robot has applied the same entries and checks that the states are equal.
func ensureSame(t *testing.T, f *fleet.Fleet) {
	t.Helper()
	require.Eventually(t, func() bool {
		seen := map[string]bool{}
		for _, r := range f.Robots() {
			hash, index, err := f.Client(r).StateHash(t.Context())
			if err != nil {
				return false
			}
			seen[fmt.Sprintf("%d %s", index, hash)] = true
		}
		return len(seen) == 1
	}, 20*time.Second, 100*time.Millisecond, "the robots' states differ")
}

// example returns the path of a shipped example.
func example(name string) string { return filepath.Join("..", "..", "examples", name) }
