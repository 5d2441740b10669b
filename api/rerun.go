package api

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"casare"
	"casare/runlog"
	"casare/value"
)

// checkpointView is a checkpoint of a job that is kept.
type checkpointView struct {
	Checkpoint string      `doc:"attempt.seq: what a rerun names" json:"checkpoint"`
	Attempt    uint64      `json:"attempt"`
	Seq        uint64      `json:"seq"`
	Time       casare.Time `json:"timestamp"`
	Step       string      `doc:"The step it stands behind"                             json:"node_id"`
	Progress   int         `json:"progress"`
	Moment     string      `doc:"Why it was taken: pause, effect, intent, outcome, wait, stop" json:"moment"`
	Open       []string    `doc:"Steps that may run only once and had begun"            json:"open_steps"`
}

type checkpointsAnswer struct {
	Checkpoints []checkpointView `json:"checkpoints"`
	Total       int              `json:"total"`
	Next        string           `doc:"Pass as since to get what comes after" json:"next"`
}

func (a *API) listCheckpoints(ctx context.Context, in *logInput) (*answer[checkpointsAnswer], error) {
	j, err := a.job(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	from, err := parseLinePlace(in.Since, j.Epoch)
	if err != nil {
		return nil, err
	}
	h, err := a.history(ctx, j.ID)
	if err != nil {
		return nil, err
	}
	out := checkpointsAnswer{Total: len(h.points), Next: from.String(), Checkpoints: []checkpointView{}}
	for _, p := range h.points {
		place := linePlace{p.ref.Attempt, p.ref.N}
		if place.before(from) {
			continue
		}
		if len(out.Checkpoints) == cmp.Or(in.Limit, maxLogPage) {
			break
		}
		out.Checkpoints = append(out.Checkpoints, checkpointView{
			Checkpoint: p.ref.String(), Attempt: p.ref.Attempt, Seq: p.ref.N, Time: p.Time, Step: p.Step, Progress: p.Progress,
			Moment: p.Moment, Open: p.Open,
		})
		out.Next = linePlace{p.ref.Attempt, p.ref.N + 1}.String()
	}
	return &answer[checkpointsAnswer]{Body: out}, nil
}

// history is the checkpoints of a job that its run logs still hold, in order.
type history struct{ points []pointInTime }

// pointInTime is one of them, without what it holds.
type pointInTime struct {
	ref casare.CheckpointRef
	runlog.Checkpoint
}

// history reads them. One whose predecessors are lost is left out: nobody can tell what it holds.
func (a *API) history(ctx context.Context, jobID string) (*history, error) {
	h := &history{}
	whole := chain{}
	err := a.readCheckpoints(ctx, jobID, 0, func(ref casare.CheckpointRef, c *runlog.Checkpoint) bool {
		if whole.goesOn(ref, c) {
			point := pointInTime{ref: ref, Checkpoint: *c}
			point.Changes = nil
			h.points = append(h.points, point)
		}
		return true
	})
	return h, err
}

// chain tells which checkpoints can be put together from what is there.
type chain struct {
	last   casare.CheckpointRef
	broken bool
}

// goesOn says whether a checkpoint can be: it is whole, or the one before it is there and can be.
func (c *chain) goesOn(ref casare.CheckpointRef, p *runlog.Checkpoint) bool {
	follows := c.last.Attempt == ref.Attempt && c.last.N+1 == ref.N && !c.broken
	c.last, c.broken = ref, !p.Whole && !follows
	return !c.broken
}

// readCheckpoints calls each for the checkpoints that are kept of a job, or of one attempt of it, in order, each once, until it returns
// false.
func (a *API) readCheckpoints(
	ctx context.Context, jobID string, attempt uint64, each func(ref casare.CheckpointRef, c *runlog.Checkpoint) bool,
) error {
	var last casare.CheckpointRef
	on := true
	return a.readPieces(ctx, jobID, func(p *casare.LogPiece) bool {
		return p.Checkpoints == 0 || attempt != 0 && p.Epoch != attempt
	}, func(p *casare.LogPiece, e *runlog.Entry) {
		if e.Checkpoint == nil || !on {
			return
		}
		ref := casare.CheckpointRef{Attempt: p.Epoch, N: e.Checkpoint.N}
		if last.Before(ref) { // pieces may overlap after a restart of the robot
			last = ref
			on = each(ref, e.Checkpoint)
		}
	}, func(*casare.LogPiece) bool { return on })
}

// rerunBody says where a job is to run again from.
type rerunBody struct {
	Checkpoint string `doc:"attempt.seq, of GET …/checkpoints; the last one where nothing is said"               json:"checkpoint"`
	Variables  Raw    `doc:"Variables that override those of the checkpoint"                                      json:"variables"`
	RepeatOnce bool   `doc:"Run steps that may run only once again, although they have run since the checkpoint" json:"repeat_once"`
	RobotID    string `doc:"Run on this robot and no other; as the job where nothing is said"                    json:"robot_id"`
}

// rerunView says where a job began.
type rerunView struct {
	JobID      string `json:"job_id"`
	Checkpoint string `json:"checkpoint"`
}

type rerunInput struct {
	ID  string `path:"id"`
	Key string `doc:"The same key with the same body is the same request, however often it is sent" header:"Idempotency-Key"`
}

func (a *API) rerunJob(ctx context.Context, in *rerunInput, body []byte) (*answer[submitAnswer], error) {
	var req rerunBody
	if len(body) > 0 {
		if err := decode(body, &req); err != nil {
			return nil, err
		}
	}
	old, err := a.job(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	c := callOf(ctx)
	id, err := c.jobID("rerun", in.Key, c.command)
	if err != nil {
		return nil, err
	}
	hash := digest("rerun", old.ID, string(body))
	if known, err := a.job(ctx, id); err == nil { // sent again
		if !bytes.Equal(known.BodyHash, hash[:]) {
			return nil, casare.Errorf(casare.CodeIdempotency, "the key was used before with another request").On("key")
		}
		return rerunAnswer(known, ""), nil
	}
	at, err := a.chosen(ctx, old, &req)
	if err != nil {
		return nil, err
	}
	submit, err := a.rerunOf(ctx, old, at, &req, id)
	if err != nil {
		return nil, err
	}
	submit.Spec.BodyHash = hash[:]
	result, err := a.propose(ctx, a.proposal(c, id, submit))
	if err != nil {
		return nil, err
	}
	job := result.Job
	if job == nil {
		job = casare.NewJob(submit.Spec)
	}
	return rerunAnswer(job, strconv.FormatUint(result.Index, 10)), nil
}

func rerunAnswer(job *casare.Job, index string) *answer[submitAnswer] {
	return &answer[submitAnswer]{Index: index, Body: submitAnswer{
		ID: job.ID, JobID: job.ID, Status: publicState(job.State), WorkflowID: job.WorkflowID, WorkflowName: job.WorkflowName,
		Priority: job.Priority, RobotID: optional(job.TargetRobot), CreatedAt: job.CreatedAt, Message: "The job is queued",
	}}
}

// chosen finds the checkpoint that a request means, and refuses one behind which a step has run that may run only once.
func (a *API) chosen(ctx context.Context, old *casare.Job, req *rerunBody) (*pointInTime, error) {
	h, err := a.history(ctx, old.ID)
	if err != nil {
		return nil, err
	}
	if len(h.points) == 0 {
		return nil, casare.Errorf(casare.CodeNotFound, "no checkpoint is kept of job %s", old.ID).On("checkpoint")
	}
	i := len(h.points) - 1
	if req.Checkpoint != "" {
		place, err := parseLinePlace(req.Checkpoint, old.Epoch)
		if err != nil {
			return nil, invalidField("checkpoint", "is not of the form attempt.seq")
		}
		ref := casare.CheckpointRef{Attempt: place.attempt, N: place.n}
		if i = slices.IndexFunc(h.points, func(p pointInTime) bool { return p.ref == ref }); i < 0 {
			return nil, casare.Errorf(casare.CodeNotFound, "no checkpoint %s is kept of job %s", ref, old.ID).On("checkpoint")
		}
	}
	at := &h.points[i]
	if (old.Intents > at.Intents || len(at.Open) > 0) && !req.RepeatOnce {
		return nil, casare.Errorf(casare.CodeConflict,
			"steps that may run only once have begun since that checkpoint%s; repeat_once runs them again", h.begunSince(i)).On("repeat_once")
	}
	return at, nil
}

// begunSince names the steps that may run only once and have begun since a checkpoint, as far as the log tells.
func (h *history) begunSince(i int) string {
	var steps []string
	for _, p := range h.points[i:] {
		steps = append(steps, p.Open...)
	}
	if len(steps) == 0 {
		return ""
	}
	slices.Sort(steps)
	return ": " + strings.Join(slices.Compact(steps), ", ")
}

// maxRerun is how much variables and metadata take beside a checkpoint.
const maxRerun = 256 << 10

// rerunOf makes the job that begins at a checkpoint of another one.
func (a *API) rerunOf(ctx context.Context, old *casare.Job, at *pointInTime, req *rerunBody, id string) (casare.SubmitJob, error) {
	c := callOf(ctx)
	spec := old.JobSpec
	spec.ID, spec.CreatedAt, spec.CreatedBy, spec.BodyHash, spec.Debug = id, casare.TimeOf(a.deps.Now()), c.caller.id, nil, nil
	root := old.ID
	if old.Rerun != nil {
		root = old.Rerun.Root
	}
	spec.Rerun = &casare.Rerun{JobID: old.ID, Checkpoint: at.ref, Root: root}
	var err error
	if spec.Variables, err = req.Variables.object("variables"); err != nil {
		return casare.SubmitJob{}, err
	}
	if len(spec.Variables) > 0 {
		if v, err := value.ParseJSON(spec.Variables); err != nil {
			return casare.SubmitJob{}, invalidField("variables", "cannot be read: "+err.Error())
		} else if d, ok := v.(*value.Dict); ok && d.Len() == 0 {
			spec.Variables = nil
		}
	}
	if size := len(spec.Variables) + len(spec.Metadata); size > maxRerun {
		return casare.SubmitJob{}, casare.Errorf(casare.CodeTooLarge, "variables and metadata are %d KiB; the most is %d KiB", size>>10, maxRerun>>10).On("variables")
	}
	if req.RobotID != "" {
		if spec.TargetRobot, err = a.robotID(req.RobotID, lookups{}); err != nil {
			return casare.SubmitJob{}, err
		}
	}
	begin := &casare.Beginning{Step: at.Step, Progress: at.Progress, Open: strings.Join(at.Open, ", ")}
	for _, step := range at.Open {
		begin.Decisions = append(begin.Decisions, casare.Decision{
			Step: step, Action: casare.ResolveRetry, By: c.caller.id, Message: "repeat_once", Time: spec.CreatedAt,
		})
	}
	records, err := a.recordsAt(ctx, old.ID, at.ref)
	if err != nil {
		return casare.SubmitJob{}, err
	}
	begin.Records, err = a.fit(ctx, records, casare.MaxPiece)
	return casare.SubmitJob{Spec: spec, Begin: begin}, err
}

// recordsAt puts a checkpoint together.
func (a *API) recordsAt(ctx context.Context, jobID string, at casare.CheckpointRef) ([]casare.Record, error) {
	var fold runlog.Fold
	err := a.readCheckpoints(ctx, jobID, at.Attempt, func(ref casare.CheckpointRef, c *runlog.Checkpoint) bool {
		fold.Add(c)
		return ref != at
	})
	return fold.Records(), err
}

// fit moves the largest records into blobs until the rest fits a command, and sees that the blobs they refer to are still there.
func (a *API) fit(ctx context.Context, records []casare.Record, most int) ([]casare.Record, error) {
	size := 0
	bySize := make([]*casare.Record, 0, len(records))
	for i := range records {
		r := &records[i]
		if r.Blob != nil {
			blob, _, err := a.deps.Blobs.Open(ctx, r.Blob.Hash)
			if err != nil {
				return nil, casare.Errorf(casare.CodeConflict, "files that the job had at the checkpoint are not kept any more: %w", err).On("checkpoint")
			}
			_ = blob.Close() // it was only looked for
		}
		size += r.Size() + recordRoom
		bySize = append(bySize, r)
	}
	slices.SortFunc(bySize, func(x, y *casare.Record) int { return cmp.Compare(len(y.Data), len(x.Data)) })
	for _, r := range bySize {
		if size <= most {
			break
		}
		if len(r.Data) < recordRoom {
			return nil, casare.Errorf(casare.CodeTooLarge, "the checkpoint takes %d bytes beside its values, more than %d", size, most).On("checkpoint")
		}
		ref, err := a.deps.Blobs.Put(ctx, r.Data)
		if err != nil {
			return nil, err
		}
		size -= len(r.Data)
		r.Data, r.Blob = nil, &ref
	}
	return records, nil
}

// recordRoom is about what a record takes beside key and data.
const recordRoom = 128
