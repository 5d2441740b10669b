package client

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"

	"casare"
)

// Debugging is how the debugger of a job stands.
type Debugging struct {
	JobID string `json:"job_id"`
	casare.DebugState
}

// DebugCommand is what a command of the debugger needs.
type DebugCommand struct {
	Step  string          `json:"step,omitempty"`  // run_to
	Name  string          `json:"name,omitempty"`  // set_variable
	Value json.RawMessage `json:"value,omitempty"` // set_variable
}

func debugPath(id string) string { return "/api/v1/jobs/" + url.PathEscape(id) + "/debug" }

// Debug returns where a running job is stopped, if it is. CodeTransition: it does not run.
func (c *Client) Debug(ctx context.Context, id string) (Debugging, error) {
	var out Debugging
	err := c.do(ctx, call{method: http.MethodGet, path: debugPath(id), out: &out})
	return out, err
}

// SetDebug sets the breakpoints and watches of a running job; those it had are replaced.
func (c *Client) SetDebug(ctx context.Context, id string, spec casare.DebugSpec) (Debugging, error) {
	var out Debugging
	err := c.do(ctx, call{method: http.MethodPut, path: debugPath(id), body: spec, key: newKey(), out: &out})
	return out, err
}

// DebugDo has the debugger of a running job do something. CodeTransition: the job is not stopped where the command needs that.
func (c *Client) DebugDo(ctx context.Context, id string, verb casare.DebugVerb, command DebugCommand) (Debugging, error) {
	var out Debugging
	err := c.do(ctx, call{method: http.MethodPost, path: debugPath(id) + "/" + url.PathEscape(string(verb)), body: command, key: newKey(), out: &out})
	return out, err
}

// Pause stops a running job before its next step.
func (c *Client) Pause(ctx context.Context, id string) (Debugging, error) {
	var out Debugging
	err := c.do(ctx, call{method: http.MethodPost, path: "/api/v1/jobs/" + url.PathEscape(id) + "/pause", key: newKey(), out: &out})
	return out, err
}

// Resume lets a job that is stopped go on.
func (c *Client) Resume(ctx context.Context, id string) (Debugging, error) {
	var out Debugging
	err := c.do(ctx, call{method: http.MethodPost, path: "/api/v1/jobs/" + url.PathEscape(id) + "/resume", key: newKey(), out: &out})
	return out, err
}
