package executor_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"casare"
	"casare/executor"
	"casare/session"
)

// saving takes one checkpoint, and runs until it is stopped.
type saving struct {
	blocking

	resumed []casare.Record
}

func (s *saving) Compile([]byte) (executor.Program, error) { return s, nil }

func (s *saving) Run(ctx context.Context, o executor.RunOptions) executor.Outcome {
	s.mu.Lock()
	s.resumed = o.Resume
	s.mu.Unlock()
	err := o.Checkpoint(ctx, executor.Snapshot{
		Changes: []casare.Record{{Key: "pos", Data: []byte("here")}}, Whole: true, Moment: executor.MomentEffect, Step: "s",
	})
	if err != nil {
		return executor.Outcome{State: casare.JobFailed, Error: &casare.JobError{Message: err.Error()}}
	}
	return s.blocking.Run(ctx, o)
}

var fileRecord = casare.Record{Key: "w/f/1", Data: []byte("a file")}

// acknowledged takes whatever the robot reports, acknowledges it, and gives the numbered checkpoints among it.
func acknowledged(c *session.Conn) <-chan casare.CheckpointJob {
	reports, found := drainConn(c, true), make(chan casare.CheckpointJob, 64)
	go func() { // ends with the connection
		for r := range reports {
			acks := &session.Acks{}
			for _, s := range r.Started {
				acks.Acks = append(acks.Acks, session.Ack{JobID: s.JobID, Epoch: s.Epoch, What: s.Type()})
			}
			for _, p := range r.Checkpoints {
				acks.Acks = append(acks.Acks, session.Ack{JobID: p.JobID, Epoch: p.Epoch, What: p.Type(), Seq: p.Seq})
				if p.Seq != 0 {
					found <- p
				}
			}
			_ = c.Push(acks) // the robot may have gone
		}
	}()
	return found
}

func TestTravel_ACheckpointLeavesWithItsFilesAndNotBeforeTheyAreKept(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &folders{records: []casare.Record{fileRecord}, full: make(chan struct{}), pin: "/data/x"}
		e, c := startRunner(t, f, &saving{})
		defer e.Stop()
		defer c.Close()
		checkpoints := acknowledged(c)
		assign(t, c, 3, "j", 10)
		<-time.After(10 * time.Second)
		require.Empty(t, checkpoints, "its files are not kept yet")
		close(f.full)
		told := <-checkpoints
		require.Equal(t, []casare.Record{{Key: "pos", Data: []byte("here")}, fileRecord}, told.Changes)
		require.Equal(t, "/data/x", told.Pin)
		// The folder of a job that can go on only here stays.
		require.NoError(t, c.Push(&session.Stop{JobID: "j", Epoch: 10, Code: casare.CodeTransition}))
		require.Empty(t, f.gone())
		require.Equal(t, 1, f.closed)
	})
}

func TestTravel_TheRunBeginsWhenItsFilesAreThere(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		later := casare.Errorf(casare.CodeUnavailable, "no coordinator answers")
		f := &folders{restore: []error{later, later}}
		s := &saving{}
		e, c := startRunner(t, f, s)
		defer e.Stop()
		defer c.Close()
		drainConn(c, true)
		require.NoError(t, c.Push(&session.Document{Revision: revision, Data: []byte("{}")}))
		records := []casare.Record{{Key: "pos", Data: []byte("there")}, {Key: "w/c/1", Blob: &casare.BlobRef{Hash: casare.BlobHash(nil)}}, fileRecord}
		require.NoError(t, c.Push(&session.Assign{Term: 3, Attempts: []session.Assignment{
			{JobID: "j", Epoch: 10, Revision: revision, TimeoutMillis: 3_600_000, Records: records, Seq: 1},
		}}))
		_, began := s.counts()
		require.Zero(t, began, "its files are not there yet")
		<-time.After(5 * time.Second)
		_, began = s.counts()
		require.Equal(t, 1, began)
		require.Len(t, f.restored, 3)
		require.Equal(t, records, f.restored[2])
		require.Equal(t, records[:1], s.resumed, "records of files are nothing to the run")
	})
}

func TestTravel_FilesThatCannotBeHad(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		why  casare.Code
		want func(r *session.Report) bool
	}{
		"nobody has them": {casare.CodeNotFound, func(r *session.Report) bool {
			return len(r.Finishes) == 1 && r.Finishes[0].State == casare.JobNeedsAttention && r.Finishes[0].Attention != ""
		}},
		"nobody answers": {casare.CodeUnavailable, func(r *session.Report) bool { return len(r.Releases) == 1 }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f := &folders{}
				for range 1000 {
					f.restore = append(f.restore, casare.Errorf(test.why, "%s", name))
				}
				s := &saving{}
				e, c := startRunner(t, f, s)
				defer e.Stop()
				defer c.Close()
				reports := drainConn(c, true)
				assign(t, c, 3, "j", 10)
				for r := range reports {
					if test.want(r) {
						_, began := s.counts()
						require.Zero(t, began)
						return
					}
				}
			})
		})
	}
}

// stubborn does not stop when it is told to, but when the test lets it.
type stubborn struct {
	blocking

	let chan struct{}
}

func (s *stubborn) Compile([]byte) (executor.Program, error) { return s, nil }

func (s *stubborn) Run(context.Context, executor.RunOptions) executor.Outcome {
	s.add(1)
	defer s.add(-1)
	<-s.let
	return executor.Outcome{State: casare.JobCancelled}
}

func TestTravel_TwoAttemptsOfAJobAreNeverInItsFolderAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &folders{}
		s := &stubborn{let: make(chan struct{})}
		e, c := startRunner(t, f, s)
		defer c.Close()
		drainConn(c, true)
		assign(t, c, 3, "j", 10)
		synctest.Wait()
		assign(t, c, 3, "j", 12)
		running, _ := s.counts()
		require.Equal(t, 1, running)
		require.Len(t, f.made, 1, "the older one still uses it")
		s.let <- struct{}{}
		running, began := s.counts()
		require.Equal(t, 1, running)
		require.Equal(t, 2, began)
		require.Len(t, f.made, 2)
		require.Empty(t, f.gone())
		close(s.let)
		e.Stop()
	})
}
