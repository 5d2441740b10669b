package schedulertest_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"casare"
)

func TestLife_JobsRunToTheirEndOnThreeRobots(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 2, "a", "b", "c")
		defer f.stop()
		f.elect("a")
		for i := range 30 {
			f.submit(fmt.Sprintf("j%02d", i), script{Steps: 3, Each: 200 * time.Millisecond})
		}
		f.submit("bad", script{Steps: 1, Fail: "no luck"})
		robots := map[string]int{}
		for i := range 30 {
			id := fmt.Sprintf("j%02d", i)
			f.untilState(10*time.Second, id, casare.JobCompleted)
			require.Len(t, f.stepsOf(id), 3)
			require.JSONEq(t, `{"ok":true}`, string(f.store.Result(id)))
			lines, err := f.store.JobLog(id)
			require.NoError(t, err)
			require.Len(t, lines, 3)
			robots[f.job(id).RobotID]++
		}
		require.Equal(t, map[string]int{"a": 10, "b": 10, "c": 10}, robots)
		f.untilState(10*time.Second, "bad", casare.JobFailed)
		require.Equal(t, &casare.JobError{NodeID: "s", ErrorType: "TestError", Message: "no luck"}, f.job("bad").Error)
	})
}

func TestLife_AShortJobTakesThreeCommandsAndItsStartIsKnown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 1, "a")
		defer f.stop()
		f.elect("a")
		wait(time.Second)
		before := f.store.Entries()
		f.submit("j", script{Steps: 1, Each: time.Millisecond, Bare: true})
		f.untilState(time.Second, "j", casare.JobCompleted)
		require.Equal(t, 3, f.store.Entries()-before) // submit, assign, finish
		require.NotZero(t, f.job("j").StartedAt)

		f.submit("long", script{Steps: 1, Each: time.Second, Bare: true})
		f.untilState(25*time.Millisecond, "long", casare.JobRunning)
	})
}

func TestLoss_ARobotThatDiesLosesItsJobToAnotherWhichResumes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 1, "a", "b", "c")
		defer f.stop()
		f.elect("a")
		f.submit("j", script{Steps: 20, Each: 500 * time.Millisecond}, on("b"))
		f.untilState(time.Second, "j", casare.JobRunning)
		wait(2700 * time.Millisecond)
		f.kill("b")
		passed := f.until(8*time.Second, "expired", func() bool { return f.job("j").State == casare.JobQueued })
		require.GreaterOrEqual(t, passed, 4*time.Second)

		f.start("b", 1)
		f.untilState(30*time.Second, "j", casare.JobCompleted)
		requireResumed(t, f.stepsOf("j"), 20, 1)
		require.Equal(t, 2, f.job("j").Attempt)
	})
}

func TestLoss_ResumedElsewhereWithinEightSecondsOrTenWithTheLeader(t *testing.T) {
	t.Parallel()
	for name, limit := range map[string]time.Duration{"b": 8 * time.Second, "a": 10 * time.Second} {
		t.Run("robot "+name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f := newFleet(t, 1, "a", "b", "c")
				defer f.stop()
				f.elect("a")
				wait(1500 * time.Millisecond)
				// The job runs where the loss will be.
				for i, id := range []string{"a", "b", "c"} {
					f.submit(fmt.Sprintf("j%d", i), script{Steps: 40, Each: 500 * time.Millisecond}, on(id))
				}
				wait(3300 * time.Millisecond)
				lost := map[string]string{"a": "j0", "b": "j1"}[name]
				old := f.job(lost)
				require.Equal(t, name, old.RobotID)
				f.cancel("j2") // makes room
				f.store.Retarget(lost, "")
				f.kill(name)
				begin := time.Now()
				if name == "a" {
					wait(1400 * time.Millisecond) // an election
					f.elect("c")
				}
				f.until(limit, "resumed", func() bool {
					j := f.job(lost)
					return j.Epoch != old.Epoch && j.State == casare.JobRunning
				})
				require.LessOrEqual(t, time.Since(begin), limit)
				f.untilState(60*time.Second, lost, casare.JobCompleted)
				requireResumed(t, f.stepsOf(lost), 40, 1)
			})
		})
	}
}

func TestLoss_ARestartedRobotGetsItsJobBackAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 1, "a", "b")
		defer f.stop()
		f.elect("a")
		f.submit("j", script{Steps: 10, Each: 300 * time.Millisecond}, on("b"))
		wait(time.Second)
		epoch := f.job("j").Epoch
		f.kill("b")
		f.start("b", 1)
		f.untilState(4*time.Second, "j", casare.JobCompleted)
		require.Equal(t, epoch, f.job("j").Epoch) // the same attempt
		requireResumed(t, f.stepsOf("j"), 10, 1)
		lines, err := f.store.JobLog("j")
		require.NoError(t, err)
		require.GreaterOrEqual(t, len(lines), 10)
	})
}

func TestPartition_AResultOfAnExpiredAttemptIsTakenUnlessTheJobMoved(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 1, "a", "b")
		defer f.stop()
		f.elect("a")
		f.submit("stays", script{Steps: 4, Each: time.Second}, on("b")) // fits only there
		wait(1500 * time.Millisecond)
		f.cut("b")
		f.untilState(8*time.Second, "stays", casare.JobQueued)
		epoch := f.job("stays").Epoch
		wait(4 * time.Second)
		f.heal("b")
		f.untilState(2*time.Second, "stays", casare.JobCompleted)
		require.Equal(t, epoch, f.job("stays").Epoch)
		require.Len(t, f.stepsOf("stays"), 4) // nothing ran twice

		f.submit("moves", script{Steps: 12, Each: time.Second}, on("b"))
		wait(1500 * time.Millisecond)
		f.store.Retarget("moves", "")
		f.cut("b")
		f.until(9*time.Second, "moved", func() bool { j := f.job("moves"); return j.RobotID == "a" && j.State == casare.JobRunning })
		f.heal("b")
		wait(time.Second)
		require.Empty(t, f.robots["b"].executor.Running()) // told to stop
		f.untilState(30*time.Second, "moves", casare.JobCompleted)
		require.Equal(t, "a", f.job("moves").RobotID)
	})
}

func TestLeader_ChangeKeepsAttemptsAndResultsAreDeliveredOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 4, "a", "b", "c")
		defer f.stop()
		f.elect("a")
		for i := range 12 {
			f.submit(fmt.Sprintf("j%02d", i), script{Steps: 10, Each: time.Duration(250+10*i) * time.Millisecond})
		}
		wait(time.Second)
		f.resign() // nobody leads; some finish meanwhile
		wait(2 * time.Second)
		f.elect("b")
		wait(700 * time.Millisecond)
		f.elect("c")
		for i := range 12 {
			id := fmt.Sprintf("j%02d", i)
			f.untilState(10*time.Second, id, casare.JobCompleted)
			require.Equal(t, 1, f.job(id).Attempt)
			require.Len(t, f.stepsOf(id), 10)
		}
	})
}

func TestLeader_AQuickJobThatEndsWhileNobodyLeadsIsReportedLater(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 1, "a", "b")
		defer f.stop()
		f.elect("a")
		f.submit("j", script{Steps: 2, Each: time.Second}, on("b"))
		wait(500 * time.Millisecond)
		f.resign()
		wait(time.Minute)
		require.Len(t, f.stepsOf("j"), 2)
		f.elect("a")
		f.untilState(time.Second, "j", casare.JobCompleted)
		require.Equal(t, 1, f.job("j").Attempt)
	})
}

func TestReject_GoesToARobotThatCan(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 1, "a", "b", "c")
		defer f.stop()
		f.elect("a")
		wait(time.Second)
		f.submit("j", script{Steps: 1, Each: time.Second, Needs: "c"})
		f.untilState(3*time.Second, "j", casare.JobCompleted)
		require.Equal(t, "c", f.job("j").RobotID)
		f.submit("nowhere", script{Steps: 1, Needs: "nobody"})
		wait(time.Minute)
		require.Equal(t, casare.JobQueued, f.job("nowhere").State)
		require.ElementsMatch(t, []string{"a", "b", "c"}, f.job("nowhere").RejectedBy)
	})
}

func TestCancel_QueuedAndRunningAndWithItsRobotAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 1, "a", "b")
		defer f.stop()
		f.elect("a")
		wait(time.Second)
		f.submit("runs", script{Steps: 100, Each: time.Second}, on("b"))
		wait(1500 * time.Millisecond)
		f.submit("waits", script{Steps: 1}, on("b"))
		wait(100 * time.Millisecond)
		f.cancel("waits")
		f.untilState(time.Second, "waits", casare.JobCancelled)
		f.cancel("runs")
		f.untilState(100*time.Millisecond, "runs", casare.JobCancelled)
		require.Equal(t, &casare.JobError{ErrorType: "Cancelled", Message: "by user"}, f.job("runs").Error)

		f.submit("away", script{Steps: 100, Each: time.Second}, on("b"))
		wait(time.Second)
		f.cut("b")
		f.cancel("away")
		wait(time.Second)
		f.heal("b")
		f.untilState(time.Second, "away", casare.JobCancelled)

		f.submit("lost", script{Steps: 100, Each: time.Second}, on("b"))
		f.untilState(2*time.Second, "lost", casare.JobRunning)
		f.kill("b")
		f.cancel("lost")
		f.untilState(8*time.Second, "lost", casare.JobCancelled)
		f.start("b", 1)
		f.submit("next", script{Steps: 1}, on("b"))
		f.untilState(2*time.Second, "next", casare.JobCompleted) // every slot came back
	})
}

func TestTimeout_EndsTheJob(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 1, "a")
		defer f.stop()
		f.elect("a")
		f.submit("j", script{Steps: 100, Each: time.Second}, func(s *casare.JobSpec) { s.TimeoutSeconds = 5 })
		passed := f.untilState(7*time.Second, "j", casare.JobTimeout)
		require.GreaterOrEqual(t, passed, 5*time.Second)
		require.Equal(t, "Job execution timed out", f.job("j").Error.Message)
	})
}

func TestDrain_GivesJobsBackWhichGoOnElsewhereAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 2, "a", "b")
		defer f.stop()
		f.elect("a")
		wait(time.Second)
		f.submit("j", script{Steps: 10, Each: time.Second}, on("b"))
		f.submit("stuck", script{Steps: 3, Each: 20 * time.Second, Stuck: true}, on("b"))
		wait(3500 * time.Millisecond)
		f.store.Retarget("j", "")
		f.store.Retarget("stuck", "")
		ctx, cancel := context.WithTimeout(context.Background(), 15*time.Second)
		defer cancel()
		done := make(chan error, 1)
		go func() { done <- f.robots["b"].executor.Drain(ctx) }()
		f.until(500*time.Millisecond, "moved", func() bool { return f.job("j").RobotID == "a" })
		require.NoError(t, <-done)
		f.until(500*time.Millisecond, "moved", func() bool { return f.job("stuck").RobotID == "a" })
		f.submit("fresh", script{Steps: 1}, on("b"))
		f.untilState(20*time.Second, "j", casare.JobCompleted)
		requireResumed(t, f.stepsOf("j"), 10, 0)
		require.Equal(t, casare.JobQueued, f.job("fresh").State) // nothing goes to a robot that stops
		f.untilState(2*time.Minute, "stuck", casare.JobCompleted)
	})
}

func TestFeed_ABrokenFeedIsReadAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 1, "a")
		defer f.stop()
		f.elect("a")
		wait(time.Second)
		f.store.BreakFeeds()
		f.submit("j", script{Steps: 1})
		f.untilState(time.Second, "j", casare.JobCompleted)
	})
}

func TestUnknownOutcome_IsFoundOutAndNothingRunsTwice(t *testing.T) {
	t.Parallel()
	for name, applied := range map[string]bool{"applied": true, "lost": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f := newFleet(t, 1, "a", "b")
				defer f.stop()
				f.elect("a")
				wait(time.Second)
				seen := map[casare.CommandType]bool{}
				fault := func(ps []casare.Proposal) error {
					kind := ps[0].Command.Type()
					if kind == casare.CommandSubmitJob || kind == casare.CommandPutRobot || seen[kind] {
						return nil
					}
					seen[kind] = true
					return casare.Errorf(casare.CodeOutcomeUnknown, "who knows")
				}
				if applied {
					f.store.Intercept(nil, fault)
				} else {
					f.store.Intercept(fault, nil)
				}
				f.submit("j", script{Steps: 3, Each: 300 * time.Millisecond})
				f.untilState(5*time.Second, "j", casare.JobCompleted)
				require.Len(t, f.stepsOf("j"), 3)
				require.Equal(t, 1, f.job("j").Attempt)
				require.Len(t, seen, 4) // assign, start, checkpoint, finish
			})
		})
	}
}

func TestLive_StepsAndLinesReachAWatcher(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 1, "a", "b")
		defer f.stop()
		f.elect("a")
		wait(time.Second)
		f.submit("j", script{Steps: 4, Each: time.Second}, on("b"))
		wait(2500 * time.Millisecond)
		late, err := f.robots["a"].scheduler.Watch("j")
		require.NoError(t, err)
		defer late.Close()
		f.untilState(5*time.Second, "j", casare.JobCompleted)
		steps, lines := map[uint64]string{}, map[uint64]string{}
		for len(late.C()) > 0 {
			for _, u := range <-late.C() {
				if u.Step != nil {
					steps[u.Step.N] = u.Step.Step
				} else {
					lines[u.Line.N] = u.Line.Message
				}
			}
		}
		require.Len(t, steps, 8) // those from before it watched too
		require.Equal(t, map[uint64]string{0: "s0", 1: "s1", 2: "s2", 3: "s3"}, lines)
		f.resign()
		_, open := <-late.C()
		require.False(t, open)
		require.Equal(t, casare.CodeNotLeader, casare.CodeOf(late.Err()))
	})
}

func TestRobots_StatusFollowsSessionsAndJobs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 1, "a", "b")
		defer f.stop()
		f.elect("a")
		wait(time.Second)
		s := f.robots["a"].scheduler
		states := func() string { r := s.Robots(); return fmt.Sprintf("%s %s", r[0].State, r[1].State) }
		require.Equal(t, "idle idle", states())
		f.submit("j", script{Steps: 3, Each: time.Second}, on("b"))
		wait(100 * time.Millisecond)
		require.Equal(t, "idle busy", states())
		require.Equal(t, []string{"j"}, s.Robots()[1].Running)
		f.cut("b")
		wait(100 * time.Millisecond)
		require.Equal(t, "idle offline", states())
		require.Nil(t, f.robots["b"].scheduler.Robots())
	})
}

// on makes a job run on one robot only.
func on(robot string) func(*casare.JobSpec) {
	return func(s *casare.JobSpec) { s.TargetRobot = robot }
}

// requireResumed demands that every step ran, and at most again of them ran twice.
func requireResumed(t *testing.T, ran []string, steps, again int) {
	t.Helper()
	seen := map[string]bool{}
	for _, r := range ran {
		seen[r[2:]] = true
	}
	require.Len(t, seen, steps)
	require.LessOrEqual(t, len(ran), steps+again, "%v", ran)
}
