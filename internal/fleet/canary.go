package fleet

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"casare"
	"casare/client"
)

// Canary is a secret that every suite of whole robots works with and that must be found nowhere afterwards.
const Canary = "canary-5e19d2c8a0"

// canaryDocument keeps the secret in variables, waits long enough for a checkpoint, and writes it to the log.
const canaryDocument = `{"metadata": {"name": "canary"}, "nodes": {
	"start": {"node_type": "StartNode"},
	"keep": {"node_type": "SetVariableNode", "config": {"variable_name": "kept", "value": ["<{{$secret:canary}}>"]}},
	"wait": {"node_type": "WaitNode", "config": {"duration": 0.2}},
	"say": {"node_type": "LogNode", "config": {"message": "{{kept}} {{$secret:canary}}", "level": "info"}}},
	"connections": [{"source_node": "start", "target_node": "keep"}, {"source_node": "keep", "target_node": "wait"},
		{"source_node": "wait", "target_node": "say"}]}`

// ReleaseCanary gives the mesh the secret and lets a job work with it. FindCanary looks for it later.
func (f *Fleet) ReleaseCanary(ctx context.Context) error {
	c := f.Client(f.robots...)
	defer c.Close()
	if _, err := c.SetSecret(ctx, "canary", Canary, "must be found nowhere"); err != nil {
		return fmt.Errorf("set the canary: %w", err)
	}
	s, err := c.Submit(ctx, client.Submit{WorkflowName: "canary", Workflow: json.RawMessage(canaryDocument)})
	if err != nil {
		return fmt.Errorf("submit the canary: %w", err)
	}
	job, err := c.WaitJob(ctx, s.JobID)
	if err != nil {
		return fmt.Errorf("wait for the canary: %w", err)
	}
	if job.State != casare.JobCompleted {
		return fmt.Errorf("the canary's job is %s: %v", job.State, job.Error)
	}
	if bytes.Contains(job.Result, []byte(Canary)) {
		return fmt.Errorf("the secret is in the job's result: %s", job.Result)
	}
	return nil
}

// FindCanary looks for the secret in every file of every robot, logs of the processes included, and returns the files that hold it.
func (f *Fleet) FindCanary() (found []string, err error) {
	for _, r := range f.robots {
		for _, root := range []string{r.Data, r.LogFile()} {
			err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
				if err != nil || !e.Type().IsRegular() {
					return err
				}
				content, err := os.ReadFile(path) //nolint:gosec // the robot's own files
				if bytes.Contains(content, []byte(Canary)) {
					found = append(found, path)
				}
				return err
			})
			if err != nil {
				return found, fmt.Errorf("look for the canary: %w", err)
			}
		}
	}
	return found, nil
}
