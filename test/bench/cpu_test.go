package bench_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// cost is the CPU time that was spent up to a moment, by this process and by the robots: they share the machine.
type cost struct {
	generator, robots time.Duration
}

func spent(b *testing.B, r rig) cost {
	b.Helper()
	c := cost{generator: cpuTime(b, os.Getpid())}
	for _, pid := range r.pids {
		c.robots += cpuTime(b, pid)
	}
	return c
}

// report says what was spent since.
func (c cost) report(b *testing.B, r rig, things int64) {
	b.Helper()
	now := spent(b, r)
	report(b, "  CPU of the load generator, us each", perThing(now.generator-c.generator, things))
	report(b, "  CPU of the three robots, us each", perThing(now.robots-c.robots, things))
}

func perThing(d time.Duration, n int64) float64 {
	return float64(d.Microseconds()) / float64(max(n, 1))
}

// cpuTime reads the user and system time of a process, 0 where there is no /proc.
func cpuTime(b *testing.B, pid int) time.Duration {
	b.Helper()
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return 0
	}
	// The second field is a name in brackets, which may hold anything.
	fields := strings.Fields(string(text)[strings.LastIndexByte(string(text), ')')+1:])
	total := time.Duration(0)
	for _, field := range fields[11:13] {
		ticks, err := strconv.Atoi(field)
		require.NoError(b, err)
		total += time.Duration(ticks) * (time.Second / 100)
	}
	return total
}
