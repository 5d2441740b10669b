package e2e_test

import (
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"casare/internal/fleet"
	"casare/internal/proc"
)

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func TestRun_PrintsOneObjectWithEverything(t *testing.T) {
	t.Parallel()
	file := write(t, "w.json", string(document(t, set("n", 1), logStep("n is {{n}} of {{total}}"))))
	out, errs, code := casareRun(t, nil, "run", file, "--var", "total=3", "-o", "json")
	require.Equal(t, 0, code, errs)
	var result struct {
		Success   bool           `json:"success"`
		Error     any            `json:"error"`
		Variables map[string]any `json:"variables"`
		Logs      []string       `json:"logs"`
		Order     []string       `json:"order"`
	}
	require.NoError(t, json.Unmarshal([]byte(out), &result))
	require.True(t, result.Success)
	require.Nil(t, result.Error)
	require.InDelta(t, 1, result.Variables["n"], 0)
	require.Len(t, result.Logs, 1)
	require.Contains(t, result.Logs[0], "n is 1 of 3")
	require.Equal(t, []string{"start", "s1", "s2", "end"}, result.Order)
}

func TestRun_ExitCodes(t *testing.T) {
	t.Parallel()
	failing := document(t, step{"node_type": "ThrowErrorNode", "config": step{"error_message": "on purpose"}})
	for name, c := range map[string]struct {
		file string
		code int
		says []string
	}{
		"failed":    {write(t, "f.json", string(failing)), 1, []string{"s1", "on purpose"}},
		"not json":  {write(t, "n.json", "{"), 2, nil},
		"missing":   {filepath.Join(t.TempDir(), "none.json"), 2, []string{"none.json"}},
		"unknown":   {write(t, "u.json", string(document(t, step{"node_type": "NoSuchNode"}))), 2, []string{"UNKNOWN_NODE_TYPE", "s1", "NoSuchNode"}},
		"dangling":  {write(t, "d.json", `{"nodes":{"a":{"node_type":"StartNode"}},"connections":[{"source_node":"a","target_node":"b"}]}`), 2, []string{"ORPHANED_CONNECTION", "b"}},
		"cycle":     {write(t, "c.json", `{"nodes":{"a":{"node_type":"LogNode"},"b":{"node_type":"LogNode"}},"connections":[{"source_node":"a","target_node":"b"},{"source_node":"b","target_node":"a"}]}`), 2, []string{"CIRCULAR_DEPENDENCY"}},
		"too large": {write(t, "l.json", strings.Repeat(" ", 400<<10)), 2, []string{"384 KiB"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, errs, code := casareRun(t, nil, "run", c.file)
			require.Equal(t, c.code, code, errs)
			for _, text := range c.says {
				require.Contains(t, errs, text)
			}
		})
	}
}

// upFails starts a robot that must refuse to, and returns what it says.
func upFails(t *testing.T, data string, args ...string) string {
	t.Helper()
	before := listing(t, data)
	all := append([]string{"up", "--data", data, "--http", "127.0.0.1:0", "--mesh", "127.0.0.1:0"}, args...)
	_, errs, code := casareRun(t, nil, all...)
	require.NotZero(t, code)
	require.NotContains(t, errs, "panic")
	require.Len(t, strings.Split(strings.TrimSpace(errs), "\n"), 1, "one clear sentence: %s", errs)
	require.Equal(t, before, listing(t, data), "something was left behind")
	return errs
}

// listing names what a robot's folder holds for people and for itself; the half-made key of a join that may be repeated and the
// lock are no robot.
func listing(t *testing.T, data string) []string {
	t.Helper()
	entries, err := os.ReadDir(data)
	if os.IsNotExist(err) {
		return nil
	}
	require.NoError(t, err)
	var names []string
	for _, e := range entries {
		if e.Name() != ".new" && e.Name() != "lock" {
			names = append(names, e.Name())
		}
	}
	return names
}

func TestUp_RefusesWithOneSentenceAndLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	f := startFleet(t, 1)
	first := f.Robots()[0]
	text, err := os.ReadFile(filepath.Join(first.Data, "join.token"))
	require.NoError(t, err)
	token := strings.TrimSpace(string(text))
	other := startFleet(t, 1)
	otherText, err := os.ReadFile(filepath.Join(other.Robots()[0].Data, "join.token"))
	require.NoError(t, err)
	otherToken := strings.TrimSpace(string(otherText))

	t.Run("wrong secret", func(t *testing.T) {
		t.Parallel()
		broken := token[:len(token)-4] + "AAAA"
		require.Contains(t, upFails(t, filepath.Join(t.TempDir(), "d"), "--join", first.Mesh, "--token", broken), "token")
	})
	t.Run("token of another mesh", func(t *testing.T) {
		t.Parallel()
		require.Contains(t, upFails(t, filepath.Join(t.TempDir(), "d"), "--join", first.Mesh, "--token", otherToken), "mesh")
	})
	t.Run("truncated token", func(t *testing.T) {
		t.Parallel()
		require.Contains(t, upFails(t, filepath.Join(t.TempDir(), "d"), "--join", first.Mesh, "--token", token[:40]), "token")
	})
	t.Run("spent token", func(t *testing.T) {
		t.Parallel()
		once, errs, code := casareRun(t, nil, "token", "create", "--url", first.URL(), "--key", f.Key(), "--uses", "1")
		require.Zero(t, code, errs)
		late, err := fleet.NewJoining(t.Context(), fleet.Config{Program: program, Dir: t.TempDir()}, "late", first.Mesh, strings.TrimSpace(once))
		require.NoError(t, err)
		t.Cleanup(late.Kill)
		require.NoError(t, late.Start(t.Context()))
		require.Contains(t, upFails(t, filepath.Join(t.TempDir(), "d"), "--join", first.Mesh, "--token", strings.TrimSpace(once)), "token")
	})
	t.Run("expired token", func(t *testing.T) {
		t.Parallel()
		short, errs, code := casareRun(t, nil, "token", "create", "--url", first.URL(), "--key", f.Key(), "--ttl", "1s")
		require.Zero(t, code, errs)
		expired := time.NewTimer(1100 * time.Millisecond)
		<-expired.C
		require.Contains(t, upFails(t, filepath.Join(t.TempDir(), "d"), "--join", first.Mesh, "--token", strings.TrimSpace(short)), "expired")
	})
	t.Run("join without token", func(t *testing.T) {
		t.Parallel()
		require.Contains(t, upFails(t, filepath.Join(t.TempDir(), "d"), "--join", first.Mesh), "--token")
	})
	t.Run("nobody there", func(t *testing.T) {
		t.Parallel()
		require.Contains(t, upFails(t, filepath.Join(t.TempDir(), "d"), "--join", "127.0.0.1:1", "--token", token), "127.0.0.1:1")
	})
	t.Run("taken HTTP port", func(t *testing.T) {
		t.Parallel()
		require.Contains(t, upFails(t, filepath.Join(t.TempDir(), "d"), "--http", first.HTTP), first.HTTP)
	})
	t.Run("taken mesh port", func(t *testing.T) {
		t.Parallel()
		require.Contains(t, upFails(t, filepath.Join(t.TempDir(), "d"), "--mesh", first.Mesh), first.Mesh)
	})
	t.Run("folder in use", func(t *testing.T) {
		t.Parallel()
		require.Contains(t, upFails(t, first.Data), first.Data)
	})
	t.Run("folder is a file", func(t *testing.T) {
		t.Parallel()
		_, errs, code := casareRun(t, nil, "up", "--data", write(t, "f", "x"), "--http", "127.0.0.1:0", "--mesh", "127.0.0.1:0")
		require.NotZero(t, code)
		require.Contains(t, errs, "data folder")
	})
	t.Run("bad settings", func(t *testing.T) {
		t.Parallel()
		require.Contains(t, upFails(t, filepath.Join(t.TempDir(), "d"), "--slots", "-2"), "slots")
	})
	t.Run("edge token", func(t *testing.T) {
		t.Parallel()
		_, errs, code := casareRun(t, nil, "token", "create", "--url", first.URL(), "--key", f.Key(), "--role", "edge")
		require.NotZero(t, code)
		require.Contains(t, errs, "edge")
	})
	t.Run("wrong key", func(t *testing.T) {
		t.Parallel()
		_, errs, code := casareRun(t, nil, "jobs", "list", "--url", first.URL(), "--key", "crpa_wrong")
		require.NotZero(t, code)
		require.Contains(t, errs, "key")
	})
	t.Run("unknown job", func(t *testing.T) {
		t.Parallel()
		_, errs, code := casareRun(t, nil, "jobs", "get", "nope", "--url", first.URL(), "--data", first.Data)
		require.NotZero(t, code)
		require.Contains(t, errs, "nope")
	})
}

func TestUp_ComesBackByItsFolderAloneAndIgnoresAJoinToItsOwnMesh(t *testing.T) {
	t.Parallel()
	f := startFleet(t, 1)
	first := f.Robots()[0]
	before, err := f.Client(first).Mesh(t.Context())
	require.NoError(t, err)
	require.NoError(t, first.Stop(t.Context()))
	token, err := os.ReadFile(filepath.Join(first.Data, "join.token"))
	require.NoError(t, err)

	again, err := proc.Start(program, []string{"up", "--data", first.Data, "--join", "127.0.0.1:1", "--token", strings.TrimSpace(string(token))}, nil, filepath.Join(t.TempDir(), "log"))
	require.NoError(t, err)
	t.Cleanup(again.Kill)
	require.Eventually(t, func() bool {
		after, err := f.Client(first).Mesh(t.Context())
		return err == nil && after.MeshID == before.MeshID && after.RobotID == before.RobotID && after.LeaderID != ""
	}, 20*time.Second, 50*time.Millisecond)
	require.NoError(t, again.Stop(t.Context(), 20*time.Second))
}

// A first start that is killed at any moment leaves either nothing or a robot that works.
func TestUp_KilledDuringTheFirstStart(t *testing.T) {
	t.Parallel()
	made := 0
	for delay := time.Duration(0); delay <= 120*time.Millisecond; delay += 8 * time.Millisecond {
		data := filepath.Join(t.TempDir(), "d"+strconv.Itoa(int(delay.Milliseconds())))
		httpAddress := free(t)
		args := []string{"up", "--data", data, "--http", httpAddress, "--mesh", "127.0.0.1:0"}
		p, err := proc.Start(program, args, nil, filepath.Join(t.TempDir(), "log"))
		require.NoError(t, err)
		timer := time.NewTimer(delay)
		<-timer.C
		p.Kill()
		if _, err := os.Stat(filepath.Join(data, "robot")); err == nil {
			made++
		}
		log := filepath.Join(t.TempDir(), "log2")
		p, err = proc.Start(program, args, nil, log)
		require.NoError(t, err)
		require.Eventually(t, func() bool {
			info, err := fleet.Attach(data, httpAddress).Mesh(t.Context())
			return err == nil && info.LeaderID != ""
		}, 20*time.Second, 20*time.Millisecond, "killed after %s: %s", delay, proc.Tail(log, 2000))
		p.Kill()
	}
	t.Logf("%d of the kills came after the robot was made", made)
}

func free(t *testing.T) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().String()
}
