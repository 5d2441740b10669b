package executor

import (
	"context"
	"log/slog"
	"sync"

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
	// Reread forgets that the contents of files are kept: the next Collect reads all of them and puts them again.
	Reread()
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
	wake chan struct{} // one slot: a workspace may have to be removed

	mu    sync.Mutex
	users map[string]int           // by job
	runs  map[string]chan struct{} // closed when the attempt of the job that has the workspace no longer uses it
	kept  map[string]struct{}      // jobs whose folder stays
	left  []string                 // jobs whose workspace the last user has left
}

func newDesk(work Workspaces) *desk {
	return &desk{
		work: work, wake: make(chan struct{}, 1), users: map[string]int{}, runs: map[string]chan struct{}{}, kept: map[string]struct{}{},
	}
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

// leave counts a user of a workspace out. It never blocks.
func (d *desk) leave(jobID string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.users[jobID]--; d.users[jobID] > 0 {
		return
	}
	delete(d.users, jobID)
	_, kept := d.kept[jobID]
	delete(d.kept, jobID)
	if d.work != nil && !kept {
		d.left = append(d.left, jobID)
		signal(d.wake)
	}
}

// shut ends an attempt's use of the workspace; keep says that the folder must stay, because nobody else has what is in it.
func (d *desk) shut(jobID string, w Workspace, keep bool) {
	w.Close()
	d.mu.Lock()
	close(d.runs[jobID])
	delete(d.runs, jobID)
	if keep {
		d.kept[jobID] = struct{}{}
	} else {
		delete(d.kept, jobID)
	}
	d.mu.Unlock()
	d.leave(jobID)
}

// tidy removes workspaces that nobody uses any more, until ctx ends. Deleting a folder may take long, so nobody waits for it. What a stop
// of the robot leaves behind is swept up later.
func (d *desk) tidy(ctx context.Context, log *slog.Logger) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-d.wake:
		}
		for ctx.Err() == nil {
			jobID, more := d.next()
			if !more {
				break
			}
			if err := d.clear(jobID); err != nil {
				log.WarnContext(ctx, "a workspace was not removed", slog.String("job", jobID), slog.Any("error", err))
			}
		}
	}
}

func (d *desk) next() (jobID string, more bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.left) == 0 {
		return "", false
	}
	jobID, d.left = d.left[0], d.left[1:]
	return jobID, true
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

// tidy keeps the folder of workspaces clean.
func (e *Executor) tidy(ctx context.Context) { e.desk.tidy(ctx, e.cfg.Logger) }

// filesOf is the workspace as the engine takes it, where nil means none.
func filesOf(w Workspace) engine.Files {
	if w == nil {
		return nil
	}
	return w
}
