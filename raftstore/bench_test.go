package raftstore

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"casare"
)

// steady is what a store in production uses.
func steady(c *Config) {
	c.HeartbeatTimeout, c.ElectionTimeout, c.LeaderLeaseTimeout, c.CommitTimeout = 0, 0, 0, 0
}

func benchLeader(b *testing.B, size int) *robot {
	b.Helper()
	c := newCluster(b, size, steady)
	if size > 1 {
		c.waitVoters(size)
	}
	leader := c.leader()
	leader.must(b, submit("first"))
	return leader
}

// small is a submit of about 300 bytes whose document is known.
func small(n int64) casare.Proposal {
	p := submit(fmt.Sprintf("019a-%012d", n))
	c, _ := p.Command.(casare.SubmitJob)
	c.Document = nil
	p.Command = c
	return p
}

func BenchmarkPropose(b *testing.B) {
	for _, size := range []int{1, 3} {
		for _, clients := range []int{1, 64, 256} {
			b.Run(fmt.Sprintf("robots=%d/clients=%d", size, clients), func(b *testing.B) {
				leader := benchLeader(b, size)
				var next atomic.Int64
				b.ResetTimer()
				var wait sync.WaitGroup
				for range clients {
					wait.Go(func() {
						for n := next.Add(1); n <= int64(b.N); n = next.Add(1) {
							if res, err := leader.Propose(b.Context(), small(n)); err != nil || res[0].Err != nil {
								b.Error(err, res)
								return
							}
						}
					})
				}
				wait.Wait()
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "submits/s")
			})
		}
	}
}

func BenchmarkProposeBulk(b *testing.B) {
	const bulk = 100
	for _, size := range []int{1, 3} {
		b.Run(fmt.Sprintf("robots=%d/clients=16", size), func(b *testing.B) {
			leader := benchLeader(b, size)
			var next atomic.Int64
			b.ResetTimer()
			var wait sync.WaitGroup
			for range 16 {
				wait.Go(func() {
					for n := next.Add(bulk); n < int64(b.N)+bulk; n = next.Add(bulk) {
						ps := make([]casare.Proposal, bulk)
						for i := range ps {
							ps[i] = small(n + int64(i))
						}
						if _, err := leader.Propose(b.Context(), ps...); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			wait.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "submits/s")
		})
	}
}

// BenchmarkLife is submit, assign and finish of a job, by clients that wait for each.
func BenchmarkLife(b *testing.B) {
	for _, size := range []int{1, 3} {
		b.Run(fmt.Sprintf("robots=%d/clients=64", size), func(b *testing.B) {
			leader := benchLeader(b, size)
			var next atomic.Int64
			b.ResetTimer()
			var wait sync.WaitGroup
			for range 64 {
				wait.Go(func() {
					for n := next.Add(1); n <= int64(b.N); n = next.Add(1) {
						p := small(n)
						_, err := leader.Propose(b.Context(), p)
						require.NoError(b, err)
						res, err := leader.Propose(b.Context(), system("a"+p.ID, casare.AssignJob{JobID: p.ID, RobotID: "r1"}))
						require.NoError(b, err)
						_, err = leader.Propose(b.Context(), system("f"+p.ID, casare.FinishJob{JobID: p.ID, Epoch: res[0].Index, State: casare.JobCompleted, Result: []byte(`{}`)}))
						require.NoError(b, err)
					}
				})
			}
			wait.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "lives/s")
		})
	}
}

func BenchmarkApply(b *testing.B) {
	m := newMachine(b).init()
	m.ok(submit("first"))
	start := time.Now()
	for n := 0; n < b.N; {
		var ps []casare.Proposal
		for ; len(ps) < 300 && n < b.N; n++ {
			ps = append(ps, small(int64(n)))
		}
		m.Apply(m.entry(ps...))
	}
	b.ReportMetric(float64(b.N)/time.Since(start).Seconds(), "submits/s")
}
