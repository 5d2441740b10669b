package client

import (
	"context"
	"encoding/json"
	"net/http"
)

// SavedWorkflow is the answer to SaveWorkflow. JobID is set when a run was asked for too.
type SavedWorkflow struct {
	WorkflowID string `json:"workflow_id"`
	JobID      string `json:"job_id"`
	Message    string `json:"message"`
}

// SaveWorkflow stores a document under a new id and, when run is set, queues a job of it.
func (c *Client) SaveWorkflow(ctx context.Context, name string, document json.RawMessage, run bool) (SavedWorkflow, error) {
	body := struct {
		Name     string          `json:"workflow_name"`
		Document json.RawMessage `json:"workflow_json"`
		Trigger  string          `json:"trigger_type"`
	}{name, document, "none"}
	if run {
		body.Trigger = "manual"
	}
	var out SavedWorkflow
	err := c.do(ctx, call{method: http.MethodPost, path: "/api/v1/workflows", body: body, key: newKey(), out: &out})
	return out, err
}
