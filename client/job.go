package client

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"

	"casare"
)

// Submit asks for one run of a workflow: of the document given, else of the stored one that WorkflowID names.
type Submit struct {
	WorkflowID     string                     `json:"workflow_id,omitempty"`
	WorkflowName   string                     `json:"workflow_name,omitempty"`
	Workflow       json.RawMessage            `json:"workflow_json,omitempty"`
	Documents      map[string]json.RawMessage `json:"documents,omitempty"` // those it refers to, by path as written there, file name or id
	Priority       string                     `json:"priority,omitempty"`  // 0 (first) to 20, or CRITICAL, HIGH, NORMAL, LOW
	Environment    string                     `json:"environment,omitempty"`
	RobotID        string                     `json:"robot_id,omitempty"`  // run there or nowhere
	Variables      json.RawMessage            `json:"variables,omitempty"` // an object
	Metadata       json.RawMessage            `json:"metadata,omitempty"`  // an object, kept for you
	Needs          []string                   `json:"required_capabilities,omitempty"`
	TimeoutSeconds int                        `json:"timeout_seconds,omitempty"`
	Key            string                     `json:"key,omitempty"` // Idempotency-Key; "" gives the call one of its own

	RunTo   string            `json:"run_to,omitempty"`   // only what leads to this step, and not past it
	RunStep string            `json:"run_step,omitempty"` // only this step
	RunAll  bool              `json:"run_all,omitempty"`  // begin at every StartNode
	Debug   *casare.DebugSpec `json:"debug,omitempty"`    // where the run stops, from its beginning on
}

// Submitted is the answer to a submit, or to one of a batch, where Error says why it was refused.
type Submitted struct {
	JobID  string          `json:"job_id"`
	Status casare.JobState `json:"status"`
	Error  *Refusal        `json:"error"`
}

// Refusal is why one job of a batch was not taken.
type Refusal struct {
	Code    casare.Code `json:"code"`
	Message string      `json:"message"`
	Field   string      `json:"field"`
}

// Job is a job as the API shows it.
type Job struct {
	ID           string           `json:"job_id"`
	WorkflowID   string           `json:"workflow_id"`
	WorkflowName string           `json:"workflow_name"`
	State        casare.JobState  `json:"state"`
	Status       casare.JobState  `json:"status"` // State in the words of old clients
	Priority     int              `json:"priority"`
	Environment  string           `json:"environment"`
	RobotID      string           `json:"robot_id"`
	RobotName    string           `json:"robot_name"`
	TargetRobot  string           `json:"target_robot_id"`
	Progress     int              `json:"progress"`
	CurrentNode  string           `json:"current_node"`
	Attempt      int              `json:"attempt"`
	Epoch        uint64           `json:"epoch"`
	Reason       string           `json:"reason"` // needs_attention: what must be decided
	Paused       bool             `json:"paused"` // its debugger has stopped it before the step PausedAt
	PausedAt     string           `json:"paused_at"`
	OpenSteps    []string         `json:"open_steps"`  // that may run only once and had begun where the job stands
	WaitingFor   string           `json:"waiting_for"` // what a job in the queue waits for, if it is not any free robot
	Error        *casare.JobError `json:"error_detail"`
	Result       json.RawMessage  `json:"result"` // the variables at the end; only of a single job
	CreatedAt    casare.Time      `json:"created_at"`
	AssignedAt   casare.Time      `json:"assigned_at"`
	StartedAt    casare.Time      `json:"started_at"`
	CompletedAt  casare.Time      `json:"completed_at"`
	DurationMS   *int64           `json:"duration_ms"`
}

// Jobs is a part of a list of jobs, newest first, and how many there are in all.
type Jobs struct {
	Jobs  []Job `json:"jobs"`
	Total int   `json:"total"`
}

// JobFilter selects jobs; zero fields do not filter.
type JobFilter struct {
	Status      string
	WorkflowID  string
	RobotID     string
	Environment string
	Limit       int // 1 to 500; 0 means 100
	Offset      int
}

// Log is a part of a job's log. Next asks for what comes after it.
type Log struct {
	Lines []casare.LogLine `json:"logs"`
	Next  string           `json:"next"`
}

// Cancelled says what became of the wish to cancel a job.
type Cancelled struct {
	JobID          string          `json:"job_id"`
	Cancelled      bool            `json:"cancelled"` // false: it had already ended
	PreviousStatus casare.JobState `json:"previous_status"`
	Message        string          `json:"message"`
}

// Submit queues a job. When it returns without an error, the job is durable.
func (c *Client) Submit(ctx context.Context, s Submit) (Submitted, error) {
	key := s.Key
	if key == "" {
		key = newKey()
	}
	s.Key = ""
	var out Submitted
	err := c.do(ctx, call{method: http.MethodPost, path: "/api/v1/jobs/submit", body: s, key: key, out: &out})
	return out, err
}

// SubmitBatch queues up to 1,000 jobs, each by itself: the answers are in their order.
func (c *Client) SubmitBatch(ctx context.Context, jobs []Submit) ([]Submitted, error) {
	body := struct {
		Jobs []Submit `json:"jobs"`
	}{jobs}
	var out struct {
		Results []Submitted `json:"results"`
	}
	err := c.do(ctx, call{method: http.MethodPost, path: "/api/v1/jobs/batch", body: body, key: newKey(), out: &out})
	return out.Results, err
}

// Job returns a job with its result, else CodeNotFound.
func (c *Client) Job(ctx context.Context, id string) (Job, error) {
	var out Job
	err := c.do(ctx, call{method: http.MethodGet, path: "/api/v1/jobs/" + url.PathEscape(id), out: &out})
	return out, err
}

// Jobs lists jobs, newest first.
func (c *Client) Jobs(ctx context.Context, f JobFilter) (Jobs, error) {
	q := paging(f.Limit, f.Offset)
	for name, v := range map[string]string{
		"status": f.Status, "workflow_id": f.WorkflowID, "robot_id": f.RobotID, "environment": f.Environment,
	} {
		if v != "" {
			q.Set(name, v)
		}
	}
	var out Jobs
	err := c.do(ctx, call{method: http.MethodGet, path: "/api/v1/jobs", query: q, out: &out})
	return out, err
}

// Logs returns the log of a job from since on: "" for all that is kept, or the Next of an earlier answer.
func (c *Client) Logs(ctx context.Context, id, since string) (Log, error) {
	q := url.Values{}
	if since != "" {
		q.Set("since", since)
	}
	var out Log
	err := c.do(ctx, call{method: http.MethodGet, path: "/api/v1/jobs/" + url.PathEscape(id) + "/logs", query: q, out: &out})
	return out, err
}

// Cancel asks for a job's end. A job that has already ended is no error.
func (c *Client) Cancel(ctx context.Context, id, reason string) (Cancelled, error) {
	body := struct {
		Reason string `json:"reason,omitempty"`
	}{reason}
	var out Cancelled
	err := c.do(ctx, call{method: http.MethodPost, path: "/api/v1/jobs/" + url.PathEscape(id) + "/cancel", body: body, out: &out})
	return out, err
}

// Resolve decides how a job goes on that needs attention. Step may be left out where only one can be meant; Outputs, an object, is what
// a skipped step would have left.
type Resolve struct {
	Action  casare.ResolveAction `json:"action"`
	Step    string               `json:"step,omitempty"`
	Outputs json.RawMessage      `json:"outputs,omitempty"`
	Message string               `json:"message,omitempty"`
}

// Resolved says where the job stands after a decision.
type Resolved struct {
	JobID   string          `json:"job_id"`
	State   casare.JobState `json:"state"`
	Reason  string          `json:"reason"` // what is still to be decided
	Message string          `json:"message"`
}

// Resolve decides how a job goes on. One that does not need attention is CodeTransition.
func (c *Client) Resolve(ctx context.Context, id string, r Resolve) (Resolved, error) {
	var out Resolved
	err := c.do(ctx, call{method: http.MethodPost, path: "/api/v1/jobs/" + url.PathEscape(id) + "/resolve", body: r, key: newKey(), out: &out})
	return out, err
}

// Checkpoint is a point of a job that is kept.
type Checkpoint struct {
	Checkpoint string      `json:"checkpoint"` // what Rerun names
	Time       casare.Time `json:"timestamp"`
	Step       string      `json:"node_id"` // the step it stands behind
	Progress   int         `json:"progress"`
	Moment     string      `json:"moment"`     // why it was taken
	Open       []string    `json:"open_steps"` // that may run only once and had begun
}

// Checkpoints is a part of the points of a job that are kept. Next asks for what comes after it.
type Checkpoints struct {
	Checkpoints []Checkpoint `json:"checkpoints"`
	Total       int          `json:"total"`
	Next        string       `json:"next"`
}

// Checkpoints lists the points of a job that are kept, from since on: "" for all, or the Next of an earlier answer.
func (c *Client) Checkpoints(ctx context.Context, id, since string) (Checkpoints, error) {
	q := url.Values{}
	if since != "" {
		q.Set("since", since)
	}
	var out Checkpoints
	err := c.do(ctx, call{method: http.MethodGet, path: "/api/v1/jobs/" + url.PathEscape(id) + "/checkpoints", query: q, out: &out})
	return out, err
}

// Rerun asks for a new job that begins at a checkpoint of another one.
type Rerun struct {
	Checkpoint string          `json:"checkpoint,omitempty"`  // "" is the last one
	Variables  json.RawMessage `json:"variables,omitempty"`   // an object; they override those of the checkpoint
	RepeatOnce bool            `json:"repeat_once,omitempty"` // also where steps have run since that may run only once
	RobotID    string          `json:"robot_id,omitempty"`    // run there or nowhere
}

// Rerun runs a job again from a checkpoint. CodeConflict: a step has run since that may run only once.
func (c *Client) Rerun(ctx context.Context, id string, r Rerun) (Submitted, error) {
	var out Submitted
	err := c.do(ctx, call{method: http.MethodPost, path: "/api/v1/jobs/" + url.PathEscape(id) + "/rerun", body: r, key: newKey(), out: &out})
	return out, err
}
