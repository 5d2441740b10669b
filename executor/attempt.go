package executor

import (
	"context"
	"errors"
	"log/slog"
	"sync"

	"casare"
	"casare/executor/engine"
	"casare/runlog"
	"casare/session"
)

// attempt is one run of a job on this robot, from its assignment until the leader has acknowledged its end. What it has to
// report leaves one entry at a time, see next.
type attempt struct {
	jobID string
	epoch uint64
	spec  session.Assignment
	robot string
	stop  chan struct{} // closed: stop at the next step boundary
	wakes func()        // tells the sender that next may have something
	now   func() casare.Time
	bench *bench

	over     chan struct{}                   // closed: it is no longer this robot's
	folder   Workspace                       // set before the run begins; nil: it has none
	blobs    Blobs                           // nil: nothing lies in blobs
	work     func(func(ctx context.Context)) // runs a function beside the run, for as long as the executor lives
	mu       sync.Mutex
	cancel   context.CancelCauseFunc // of the run; nil before it is there
	cause    error                   // why the run shall end
	stopping bool                    // stop is closed
	begun    casare.Time             // when the run began
	reason   string                  // of the cancel
	policy   Policy                  // of the document
	online   bool                    // a session stands that will acknowledge
	mute     bool                    // it was waited for in vain; the next answer ends that
	acked    chan struct{}           // closed and replaced at each answer of the leader
	flying   *flying                 // reported and not answered
	say      sayStart
	stream   stream
	due      bool              // the newest checkpoint shall leave
	lifting  bool              // records are being put into blobs; it leaves when they are there
	effects  map[string]uint64 // by frame: what had been handed over before the effect before
	refusal  error             // why the state cannot take the checkpoint
	isolated string            // a step that may run only once waited in vain for its intent to be recorded
	waiting  string            // what the run waits for, "" for nothing
	journal  *journal          // nil: none is kept
	sealing  sealing
	intents  uint64 // how often a step of the job has begun that may run only once
	noted    uint64 // number of the last checkpoint of which it says that it was sent
	log      logBuffer
	lines    uint64 // of the log, so far
	logDue   bool   // log lines have waited long enough to go without a checkpoint
	step     string
	progress int
	end      *ending
	live     live
}

// flying is the entry of a report that waits for its ack.
type flying struct {
	what       casare.CommandType
	checkpoint bool   // it is part of the stream
	kept       bool   // it carries the first of the pieces of the log that wait
	lines      uint64 // one past the last log line it carried
}

// sayStart is how far the report that the attempt has started has come.
type sayStart uint8

const (
	startUnsaid sayStart = iota // it has only just begun: a short job never says so
	startDue
	startSaid
)

// ending is how the attempt is over on this robot. Exactly one field is set.
type ending struct {
	finish *casare.FinishJob
	reject *casare.RejectJob
	give   *casare.ReleaseJob
}

// next moves the next entry that is due into r, and says how large about it is; 0 when nothing is due or an ack is awaited.
// Entries of an attempt leave in order: that it has started, checkpoints and log, its end.
func (a *attempt) next(r *session.Report) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.flying != nil {
		return 0
	}
	if a.end != nil && (a.end.reject != nil || a.end.give != nil && !a.tells() && len(a.log.lines) == 0 && !a.unsealed()) {
		return a.nextGiven(r)
	}
	chunk, all := a.log.next()
	switch {
	case a.tells() && !a.lifting:
		c := *a.stream.next()
		a.due = false
		a.note(&c)
		c.JobID, c.Epoch, c.Progress, c.Log = a.jobID, a.epoch, max(c.Progress, a.progress), chunk
		r.Checkpoints = append(r.Checkpoints, c)
		a.fly(casare.CommandCheckpointJob, true, chunk)
		return entrySize + recordsSize(c.Changes) + len(c.Piece) + sizeOf(chunk)
	case a.end != nil && a.end.finish != nil && all && !a.tells() && !a.unsealed():
		f := *a.end.finish
		f.Log, f.Kept = chunk, a.sealing.rest
		r.Finishes = append(r.Finishes, f)
		a.fly(casare.CommandFinishJob, false, chunk)
		return entrySize + len(f.Result) + sizeOf(chunk) + casare.MaxInlinePiece/8
	case len(a.sealing.queue) > 0:
		kept := a.sealing.queue[0].LogPiece
		r.Checkpoints = append(r.Checkpoints, casare.CheckpointJob{
			JobID: a.jobID, Epoch: a.epoch, Step: a.step, Progress: a.progress, Log: chunk, Kept: &kept,
		})
		a.fly(casare.CommandCheckpointJob, false, chunk)
		a.flying.kept = true
		return entrySize + sizeOf(chunk) + len(kept.Data)
	case len(chunk.Lines) > 0 && (a.logDue || !all || a.end != nil):
		r.Checkpoints = append(r.Checkpoints, casare.CheckpointJob{
			JobID: a.jobID, Epoch: a.epoch, Step: a.step, Progress: a.progress, Log: chunk,
		})
		a.logDue = false
		a.fly(casare.CommandCheckpointJob, false, chunk)
		return entrySize + sizeOf(chunk)
	case a.say == startDue && a.end == nil:
		r.Started = append(r.Started, casare.StartJob{JobID: a.jobID, Epoch: a.epoch})
		a.fly(casare.CommandStartJob, false, casare.LogChunk{}) // it carries none
		return entrySize
	}
	return 0
}

// note keeps in the run log which checkpoint is told under which number, before it is: after a restart the number tells how much of the
// log the state has.
func (a *attempt) note(c *casare.CheckpointJob) {
	if c.Seq != a.noted {
		a.noted = c.Seq
		a.journal.add(&runlog.Entry{Sent: &runlog.Sent{Seq: c.Seq, N: a.stream.flight.taken}})
		a.journal.flush()
	}
}

// closeJournal ends the run log of an attempt that is over.
func (a *attempt) closeJournal() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.journal != nil {
		a.journal.file.Remove()
		a.journal = nil
	}
}

// tells says whether a checkpoint shall leave. Of a job that has ended well, none is of use any more; one that failed goes on from there
// when it is tried again.
func (a *attempt) tells() bool {
	if a.end != nil && a.end.finish != nil && (a.end.finish.State == casare.JobCompleted || a.end.finish.State == casare.JobCancelled) {
		return false
	}
	return a.stream.flight != nil || a.stream.dirty && (a.due || a.end != nil)
}

func (a *attempt) nextGiven(r *session.Report) int {
	if a.end.reject != nil {
		r.Rejects = append(r.Rejects, *a.end.reject)
		a.flying = &flying{what: casare.CommandRejectJob}
	} else {
		r.Releases = append(r.Releases, *a.end.give)
		a.flying = &flying{what: casare.CommandReleaseJob}
	}
	return entrySize
}

// entrySize is about what an entry takes beside its contents.
const entrySize = 256

func sizeOf(c casare.LogChunk) int {
	size := 0
	for _, line := range c.Lines {
		size += len(line)
	}
	return size
}

func recordsSize(records []casare.Record) int {
	size := 0
	for i := range records {
		size += records[i].Size()
	}
	return size
}

func (a *attempt) fly(what casare.CommandType, checkpoint bool, chunk casare.LogChunk) {
	a.flying = &flying{what: what, checkpoint: checkpoint}
	if len(chunk.Lines) > 0 {
		a.flying.lines = chunk.From + uint64(len(chunk.Lines))
	}
}

// answer takes in the leader's ack. over says that the attempt is done with: its end is recorded, or it is no longer this
// robot's.
func (a *attempt) answer(ack session.Ack) (over bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	f := a.flying
	if f == nil || f.what != ack.What {
		return false // of an entry that was sent before the session was renewed; it will be sent again
	}
	a.flying, a.mute = nil, false
	defer a.tell()
	switch {
	case ack.Code == "":
		return a.took(f)
	case final(ack.Code):
		return true
	case ack.Code == casare.CodeGap:
		a.stream.lost(ack.Seq)
		a.due = true
		a.wakes()
		return false
	default:
		return a.refused(f, ack)
	}
}

// tell lets those who wait for an answer look again. The caller holds mu.
func (a *attempt) tell() {
	close(a.acked)
	a.acked = make(chan struct{})
}

// final says whether a refusal means that the attempt is no longer this robot's.
func final(code casare.Code) bool {
	return code == casare.CodeStaleEpoch || code == casare.CodeTransition || code == casare.CodeNotFound || code == casare.CodeForbidden
}

// ends says whether the entry told of the attempt's end.
func (f *flying) ends() bool {
	return f.what == casare.CommandFinishJob || f.what == casare.CommandRejectJob || f.what == casare.CommandReleaseJob
}

func (a *attempt) took(f *flying) (over bool) {
	if f.ends() {
		return true
	}
	a.log.forget(f.lines)
	a.say = startSaid // a checkpoint says so too
	if f.checkpoint {
		a.stream.answered()
	}
	if f.kept {
		a.dequeue(true)
	}
	a.wakes()
	return false
}

// refused handles an entry that the state cannot take as it is. The job must not hang because of it: a result that is refused
// becomes a failure that says so; anything else is left out.
func (a *attempt) refused(f *flying, ack session.Ack) (over bool) {
	if f.what != casare.CommandFinishJob {
		a.log.forget(f.lines)
		a.say = startSaid
		if f.kept {
			a.dequeue(false) // the log then lacks it
		}
		if f.checkpoint {
			a.stream.refused()
			if ack.Code == casare.CodeTooLarge {
				a.refusal = casare.Errorf(ack.Code, "the checkpoint was refused: %s", ack.Message)
			}
		}
		a.wakes()
		return f.ends()
	}
	if len(a.end.finish.Result) == 0 && len(a.log.lines) == 0 {
		return true // it cannot get smaller; the lease or a person ends it
	}
	a.log.forget(a.log.first + uint64(len(a.log.lines)))
	a.end.finish = &casare.FinishJob{
		JobID: a.jobID, Epoch: a.epoch, State: casare.JobFailed, StartedAt: a.begun,
		Error: &casare.JobError{ErrorType: string(ack.Code), Message: shorten("the result was refused: "+ack.Message, maxMessage)},
	}
	a.wakes()
	return false
}

// connect goes on after a welcome: what was not acknowledged is sent again, counted on from what the state holds.
func (a *attempt) connect(seq uint64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.stream.lost(seq)
	a.flying, a.online, a.mute, a.due = nil, true, false, true
	a.bench.renew()
	a.tell()
	a.wakes()
}

// disconnect lets go of acks that will not come.
func (a *attempt) disconnect() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.flying, a.online = nil, false
	a.tell()
}

// started is due a moment after the run began.
func (a *attempt) started() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.say == startUnsaid && a.end == nil {
		a.say = startDue
		a.wakes()
	}
}

// finish keeps how the attempt ended until the leader has it. The first end holds.
func (a *attempt) finish(end ending) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.end == nil {
		a.end = &end
		a.wakes()
	}
}

// begin notes that the run begins.
func (a *attempt) begin(now casare.Time, policy Policy) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.begun, a.policy = now, policy
}

// halt asks the run to stop at its next step boundary.
func (a *attempt) halt() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.stopping {
		a.stopping = true
		close(a.stop)
	}
}

// bind gives the attempt the means to end its run; one that is over already ends at once.
func (a *attempt) bind(cancel context.CancelCauseFunc) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.cancel = cancel
	if a.cause != nil {
		cancel(a.cause)
	}
}

// kill ends the run because of cause. The first cause holds, but that the attempt is gone outdoes all.
func (a *attempt) kill(cause error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if errors.Is(cause, errGone) && !errors.Is(a.cause, errGone) {
		close(a.over)
	}
	if a.cause == nil || errors.Is(cause, errGone) {
		a.cause = cause
	}
	if a.cancel != nil {
		a.cancel(cause)
	}
}

// cancelled ends the run as its job's cancel asks for.
func (a *attempt) cancelled(reason string) {
	a.mu.Lock()
	a.reason = reason
	a.mu.Unlock()
	a.kill(errCancelled)
}

// concludes turns what a run left behind into what is reported. false: nothing is, because the attempt is no longer this
// robot's or the process stops.
func (a *attempt) concludes(out Outcome) (ending, bool) {
	a.mu.Lock()
	cause, reason, begun, isolated := a.cause, a.reason, a.begun, a.isolated
	a.mu.Unlock()
	give := ending{give: &casare.ReleaseJob{JobID: a.jobID, Epoch: a.epoch, Moves: out.Moves, Place: out.Move}}
	switch {
	case errors.Is(cause, errGone):
		return ending{}, false
	case out.Released, out.State == casare.JobCancelled && (errors.Is(cause, errDrained) || errors.Is(cause, errFenced)):
		return give, true
	case out.State == casare.JobCancelled && !errors.Is(cause, errCancelled):
		return ending{}, false // the process stops without a drain
	}
	if out.Rejected != "" {
		return ending{reject: &casare.RejectJob{
			JobID: a.jobID, Epoch: a.epoch, RobotID: a.robot, Reason: shorten(out.Rejected, maxReason),
		}}, true
	}
	f := &casare.FinishJob{
		JobID: a.jobID, Epoch: a.epoch, State: out.State, Error: out.Error, Result: out.Variables, StartedAt: begun,
	}
	if out.State == casare.JobCancelled {
		f.Error = errorOf(out.Error, "Cancelled", reason)
	}
	if out.State == casare.JobTimeout {
		f.Error = errorOf(out.Error, engine.TypeTimeout, "Job execution timed out")
	}
	if out.Attention == "" && isolated != "" {
		out.Attention = isolated
	}
	if out.Attention != "" {
		f.State, f.Attention = casare.JobNeedsAttention, shorten(out.Attention, maxReason)
	}
	if f.Error != nil {
		f.Error.Message = shorten(f.Error.Message, maxMessage)
	}
	return ending{finish: f}, true
}

func jobAttr(a *attempt) slog.Attr { return slog.String("job", a.jobID) }

// maxReason is how long the reason of a rejection may be.
const maxReason = 4 << 10

// errorOf keeps the step that an error names, under the type and sentence that old clients know.
func errorOf(failure *casare.JobError, typ, message string) *casare.JobError {
	e := &casare.JobError{ErrorType: typ, Message: message}
	if failure != nil {
		e.NodeID = failure.NodeID
	}
	return e
}

// flush makes the newest checkpoint leave, and log lines that wait for none.
func (a *attempt) flush() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.stream.dirty && !a.due || len(a.log.lines) > 0 && !a.logDue {
		a.due, a.logDue = a.stream.dirty, len(a.log.lines) > 0
		a.wakes()
	}
}

// heldState tells a hello about the attempt.
func (a *attempt) heldState() session.Held {
	a.mu.Lock()
	defer a.mu.Unlock()
	return session.Held{JobID: a.jobID, Epoch: a.epoch, Seq: a.stream.held, Finished: a.end != nil}
}
