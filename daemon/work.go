package daemon

import (
	"log/slog"
	"os"
	"time"

	"casare"
	"casare/configs"
	"casare/executor"
	"casare/internal/files"
)

// keepWork is how long the workspace of a job stays that ended while this robot was away. One that the leader gives back at the same
// epoch finds its files again.
const keepWork = 24 * time.Hour

// workspaces are the folders of jobs as the executor wants them.
type workspaces struct{ *files.Work }

// Create implements executor.Workspaces.
func (w workspaces) Create(jobID string) (executor.Workspace, error) { return w.Work.Create(jobID) }

// openWork makes the folder for workspaces. What belongs to the robot itself is closed to workflows, wherever the data folder lies.
func openWork(f folder, cfg configs.Config, now time.Time, log *slog.Logger) (*files.Work, error) {
	work, err := files.OpenWork(f.work(), files.Access{Temp: os.TempDir(), Config: cfg.Files, Denied: []string{f.path}})
	if err != nil {
		return nil, casare.Errorf(casare.CodeInvalid, "data folder %s: %w", f.path, err).On("data")
	}
	if err := work.Sweep(now.Add(-keepWork)); err != nil {
		log.Warn("old workspaces were not removed", slog.Any("error", err))
	}
	return work, nil
}
