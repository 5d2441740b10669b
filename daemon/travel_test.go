package daemon_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"casare"
	"casare/api"
	"casare/client"
	"casare/daemon"
	"casare/internal/meshtest"
	"casare/scheduler"
)

func writeStep(path, text string) step {
	return step{"node_type": "WriteFileNode", "config": step{"file_path": path, "content": text}}
}

func appendStep(path, text string) step {
	return step{"node_type": "AppendFileNode", "config": step{"file_path": path, "content": text}}
}

func readStep(path string) step {
	return step{"node_type": "ReadFileNode", "config": step{"file_path": path}}
}

// onto starts a job on a robot of the test's choice, and returns when it is at its gate.
func onto(t *testing.T, m *meshtest.Mesh, r *meshtest.Robot, j *gated, steps ...step) {
	t.Helper()
	online(t, m, len(m.Others()))
	j.id = submit(t, r.Client(), client.Submit{Workflow: document(t, steps...)})
	j.gate.visited(t, 1)
	j.job = running(t, m, r.Client(), j.id)
}

func TestTravel_TheFilesOfAJobAreThereWhereItIsResumed(t *testing.T) {
	t.Parallel()
	m := meshtest.Start(t, 3, quickLeases)
	m.WaitCoordinators(3)
	j := gated{gate: newGate(t)}
	onto(t, m, m.Leader(), &j,
		writeStep("out/a.txt", "one "), appendStep("out/a.txt", "two"), gateAt(j.gate), appendStep("out/a.txt", " three"),
		readStep("out/a.txt"), logStep("it reads {{s5.content}}"))
	// What a step has left in the checkpoint before the gate is what the next robot finds, also when the leader was lost with it.
	victim := m.ByID(j.job.RobotID)
	checkpointed(t, m, j.id, "s2")
	for _, r := range m.Robots() {
		require.Equal(t, "one two", artifact(t, r, j.id, "out/a.txt"))
	}
	victim.Crash()
	c := m.Leader().Client()
	j.gate.visited(t, 2)
	j.gate.open()
	ended := completed(t, m, c, j.id)
	require.NotEqual(t, victim.ID(), ended.RobotID)
	require.Equal(t, 1, lines(t, c, j.id, "it reads one two three"), "%+v", logs(t, c, j.id))
	victim.Restart()
	m.WaitCoordinators(3)
	m.Eventually("the end of the folders", func(context.Context) error {
		for _, r := range m.Robots() {
			if _, err := os.Stat(filepath.Join(r.Data(), "work", j.id)); err == nil && r != victim {
				return errors.New("the folder of a job that is over is still there")
			}
		}
		return nil
	})
}

func TestTravel_APlainRobotsFilesGoToTheCoordinators(t *testing.T) {
	t.Parallel()
	m := meshtest.Start(t, 3, quickLeases)
	m.WaitCoordinators(3)
	token, err := m.Leader().Client().CreateToken(t.Context(), casare.RoleRobot, time.Hour, 2)
	require.NoError(t, err)
	var plain []*meshtest.Robot
	for range 2 {
		r, err := m.Join(meshtest.Joining{Token: token.Text})
		require.NoError(t, err)
		plain = append(plain, r)
	}
	online(t, m, 5)
	g := newGate(t)
	id := submit(t, plain[0].Client(), client.Submit{
		Workflow: document(t, writeStep("a.txt", "of a plain robot"), gateAt(g), readStep("a.txt"), logStep("it reads {{s3.content}}")),
		RobotID:  plain[0].ID(),
	})
	g.visited(t, 1)
	checkpointed(t, m, id, "s1")
	plain[0].Crash()
	plain[0].Restart() // the same attempt once more; what is in its folder is compared with the checkpoint
	g.visited(t, 2)
	g.open()
	completed(t, m, m.Leader().Client(), id)
	require.Equal(t, 1, lines(t, m.Leader().Client(), id, "it reads of a plain robot"))
}

func TestTravel_AJobThatWroteElsewhereWaitsForItsRobot(t *testing.T) {
	t.Parallel()
	outside := t.TempDir()
	m := meshtest.Start(t, 3, quickLeases, func(o *daemon.Options) {
		quick := o.Tuning.Scheduler
		o.Tuning.Scheduler = func(c *scheduler.Config) {
			quick(c)
			c.PinWait = 2 * time.Second
		}
	})
	m.WaitCoordinators(3)
	run := func() (gated, string) {
		j := gated{gate: newGate(t)}
		path := filepath.Join(outside, fmt.Sprint(time.Now().UnixNano(), ".txt"))
		onto(t, m, m.Leader(), &j, writeStep(path, "only here"), gateAt(j.gate), readStep(path), logStep("it reads {{s3.content}}"))
		checkpointed(t, m, j.id, "s1")
		return j, path
	}
	j, path := run()
	victim := m.ByID(j.job.RobotID)
	victim.Crash()
	c := m.Leader().Client()
	stranded := until(t, m, c, j.id, "needs attention", func(j client.Job) bool { return j.State == casare.JobNeedsAttention })
	require.Contains(t, stranded.Reason, path)
	victim.Restart()
	m.WaitCoordinators(3)

	j, _ = run()
	victim = m.ByID(j.job.RobotID)
	victim.Crash()
	victim.Restart()
	j.gate.visited(t, 2)
	j.gate.open()
	ended := completed(t, m, m.Leader().Client(), j.id)
	require.Equal(t, victim.ID(), ended.RobotID)
	require.Equal(t, 1, lines(t, m.Leader().Client(), j.id, "it reads only here"))
}

// artifact is a file of a job as one robot gives it out.
func artifact(t *testing.T, r *meshtest.Robot, id, name string) string {
	t.Helper()
	var list struct {
		Artifacts []api.Artifact `json:"artifacts"`
	}
	got := ask(t, r, http.MethodGet, "/api/v1/jobs/"+id+"/artifacts", nil)
	require.NoError(t, json.Unmarshal(got.body, &list), "%s", got.body)
	for _, a := range list.Artifacts {
		if a.Name != name {
			continue
		}
		var text strings.Builder
		for _, b := range a.Blobs {
			part := ask(t, r, http.MethodGet, "/api/v1/blobs/"+b.Hash, nil)
			require.Equal(t, http.StatusOK, part.status, "%s", part.body)
			text.Write(part.body)
		}
		return text.String()
	}
	require.Fail(t, "no such file", "%s", got.body)
	return ""
}

// A robot that becomes a coordinator has every file by then, so that the loss of the one that had it alone loses nothing.
func TestTravel_NewCoordinatorsHaveTheFiles(t *testing.T) {
	t.Parallel()
	m := meshtest.Start(t, 1, quickLeases)
	first := m.Leader()
	j := gated{gate: newGate(t)}
	onto(t, m, first, &j, writeStep("a.txt", "of the first robot"), gateAt(j.gate), readStep("a.txt"), logStep("it reads {{s3.content}}"))
	checkpointed(t, m, j.id, "s1")
	m.Add()
	m.Add()
	m.WaitCoordinators(3)
	for _, r := range m.Robots() {
		require.Zero(t, view(t, r).Blobs.Missing)
		require.Equal(t, 1, view(t, r).Blobs.Held)
	}
	first.Crash()
	require.NoError(t, os.RemoveAll(filepath.Join(first.Data(), "blobs")))
	c := m.Leader().Client()
	j.gate.visited(t, 2)
	j.gate.open()
	completed(t, m, c, j.id)
	require.Equal(t, 1, lines(t, c, j.id, "it reads of the first robot"))
	first.Restart()
	m.WaitCoordinators(3)
}

// checkpointed waits until the state holds a checkpoint that a step is part of.
func checkpointed(t *testing.T, m *meshtest.Mesh, id, at string) {
	t.Helper()
	until(t, m, m.Leader().Client(), id, "has a checkpoint behind "+at, func(j client.Job) bool { return j.CurrentNode == at })
}

func logs(t *testing.T, c *client.Client, id string) []string {
	t.Helper()
	log, err := c.Logs(t.Context(), id, "")
	require.NoError(t, err)
	var all []string
	for _, l := range log.Lines {
		all = append(all, l.Message)
	}
	return all
}
