//go:build unix

package proc_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"casare/internal/proc"
)

// role tells this program, started as a child of itself, what to do.
const role = "CASARE_PROC_TEST"

func TestMain(m *testing.M) {
	if what := os.Getenv(role); what != "" {
		os.Exit(child(what)) //nolint:forbidigo // it is the child's main
	}
	goleak.VerifyTestMain(m)
}

// child is the program under the test's processes.
func child(what string) int {
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, os.Interrupt, syscall.SIGTERM)
	switch what {
	case "fails":
		fmt.Println("said", os.Args[1:], os.Getenv("MORE")) //nolint:forbidigo // it is what the test reads
		return 3
	case "kind":
		fmt.Println("ready") //nolint:forbidigo // the same
		<-asked
		return 0
	case "stubborn":
		fmt.Println("ready") //nolint:forbidigo // the same
		select {}
	case "parent":
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), role+"=stubborn")
		if err := cmd.Start(); err != nil {
			return 4
		}
		fmt.Println("child", cmd.Process.Pid) //nolint:forbidigo // the same
		select {}
	}
	return 5
}

// start starts this program in a role and waits until it has printed something.
func start(t *testing.T, what string, args ...string) (p *proc.Process, log string) {
	t.Helper()
	log = filepath.Join(t.TempDir(), "log")
	p, err := proc.Start(os.Args[0], args, []string{role + "=" + what, "MORE=more"}, log)
	require.NoError(t, err)
	t.Cleanup(p.Kill)
	require.Eventually(t, func() bool { return strings.HasSuffix(proc.Tail(log, 1<<10), "\n") }, 20*time.Second, 5*time.Millisecond)
	return p, log
}

func alive(pid int) bool { return syscall.Kill(pid, 0) == nil }

func TestProcess_SaysHowItEnded(t *testing.T) {
	t.Parallel()
	p, log := start(t, "fails", "one", "two")
	<-p.Done()
	var exit *exec.ExitError
	require.ErrorAs(t, p.Err(), &exit)
	require.Equal(t, 3, exit.ExitCode())
	require.Contains(t, proc.Tail(log, 1<<10), "said [one two] more")
	require.Equal(t, "ore\n", proc.Tail(log, 4))
	p.Kill() // it is gone already
	require.Error(t, p.Stop(t.Context(), time.Second))
}

func TestProcess_StopsWhenAsked(t *testing.T) {
	t.Parallel()
	p, log := start(t, "kind")
	require.NoError(t, p.Stop(t.Context(), 20*time.Second))
	require.NoError(t, p.Err())
	require.Equal(t, "ready\n", proc.Tail(log, 1<<10))

	again, err := proc.Start(os.Args[0], nil, []string{role + "=kind"}, log) // the log goes on
	require.NoError(t, err)
	require.Eventually(t, func() bool { return proc.Tail(log, 1<<10) == "ready\nready\n" }, 20*time.Second, 5*time.Millisecond)
	require.NoError(t, again.Stop(t.Context(), 20*time.Second))
}

func TestProcess_ThatDoesNotListenIsKilled(t *testing.T) {
	t.Parallel()
	p, _ := start(t, "stubborn")
	err := p.Stop(t.Context(), 50*time.Millisecond)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Contains(t, err.Error(), strconv.Itoa(p.Pid()))
	<-p.Done()
	reason := errors.New("no time")
	q, _ := start(t, "stubborn")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(reason)
	require.ErrorIs(t, q.Stop(ctx, time.Hour), reason)
}

func TestProcess_KillTakesWhatItStarted(t *testing.T) {
	t.Parallel()
	p, log := start(t, "parent")
	pid, err := strconv.Atoi(strings.TrimSpace(strings.TrimPrefix(proc.Tail(log, 1<<10), "child")))
	require.NoError(t, err)
	require.True(t, alive(pid))
	p.Kill()
	require.Eventually(t, func() bool { return !alive(pid) || zombie(pid) }, 20*time.Second, 5*time.Millisecond)
	p.Kill()
}

// zombie says whether a process has ended and only waits for its new parent to notice.
func zombie(pid int) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && strings.Contains(string(text), ") Z ")
}

func TestStart_SaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	_, err := proc.Start(filepath.Join(dir, "nothing"), nil, nil, filepath.Join(dir, "log"))
	require.ErrorIs(t, err, os.ErrNotExist)
	_, err = proc.Start(os.Args[0], nil, nil, filepath.Join(dir, "nowhere", "log"))
	require.ErrorIs(t, err, os.ErrNotExist)
	require.Empty(t, proc.Tail(filepath.Join(dir, "nothing"), 10))
}
