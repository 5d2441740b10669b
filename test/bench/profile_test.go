package bench_test

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"casare/client"
	"casare/configs"
	"casare/daemon"
	_ "casare/nodes/all"
)

// BenchmarkProfile loads three robots that run in this process, so that a profile of the test binary shows where the time goes:
//
//	go test -run '^$' -bench 'Profile/lives-batched' -benchtime 1x -cpuprofile cpu.out ./test/bench
func BenchmarkProfile(b *testing.B) {
	for _, kind := range []struct {
		name    string
		clients int
		needs   []string
		submit  func(id string, needs ...string) func(context.Context, *client.Client) (int, error)
	}{
		{"submit-single", clients, []string{nobody}, single},
		{"submit-batched", 8, []string{nobody}, batched},
		{"lives-single", clients, nil, single},
		{"lives-batched", 8, nil, batched},
	} {
		b.Run(kind.name, func(b *testing.B) {
			r := oneProcess(b)
			id := workflow(b, r)
			began := time.Now()
			n, d := hammer(b, r, kind.clients, kind.submit(id, kind.needs...))
			if kind.needs == nil {
				drained(b, r)
				d = time.Since(began)
			}
			report(b, kind.name+", one process, per second", perSecond(n, d))

			_, index, err := r.client().StateHash(b.Context())
			require.NoError(b, err)
			report(b, kind.name+", log entries per second", perSecond(int64(index), d))
		})
	}
}

// oneProcess starts three robots in this process, so that a profile of the test binary (-cpuprofile, -blockprofile) shows all of them.
func oneProcess(b *testing.B) rig {
	b.Helper()
	var r rig
	token, join := "", ""
	for i := range 3 {
		data := filepath.Join(b.TempDir(), "robot-"+strconv.Itoa(i+1))
		listener, err := (&net.ListenConfig{}).Listen(b.Context(), "tcp", "127.0.0.1:0")
		require.NoError(b, err)
		socket, err := (&net.ListenConfig{}).ListenPacket(b.Context(), "udp", "127.0.0.1:0")
		require.NoError(b, err)
		mesh := socket.LocalAddr().String()
		d, err := daemon.Open(b.Context(), daemon.Options{
			Data: data, Join: join, Token: token, Version: "bench", Log: os.Stderr,
			Config: configs.Config{Name: "robot-" + strconv.Itoa(i+1), HTTP: listener.Addr().String(), Mesh: mesh, Slots: 512, LogLevel: "warn"},
			Fatal:  func(err error) { b.Error(err) },
			Tuning: daemon.Tuning{PacketConn: socket, HTTP: listener},
		})
		require.NoError(b, err)
		require.NoError(b, d.Start(context.Background()))
		b.Cleanup(d.Abort)
		r.urls = append(r.urls, "http://"+listener.Addr().String())
		if i == 0 {
			r.key, token, join = text(b, data, daemon.AdminKeyFile), text(b, data, daemon.JoinTokenFile), mesh
		}
	}
	c := r.client()
	defer c.Close()
	require.Eventually(b, func() bool {
		info, err := c.Mesh(b.Context())
		n := 0
		if err == nil {
			for _, m := range info.Members {
				if m.Coordinator && m.State == "alive" {
					n++
				}
			}
		}
		return n == 3
	}, 30*time.Second, 50*time.Millisecond)
	return r
}

func text(b *testing.B, dir, name string) string {
	b.Helper()
	raw, err := os.ReadFile(filepath.Join(dir, name))
	require.NoError(b, err)
	return strings.TrimSpace(string(raw))
}
