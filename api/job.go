package api

import (
	"cmp"
	"context"
	"encoding/json"
	"strconv"
	"strings"

	"casare"
)

const cancelledByUser = "Cancelled by user"

// jobView is a job in the words of every client there is.
type jobView struct {
	ID                string           `json:"id"`
	JobID             string           `json:"job_id"`
	WorkflowID        string           `json:"workflow_id"`
	WorkflowName      string           `json:"workflow_name"`
	Revision          string           `json:"revision"`
	Status            casare.JobState  `doc:"For old clients: waiting is shown as running, pending as queued" json:"status"`
	State             casare.JobState  `doc:"The state as it is"                                             json:"state"`
	Priority          int              `json:"priority"`
	Environment       string           `json:"environment"`
	RobotID           *string          `json:"robot_id"`
	AssignedRobotID   *string          `json:"assigned_robot_id"`
	RobotName         *string          `json:"robot_name"`
	TargetRobotID     *string          `json:"target_robot_id"`
	Needs             []string         `json:"required_capabilities"`
	Progress          int              `json:"progress"`
	CurrentNode       *string          `json:"current_node"`
	Attempt           int              `json:"attempt"`
	Epoch             uint64           `json:"epoch"`
	RetryCount        int              `json:"retry_count"`
	TimeoutSeconds    int              `json:"timeout_seconds"`
	CancelRequested   bool             `json:"cancel_requested"`
	Reason            string           `doc:"needs_attention: what must be decided" json:"reason"`
	WaitingFor        *string          `doc:"What a job that waits in the queue waits for, if it is not any free robot" json:"waiting_for"`
	OpenSteps         []string         `doc:"Steps that may run only once and had begun where the job stands" json:"open_steps"`
	Error             *string          `json:"error"`
	ErrorMessage      *string          `json:"error_message"`
	ErrorType         *string          `json:"error_type"`
	ErrorDetail       *casare.JobError `json:"error_detail"`
	Variables         Raw              `json:"variables"`
	Input             Raw              `json:"input"`
	Metadata          Raw              `json:"metadata"`
	Result            Raw              `doc:"The variables at the end; only of a single job" json:"result"`
	Rerun             *rerunView       `doc:"The checkpoint of another job that it began at"     json:"rerun_of"`
	CreatedBy         string           `json:"created_by"`
	CreatedAt         casare.Time      `json:"created_at"`
	AssignedAt        casare.Time      `json:"assigned_at"`
	ClaimedAt         casare.Time      `json:"claimed_at"`
	StartedAt         casare.Time      `json:"started_at"`
	CompletedAt       casare.Time      `json:"completed_at"`
	UpdatedAt         casare.Time      `json:"updated_at"`
	DurationMS        *int64           `json:"duration_ms"`
	RobotsThatRefused []string         `json:"rejected_by"`
	Paused            bool             `doc:"Its debugger has stopped it before the step paused_at" json:"paused"`
	PausedAt          *string          `json:"paused_at"`
}

// publicState is a state in the words of old clients: one that is not yet eligible is queued, one that waits is running.
func publicState(s casare.JobState) casare.JobState {
	switch s {
	case casare.JobPending:
		return casare.JobQueued
	case casare.JobWaiting:
		return casare.JobRunning
	case casare.JobQueued, casare.JobAssigned, casare.JobRunning, casare.JobNeedsAttention,
		casare.JobCompleted, casare.JobFailed, casare.JobTimeout, casare.JobCancelled:
	}
	return s
}

// statesOf reads a status filter with the words of every client. None of them known: no job is meant.
func statesOf(filter string) (states []casare.JobState, all bool) {
	if filter == "" {
		return nil, true
	}
	for word := range strings.SplitSeq(strings.ToLower(filter), ",") {
		switch strings.TrimSpace(word) {
		case "pending", "queued":
			states = append(states, casare.JobPending, casare.JobQueued)
		case "assigned", "claimed":
			states = append(states, casare.JobAssigned)
		case "running", "executing", "in_progress":
			states = append(states, casare.JobRunning, casare.JobWaiting)
		default:
			for _, s := range casare.JobStates() {
				if string(s) == strings.TrimSpace(word) {
					states = append(states, s)
				}
			}
		}
	}
	return states, false
}

func viewJob(j *casare.Job, robotName string) jobView {
	v := jobView{
		ID: j.ID, JobID: j.ID, WorkflowID: j.WorkflowID, WorkflowName: j.WorkflowName, Revision: j.Revision,
		Status: publicState(j.State), State: j.State, Priority: j.Priority, Environment: cmp.Or(j.Environment, "default"),
		RobotID: optional(j.RobotID), AssignedRobotID: optional(j.RobotID), RobotName: optional(robotName),
		TargetRobotID: optional(j.TargetRobot), Needs: j.Needs, Progress: j.Progress, CurrentNode: optional(j.Step),
		Attempt: j.Attempt, Epoch: j.Epoch, RetryCount: max(0, j.Attempt-1), TimeoutSeconds: j.TimeoutSeconds,
		CancelRequested: j.CancelRequested, Reason: j.Reason, OpenSteps: j.OpenSteps(), WaitingFor: optional(waitingFor(j, robotName)), ErrorDetail: j.Error,
		Variables: Raw(j.Variables), Input: Raw(j.Variables), Metadata: Raw(j.Metadata), CreatedBy: j.CreatedBy,
		CreatedAt: j.CreatedAt, AssignedAt: j.AssignedAt, ClaimedAt: j.AssignedAt, StartedAt: j.StartedAt,
		CompletedAt: j.CompletedAt, UpdatedAt: j.UpdatedAt, RobotsThatRefused: j.RejectedBy,
	}
	if j.Rerun != nil {
		v.Rerun = &rerunView{JobID: j.Rerun.JobID, Checkpoint: j.Rerun.Checkpoint.String()}
	}
	if j.Error != nil {
		v.Error, v.ErrorMessage, v.ErrorType = &j.Error.Message, &j.Error.Message, optional(j.Error.ErrorType)
	}
	if j.StartedAt != 0 && j.CompletedAt != 0 {
		ms := int64(j.CompletedAt-j.StartedAt) / 1000
		v.DurationMS = &ms
	}
	return v
}

// stopped adds whether the job's debugger has stopped it.
func (v *jobView) stopped(fleet Fleet) {
	if !v.State.Active() {
		return
	}
	if stop, ok := fleet.Stopped(v.ID); ok {
		v.Paused, v.PausedAt = true, optional(stop.Step)
	}
}

// waitingFor says what a job waits for that only one robot can go on with.
func waitingFor(j *casare.Job, robotName string) string {
	switch {
	case j.State != casare.JobQueued:
		return ""
	case j.Pin == "" && j.Place == nil:
		return ""
	case j.Pin == "":
		return "A place for its next step: " + j.Place.String()
	}
	return "Robot " + cmp.Or(robotName, j.RobotID) + ", which alone has " + j.Pin
}

// jobsInput selects jobs. Parameters that only name the caller's own tenant or workspace change nothing.
type jobsInput struct {
	Status      string `doc:"One or more, comma separated; old words too" query:"status"`
	WorkflowID  string `query:"workflow_id"`
	RobotID     string `query:"robot_id"`
	Environment string `query:"environment"`
	Limit       int    `default:"100" maximum:"500" minimum:"1" query:"limit"`
	Offset      int    `minimum:"0"   query:"offset"`
}

type jobsAnswer struct {
	Jobs  []jobView `json:"jobs"`
	Total int       `json:"total"`
}

func (a *API) jobs(ctx context.Context, in *jobsInput) (jobsAnswer, error) {
	states, all := statesOf(in.Status)
	if !all && len(states) == 0 {
		return jobsAnswer{}, nil
	}
	page, err := a.deps.State.Jobs(casare.JobQuery{
		Tenant: callOf(ctx).caller.tenant, States: states, WorkflowID: in.WorkflowID, RobotID: in.RobotID,
		Environment: in.Environment, Limit: in.Limit, Offset: in.Offset,
	})
	if err != nil {
		return jobsAnswer{}, err
	}
	names, err := a.robotNames()
	if err != nil {
		return jobsAnswer{}, err
	}
	out := jobsAnswer{Total: page.Total, Jobs: make([]jobView, len(page.Jobs))}
	for i, j := range page.Jobs {
		out.Jobs[i] = viewJob(j, names[j.RobotID])
		out.Jobs[i].stopped(a.deps.Fleet)
	}
	return out, nil
}

func (a *API) robotNames() (map[string]string, error) {
	robots, err := a.deps.State.Robots()
	if err != nil {
		return nil, err
	}
	names := make(map[string]string, len(robots))
	for _, r := range robots {
		names[r.ID] = r.Name
	}
	return names, nil
}

func (a *API) listJobs(ctx context.Context, in *jobsInput) (*answer[jobsAnswer], error) {
	out, err := a.jobs(ctx, in)
	return &answer[jobsAnswer]{Body: out}, err
}

// metricsInput is jobsInput with the limit that old clients expect.
type metricsInput struct {
	Status     string `query:"status"`
	WorkflowID string `query:"workflow_id"`
	RobotID    string `query:"robot_id"`
	Limit      int    `default:"50" maximum:"500" minimum:"1" query:"limit"`
	Offset     int    `minimum:"0"  query:"offset"`
}

func (a *API) listJobMetrics(ctx context.Context, in *metricsInput) (*answer[[]jobView], error) {
	out, err := a.jobs(ctx, &jobsInput{
		Status: in.Status, WorkflowID: in.WorkflowID, RobotID: in.RobotID, Limit: in.Limit, Offset: in.Offset,
	})
	return &answer[[]jobView]{Body: out.Jobs}, err
}

type idInput struct {
	ID string `path:"id"`
}

// job returns a job of the caller's tenant; another tenant's job is not there.
func (a *API) job(ctx context.Context, id string) (*casare.Job, error) {
	j, err := a.deps.State.Job(id)
	if casare.CodeOf(err) == casare.CodeNotFound || err == nil && j.Tenant != callOf(ctx).caller.tenant {
		return nil, casare.Errorf(casare.CodeNotFound, "there is no job %s", id).On("id")
	}
	return j, err
}

func (a *API) getJob(ctx context.Context, in *idInput) (*answer[jobView], error) {
	j, err := a.job(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	names, err := a.robotNames()
	if err != nil {
		return nil, err
	}
	v := viewJob(j, names[j.RobotID])
	v.stopped(a.deps.Fleet)
	if j.State.Terminal() {
		result, err := a.deps.State.JobResult(in.ID)
		if err != nil && casare.CodeOf(err) != casare.CodeNotFound {
			return nil, err
		}
		v.Result = result
	}
	return &answer[jobView]{Body: v}, nil
}

type logInput struct {
	ID    string `path:"id"`
	Since string `doc:"next of an earlier answer, or the number of a line of the last attempt" query:"since"`
	Limit int    `default:"0" maximum:"100000" minimum:"0" query:"limit"`
}

type logAnswer struct {
	Logs  []casare.LogLine `json:"logs"`
	Total int              `doc:"Lines that are kept" json:"total"`
	Next  string           `doc:"Pass as since to get what comes after" json:"next"`
}

func (a *API) getLog(ctx context.Context, in *logInput) (*answer[logAnswer], error) {
	j, err := a.job(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	from, err := parseLinePlace(in.Since, j.Epoch)
	if err != nil {
		return nil, err
	}
	lines, err := a.keptLines(ctx, j.ID, from, cmp.Or(in.Limit, maxLogPage))
	if err != nil {
		return nil, err
	}
	total, err := a.countLines(j.ID)
	if err != nil {
		return nil, err
	}
	out := logAnswer{Total: total, Logs: lines}
	if n := len(out.Logs); n > 0 {
		from = linePlace{out.Logs[n-1].Attempt, out.Logs[n-1].N + 1}
	}
	out.Next = from.String()
	return &answer[logAnswer]{Body: out}, nil
}

// logLines decodes what the state keeps of a job's log.
func (a *API) logLines(id string) ([]casare.LogLine, error) {
	raw, err := a.deps.State.JobLog(id)
	if err != nil && casare.CodeOf(err) != casare.CodeNotFound {
		return nil, err
	}
	lines := make([]casare.LogLine, len(raw))
	for i, b := range raw {
		if err := json.Unmarshal(b, &lines[i]); err != nil {
			return nil, casare.Errorf(casare.CodeInternal, "line %d of the log of job %s is broken: %w", i, id, err)
		}
		lines[i].JobID = cmp.Or(lines[i].JobID, id)
	}
	return lines, nil
}

// linePlace is a place in a job's log: a line of an attempt.
type linePlace struct {
	attempt uint64
	n       uint64
}

// String prints the place as "attempt.line".
func (p linePlace) String() string {
	return strconv.FormatUint(p.attempt, 10) + "." + strconv.FormatUint(p.n, 10)
}

func (p linePlace) before(o linePlace) bool {
	return p.attempt < o.attempt || p.attempt == o.attempt && p.n < o.n
}

// parseLinePlace reads "attempt.line", or a line of the attempt given; "" is the beginning.
func parseLinePlace(text string, attempt uint64) (linePlace, error) {
	if text == "" {
		return linePlace{}, nil
	}
	first, second, both := strings.Cut(text, ".")
	n, err := strconv.ParseUint(first, 10, 64)
	if err == nil && !both {
		return linePlace{attempt, n}, nil
	}
	p := linePlace{attempt: n}
	if err == nil {
		p.n, err = strconv.ParseUint(second, 10, 64)
	}
	if err != nil {
		return linePlace{}, casare.Errorf(casare.CodeInvalid, "since %q is neither a line nor attempt.line", text).On("since")
	}
	return p, nil
}

// cancelBody may be left out.
type cancelBody struct {
	Reason string `json:"reason"`
}

type cancelAnswer struct {
	JobID          string          `json:"job_id"`
	Cancelled      bool            `json:"cancelled"`
	PreviousStatus casare.JobState `json:"previous_status"`
	Status         casare.JobState `json:"status"`
	Message        string          `json:"message"`
}

func (a *API) cancelJob(ctx context.Context, in *idInput, body []byte) (*answer[cancelAnswer], error) {
	var req cancelBody
	if len(body) > 0 {
		if err := decode(body, &req); err != nil {
			return nil, err
		}
	}
	if len(req.Reason) > 4<<10 {
		return nil, invalidField("reason", "is longer than 4 KiB")
	}
	j, err := a.job(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if j.State.Terminal() {
		return alreadyEnded(j), nil
	}
	c := callOf(ctx)
	result, err := a.propose(ctx, a.proposal(c, c.command, casare.CancelJob{
		JobID: in.ID, Reason: cmp.Or(req.Reason, cancelledByUser),
	}))
	if casare.CodeOf(err) == casare.CodeTransition { // it ended between the look and the wish
		if j, err = a.job(ctx, in.ID); err != nil {
			return nil, err
		}
		return alreadyEnded(j), nil
	}
	if err != nil {
		return nil, err
	}
	out := cancelAnswer{JobID: in.ID, Cancelled: true, PreviousStatus: publicState(j.State), Status: publicState(j.State)}
	out.Message = "Job cancelled"
	if result.Job != nil {
		out.Status = publicState(result.Job.State)
	}
	if out.Status != casare.JobCancelled {
		out.Message = "The robot that runs the job was asked to stop it"
	}
	return &answer[cancelAnswer]{Index: strconv.FormatUint(result.Index, 10), Body: out}, nil
}

func alreadyEnded(j *casare.Job) *answer[cancelAnswer] {
	return &answer[cancelAnswer]{Body: cancelAnswer{
		JobID: j.ID, PreviousStatus: publicState(j.State), Status: publicState(j.State),
		Message: "Job already " + string(j.State) + ", cannot cancel",
	}}
}
