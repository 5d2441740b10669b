package schedulertest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"casare"
	"casare/executor"
	"casare/scheduler"
	"casare/scheduler/schedulertest"
)

// loopback is a leader in reach of executors over TCP.
type loopback struct{ address string }

func (l loopback) Dial(ctx context.Context) (net.Conn, uint64, error) {
	c, err := new(net.Dialer).DialContext(ctx, "tcp", l.address)
	return c, 1, err
}

func (l loopback) Changed() <-chan struct{} { return nil }

// BenchmarkLives is what a job's life costs scheduler and executors together, with a state that costs nothing: the share of it
// in the product's figure.
func BenchmarkLives(b *testing.B) {
	f := &fleet{steps: map[string][]string{}}
	store := schedulertest.New()
	s, err := scheduler.New(scheduler.Config{RobotID: "r0"}, store)
	require.NoError(b, err)
	ctx, cancel := context.WithCancel(b.Context())
	led := make(chan error, 1)
	go func() { led <- s.Lead(ctx, 1) }()
	listener, err := new(net.ListenConfig).Listen(b.Context(), "tcp", "127.0.0.1:0")
	require.NoError(b, err)
	b.Cleanup(func() { _ = listener.Close() })
	for i := range 3 {
		id := fmt.Sprintf("r%d", i)
		store.AddRobot(casare.Robot{ID: id, Name: id})
		e, err := executor.New(executor.Config{Robot: casare.Robot{ID: id, Slots: 128}}, loopback{listener.Addr().String()}, runner{id, f})
		require.NoError(b, err)
		require.NoError(b, e.Start(b.Context()))
		b.Cleanup(e.Stop)
		stream, err := listener.Accept()
		require.NoError(b, err)
		go func() { _ = s.Serve(b.Context(), stream, id, "r0") }()
	}
	document, err := json.Marshal(script{})
	require.NoError(b, err)
	revision := store.AddDocument(document)
	require.Eventually(b, func() bool { return len(s.Robots()) == 3 && s.Robots()[2].State == casare.RobotIdle }, 5*time.Second, time.Millisecond)
	feed, err := store.Subscribe(store.Cursor(), 1<<16)
	require.NoError(b, err)
	b.ResetTimer()
	const batch = 100
	submitted, done := 0, 0
	for done < b.N {
		for submitted < b.N && submitted-done < 2000 {
			var ps []casare.Proposal
			for range min(batch, b.N-submitted) {
				id := fmt.Sprintf("%08d-0000-0000-0000-%012d", b.N, submitted)
				spec := casare.JobSpec{ID: id, Tenant: casare.DefaultTenant, Revision: revision, Priority: 10, CreatedAt: casare.TimeOf(time.Now())}
				ps = append(ps, casare.Proposal{ID: id, Tenant: spec.Tenant, Command: casare.SubmitJob{Spec: spec}})
				submitted++
			}
			_, err := store.Propose(ctx, ps...)
			require.NoError(b, err)
		}
		for _, ev := range <-feed.C() {
			if ev.Type == casare.EventJobFinished {
				done++
			}
		}
	}
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "lives/s")
	b.ReportMetric(float64(b.N)/float64(store.Entries()), "lives/entry")
	cancel()
	require.NoError(b, <-led)
}
