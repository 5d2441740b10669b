// Package bench measures three robots on one machine beside what the disk and raft alone can do in the same run. Read ratios: the
// absolute figures move with the machine. `make bench` runs it.
package bench_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"casare/client"
	"casare/internal/fleet"
)

const (
	clients = 64
	batch   = 100
	span    = 5 * time.Second // of each throughput measurement
)

var program string

func TestMain(m *testing.M) { os.Exit(fleet.RunMain(&program, m.Run)) } //nolint:forbidigo // a test binary ends so

var noop = json.RawMessage(`{"metadata":{"name":"noop"},"nodes":{"start":{"node_type":"StartNode"},"end":{"node_type":"EndNode"}},` +
	`"connections":[{"source_node":"start","target_node":"end"}]}`)

// rig is a mesh under load.
type rig struct {
	key  string
	urls []string
	pids []int // of its processes; none when it runs in this one
}

func (r rig) client(urls ...string) *client.Client {
	if len(urls) == 0 {
		urls = r.urls
	}
	return client.New(r.key, urls...)
}

func rigOf(f *fleet.Fleet) rig {
	r := rig{key: f.Key()}
	for _, robot := range f.Robots() {
		r.urls = append(r.urls, robot.URL())
		r.pids = append(r.pids, robot.Pid())
	}
	return r
}

func startFleet(b *testing.B) *fleet.Fleet {
	b.Helper()
	f, err := fleet.Start(b.Context(), fleet.Config{Program: program, Dir: b.TempDir(), Robots: 3, Args: []string{"--slots", "512", "--log-level", "warn"}})
	require.NoError(b, err)
	b.Cleanup(f.Kill)
	ctx, cancel := context.WithTimeout(b.Context(), 30*time.Second)
	defer cancel()
	require.NoError(b, f.WaitCoordinators(ctx, 3))
	return f
}

// workflow stores the no-op workflow and returns its id, so that submits do not carry the document.
func workflow(b *testing.B, r rig) string {
	b.Helper()
	saved, err := r.client().SaveWorkflow(b.Context(), "noop", noop, false)
	require.NoError(b, err)
	return saved.WorkflowID
}

// hammer calls do from n clients, each bound to one robot in turn, for a span; it returns how many things were done in which time.
func hammer(b *testing.B, r rig, n int, do func(ctx context.Context, c *client.Client) (int, error)) (int64, time.Duration) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), span)
	defer cancel()
	var done atomic.Int64
	var wait sync.WaitGroup
	began := time.Now()
	for i := range n {
		c := r.client(r.urls[i%len(r.urls)])
		wait.Go(func() {
			defer c.Close()
			for ctx.Err() == nil {
				k, err := do(b.Context(), c)
				if err != nil {
					b.Errorf("client %d: %v", i, err)
					return
				}
				done.Add(int64(k))
			}
		})
	}
	wait.Wait()
	return done.Load(), time.Since(began)
}

// nobody has this capability: a job that needs it waits for ever, so that nothing but its submit is measured.
const nobody = "a robot of the future"

func single(id string, needs ...string) func(context.Context, *client.Client) (int, error) {
	return func(ctx context.Context, c *client.Client) (int, error) {
		_, err := c.Submit(ctx, client.Submit{WorkflowID: id, Needs: needs})
		return 1, err
	}
}

func batched(id string, needs ...string) func(context.Context, *client.Client) (int, error) {
	jobs := make([]client.Submit, batch)
	for i := range jobs {
		jobs[i] = client.Submit{WorkflowID: id, Needs: needs}
	}
	return func(ctx context.Context, c *client.Client) (int, error) {
		results, err := c.SubmitBatch(ctx, jobs)
		for _, r := range results {
			if r.Error != nil {
				return 0, fmt.Errorf("%s: %s", r.Error.Code, r.Error.Message)
			}
		}
		return len(results), err
	}
}

func perSecond(n int64, d time.Duration) float64 { return float64(n) / d.Seconds() }

// BenchmarkSubmit measures durable submits of jobs that no robot takes, so that nothing else happens.
func BenchmarkSubmit(b *testing.B) {
	floorSync(b)
	floorRaft(b)
	r := rigOf(startFleet(b))
	id := workflow(b, r)
	before := spent(b, r)
	n, d := hammer(b, r, clients, single(id, nobody))
	report(b, "durable submits, single, 64 clients", perSecond(n, d))
	before.report(b, r, n)
	before = spent(b, r)
	n, d = hammer(b, r, 8, batched(id, nobody))
	report(b, "durable submits, batches of 100, 8 clients", perSecond(n, d))
	before.report(b, r, n)
}

// BenchmarkLives measures jobs from submit to completed.
func BenchmarkLives(b *testing.B) {
	floorRaft(b)
	for _, kind := range []struct {
		name    string
		clients int
		submit  func(id string, needs ...string) func(context.Context, *client.Client) (int, error)
	}{{"single, 64 clients", clients, single}, {"batches of 100, 8 clients", 8, batched}} {
		f := startFleet(b)
		r := rigOf(f)
		id := workflow(b, r)
		before := spent(b, r)
		began := time.Now()
		n, _ := hammer(b, r, kind.clients, kind.submit(id))
		drained(b, r)
		report(b, "full lives, "+kind.name, perSecond(n, time.Since(began)))
		before.report(b, r, n)
		f.Kill()
	}
}

// drained waits until no job is left that has not ended, which a robot knows without counting.
func drained(b *testing.B, r rig) {
	b.Helper()
	c := r.client()
	defer c.Close()
	require.Eventually(b, func() bool {
		jobs, err := c.Jobs(b.Context(), client.JobFilter{Status: "pending,queued,assigned,running", Limit: 1})
		return err == nil && jobs.Total == 0
	}, 2*time.Minute, 250*time.Millisecond)
}

// BenchmarkLatency measures submit to first step on an idle mesh, through each robot in turn, on one clock.
func BenchmarkLatency(b *testing.B) {
	r := rigOf(startFleet(b))
	id := workflow(b, r)
	var took []time.Duration
	for i := range 300 {
		c := r.client(r.urls[i%3])
		before := time.Now()
		s, err := c.Submit(b.Context(), client.Submit{WorkflowID: id})
		require.NoError(b, err)
		require.Eventually(b, func() bool {
			job, err := c.Job(b.Context(), s.JobID)
			if err != nil || job.StartedAt == 0 {
				return false
			}
			took = append(took, job.StartedAt.Std().Sub(before))
			return true
		}, 10*time.Second, 5*time.Millisecond)
		c.Close()
	}
	slices.Sort(took)
	report(b, "submit to first step, ms p50", float64(took[len(took)/2].Microseconds())/1000)
	report(b, "submit to first step, ms p99", float64(took[len(took)*99/100].Microseconds())/1000)
}

// BenchmarkIdle measures what a robot costs that does nothing.
func BenchmarkIdle(b *testing.B) {
	f := startFleet(b)
	time.Sleep(5 * time.Second) //nolint:forbidigo // lets the start settle: what is measured is idleness
	for _, r := range f.Robots() {
		report(b, r.Name+" resident MB", residentMB(b, r.Pid()))
	}
	r := f.Robots()[2]
	r.Kill()
	began := time.Now()
	require.NoError(b, r.Start(b.Context()))
	report(b, "start to serving, ms", float64(time.Since(began).Milliseconds()))
	info, err := os.Stat(program)
	require.NoError(b, err)
	report(b, "binary MB (with symbols)", float64(info.Size())/(1<<20))
}

func residentMB(b *testing.B, pid int) float64 {
	b.Helper()
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "status"))
	if err != nil {
		b.Skip("resident memory is read from /proc: ", err)
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kb, err := strconv.Atoi(strings.Fields(rest)[0])
			require.NoError(b, err)
			return float64(kb) / 1024
		}
	}
	require.Fail(b, "no VmRSS")
	return 0
}

// report prints a line of the table in docs/performance.md.
func report(b *testing.B, what string, figure float64) {
	b.Helper()
	b.Logf("%-50s %12.1f", what, figure)
}
