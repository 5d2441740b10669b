package api

import (
	"cmp"
	"context"
	"encoding/json"
	"strconv"

	"casare"
)

// workflowBody is the submit of old clients: it stores a workflow, and says what shall start it.
type workflowBody struct {
	WorkflowName  string   `json:"workflow_name"`
	WorkflowJSON  Raw      `doc:"The document: an object, or a text that holds one"      json:"workflow_json"`
	TriggerType   string   `doc:"manual (default: also queues a job) or none"            json:"trigger_type"`
	ExecutionMode string   `doc:"lan (default) or internet"                              json:"execution_mode"`
	Priority      Priority `json:"priority"`
	Metadata      Raw      `doc:"robot_id and variables in it are those of the job"      json:"metadata"`
}

type workflowAnswer struct {
	WorkflowID string      `json:"workflow_id"`
	JobID      *string     `json:"job_id"`
	ScheduleID *string     `json:"schedule_id"`
	Status     string      `json:"status"`
	Message    string      `json:"message"`
	CreatedAt  casare.Time `json:"created_at"`
}

func (a *API) saveWorkflow(ctx context.Context, in *keyInput, body []byte) (*answer[workflowAnswer], error) {
	var req workflowBody
	if err := decode(body, &req); err != nil {
		return nil, err
	}
	if err := req.check(); err != nil {
		return nil, err
	}
	c := callOf(ctx)
	jobID, err := c.jobID("workflows", in.Key, c.command)
	if err != nil {
		return nil, err
	}
	now := casare.TimeOf(a.deps.Now())
	wf := casare.Workflow{
		ID: derivedID("workflow", jobID), Tenant: c.caller.tenant, Name: req.WorkflowName, CreatedAt: now, UpdatedAt: now,
	}
	submit := submitBody{
		WorkflowID: wf.ID, WorkflowName: wf.Name, WorkflowJSON: req.WorkflowJSON, Priority: req.Priority, Metadata: req.Metadata,
	}
	s, err := a.submission(c, &submit, jobID, lookups{})
	if err != nil {
		return nil, err
	}
	if in.Key != "" {
		s.spec.BodyHash = submit.hash()
	}
	wf.Revision = s.spec.Revision
	ps := append(s.before, a.proposal(c, wf.ID, casare.PutWorkflow{Workflow: wf, Document: s.doc}))
	out := workflowAnswer{WorkflowID: wf.ID, Status: "success", CreatedAt: now, Message: "Workflow stored"}
	if req.TriggerType == "manual" {
		s.doc = nil // the workflow brings it
		ps = append(ps, a.proposal(c, jobID, s.command()))
		out.JobID = &jobID
		out.Message = "Workflow submitted and queued for " + req.ExecutionMode + " execution"
	}
	results, err := a.proposeAll(ctx, ps)
	if err != nil {
		return nil, err
	}
	for _, r := range results {
		if r.Err != nil {
			return nil, r.Err
		}
	}
	a.docs.stored(wf.Revision)
	return &answer[workflowAnswer]{Index: strconv.FormatUint(results[len(results)-1].Index, 10), Body: out}, nil
}

// check fills defaults and refuses what is not there yet by its name.
func (b *workflowBody) check() error {
	b.TriggerType = cmp.Or(b.TriggerType, "manual")
	b.ExecutionMode = cmp.Or(b.ExecutionMode, "lan")
	switch b.TriggerType {
	case "manual", "none":
	case "scheduled":
		return casare.Errorf(casare.CodeUnsupported, "trigger_type scheduled: schedules are not supported yet").On("trigger_type")
	case "webhook":
		return casare.Errorf(casare.CodeUnsupported, "trigger_type webhook: webhooks are not supported yet").On("trigger_type")
	default:
		return invalidField("trigger_type", "is none of manual, none, scheduled, webhook")
	}
	switch {
	case b.ExecutionMode != "lan" && b.ExecutionMode != "internet":
		return invalidField("execution_mode", "is neither lan nor internet")
	case b.WorkflowName == "" || len(b.WorkflowName) > maxName:
		return invalidField("workflow_name", "must have 1 to 255 bytes")
	case len(b.WorkflowJSON) == 0:
		return invalidField("workflow_json", "is needed")
	}
	return nil
}

// workflowView is a workflow in a list.
type workflowView struct {
	WorkflowID   string      `json:"workflow_id"`
	ID           string      `json:"id"`
	WorkflowName string      `json:"workflow_name"`
	Name         string      `json:"name"`
	Description  *string     `json:"description"`
	Version      int         `json:"version"`
	Revision     string      `json:"revision"`
	CreatedAt    casare.Time `json:"created_at"`
	UpdatedAt    casare.Time `json:"updated_at"`
}

func viewWorkflow(w *casare.Workflow) workflowView {
	return workflowView{
		WorkflowID: w.ID, ID: w.ID, WorkflowName: w.Name, Name: w.Name, Version: w.Version, Revision: w.Revision,
		CreatedAt: w.CreatedAt, UpdatedAt: w.UpdatedAt,
	}
}

type pageInput struct {
	Limit  int `default:"100" maximum:"500"  minimum:"1"    query:"limit"`
	Offset int `minimum:"0"   query:"offset"`
}

type workflowsAnswer struct {
	Workflows []workflowView `json:"workflows"`
	Total     int            `json:"total"`
}

func (a *API) listWorkflows(ctx context.Context, in *pageInput) (*answer[workflowsAnswer], error) {
	ws, total, err := a.deps.State.Workflows(callOf(ctx).caller.tenant, in.Limit, in.Offset)
	if err != nil {
		return nil, err
	}
	out := workflowsAnswer{Total: total, Workflows: make([]workflowView, len(ws))}
	for i, w := range ws {
		out.Workflows[i] = viewWorkflow(w)
	}
	return &answer[workflowsAnswer]{Body: out}, nil
}

// workflowDetail is a workflow with its document, as it was submitted.
type workflowDetail struct {
	workflowView

	WorkflowJSON Raw `json:"workflow_json"`
}

func (a *API) getWorkflow(ctx context.Context, in *idInput) (*answer[workflowDetail], error) {
	w, err := a.deps.State.Workflow(callOf(ctx).caller.tenant, in.ID)
	if casare.CodeOf(err) == casare.CodeNotFound {
		return nil, casare.Errorf(casare.CodeNotFound, "there is no workflow %s", in.ID).On("id")
	}
	if err != nil {
		return nil, err
	}
	raw, err := a.deps.State.Document(w.Revision)
	if err != nil {
		return nil, err
	}
	out := workflowDetail{workflowView: viewWorkflow(w), WorkflowJSON: raw}
	var about struct {
		Description string `json:"description"`
		Metadata    struct {
			Description string `json:"description"`
		} `json:"metadata"`
	}
	if err := json.Unmarshal(raw, &about); err == nil { // a document of another shape has no description
		out.Description = optional(cmp.Or(about.Metadata.Description, about.Description))
	}
	return &answer[workflowDetail]{Body: out}, nil
}
