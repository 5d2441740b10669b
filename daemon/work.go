package daemon

import (
	"io"
	"log/slog"
	"os"
	"time"

	"casare"
	"casare/blobstore"
	"casare/configs"
	"casare/executor"
	"casare/executor/workspace"
	"casare/internal/files"
)

// keepWork is how long the workspace of a job stays that ended while this robot was away. One that the leader gives back at the same
// epoch finds its files again.
const keepWork = 24 * time.Hour

// workspaces are the folders of jobs as the executor wants them.
type workspaces struct {
	*files.Work
	cfg   workspace.Config
	blobs *blobstore.Store
}

func (d *Daemon) workspaces() workspaces {
	cfg := workspace.Config{MaxBytes: d.config.Workspace.MaxBytes, MaxFiles: d.config.Workspace.MaxFiles}
	return workspaces{Work: d.work, cfg: cfg, blobs: d.blobs}
}

// Create implements executor.Workspaces.
func (w workspaces) Create(jobID string, epoch uint64) (executor.Workspace, error) {
	access, err := w.Work.Create(jobID)
	if err != nil {
		return nil, err
	}
	space := workspace.Open(w.cfg, w.Folder(jobID), jobBlobs{w.blobs.For(jobID, epoch)})
	return &jobFolder{Files: access, Space: space}, nil
}

// jobFolder is what an attempt may do with files, and how they travel.
type jobFolder struct {
	*files.Files
	*workspace.Space
}

// Collect implements executor.Workspace.
func (f *jobFolder) Collect(whole bool) ([]casare.Record, error) {
	return f.Space.Collect(f.Changes(), whole)
}

// Close implements executor.Workspace.
func (f *jobFolder) Close() {
	f.Space.Close()
	f.Files.Close()
}

// jobBlobs is the blob store as a workspace wants it.
type jobBlobs struct{ *blobstore.Attempt }

// Stage implements workspace.Blobs.
func (b jobBlobs) Stage(r io.Reader, size int64) (workspace.Draft, error) {
	return b.Attempt.Stage(r, size)
}

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
