package executor

import (
	"context"
	"log/slog"
	"sync"

	"casare/executor/engine"
)

// Workspaces gives each job its folder.
type Workspaces interface {
	// Create returns the access of a job to its folder: the one an earlier attempt on this robot left, or a new one.
	Create(jobID string) (Workspace, error)
	// Remove deletes the folder; one that is not there is no error.
	Remove(jobID string) error
}

// Workspace is the access of a job to its folder and to what else it may use. The executor closes it when the run has ended.
type Workspace interface {
	engine.Files
	Close()
}

// desk counts who uses the workspace of a job: the attempts that are not over on this robot, and the runs that have not ended. A run
// may outlast its attempt for a moment, and a newer attempt of the job may be here by then; with the last of them the folder goes.
type desk struct {
	work Workspaces

	mu    sync.Mutex
	users map[string]int // by job
}

func newDesk(work Workspaces) *desk { return &desk{work: work, users: map[string]int{}} }

// enter counts one user more.
func (d *desk) enter(jobID string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.users[jobID]++
}

// open counts a run in and makes the workspace; nil when there are none here.
func (d *desk) open(jobID string) (Workspace, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.work == nil {
		return nil, nil //nolint:nilnil // a robot without workspaces runs what needs none
	}
	w, err := d.work.Create(jobID)
	if err == nil {
		d.users[jobID]++
	}
	return w, err
}

// leave counts one user less and says whether there is a workspace that nobody uses any more.
func (d *desk) leave(jobID string) (last bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.users[jobID]--; d.users[jobID] > 0 {
		return false
	}
	delete(d.users, jobID)
	return d.work != nil
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

// shut ends a run's use of its workspace.
func (e *Executor) shut(jobID string, w Workspace) {
	if w == nil {
		return
	}
	w.Close()
	e.leave(jobID)
}

// filesOf is the workspace as the engine takes it, where nil means none.
func filesOf(w Workspace) engine.Files {
	if w == nil {
		return nil
	}
	return w
}
