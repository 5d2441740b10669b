//go:build unix

package files_test

import (
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"casare/internal/files"
)

// None of these may block, end a transfer never, or do what opening a device does.
func TestFiles_RefusesWhatIsNoOrdinaryFile(t *testing.T) {
	t.Parallel()
	b := setup(t, func(a *files.Access) { a.Config.Roots = []files.Root{{Path: "/dev"}} })
	fifo := filepath.Join(b.work, "fifo")
	require.NoError(t, syscall.Mkfifo(fifo, 0o600))
	names := []string{"fifo", "/dev/zero", "/dev/null"}
	if socket, err := (&net.ListenConfig{}).Listen(t.Context(), "unix", filepath.Join(b.work, "s")); err == nil {
		t.Cleanup(func() { _ = socket.Close() })
		names = append(names, "s")
	}
	for _, name := range names {
		_, err := b.ReadFile(name)
		require.ErrorContains(t, err, "no ordinary file", name)
		_, err = b.Open(name)
		require.ErrorContains(t, err, "no ordinary file", name)
		require.ErrorContains(t, b.AppendFile(name, []byte("x")), "no ordinary file", name)
		require.ErrorContains(t, b.WriteFile(name, []byte("x")), "no ordinary file", name)
		_, err = b.Real(name, false)
		require.ErrorContains(t, err, "no ordinary file", name)
	}
	info, err := os.Lstat(fifo)
	require.NoError(t, err)
	require.NotZero(t, info.Mode()&os.ModeNamedPipe, "it was not replaced")
}

// A pipe that comes to stand where a file was does not make a reader wait.
func TestFiles_PipesSwappedInBetween(t *testing.T) {
	t.Parallel()
	b := setup(t)
	file, fifo, name := filepath.Join(b.work, "file"), filepath.Join(b.work, "fifo"), filepath.Join(b.work, "f")
	require.NoError(t, os.WriteFile(file, []byte("1"), 0o600))
	require.NoError(t, syscall.Mkfifo(fifo, 0o600))
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			default:
			}
			_ = os.Rename(file, name)
			_ = os.Rename(name, file)
			_ = os.Rename(fifo, name)
			_ = os.Rename(name, fifo)
		}
	}()
	for range 3000 {
		if data, err := b.ReadFile("f"); err == nil {
			require.Equal(t, "1", string(data))
		}
	}
	close(stop)
	<-done
}
