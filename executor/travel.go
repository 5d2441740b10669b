package executor

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"time"

	"casare"
)

// shut ends an attempt's use of its workspace, once the attempt is over or the robot stops.
func (e *Executor) shut(ctx context.Context, a *attempt) {
	a.mu.Lock()
	w := a.folder
	a.mu.Unlock()
	if w == nil {
		return
	}
	select {
	case <-a.over: // until then its last checkpoint may have to leave
	case <-ctx.Done():
	}
	e.desk.shut(a.jobID, w, w.Pin() != "" && !a.endedWell())
}

// endedWell says whether nobody will go on with the job.
func (a *attempt) endedWell() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.end != nil && a.end.finish != nil && (a.end.finish.State == casare.JobCompleted || a.end.finish.State == casare.JobCancelled)
}

// takeUp finds out where the run goes on, makes the attempt's workspace what it was there, and returns the run's records. An outcome is
// why the attempt does not run.
func (e *Executor) takeUp(ctx context.Context, a *attempt) ([]casare.Record, *Outcome) {
	point := e.openJournal(ctx, a)
	if out := e.enter(ctx, a); out != nil {
		return nil, out
	}
	if point != nil {
		records, err := a.goOn(ctx, point)
		if err == nil {
			return records, nil
		}
		e.cfg.Logger.WarnContext(ctx, "the files are not what this robot's own log says, the run goes on from what the mesh has recorded",
			jobAttr(a), slog.Any("error", err))
	}
	if out := e.restore(ctx, a); out != nil {
		return nil, out
	}
	records, err := a.fetch(ctx)
	switch {
	case ctx.Err() != nil:
		out := outcomeOf(ctx)
		return nil, &out
	case err != nil:
		return nil, &Outcome{Rejected: err.Error()}
	}
	return records, nil
}

// enter opens the attempt's workspace.
func (e *Executor) enter(ctx context.Context, a *attempt) *Outcome {
	w, err := e.desk.open(ctx, a.jobID, a.epoch)
	if err != nil {
		if ctx.Err() != nil {
			out := outcomeOf(ctx)
			return &out
		}
		return &Outcome{Rejected: err.Error()}
	}
	if w == nil {
		return nil
	}
	a.mu.Lock()
	a.folder = w
	a.mu.Unlock()
	return nil
}

// restore makes the workspace what the checkpoint in the state says.
func (e *Executor) restore(ctx context.Context, a *attempt) *Outcome {
	w := a.folder
	if w == nil {
		return nil
	}
	for until := time.Now().Add(restoreWait); ; {
		err := w.Restore(ctx, a.spec.Records)
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			out := outcomeOf(ctx)
			return &out
		case !passes(err):
			text := "The files of the job cannot be restored: " + err.Error()
			return &Outcome{State: casare.JobFailed, Error: &casare.JobError{ErrorType: "WorkspaceError", Message: text}, Attention: text}
		case time.Now().After(until) || !sleep(ctx, liftRetry):
			e.cfg.Logger.WarnContext(ctx, "files of a job cannot be fetched, it is given back", slog.String("job", a.jobID), slog.Any("error", err))
			return &Outcome{Released: true}
		}
	}
}

// restoreWait is how long files are asked for before the job is given back.
const restoreWait = time.Minute

// passes says whether a failure to reach the files of a checkpoint may pass.
func passes(err error) bool {
	code := casare.CodeOf(err)
	return code == casare.CodeUnavailable || code == casare.CodeTimeout || code == casare.CodeForbidden // by a coordinator that lags behind
}

// collect looks at what the run has written and returns the records of a checkpoint with those of the files.
func (a *attempt) collect(s Snapshot) ([]casare.Record, error) {
	if a.folder == nil { // set before the run begins
		return s.Changes, nil
	}
	files, err := a.folder.Collect(s.Whole)
	if err != nil {
		return nil, err
	}
	return append(slices.Clone(s.Changes), files...), nil
}

// pin is what keeps the job on this robot, as much of it as the state takes.
func (a *attempt) pin() string {
	if a.folder == nil {
		return ""
	}
	return strings.ToValidUTF8(shorten(a.folder.Pin(), casare.MaxPin), "")
}

// laden says whether something must be put into blobs before the checkpoint leaves. The caller holds mu.
func (a *attempt) laden() bool {
	return a.folder != nil && a.folder.Pending() || a.blobs != nil && len(a.stream.heavy()) > 0
}
