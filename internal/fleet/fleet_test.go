//go:build unix

package fleet_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"casare"
	"casare/internal/fleet"
)

// role tells this program, started as a robot of a fleet, how to behave.
const role = "CASARE_FLEET_TEST"

func TestMain(m *testing.M) {
	if what := os.Getenv(role); what != "" {
		os.Exit(robot(what, os.Args[1:])) //nolint:forbidigo // it is the robot's main
	}
	goleak.VerifyTestMain(m)
}

// robot is what the tests of this package run in place of casare: enough of it to be started, asked and ended.
func robot(what string, args []string) int {
	flags := map[string]string{}
	for i := 1; i+1 < len(args); i += 2 {
		flags[args[i]] = args[i+1]
	}
	fmt.Println(args, "token:", os.Getenv("CASARE_TOKEN")) //nolint:forbidigo // the test reads it
	if what == "fails" || what == "second fails" && flags["--name"] == "robot-2" {
		fmt.Println("the port is taken") //nolint:forbidigo // the same
		return 1
	}
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGTERM)
	if err := os.MkdirAll(flags["--data"], 0o700); err != nil {
		return 2
	}
	for name, text := range map[string]string{"admin.key": "the key\n", "join.token": "the token\n"} {
		if err := os.WriteFile(filepath.Join(flags["--data"], name), []byte(text), 0o600); err != nil {
			return 2
		}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	mux.HandleFunc("GET /api/v1/mesh", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer the key" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		members := []map[string]any{}
		for i, name := range []string{"robot-1", "robot-2", "robot-3"} {
			members = append(members, map[string]any{"robot_id": strconv.Itoa(i), "name": name, "state": "alive", "coordinator": true})
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"leader_id": "1", "members": members}) // the test would see it
	})
	server := &http.Server{Addr: flags["--http"], Handler: mux, ReadHeaderTimeout: time.Second}
	go func() { _ = server.ListenAndServe() }() // ends with the process
	<-asked
	return 0
}

func config(t *testing.T, what string) fleet.Config {
	t.Helper()
	return fleet.Config{Program: os.Args[0], Dir: t.TempDir(), Args: []string{"--slots", "7"}, Env: []string{role + "=" + what}}
}

func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func TestFleet_StartKillRestartStop(t *testing.T) {
	t.Parallel()
	ctx := within(t)
	f, err := fleet.Start(ctx, config(t, "serves"))
	require.NoError(t, err)
	t.Cleanup(f.Kill)
	require.Len(t, f.Robots(), 3)
	require.Equal(t, "the key", f.Key())
	require.NoError(t, f.WaitCoordinators(ctx, 3))
	leader, err := f.Leader(ctx)
	require.NoError(t, err)
	require.Equal(t, "robot-2", leader.Name)
	first, third := f.Robots()[0], f.Robots()[2]
	require.Equal(t, []*fleet.Robot{first, third}, f.Others(leader))
	for i, r := range f.Robots() {
		text, err := os.ReadFile(r.LogFile())
		require.NoError(t, err)
		require.Contains(t, string(text), "--slots 7")
		require.Equal(t, i > 0, strings.Contains(string(text), "--join "+first.Mesh), "%s", text)
		require.Equal(t, i > 0, strings.Contains(string(text), "token: the token"), "%s", text)
		require.NotContains(t, string(text), "--token", "everybody on the machine could read it")
	}
	pid := third.Pid()
	require.NotZero(t, pid)
	require.NoError(t, third.Start(ctx)) // it runs: nothing happens
	require.Equal(t, pid, third.Pid())
	third.Kill()
	require.False(t, third.Running())
	require.Zero(t, third.Pid())
	require.Len(t, f.Others(leader), 1)
	require.NoError(t, third.Stop(ctx), "it is gone, which is what was asked")
	require.NoError(t, third.Start(ctx))
	require.NotEqual(t, pid, third.Pid())
	_, err = fleet.Attach(third.Data, third.HTTP).Mesh(ctx)
	require.NoError(t, err)
	_, err = fleet.Attach(t.TempDir(), third.HTTP).Mesh(ctx)
	require.Equal(t, casare.CodeUnauthenticated, casare.CodeOf(err))
	require.NoError(t, f.Stop(ctx))
	for _, r := range f.Robots() {
		require.False(t, r.Running(), r.Name)
	}
}

func TestFleet_SaysWhyARobotDidNotStart(t *testing.T) {
	t.Parallel()
	for what, name := range map[string]string{"fails": "robot-1", "second fails": "robot-2"} {
		_, err := fleet.Start(within(t), config(t, what))
		require.ErrorContains(t, err, name+" did not start")
		require.ErrorContains(t, err, "the port is taken")
	}
	lost := config(t, "serves")
	lost.Program += "-is-not-there"
	_, err := fleet.Start(within(t), lost)
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestFleet_PortsFollowOneAnother(t *testing.T) {
	t.Parallel()
	cfg := config(t, "fails")
	cfg.HTTPPort, cfg.MeshPort = 18000, 17946
	r, err := fleet.NewJoining(t.Context(), cfg, "late", "127.0.0.1:1", "the token")
	require.NoError(t, err)
	require.Equal(t, "127.0.0.1:18000", r.HTTP)
	require.Equal(t, "127.0.0.1:17946", r.Mesh)
	require.Equal(t, "http://127.0.0.1:18000", r.URL())
	require.Equal(t, filepath.Join(cfg.Dir, "late"), r.Data)
}
