package daemon

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// raft is what a tracker asks, as a test wants it.
type raft struct {
	mu      sync.Mutex
	copied  bool
	leader  string
	term    uint64
	changed chan struct{}
	asked   func() // called once, after the next answer was made
}

func newRaft() *raft { return &raft{changed: make(chan struct{})} }

func (r *raft) set(leader string, term uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.copied, r.leader, r.term = true, leader, term
	close(r.changed)
	r.changed = make(chan struct{})
}

func (r *raft) Replica() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.copied
}

func (r *raft) Leader() (string, uint64) {
	r.mu.Lock()
	leader, term, asked := r.leader, r.term, r.asked
	r.asked = nil
	r.mu.Unlock()
	if asked != nil {
		asked()
	}
	return leader, term
}

func (r *raft) LeaderChanged() <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.changed
}

// follow runs a tracker until the test ends.
func follow(t *testing.T, r *raft) *tracker {
	t.Helper()
	tr := newTracker("self", r)
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { tr.run(ctx, http.DefaultClient) }) // raft knows, nobody is asked
	t.Cleanup(func() {
		cancel()
		running.Wait()
	})
	return tr
}

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

func TestTracker_MissesNoChange(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRaft()
		r.copied = true
		tr := follow(t, r)
		synctest.Wait()
		changed := tr.LeaderChanged()
		r.mu.Lock()
		r.asked = func() { r.set("b", 2) } // while the first change is being passed on
		r.mu.Unlock()
		r.set("a", 1)
		synctest.Wait()
		require.True(t, closed(changed))
		tr.mu.Lock()
		defer tr.mu.Unlock()
		require.Equal(t, leaderAnswer{Leader: "b", Term: 2}, tr.known, "those who wait were told of less")
	})
}

func TestTracker_ASessionLastsWhileNobodyIsKnownToLead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRaft()
		tr := follow(t, r)
		step := func(do func()) (changed, replaced bool) {
			c, p := tr.LeaderChanged(), tr.Replaced()
			do()
			synctest.Wait()
			return closed(c), closed(p)
		}
		synctest.Wait()
		for i, s := range []struct {
			do                func()
			changed, replaced bool
		}{
			{func() { r.set("a", 1) }, true, true},
			{func() { r.set("", 1) }, true, false},
			{func() { r.set("a", 1) }, true, false},
			{func() { r.set("", 2) }, true, false},
			{func() { r.set("a", 3) }, true, true}, // the same robot, but it may have lost its sessions
			{func() { r.set("b", 4) }, true, true},
			{func() { r.set("b", 4) }, false, false},
			{tr.signalChange, true, true}, // it leads and has caught up
		} {
			changed, replaced := step(s.do)
			require.Equal(t, s.changed, changed, "step %d", i)
			require.Equal(t, s.replaced, replaced, "step %d", i)
		}
	})
}

func TestTracker_HintsCountUntilRaftKnows(t *testing.T) {
	t.Parallel()
	r := newRaft()
	tr := newTracker("self", r)
	leads := func(want string) {
		t.Helper()
		leader, _ := tr.Leader()
		require.Equal(t, want, leader)
	}
	leads("")
	tr.Heard("a", 5)
	leads("a")
	tr.Heard("b", 4) // late
	leads("a")
	tr.lost("b") // somebody else
	leads("a")
	changed := tr.LeaderChanged()
	tr.lost("a")
	leads("")
	require.True(t, closed(changed), "nobody was told that the leader is lost")
	tr.Heard("a", 5) // it was found again
	leads("a")
	r.mu.Lock()
	r.copied = true // a fresh copy, which has not heard from the leader
	r.mu.Unlock()
	leads("a")
	r.set("c", 6)
	leads("c")
	r.set("", 6)
	leads("")
	tr.Heard("d", 9)
	leads("") // raft knows better from now on
}

func TestTracker_AloneCountsFromTheLossOfTheLeader(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRaft()
		r.set("a", 1)
		tr := follow(t, r)
		began, told := time.Now(), time.Duration(0)
		var watching sync.WaitGroup
		watching.Go(func() { tr.alone(t.Context(), 3*time.Second, func() { told = time.Since(began) }) })
		pause := func(d time.Duration) { <-time.After(d) }
		pause(10 * time.Second)
		r.set("", 1) // for a moment
		pause(2900 * time.Millisecond)
		r.set("b", 2)
		pause(100 * time.Millisecond)
		r.set("", 2)
		pause(2 * time.Second)
		r.set("", 3) // an election in vain is no leader
		watching.Wait()
		require.Equal(t, 16*time.Second, told)

		ctx, cancel := context.WithCancel(t.Context())
		watching.Go(func() { tr.alone(ctx, time.Hour, func() { t.Error("it was told although it was over") }) })
		cancel()
		watching.Wait()
	})
}
