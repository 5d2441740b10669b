package executor_test

import (
	"context"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"casare"
	"casare/executor"
	"casare/session"
)

// scene is a runner whose program the test plays: it sees what each run is given, and what the run does.
type scene struct {
	play func(ctx context.Context, o executor.RunOptions) executor.Outcome
}

func (s *scene) Compile([]byte) (executor.Program, error) { return s, nil }
func (s *scene) Policy() executor.Policy                  { return executor.Policy{} }
func (s *scene) Run(ctx context.Context, o executor.RunOptions) executor.Outcome {
	return s.play(ctx, o)
}

// process is a robot's process with a leader that the test plays.
type process struct {
	*executor.Executor
	*scripted
}

func startProcess(t *testing.T, runs string, s *scene) process {
	t.Helper()
	l := &scripted{streams: make(chan net.Conn, 64), changed: make(chan struct{}), term: 3}
	e, err := executor.New(executor.Config{
		Robot: casare.Robot{ID: "r", Slots: 2}, Load: func() executor.Load { return executor.Load{} }, Runs: runs,
	}, l, s)
	require.NoError(t, err)
	require.NoError(t, e.Start(context.Background()))
	return process{e, l}
}

// at is a snapshot that sets "at".
func at(value string, m executor.Moment, open ...string) executor.Snapshot {
	return executor.Snapshot{Changes: []casare.Record{{Key: "at", Data: []byte(value)}}, Moment: m, Open: open, Step: value}
}

func push(t *testing.T, c *session.Conn, a session.Assignment) {
	t.Helper()
	a.JobID, a.Epoch, a.Revision, a.TimeoutMillis = "j", 10, revision, 3_600_000
	require.NoError(t, c.Push(&session.Document{Revision: revision, Data: []byte("{}")}))
	require.NoError(t, c.Push(&session.Assign{Term: 3, Attempts: []session.Assignment{a}}))
}

// recorder acknowledges checkpoints up to a number of them, and keeps the last one.
func recorder(c *session.Conn, most int) <-chan casare.CheckpointJob {
	seen := make(chan casare.CheckpointJob, 64)
	go func() {
		defer close(seen)
		var seq uint64
		for {
			m, err := c.Receive()
			if err != nil {
				return
			}
			switch m := m.(type) {
			case *session.Heartbeat:
				_ = c.Push(&session.HeartbeatAck{Number: m.Number})
			case *session.Report:
				for _, p := range m.Checkpoints {
					seen <- p
					if most--; most >= 0 {
						seq = max(seq, p.Seq)
						_ = c.Push(&session.Acks{Acks: []session.Ack{{JobID: p.JobID, Epoch: p.Epoch, What: casare.CommandCheckpointJob, Seq: seq}}})
					}
				}
			}
		}
	}()
	return seen
}

// die plays a run that takes snapshots, of which the state records some, and ends its process. It returns what the last process left.
func die(t *testing.T, recorded int, snapshots ...executor.Snapshot) (runs string) {
	t.Helper()
	runs = t.TempDir()
	taken := make(chan struct{})
	p := startProcess(t, runs, &scene{play: func(ctx context.Context, o executor.RunOptions) executor.Outcome {
		for i, s := range snapshots {
			s.Whole = i == 0
			o.Log(casare.LogLine{N: uint64(i), Message: s.Step})
			if err := o.Checkpoint(ctx, s); err != nil {
				t.Error(err)
			}
			if i < recorded {
				if err := o.Settle(ctx, "", executor.MomentIntent); err != nil {
					t.Error(err)
				}
			}
		}
		close(taken)
		<-ctx.Done()
		return executor.Outcome{State: casare.JobCancelled}
	}})
	c, hello := p.meet(t, 3)
	require.Empty(t, hello.Attempts)
	recorder(c, recorded)
	push(t, c, session.Assignment{})
	<-taken
	p.Stop()
	c.Close()
	return runs
}

func TestRestart_ARobotGoesOnFromItsOwnLog(t *testing.T) {
	t.Parallel()
	pause, intent, outcome := executor.MomentPause, executor.MomentIntent, executor.MomentOutcome
	for name, c := range map[string]struct {
		taken    []executor.Snapshot
		recorded int
		held     string // what the state holds, of the first process
		open     string // of that
		want     string // where the next process goes on
	}{
		"nothing recorded":            {[]executor.Snapshot{at("one", pause), at("two", pause)}, 0, "", "", "two"},
		"one behind":                  {[]executor.Snapshot{at("one", intent), at("two", pause)}, 1, "one", "", "two"},
		"all recorded":                {[]executor.Snapshot{at("one", intent), at("two", intent)}, 2, "two", "", "two"},
		"an outcome the state lacks":  {[]executor.Snapshot{at("one", intent, "pay"), at("two", outcome)}, 1, "one", "pay", "two"},
		"an intent nobody recorded":   {[]executor.Snapshot{at("one", intent), at("two", pause), at("three", intent, "pay")}, 1, "one", "", "two"},
		"an intent that was recorded": {[]executor.Snapshot{at("one", intent), at("two", intent, "pay")}, 2, "two", "pay", "two"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				runs := die(t, c.recorded, c.taken...)
				resumed := make(chan []casare.Record, 1)
				p := startProcess(t, runs, &scene{play: func(ctx context.Context, o executor.RunOptions) executor.Outcome {
					resumed <- o.Resume
					<-ctx.Done()
					return executor.Outcome{State: casare.JobCancelled}
				}})
				defer p.Stop()
				conn, hello := p.meet(t, 3, session.Decision{JobID: "j", Epoch: 10, Continue: true, Seq: uint64(c.recorded)})
				defer conn.Close()
				require.Equal(t, []session.Held{{JobID: "j", Epoch: 10, Kept: true}}, hello.Attempts)
				seen := recorder(conn, 64)
				spec := session.Assignment{Started: true, Seq: uint64(c.recorded)}
				if c.held != "" {
					spec.Records = []casare.Record{{Key: "at", Data: []byte(c.held)}}
				}
				push(t, conn, spec)
				require.Equal(t, []casare.Record{{Key: "at", Data: []byte(c.want)}}, <-resumed)
				if c.want == c.held {
					return
				}
				// What the state lacks is told at once, under a number that was never used, with the log before it.
				told := <-seen
				require.Equal(t, uint64(c.recorded), told.Base)
				require.Greater(t, told.Seq, uint64(c.recorded+len(c.taken)))
				require.Equal(t, []casare.Record{{Key: "at", Data: []byte(c.want)}}, told.Changes)
				require.Empty(t, told.Open)
				require.NotEmpty(t, told.Log.Lines)
			})
		})
	}
}

func TestRestart_ALogThatIsNotWantedAnyMoreIsDeleted(t *testing.T) {
	t.Parallel()
	for name, decisions := range map[string][]session.Decision{
		"stopped": {{JobID: "j", Epoch: 10, Code: casare.CodeStaleEpoch}},
		"newer":   {{JobID: "j", Epoch: 10, Continue: true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				runs := die(t, 0, at("one", executor.MomentPause))
				files := func() int {
					list, err := os.ReadDir(runs)
					require.NoError(t, err)
					return len(list)
				}
				require.Equal(t, 1, files())
				resumed := make(chan []casare.Record, 1)
				p := startProcess(t, runs, &scene{play: func(_ context.Context, o executor.RunOptions) executor.Outcome {
					resumed <- o.Resume
					return executor.Outcome{State: casare.JobCompleted}
				}})
				defer p.Stop()
				conn, _ := p.meet(t, 3, decisions...)
				defer conn.Close()
				recorder(conn, 64)
				if name == "newer" { // the job came back as another attempt
					require.NoError(t, conn.Push(&session.Document{Revision: revision, Data: []byte("{}")}))
					require.NoError(t, conn.Push(&session.Assign{Term: 3, Attempts: []session.Assignment{
						{JobID: "j", Epoch: 11, Revision: revision, TimeoutMillis: 1000},
					}}))
					require.Empty(t, <-resumed)
				}
				<-time.After(time.Second)
				require.Zero(t, files())
			})
		})
	}
}

func TestRunLog_AShortJobLeavesNoTraceAndALongOneIsWrittenWithoutAsking(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		runs := t.TempDir()
		long := make(chan struct{})
		p := startProcess(t, runs, &scene{play: func(_ context.Context, o executor.RunOptions) executor.Outcome {
			o.Step(casare.StepEvent{N: 0, Step: "a", State: casare.StepStarted})
			<-long
			return executor.Outcome{State: casare.JobCompleted}
		}})
		defer p.Stop()
		conn, _ := p.meet(t, 3)
		defer conn.Close()
		drainConn(conn, true)
		push(t, conn, session.Assignment{})
		<-time.After(10 * time.Millisecond)
		list, err := os.ReadDir(runs)
		require.NoError(t, err)
		require.Empty(t, list)
		<-time.After(200 * time.Millisecond)
		list, err = os.ReadDir(runs)
		require.NoError(t, err)
		require.Len(t, list, 1)
		close(long)
	})
}
