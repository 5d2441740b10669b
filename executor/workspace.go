package executor

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"casare"
	"casare/executor/engine"
)

// Workspaces gives each job its folder.
type Workspaces interface {
	// Create returns the access of an attempt of a job to its folder: the one an earlier attempt on this robot left, or a new one.
	Create(jobID string, epoch uint64) (Workspace, error)
	// Remove deletes the folder; one that is not there is no error.
	Remove(jobID string) error
}

// Workspace is the access of a job to its folder and to what else it may use, and how the folder travels with the job's checkpoints. The
// executor closes it when the attempt is over.
type Workspace interface {
	engine.Files
	// Restore makes the folder what the records of a checkpoint say. CodeUnavailable: later, perhaps.
	Restore(ctx context.Context, records []casare.Record) error
	// Collect returns the records that have changed since, or all of them.
	Collect(whole bool) ([]casare.Record, error)
	// Pending says whether the records refer to contents that are not kept yet: then they must not leave. Flush keeps them.
	Pending() bool
	Flush(ctx context.Context) error
	// Pin is what keeps the job on this robot, "" for nothing.
	Pin() string
	Close()
}

// desk counts who uses the workspace of a job: the attempts that are not over on this robot, and the runs that have not ended. A run
// may outlast its attempt for a moment, and a newer attempt of the job may be here by then; with the last of them the folder goes.
type desk struct {
	work Workspaces

	mu    sync.Mutex
	users map[string]int           // by job
	runs  map[string]chan struct{} // closed when the run of the job that has the workspace has ended
	kept  map[string]struct{}      // jobs whose folder stays
}

func newDesk(work Workspaces) *desk {
	return &desk{work: work, users: map[string]int{}, runs: map[string]chan struct{}{}, kept: map[string]struct{}{}}
}

// enter counts one user more.
func (d *desk) enter(jobID string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.users[jobID]++
}

// open waits until no other run on this robot uses the job's workspace, counts a run in and opens it; nil when there are none here.
func (d *desk) open(ctx context.Context, jobID string, epoch uint64) (Workspace, error) {
	if d.work == nil {
		return nil, nil //nolint:nilnil // a robot without workspaces runs what needs none
	}
	for {
		d.mu.Lock()
		busy := d.runs[jobID]
		if busy == nil {
			break
		}
		d.mu.Unlock()
		select {
		case <-busy:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
	defer d.mu.Unlock()
	w, err := d.work.Create(jobID, epoch)
	if err == nil {
		d.users[jobID]++
		d.runs[jobID] = make(chan struct{})
	}
	return w, err
}

// shut ends a run's use of the workspace; keep says that the folder must stay, because nobody else has what is in it.
func (d *desk) shut(jobID string, keep bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	close(d.runs[jobID])
	delete(d.runs, jobID)
	if keep {
		d.kept[jobID] = struct{}{}
	} else {
		delete(d.kept, jobID)
	}
}

// leave counts one user less and says whether there is a workspace that nobody uses any more.
func (d *desk) leave(jobID string) (last bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.users[jobID]--; d.users[jobID] > 0 {
		return false
	}
	delete(d.users, jobID)
	_, kept := d.kept[jobID]
	delete(d.kept, jobID)
	return d.work != nil && !kept
}

// clear removes the workspace, unless somebody has come to use it again.
func (d *desk) clear(jobID string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.users[jobID] > 0 {
		return nil
	}
	return d.work.Remove(jobID)
}

// leave counts a user of a workspace out. Deleting a folder may take long, so nobody waits for it; what a stop of the robot leaves behind
// is swept up later.
func (e *Executor) leave(jobID string) {
	if !e.desk.leave(jobID) {
		return
	}
	e.group.Go(func(ctx context.Context) {
		if err := e.desk.clear(jobID); err != nil {
			e.cfg.Logger.WarnContext(ctx, "a workspace was not removed", slog.String("job", jobID), slog.Any("error", err))
		}
	})
}

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
	w.Close()
	e.desk.shut(a.jobID, w.Pin() != "" && !a.endedWell())
	e.leave(a.jobID) //nolint:contextcheck // the group gives its own context
}

// endedWell says whether nobody will go on with the job.
func (a *attempt) endedWell() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.end != nil && a.end.finish != nil && (a.end.finish.State == casare.JobCompleted || a.end.finish.State == casare.JobCancelled)
}

// enter opens the attempt's workspace and makes it what the checkpoint says. An outcome is why the attempt does not run.
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
	for until := time.Now().Add(restoreWait); ; {
		err = w.Restore(ctx, a.spec.Records)
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

// filesOf is the workspace as the engine takes it, where nil means none.
func filesOf(w Workspace) engine.Files {
	if w == nil {
		return nil
	}
	return w
}
