package scheduler

import (
	"context"
	"log/slog"
	"time"

	"casare"
	"casare/session"
)

// retryAfter is how long the leader waits before it tries again what the store did not take.
const retryAfter = 50 * time.Millisecond

// place is the placer: whenever something may have changed it assigns as many jobs as there are free slots for.
func (t *term) place(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.kick:
		}
		for ctx.Err() == nil {
			select {
			case <-ctx.Done():
				return
			case t.placing <- struct{}{}:
			}
			more := t.placeSome(ctx)
			<-t.placing
			if !more {
				break
			}
		}
	}
}

// placeSome makes one batch of assignments and says whether there may be more to do.
func (t *term) placeSome(ctx context.Context) bool {
	t.mu.Lock()
	planned := t.idx.plan(t.cfg.Batch)
	proposals := make([]casare.Proposal, len(planned))
	for i, e := range planned {
		proposals[i] = t.proposal("a", e.tenant, casare.AssignJob{JobID: e.id, RobotID: e.robot.id})
	}
	t.mu.Unlock()
	if len(planned) == 0 {
		return false
	}
	results, err := t.store.Propose(ctx, proposals...)
	refused := t.placed(ctx, planned[:len(results)], results)
	if err != nil {
		t.unplaced(ctx, planned[len(results):], err)
		return pause(ctx)
	}
	if refused == len(planned) {
		return pause(ctx) // whatever the reason, it must not become a busy loop
	}
	return true
}

// placed takes in what became of assignments, and pushes them to their robots.
// It returns how many were refused.
func (t *term) placed(ctx context.Context, planned []*entry, results []casare.Result) (refused int) {
	pushes := map[*peer][]*casare.Job{}
	t.mu.Lock()
	for i, e := range planned {
		result := results[i]
		if result.Err != nil {
			t.log.DebugContext(ctx, "assignment refused", slog.String("job", e.id), slog.Any("error", result.Err))
			refused++
			t.forsake(ctx, e)
			continue
		}
		robot, again := e.robot, e.again
		e.phase, e.epoch, e.again = phaseHeld, result.Index, false
		if again {
			t.refresh(ctx, e.id)
		}
		now := t.idx.jobs[e.id]
		if now == nil || now.phase != phaseHeld || now.epoch != result.Index {
			continue // it has ended or moved meanwhile
		}
		// A session that is not ready yet finds the attempt in the index when it gets ready.
		if p := robot.peer; p != nil && p.ready && result.Job != nil {
			pushes[p] = append(pushes[p], result.Job)
		}
	}
	t.mu.Unlock()
	for p, jobs := range pushes {
		t.assign(ctx, p, jobs)
	}
	return refused
}

// forsake handles a refused assignment: the job is not what the index believed. The caller holds mu.
func (t *term) forsake(ctx context.Context, e *entry) {
	t.idx.drop(e.id)
	t.refresh(ctx, e.id)
}

// unplaced puts jobs back whose assignment was not proposed, or finds out what became of them.
func (t *term) unplaced(ctx context.Context, planned []*entry, err error) {
	if ctx.Err() == nil {
		t.log.WarnContext(ctx, "assignments not proposed", slog.Int("jobs", len(planned)), slog.Any("error", err))
	}
	unknown := !definite(err)
	if unknown {
		if err := t.store.Barrier(ctx); err != nil {
			return // this robot leads no more, or soon will not; the next term reads the state
		}
	}
	var attempts []string
	t.mu.Lock()
	for _, e := range planned {
		cancelled := e.again || e.cancel
		t.idx.unplace(e)
		if unknown || cancelled {
			t.refresh(ctx, e.id)
		}
		if now := t.idx.jobs[e.id]; now != nil && now.phase == phaseHeld {
			attempts = append(attempts, e.id)
		}
	}
	t.mu.Unlock()
	t.pushAgain(ctx, nil, attempts)
}

// definite says whether a failed proposal is known not to have been made.
func definite(err error) bool {
	code := casare.CodeOf(err)
	return code == casare.CodeNotLeader || code == casare.CodeUnavailable
}

// pushAgain pushes attempts that their robots may not have. only limits it to one session; nil means the current ones.
func (t *term) pushAgain(ctx context.Context, only *peer, ids []string) {
	pushes := map[*peer][]*casare.Job{}
	for _, id := range ids {
		j := t.job(ctx, id)
		if j == nil || !j.State.Active() {
			continue
		}
		t.mu.Lock()
		p := t.idx.robot(j.RobotID).peer
		if p != nil && p.ready && (only == nil || p == only) {
			pushes[p] = append(pushes[p], j)
		}
		t.mu.Unlock()
	}
	for p, jobs := range pushes {
		t.assign(ctx, p, jobs)
	}
}

// assignBytes is how large a frame of assignments grows before the next one is begun.
const assignBytes = 256 << 10

// assign sends attempts down a session, with the documents that the session has not seen.
func (t *term) assign(ctx context.Context, p *peer, jobs []*casare.Job) {
	frame, size := &session.Assign{Term: t.number}, 0
	for _, j := range jobs {
		a, err := t.assignment(j)
		if err != nil {
			t.log.ErrorContext(ctx, "read what an attempt needs", slog.String("job", j.ID), slog.Any("error", err))
			p.close(err) // the next hello lacks the attempt, and it is tried again
			return
		}
		if !t.documents(ctx, p, j) {
			return
		}
		if recordsSize(a.Records) > session.MaxInline {
			t.assignLarge(p, j, a) //nolint:contextcheck // the group gives its goroutines their context
			continue
		}
		more := len(a.Variables) + recordsSize(a.Records) + len(a.WorkflowName) + len(a.Sealed) + assignOverhead
		if size > 0 && size+more > assignBytes {
			p.push(frame)
			frame, size = &session.Assign{Term: t.number}, 0
		}
		frame.Attempts = append(frame.Attempts, a)
		size += more
	}
	if size > 0 {
		p.push(frame)
	}
	t.cancelAssigned(p, jobs)
}

// assignLarge sends an attempt whose checkpoint does not fit a frame, in its own time: the robot may take long to read it.
func (t *term) assignLarge(p *peer, j *casare.Job, a session.Assignment) {
	pieces, err := session.Pieces(a.JobID, a.Epoch, a.Records)
	if err != nil {
		p.close(err)
		return
	}
	a.Records, a.Pieces = nil, len(pieces)
	t.group.Go(func(ctx context.Context) {
		for _, piece := range pieces {
			if err := p.conn.Send(ctx, piece); err != nil {
				p.close(err)
				return
			}
		}
		if err := p.conn.Send(ctx, &session.Assign{Term: t.number, Attempts: []session.Assignment{a}}); err != nil {
			p.close(err)
			return
		}
		t.cancelAssigned(p, []*casare.Job{j})
	})
}

// assignOverhead is about what an assignment takes beside its contents.
const assignOverhead = 256

// cancelAssigned sends the cancels that came while the attempts were on their way.
func (t *term) cancelAssigned(p *peer, jobs []*casare.Job) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, j := range jobs {
		if e := t.idx.jobs[j.ID]; j.CancelRequested || e != nil && e.cancel {
			p.push(&session.Cancel{JobID: j.ID, Epoch: j.Epoch, Reason: j.CancelReason})
		}
	}
}

// assignment joins what a robot needs for an attempt.
func (t *term) assignment(j *casare.Job) (session.Assignment, error) {
	a := session.Assignment{
		JobID: j.ID, Epoch: j.Epoch, WorkflowID: j.WorkflowID, WorkflowName: j.WorkflowName, Revision: j.Revision, Pinned: j.Pinned, Decisions: j.Decisions,
		Edit: j.Edits() != nil, Home: j.Home(), Place: j.Place, Intents: j.Intents,
		Variables: j.Variables, TimeoutMillis: t.remaining(j).Milliseconds(), Seq: j.CheckpointSeq,
		Started: j.State == casare.JobRunning, Mode: j.Mode, Debug: j.Debug,
	}
	if j.CheckpointSeq > 0 {
		var err error
		if a.Records, a.Seq, err = t.store.Checkpoint(j.ID); err != nil {
			return a, casare.Errorf(casare.CodeOf(err), "read checkpoint: %w", err)
		}
	}
	if t.cfg.Secrets != nil {
		sealed, err := t.cfg.Secrets(j)
		if err != nil {
			return a, casare.Errorf(casare.CodeOf(err), "seal secrets: %w", err)
		}
		a.Sealed = sealed
	}
	if j.State == casare.JobRunning {
		lines, err := t.store.JobLog(j.ID)
		if err != nil && casare.CodeOf(err) != casare.CodeNotFound {
			return a, casare.Errorf(casare.CodeOf(err), "read log: %w", err)
		}
		a.Lines = linesOf(lines, j.Epoch)
	}
	return a, nil
}

// remaining is what is left of the time that the job may take since its first attempt began.
func (t *term) remaining(j *casare.Job) time.Duration {
	limit := time.Duration(j.TimeoutSeconds) * time.Second
	if limit <= 0 {
		limit = casare.DefaultJobTimeoutSeconds * time.Second
	}
	if j.StartedAt != 0 {
		limit -= t.cfg.Now().Sub(j.StartedAt.Std())
	}
	return max(limit, time.Millisecond) // an attempt that is too late still has to say so itself
}

// documents sends what a job's robot must read to run it. It says whether the session goes on.
func (t *term) documents(ctx context.Context, p *peer, j *casare.Job) bool {
	for _, pinned := range j.Pinned {
		if !t.document(ctx, p, pinned.Revision) {
			return false
		}
	}
	return t.document(ctx, p, j.Revision)
}

// document sends a workflow revision unless the session has had it. It says whether the session goes on.
func (t *term) document(ctx context.Context, p *peer, revision string) bool {
	if p.has(revision) {
		return true
	}
	data, err := t.store.Document(revision)
	if err != nil {
		t.log.ErrorContext(ctx, "read document", slog.String("revision", revision), slog.Any("error", err))
		p.close(err)
		return false
	}
	p.push(&session.Document{Revision: revision, Data: data})
	return true
}

// pause waits for retryAfter; false when ctx has ended.
func pause(ctx context.Context) bool {
	timer := time.NewTimer(retryAfter)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
