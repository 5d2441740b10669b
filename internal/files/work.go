package files

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"time"
)

// Work keeps the workspaces of a robot's jobs under one folder, each under its job's id.
type Work struct {
	path   string
	real   string
	root   *os.Root
	ground ground
}

// jobRule is what a job's id must look like before it becomes part of a path.
var jobRule = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// OpenWork makes the folder if need be. access is what every job gets, but for the workspace.
func OpenWork(path string, access Access) (*Work, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("make the folder for workspaces: %w", err)
	}
	folder, err := os.OpenRoot(path)
	if err != nil {
		return nil, fmt.Errorf("open the folder for workspaces: %w", err)
	}
	return &Work{path: path, real: realPath(path), root: folder, ground: survey(access)}, nil
}

// Create returns the access of a job, whose workspace may be left from an attempt before; else it is made when it is first used. The caller
// closes the access.
func (w *Work) Create(job string) (*Files, error) {
	if !jobRule.MatchString(job) {
		return nil, fmt.Errorf("job id %q cannot name a folder", job)
	}
	return w.ground.open(site{
		Root: Root{Path: w.Folder(job)}, name: RootWorkspace, real: filepath.Join(w.real, job),
		prepare: func() error {
			if err := w.root.Mkdir(job, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
				return fmt.Errorf("make the workspace of job %s: %w", job, err)
			}
			return nil
		},
	}), nil
}

// Folder returns the path of a job's workspace, which need not be there.
func (w *Work) Folder(job string) string { return filepath.Join(w.path, job) }

// Remove deletes the workspace of a job; one that is not there is no error.
func (w *Work) Remove(job string) error {
	if !jobRule.MatchString(job) {
		return fmt.Errorf("job id %q cannot name a folder", job)
	}
	if err := w.root.RemoveAll(job); err != nil {
		return fmt.Errorf("remove the workspace of job %s: %w", job, err)
	}
	return nil
}

// Sweep deletes the workspaces that nothing has been written to since then: those of jobs that ended elsewhere while this robot was away.
func (w *Work) Sweep(before time.Time) error {
	folder, err := w.root.Open(".")
	if err != nil {
		return fmt.Errorf("look through the workspaces: %w", err)
	}
	defer folder.Close()
	list, err := folder.ReadDir(-1)
	if err != nil {
		return fmt.Errorf("look through the workspaces: %w", err)
	}
	var failed error
	for _, e := range list {
		info, err := e.Info()
		if err == nil && info.ModTime().Before(before) {
			err = w.root.RemoveAll(e.Name())
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			failed = errors.Join(failed, err)
		}
	}
	return failed
}

// Close gives the folder back.
func (w *Work) Close() { _ = w.root.Close() }

// Caller is the access of somebody who runs a workflow on the own machine: the working folder as workspace, the temporary folder, the home
// folder, and what the configuration names, with every environment variable.
func Caller(c Config) (Access, error) {
	here, err := os.Getwd()
	if err != nil {
		return Access{}, fmt.Errorf("find the working folder: %w", err)
	}
	if home, err := os.UserHomeDir(); err == nil && filepath.IsAbs(home) {
		c.Roots = append([]Root{{Path: home}}, c.Roots...)
	}
	c.HardLinks = true
	return Access{Workspace: here, Temp: os.TempDir(), Config: Default().Over(c), AnyVariable: true}, nil
}
