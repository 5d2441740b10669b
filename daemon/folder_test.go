package daemon_test

import (
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"casare"
	"casare/configs"
	"casare/daemon"
	"casare/mesh/identity"
	"casare/raftstore"
)

// options are those of a robot on ports that nobody uses.
func options(t *testing.T, data string) daemon.Options {
	t.Helper()
	return daemon.Options{
		Data: data, Version: "test", Log: quiet{t},
		Config: configs.Config{Name: "alone", HTTP: "127.0.0.1:0", Mesh: "127.0.0.1:0"},
		Fatal:  func(err error) { t.Error(err) },
	}
}

// quiet shows a robot's log with its test.
type quiet struct{ t *testing.T }

// Write implements io.Writer.
func (q quiet) Write(line []byte) (int, error) {
	q.t.Log(string(line))
	return len(line), nil
}

// made makes a robot in a folder, and stops it.
func made(t *testing.T, o daemon.Options) (id string) {
	t.Helper()
	d, err := daemon.Open(t.Context(), o)
	require.NoError(t, err)
	require.NotNil(t, d.First())
	d.Stop()
	return d.ID()
}

func TestFolder_IsLockedWhileARobotUsesIt(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	d, err := daemon.Open(t.Context(), options(t, data))
	require.NoError(t, err)
	_, err = daemon.Open(t.Context(), options(t, data))
	requireField(t, err, casare.CodeConflict, "data")
	d.Stop()
	again, err := daemon.Open(t.Context(), options(t, data))
	require.NoError(t, err)
	require.Nil(t, again.First(), "it was there before")
	require.Equal(t, d.ID(), again.ID())
	again.Stop()
}

// requireField demands an error with a code on a field.
func requireField(t *testing.T, err error, code casare.Code, field string) {
	t.Helper()
	var e *casare.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, code, e.Code, "%v", err)
	require.Equal(t, field, e.Field, "%v", err)
}

func TestFolder_AnInterruptedStartIsTakenUpAgain(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	fresh := filepath.Join(data, ".new", "robot")
	id, err := identity.New()
	require.NoError(t, err)
	require.NoError(t, id.Save(filepath.Join(fresh, "identity")))
	// The state of a mesh that nobody has ever seen, half written.
	require.NoError(t, os.MkdirAll(filepath.Join(fresh, "state"), 0o700))
	for _, name := range []string{"state.db", "log.db"} {
		require.NoError(t, os.WriteFile(filepath.Join(fresh, "state", name), []byte("torn"), 0o600))
	}
	require.NoError(t, os.WriteFile(filepath.Join(fresh, "first-peers.json"), []byte("[{"), 0o600))
	require.Equal(t, id.RobotID(), made(t, options(t, data)))
	require.NoDirExists(t, filepath.Join(data, ".new"))
	for _, name := range []string{daemon.AdminKeyFile, daemon.JoinTokenFile, daemon.ConfigFile} {
		info, err := os.Stat(filepath.Join(data, name))
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), name)
	}
	d, err := daemon.Open(t.Context(), options(t, data))
	require.NoError(t, err)
	require.Nil(t, d.First())
	d.Stop()
}

func TestFolder_ThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	for name, data := range map[string]string{"a file": file, "under a file": filepath.Join(file, "data"), "none": ""} {
		_, err := daemon.Open(t.Context(), options(t, data))
		requireField(t, err, casare.CodeInvalid, "data")
		require.NotEmpty(t, err.Error(), name)
	}
	if os.Getuid() == 0 {
		t.Log("not tried: a folder without permissions, which is none for root")
		return
	}
	closed := t.TempDir()
	require.NoError(t, os.Chmod(closed, 0))
	t.Cleanup(func() { require.NoError(t, os.Chmod(closed, 0o700)) })
	_, err := daemon.Open(t.Context(), options(t, closed))
	requireField(t, err, casare.CodeInvalid, "data")
}

func TestFolder_ADamagedRobotIsNotReplaced(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	made(t, options(t, data))
	key := filepath.Join(data, "robot", "identity", "robot.key")
	require.NoError(t, os.WriteFile(key, []byte("nonsense"), 0o600))
	_, err := daemon.Open(t.Context(), options(t, data))
	requireField(t, err, casare.CodeInvalid, "data")
	require.NoError(t, os.Remove(key))
	_, err = daemon.Open(t.Context(), options(t, data))
	requireField(t, err, casare.CodeInvalid, "data")
}

func TestSettings_TheFileThenTheFlags(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	o := options(t, data)
	o.Config.Name, o.Config.Slots, o.Config.Labels = "from the first start", 3, map[string]string{"floor": "2"}
	made(t, o)
	kept, err := configs.Load(filepath.Join(data, daemon.ConfigFile))
	require.NoError(t, err)
	require.Equal(t, o.Config, kept)

	o.Config = configs.Config{HTTP: "127.0.0.1:0"} // a restart needs only the folder
	d, err := daemon.Open(t.Context(), o)
	require.NoError(t, err)
	require.Equal(t, "from the first start", d.Name())
	d.Stop()
	o.Config.Name = "from a flag"
	d, err = daemon.Open(t.Context(), o)
	require.NoError(t, err)
	require.Equal(t, "from a flag", d.Name())
	d.Stop()
	again, err := configs.Load(filepath.Join(data, daemon.ConfigFile))
	require.NoError(t, err)
	require.Equal(t, kept, again, "a flag of a later start was kept")

	require.NoError(t, os.WriteFile(filepath.Join(data, daemon.ConfigFile), []byte("name: x\nslot: 3\n"), 0o600))
	_, err = daemon.Open(t.Context(), o)
	require.Equal(t, casare.CodeInvalid, casare.CodeOf(err))
	require.ErrorContains(t, err, "slot")
	require.ErrorContains(t, err, daemon.ConfigFile)
	require.NoError(t, os.WriteFile(filepath.Join(data, daemon.ConfigFile), []byte("slots: 1001\n"), 0o600))
	_, err = daemon.Open(t.Context(), o)
	requireField(t, err, casare.CodeInvalid, "slots")
}

func TestOpen_LeavesNothingWhenItRefuses(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = taken.Close() })
	takenUDP, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = takenUDP.Close() })
	cases := map[string]struct {
		change func(*daemon.Options)
		code   casare.Code
		field  string
	}{
		"HTTP port":     {func(o *daemon.Options) { o.Config.HTTP = taken.Addr().String() }, casare.CodeConflict, "http"},
		"mesh port":     {func(o *daemon.Options) { o.Config.Mesh = takenUDP.LocalAddr().String() }, casare.CodeConflict, "mesh"},
		"settings":      {func(o *daemon.Options) { o.Config.Slots = -1 }, casare.CodeInvalid, "slots"},
		"token alone":   {func(o *daemon.Options) { o.Token = "CASARE1.x" }, casare.CodeInvalid, "join"},
		"join alone":    {func(o *daemon.Options) { o.Join = "127.0.0.1:1" }, casare.CodeInvalid, "join"},
		"nobody to ask": {func(o *daemon.Options) { o.Fatal = nil }, casare.CodeInvalid, "fatal"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data := filepath.Join(t.TempDir(), "data")
			o := options(t, data)
			c.change(&o)
			_, err := daemon.Open(t.Context(), o)
			requireField(t, err, c.code, c.field)
			require.NoDirExists(t, filepath.Join(data, "robot"))
			made(t, options(t, data)) // the folder is free and clean
		})
	}
}

func TestStart_ThatFailsHalfWayStopsWhatItStarted(t *testing.T) {
	t.Parallel()
	for name, harm := range map[string]func(t *testing.T, o *daemon.Options){
		"the mesh endpoint": func(t *testing.T, o *daemon.Options) {
			t.Helper()
			socket, err := net.ListenPacket("udp", "127.0.0.1:0")
			require.NoError(t, err)
			require.NoError(t, socket.Close())
			o.Tuning.PacketConn = socket
		},
		"the replicated state": func(t *testing.T, o *daemon.Options) {
			t.Helper()
			o.Tuning.Raft = func(c *raftstore.Config) { c.HeartbeatTimeout = 1 } // which raft refuses
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data := t.TempDir()
			made(t, options(t, data))
			for _, end := range []func(*daemon.Daemon){(*daemon.Daemon).Stop, (*daemon.Daemon).Abort} {
				o := options(t, data)
				harm(t, &o)
				d, err := daemon.Open(t.Context(), o)
				require.NoError(t, err)
				require.Error(t, d.Start(t.Context()))
				end(d) // after Start has done it: no harm
				end(d)
			}
			again, err := daemon.Open(t.Context(), options(t, data))
			require.NoError(t, err, "the folder was not given back")
			require.NoError(t, again.Start(t.Context()))
			again.Stop()
			again.Abort()
		})
	}
}

func TestStop_OfARobotThatWasNotStarted(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	made(t, options(t, data))
	for _, end := range []func(*daemon.Daemon){(*daemon.Daemon).Stop, (*daemon.Daemon).Abort} {
		d, err := daemon.Open(t.Context(), options(t, data))
		require.NoError(t, err)
		end(d)
		end(d)
	}
}
