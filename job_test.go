package casare_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"casare"
)

func TestJob_LateReportOfAnExpiredAttemptTakesTheJobBackUntilTheNextAssign(t *testing.T) {
	t.Parallel()
	j := casare.NewJob(casare.JobSpec{ID: "j", CreatedAt: 1})
	require.NoError(t, j.Assign("a", 5, 2))
	require.NoError(t, j.Expire(5, 3))
	require.Equal(t, casare.JobQueued, j.State)

	fresh, err := j.Checkpoint(&casare.CheckpointJob{Epoch: 5, Seq: 1, Step: "s", Progress: 40}, 4)
	require.NoError(t, err)
	require.True(t, fresh)
	require.Equal(t, casare.JobRunning, j.State)
	require.Equal(t, "a", j.RobotID)

	require.NoError(t, j.Expire(5, 5))
	require.NoError(t, j.Assign("b", 9, 6))
	require.Equal(t, casare.CodeStaleEpoch, casare.CodeOf(j.Finish(5, casare.JobCompleted, nil, 7)))
	require.NoError(t, j.Finish(9, casare.JobCompleted, nil, 8))
	require.Equal(t, 100, j.Progress)
	require.Equal(t, casare.CodeTransition, casare.CodeOf(j.Finish(9, casare.JobFailed, nil, 9)))
}

func TestJob_ARefusedMoveChangesNothing(t *testing.T) {
	t.Parallel()
	j := casare.NewJob(casare.JobSpec{ID: "j", CreatedAt: 1})
	require.NoError(t, j.Assign("a", 5, 2))
	before := *j
	_, err := j.Checkpoint(&casare.CheckpointJob{Epoch: 5, Seq: 2, Base: 1, Step: "s", Progress: 10}, 3)
	require.Equal(t, casare.CodeGap, casare.CodeOf(err))
	require.Equal(t, casare.CodeTransition, casare.CodeOf(j.Assign("b", 6, 3)))
	require.Equal(t, casare.CodeStaleEpoch, casare.CodeOf(j.Reject(4, "a", 3)))
	require.Equal(t, casare.CodeInvalid, casare.CodeOf(j.Finish(5, casare.JobRunning, nil, 3)))
	require.Equal(t, before, *j)
}

func TestJob_AStepThatHadBegunKeepsTheJobFromOtherRobots(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]func(j *casare.Job) error{
		"expired":  func(j *casare.Job) error { return j.Expire(5, 4) },
		"released": func(j *casare.Job) error { return j.Release(5, 4) },
	} {
		j := casare.NewJob(casare.JobSpec{ID: "j", CreatedAt: 1})
		require.NoError(t, j.Assign("a", 5, 2))
		_, err := j.Checkpoint(&casare.CheckpointJob{Epoch: 5, Seq: 1, Open: "pay"}, 3)
		require.NoError(t, err, name)
		require.NoError(t, lose(j), name)
		require.Equal(t, casare.JobNeedsAttention, j.State, name)
		require.Contains(t, j.Reason, "pay", name)
		require.Equal(t, casare.CodeTransition, casare.CodeOf(j.Assign("b", 6, 5)), name)

		// Its robot comes back with the outcome.
		_, err = j.Checkpoint(&casare.CheckpointJob{Epoch: 5, Seq: 2, Base: 1, Step: "pay"}, 6)
		require.NoError(t, err, name)
		require.Equal(t, casare.JobRunning, j.State, name)
		require.Empty(t, j.Reason, name)
		require.NoError(t, lose(j), name)
		require.Equal(t, casare.JobQueued, j.State, name)
	}
}

func TestJob_AttentionThatARobotAskedForIsNotTakenBack(t *testing.T) {
	t.Parallel()
	j := casare.NewJob(casare.JobSpec{ID: "j", CreatedAt: 1})
	require.NoError(t, j.Assign("a", 5, 2))
	require.NoError(t, j.Attention(5, "look", 3))
	require.Equal(t, casare.CodeTransition, casare.CodeOf(j.Start(5, 4)))
	require.Equal(t, "look", j.Reason)
}

// attention is a job that needs it because its robot was lost while these steps had begun.
func attention(t *testing.T, open string) *casare.Job {
	t.Helper()
	j := casare.NewJob(casare.JobSpec{ID: "j", CreatedAt: 1})
	require.NoError(t, j.Assign("a", 5, 2))
	_, err := j.Checkpoint(&casare.CheckpointJob{Epoch: 5, Seq: 1, Open: open}, 3)
	require.NoError(t, err)
	require.NoError(t, j.Expire(5, 4))
	require.Equal(t, casare.JobNeedsAttention, j.State)
	return j
}

func TestJob_ResolveDecidesAndTheOldRobotComesTooLate(t *testing.T) {
	t.Parallel()
	for _, action := range []casare.ResolveAction{casare.ResolveRetry, casare.ResolveSkip} {
		j := attention(t, "pay")
		require.NoError(t, j.Resolve(&casare.ResolveJob{Action: action, Outputs: []byte(`{"x":1}`)}, "key", 5))
		require.Equal(t, casare.JobQueued, j.State, action)
		require.Equal(t, []casare.Decision{{Step: "pay", Action: action, Outputs: []byte(`{"x":1}`), By: "key", Time: 5}}, j.Decisions)
		require.Equal(t, casare.CodeStaleEpoch, casare.CodeOf(j.Start(5, 6)))
		_, err := j.Checkpoint(&casare.CheckpointJob{Epoch: 5, Seq: 2, Base: 1}, 6)
		require.Equal(t, casare.CodeStaleEpoch, casare.CodeOf(err))

		// A robot that is lost before it has carried the decision out changes nothing about it.
		require.NoError(t, j.Assign("b", 7, 7))
		require.NoError(t, j.Expire(7, 8))
		require.Equal(t, casare.JobQueued, j.State, action)
		require.NoError(t, j.Assign("a", 9, 9))
		_, err = j.Checkpoint(&casare.CheckpointJob{Epoch: 9, Seq: 2, Base: 1}, 10)
		require.NoError(t, err)
		require.Empty(t, j.Decisions)
		_, err = j.Checkpoint(&casare.CheckpointJob{Epoch: 9, Seq: 3, Base: 2, Open: "pay"}, 11) // it begins again
		require.NoError(t, err)
		require.NoError(t, j.Expire(9, 12))
		require.Equal(t, casare.JobNeedsAttention, j.State, action)
	}
}

func TestJob_ResolveFailEndsIt(t *testing.T) {
	t.Parallel()
	j := attention(t, "pay")
	require.NoError(t, j.Resolve(&casare.ResolveJob{Action: casare.ResolveFail, Message: "it was not paid"}, "key", 5))
	require.Equal(t, casare.JobFailed, j.State)
	require.Equal(t, &casare.JobError{NodeID: "pay", ErrorType: "Resolved", Message: "it was not paid"}, j.Error)
	require.Error(t, j.Start(5, 6))
	require.Equal(t, casare.CodeTransition, casare.CodeOf(j.Resolve(&casare.ResolveJob{Action: casare.ResolveRetry}, "key", 7)))
}

func TestJob_ResolveSeveralStepsOneByOneOrAllAtOnce(t *testing.T) {
	t.Parallel()
	j := attention(t, "pay, mail")
	require.Equal(t, casare.CodeInvalid, casare.CodeOf(j.Resolve(&casare.ResolveJob{Action: casare.ResolveSkip}, "key", 5)))
	require.Equal(t, casare.CodeInvalid, casare.CodeOf(j.Resolve(&casare.ResolveJob{Action: casare.ResolveSkip, Step: "x"}, "key", 5)))
	require.Equal(t, casare.CodeInvalid, casare.CodeOf(j.Resolve(&casare.ResolveJob{Action: "wait", Step: "pay"}, "key", 5)))
	require.NoError(t, j.Resolve(&casare.ResolveJob{Action: casare.ResolveSkip, Step: "pay"}, "key", 5))
	require.Equal(t, casare.JobNeedsAttention, j.State)
	require.Contains(t, j.Reason, "Step mail")
	require.Error(t, j.Start(5, 6), "somebody has begun to decide")
	require.NoError(t, j.Resolve(&casare.ResolveJob{Action: casare.ResolveRetry, Step: "pay"}, "key", 6)) // another mind
	require.NoError(t, j.Resolve(&casare.ResolveJob{Action: casare.ResolveRetry, Step: "mail"}, "key", 7))
	require.Equal(t, casare.JobQueued, j.State)
	require.Len(t, j.Decisions, 2)

	j = attention(t, "pay, mail")
	require.NoError(t, j.Resolve(&casare.ResolveJob{Action: casare.ResolveRetry}, "key", 5))
	require.Equal(t, casare.JobQueued, j.State)
	require.Len(t, j.Decisions, 2)
}

func TestJob_ResolveOneThatItsRobotStopped(t *testing.T) {
	t.Parallel()
	stopped := func(at string) *casare.Job {
		j := casare.NewJob(casare.JobSpec{ID: "j", CreatedAt: 1})
		require.NoError(t, j.Assign("a", 5, 2))
		require.NoError(t, j.Attention(5, "look", 3))
		if at != "" {
			j.Error = &casare.JobError{NodeID: at}
		}
		return j
	}
	j := stopped("")
	require.NoError(t, j.Resolve(&casare.ResolveJob{Action: casare.ResolveRetry}, "key", 5))
	require.Equal(t, casare.JobQueued, j.State)
	require.Empty(t, j.Decisions)
	j = stopped("")
	require.Equal(t, casare.CodeInvalid, casare.CodeOf(j.Resolve(&casare.ResolveJob{Action: casare.ResolveSkip}, "key", 5)))
	j = stopped("pay")
	require.NoError(t, j.Resolve(&casare.ResolveJob{Action: casare.ResolveSkip}, "key", 5))
	require.Equal(t, "pay", j.Decisions[0].Step)
	require.Nil(t, j.Error)
}

func TestJob_CancelEndsAtOnceWhatNoRobotHolds(t *testing.T) {
	t.Parallel()
	j := casare.NewJob(casare.JobSpec{ID: "j", CreatedAt: 1})
	ended, err := j.Cancel("by user", 2)
	require.NoError(t, err)
	require.True(t, ended)
	require.Equal(t, casare.JobCancelled, j.State)

	k := casare.NewJob(casare.JobSpec{ID: "k", CreatedAt: 1})
	require.NoError(t, k.Assign("a", 5, 2))
	ended, err = k.Cancel("by user", 3)
	require.NoError(t, err)
	require.False(t, ended)
	require.Equal(t, casare.JobAssigned, k.State)
	require.NoError(t, k.Expire(5, 4))
	require.Equal(t, casare.JobCancelled, k.State)
}

func TestJob_AtMostOneAssignPerEntry(t *testing.T) {
	t.Parallel()
	j := casare.NewJob(casare.JobSpec{ID: "j", CreatedAt: 1})
	require.NoError(t, j.Assign("a", 5, 2))
	require.NoError(t, j.Reject(5, "a", 3))
	require.Equal(t, casare.CodeConflict, casare.CodeOf(j.Assign("b", 5, 3)))
	require.Equal(t, casare.CodeConflict, casare.CodeOf(j.Assign("a", 6, 3)))
	require.NoError(t, j.Assign("b", 6, 3))
}

func TestParsePriority(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{"critical": 0, "HIGH": 5, "Normal": 10, "LOW": 15, "0": 0, "20": 20} {
		got, err := casare.ParsePriority(text)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	for _, text := range []string{"", "21", "-1", "urgent"} {
		_, err := casare.ParsePriority(text)
		require.Equal(t, casare.CodeInvalid, casare.CodeOf(err))
	}
}

func TestJob_WhatItLeftOnItsRobotKeepsItThere(t *testing.T) {
	t.Parallel()
	fresh := func() *casare.Job {
		j := casare.NewJob(casare.JobSpec{ID: "j", CreatedAt: 1})
		require.NoError(t, j.Assign("a", 5, 2))
		_, err := j.Checkpoint(&casare.CheckpointJob{Epoch: 5, Seq: 1, Pin: "/data/x"}, 3)
		require.NoError(t, err)
		require.Equal(t, "a", j.BoundTo())
		return j
	}
	j := fresh()
	require.Equal(t, casare.CodeTransition, casare.CodeOf(j.Strand(5, "why", 4)), "it runs")
	_, err := j.Checkpoint(&casare.CheckpointJob{Epoch: 5, Log: casare.LogChunk{}}, 4)
	require.NoError(t, err)
	require.Equal(t, "a", j.BoundTo(), "a line of the log unpins nothing")
	require.NoError(t, j.Expire(5, 4))
	require.Contains(t, j.Reason, "/data/x")
	require.Equal(t, casare.CodeConflict, casare.CodeOf(j.Assign("b", 6, 5)))
	require.Equal(t, casare.CodeStaleEpoch, casare.CodeOf(j.Strand(4, "why", 5)))
	back := *j
	require.NoError(t, back.Start(5, 5))
	require.Empty(t, back.Reason, "it was only cut off")
	require.NoError(t, j.Assign("a", 6, 5))
	require.Empty(t, j.Reason)
	require.NoError(t, j.Release(6, 6))
	require.NoError(t, j.Strand(6, "why", 7))
	require.Equal(t, casare.JobNeedsAttention, j.State)
	require.Equal(t, "why", j.Reason)
	require.NoError(t, j.Start(6, 8))
	require.Equal(t, casare.JobRunning, j.State)
	_, err = j.Checkpoint(&casare.CheckpointJob{Epoch: 6, Seq: 2, Base: 1}, 9) // it no longer is
	require.NoError(t, err)
	require.Empty(t, j.BoundTo())
	require.NoError(t, j.Expire(6, 10))
	require.Equal(t, casare.CodeTransition, casare.CodeOf(j.Strand(6, "why", 11)))
	require.NoError(t, j.Assign("b", 12, 12))

	j = fresh()
	require.NoError(t, j.Reject(5, "a", 4))
	require.Equal(t, casare.JobNeedsAttention, j.State)
	require.Contains(t, j.Reason, "/data/x")
}
