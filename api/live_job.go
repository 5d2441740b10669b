package api

import (
	"cmp"
	"context"
	"strconv"
	"strings"
	"time"

	"casare"
)

// stepFrame tells of a step of a job.
type stepFrame struct {
	Type   string            `json:"type"` // step_event
	Cursor string            `json:"cursor"`
	JobID  string            `json:"job_id"`
	Step   *casare.StepEvent `json:"step"`
}

// lineFrame is a line of a job's log.
type lineFrame struct {
	Type   string          `json:"type"` // log_entry
	Cursor string          `json:"cursor"`
	JobID  string          `json:"job_id"`
	Line   *casare.LogLine `json:"line"`
}

// debugFrame tells that the debugger of a job has stopped it, or let it go on.
type debugFrame struct {
	Type   string            `json:"type"` // debug_update
	Cursor string            `json:"cursor"`
	JobID  string            `json:"job_id"`
	Debug  *casare.DebugStop `json:"debug"`
}

// jobPlace is how far a client has seen a job: the next step event and the next line of its log.
type jobPlace struct {
	step linePlace
	line linePlace
}

// String prints the place as a cursor: "attempt.step.attempt.line".
func (p jobPlace) String() string { return p.step.String() + "." + p.line.String() }

func parseJobPlace(text string) (jobPlace, error) {
	if text == "" {
		return jobPlace{}, nil
	}
	parts := strings.Split(text, ".")
	var n [4]uint64
	for i := range n {
		if len(parts) != len(n) {
			break
		}
		var err error
		if n[i], err = strconv.ParseUint(parts[i], 10, 64); err != nil {
			parts = nil
		}
	}
	if len(parts) != len(n) {
		return jobPlace{}, casare.Errorf(casare.CodeInvalid, "since %q is no cursor of a job's stream", text).On("since")
	}
	return jobPlace{step: linePlace{n[0], n[1]}, line: linePlace{n[2], n[3]}}, nil
}

// jobStream shows one job to one client.
type jobStream struct {
	api     *API
	session *session
	place   jobPlace
	missed  []stepGap
}

// stepGap is step events of an attempt that were passed over: those from one number to before another.
type stepGap struct {
	attempt  uint64
	from, to uint64
}

// maxGaps is how many gaps are remembered; a client that misses more is told of the first.
const maxGaps = 1000

// rewatch is how long a job is followed by its events alone before its live updates are asked for again.
const rewatch = 200 * time.Millisecond

// streamJob shows where a job stands, its log so far, and then steps, lines and changes until it has ended.
func (a *API) streamJob(ctx context.Context, s *session) error {
	place, err := parseJobPlace(s.since)
	if err != nil { // a cursor that means nothing is none
		place = jobPlace{}
	}
	j := &jobStream{api: a, session: s, place: place}
	for {
		if err := j.follow(ctx); err != nil {
			return err
		}
	}
}

// follow shows the job until a subscription ends (nil), the job has ended (errFinal), or showing fails.
func (j *jobStream) follow(ctx context.Context) error {
	a, id := j.api, j.session.jobID
	watcher, err := a.deps.Fleet.Watch(id)
	var live <-chan []casare.LiveUpdate // nil where nobody knows: then the log comes with the checkpoints
	if err == nil {
		defer watcher.Close()
		live = watcher.C()
	}
	cursor := a.deps.Feed.Cursor()
	if err := j.sendState(ctx, live); err != nil {
		return err
	}
	sub, err := a.deps.Feed.Subscribe(cursor, feedBuffer)
	if err != nil {
		return nil // the feed moved on: begin again with where the job stands
	}
	defer sub.Close()
	again := time.NewTimer(rewatch)
	defer again.Stop()
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-again.C:
			if live == nil && a.deps.Mesh.Leading() {
				return nil
			}
			again.Reset(rewatch)
		case updates, ok := <-live:
			if !ok {
				live = nil
				continue
			}
			if err := j.sendUpdates(ctx, updates); err != nil {
				return err
			}
		case events, ok := <-sub.C():
			if !ok {
				return nil
			}
			for _, e := range events {
				if e.JobID != id {
					continue
				}
				if err := j.sendState(ctx, live); err != nil {
					return err
				}
				break // the state says it all, however many events there are
			}
		}
	}
}

// sendState shows the job as it stands, with what its log has gained; one that has ended, with everything and for the last time.
func (j *jobStream) sendState(ctx context.Context, live <-chan []casare.LiveUpdate) error {
	job, err := j.api.deps.State.Job(j.session.jobID)
	if err != nil {
		return err
	}
	if !job.State.Terminal() {
		if err := j.send(ctx, job, false); err != nil {
			return err
		}
		return j.sendLog(ctx, job)
	}
	// What the robot said before its result is on the way to us already.
	for waiting := live != nil; waiting; {
		select {
		case updates, ok := <-live:
			if waiting = ok; ok {
				if err := j.sendUpdates(ctx, updates); err != nil {
					return err
				}
			}
		default:
			waiting = false
		}
	}
	if err := j.sendLog(ctx, job); err != nil {
		return err
	}
	if err := j.sendSteps(ctx); err != nil {
		return err
	}
	if err := j.send(ctx, job, true); err != nil {
		return err
	}
	return errFinal
}

// sendSteps shows the steps that the client has not seen, of a job that has ended: what its robot said live may have been missed.
func (j *jobStream) sendSteps(ctx context.Context) error {
	for _, gap := range j.missed {
		steps, err := j.api.keptSteps(ctx, j.session.jobID, linePlace{gap.attempt, gap.from}, maxLogPage)
		if err != nil {
			return err
		}
		for i := range steps {
			if steps[i].Attempt != gap.attempt || steps[i].N >= gap.to {
				break
			}
			if err := j.sendStepFrame(ctx, &steps[i].StepEvent); err != nil {
				return err
			}
		}
	}
	j.missed = nil
	for {
		steps, err := j.api.keptSteps(ctx, j.session.jobID, j.place.step, maxLogPage)
		if err != nil || len(steps) == 0 {
			return err
		}
		for i := range steps {
			if err := j.sendStep(ctx, steps[i].Attempt, &steps[i].StepEvent); err != nil {
				return err
			}
		}
	}
}

// sendStep shows what happened to a step, once.
func (j *jobStream) sendStep(ctx context.Context, attempt uint64, e *casare.StepEvent) error {
	if place := (linePlace{attempt, e.N}); place.before(j.place.step) {
		return nil
	}
	if at := j.place.step; at.attempt == attempt && e.N > at.n && len(j.missed) < maxGaps {
		j.missed = append(j.missed, stepGap{attempt, at.n, e.N})
	}
	j.place.step = linePlace{attempt, e.N + 1}
	return j.sendStepFrame(ctx, e)
}

func (j *jobStream) sendStepFrame(ctx context.Context, e *casare.StepEvent) error {
	cursor := j.place.String()
	return j.session.send(ctx, cursor, stepFrame{Type: "step_event", Cursor: cursor, JobID: j.session.jobID, Step: e})
}

func (j *jobStream) send(ctx context.Context, job *casare.Job, final bool) error {
	f := frameOf(job, j.place.String(), casare.TimeOf(j.api.deps.Now()))
	name := ""
	if r, err := j.api.deps.State.Robot(job.RobotID); err == nil { // a robot that was never there has no name
		name = r.Name
	}
	view := viewJob(job, name)
	view.stopped(j.api.deps.Fleet)
	f.Job, f.Final = &view, final
	return j.session.send(ctx, f.Cursor, f)
}

// sendLog shows the lines that are kept and the client has not seen.
func (j *jobStream) sendLog(ctx context.Context, job *casare.Job) error {
	if j.place.line == (linePlace{}) || !job.State.Terminal() {
		return j.sendTail(ctx, job)
	}
	for { // what a slow client missed may be more than the state has
		lines, err := j.api.keptLines(ctx, job.ID, j.place.line, maxLogPage)
		if err != nil || len(lines) == 0 {
			return err
		}
		for i := range lines {
			if err := j.sendLine(ctx, &lines[i]); err != nil {
				return err
			}
		}
	}
}

// sendTail shows the lines that the state holds.
func (j *jobStream) sendTail(ctx context.Context, job *casare.Job) error {
	lines, err := j.api.logLines(job.ID)
	if err != nil {
		return err
	}
	for i := range lines {
		if err := j.sendLine(ctx, &lines[i]); err != nil {
			return err
		}
	}
	return nil
}

func (j *jobStream) sendLine(ctx context.Context, l *casare.LogLine) error {
	place := linePlace{l.Attempt, l.N}
	if place.before(j.place.line) {
		return nil
	}
	j.place.line = linePlace{l.Attempt, l.N + 1}
	cursor := j.place.String()
	return j.session.send(ctx, cursor, lineFrame{Type: "log_entry", Cursor: cursor, JobID: j.session.jobID, Line: l})
}

// sendMissed shows the lines between the last one shown and this one, as far as the state holds them.
func (j *jobStream) sendMissed(ctx context.Context, l *casare.LogLine) error {
	if l.Attempt != j.place.line.attempt || l.N <= j.place.line.n {
		return nil
	}
	lines, err := j.api.logLines(j.session.jobID)
	for i := 0; err == nil && i < len(lines) && (linePlace{lines[i].Attempt, lines[i].N}).before(linePlace{l.Attempt, l.N}); i++ {
		err = j.sendLine(ctx, &lines[i])
	}
	return err
}

// sendUpdates shows what the robot says. An update may come twice; it is shown once.
func (j *jobStream) sendUpdates(ctx context.Context, updates []casare.LiveUpdate) error {
	for _, u := range updates {
		if u.Line != nil {
			line := *u.Line
			line.Attempt, line.JobID = cmp.Or(line.Attempt, u.Epoch), cmp.Or(line.JobID, u.JobID)
			line.RobotID = cmp.Or(line.RobotID, u.RobotID)
			if err := j.sendMissed(ctx, &line); err != nil {
				return err
			}
			if err := j.sendLine(ctx, &line); err != nil {
				return err
			}
		}
		if u.Debug != nil {
			cursor := j.place.String()
			if err := j.session.send(ctx, cursor, debugFrame{Type: "debug_update", Cursor: cursor, JobID: u.JobID, Debug: u.Debug}); err != nil {
				return err
			}
		}
		if u.Step == nil {
			continue
		}
		if err := j.sendStep(ctx, u.Epoch, u.Step); err != nil {
			return err
		}
	}
	return nil
}
