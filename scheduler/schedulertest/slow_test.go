package schedulertest_test

import (
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"casare"
)

// delayed is a pipe on which every byte is under way for so long.
func delayed(work *sync.WaitGroup, delay time.Duration) (net.Conn, net.Conn) {
	here, a := net.Pipe()
	b, there := net.Pipe()
	type chunk struct {
		due  time.Time
		data []byte
	}
	carry := func(from, to net.Conn) {
		queue := make(chan chunk, 1<<12)
		work.Go(func() {
			defer close(queue)
			for {
				data := make([]byte, 32<<10)
				n, err := from.Read(data)
				if err != nil {
					return
				}
				queue <- chunk{time.Now().Add(delay), data[:n]}
			}
		})
		work.Go(func() {
			defer to.Close()
			defer from.Close()
			for c := range queue {
				<-time.After(time.Until(c.due))
				if _, err := to.Write(c.data); err != nil {
					return
				}
			}
		})
	}
	carry(a, b)
	carry(b, a)
	return here, there
}

// A run over a slow link is one checkpoint ahead of what is recorded, so the link costs it next to nothing.
func TestSlowLink_ThreeHundredEffectsTakeNoLongerThanWithoutIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 1, "edge", "leader")
		defer f.stop()
		f.delay = 50 * time.Millisecond // 100 ms there and back
		f.elect("leader")
		f.submit("j", script{Steps: 300, Each: 100 * time.Millisecond}, func(s *casare.JobSpec) { s.TargetRobot = "edge" })
		f.untilState(time.Second, "j", casare.JobRunning)
		took := f.untilState(time.Minute, "j", casare.JobCompleted)
		t.Logf("300 steps of 100 ms over a link of 100 ms: %s", took)
		require.Less(t, took, 33*time.Second)
		require.GreaterOrEqual(t, f.job("j").CheckpointSeq, uint64(298))
		require.Len(t, f.stepsOf("j"), 300)
	})
}
