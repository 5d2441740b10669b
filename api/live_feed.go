package api

import (
	"cmp"
	"context"
	"reflect"
	"slices"
	"time"

	"casare"
)

// maxSnapshot bounds how many jobs a snapshot shows: the newest that have not ended.
const maxSnapshot = 500

// jobFrame tells of a job, in the words of every client of these sockets.
type jobFrame struct {
	Type         string          `json:"type"` // job_update
	Cursor       string          `json:"cursor"`
	Event        string          `json:"event,omitempty"` // what happened; none for a frame that shows how the job stands
	JobID        string          `json:"job_id"`
	Status       casare.JobState `json:"status"`
	State        casare.JobState `json:"state"`
	Progress     int             `json:"progress"`
	CurrentNode  string          `json:"current_node"`
	ErrorMessage string          `json:"error_message"`
	WorkflowID   string          `json:"workflow_id"`
	WorkflowName string          `json:"workflow_name"`
	RobotID      string          `json:"robot_id"`
	Attempt      int             `json:"attempt"`
	Reason       string          `json:"reason"`
	CreatedAt    casare.Time     `json:"created_at"`
	Timestamp    casare.Time     `json:"timestamp"`
	Job          *jobView        `json:"job,omitempty"`
	Final        bool            `json:"final,omitempty"`
}

// robotFrame tells of a robot.
type robotFrame struct {
	Type          string      `json:"type"` // robot_status
	Cursor        string      `json:"cursor"`
	RobotID       string      `json:"robot_id"`
	Name          string      `json:"name"`
	Status        string      `json:"status"`
	CPUPercent    float64     `json:"cpu_percent"`
	MemoryMB      float64     `json:"memory_mb"`
	CurrentJob    string      `json:"current_job"`
	CurrentJobs   []string    `json:"current_job_ids"`
	LastHeartbeat casare.Time `json:"last_heartbeat"`
	Timestamp     casare.Time `json:"timestamp"`
}

// queueFrame tells of the queue.
type queueFrame struct {
	Type      string      `json:"type"` // queue_metrics
	Cursor    string      `json:"cursor"`
	queueSums             //nolint:embeddedstructfieldcheck // shown flat
	Timestamp casare.Time `json:"timestamp"`
}

type queueSums struct {
	Depth          int `json:"depth"`
	ActiveJobs     int `json:"active_jobs"`
	CompletedToday int `json:"completed_today"`
	FailedToday    int `json:"failed_today"`
	Pending        int `json:"pending"`
	Running        int `json:"running"`
}

// gapFrame says that events are missing: what follows is a snapshot.
type gapFrame struct {
	Type   string `json:"type"` // gap
	Cursor string `json:"cursor"`
}

func frameOf(j *casare.Job, cursor string, now casare.Time) jobFrame {
	f := jobFrame{
		Type: "job_update", Cursor: cursor, JobID: j.ID, Status: publicState(j.State), State: j.State, Progress: j.Progress,
		CurrentNode: j.Step, WorkflowID: j.WorkflowID, WorkflowName: j.WorkflowName, RobotID: j.RobotID, Attempt: j.Attempt,
		Reason: j.Reason, CreatedAt: j.CreatedAt, Timestamp: now,
	}
	if j.Error != nil {
		f.ErrorMessage = j.Error.Message
	}
	return f
}

// board is what a stream shows beside events: robots and queue, looked at now and then.
type board struct {
	api     *API
	session *session
	robots  bool
	queue   bool
	shown   map[string]robotFrame
	sums    queueSums
	sent    time.Time // when everything was sent last
}

// refresh sends what changed since it was sent last; with all, everything.
func (b *board) refresh(ctx context.Context, all bool) error {
	if now := b.api.deps.Now(); all || now.Sub(b.sent) >= b.api.cfg.LiveRefresh {
		all, b.sent = true, now
	}
	if b.robots {
		if err := b.refreshRobots(ctx, all); err != nil {
			return err
		}
	}
	if b.queue {
		return b.refreshQueue(ctx, all)
	}
	return nil
}

func (b *board) refreshRobots(ctx context.Context, all bool) error {
	robots, err := b.api.robots(b.session.caller.tenant)
	if err != nil {
		return err
	}
	now := casare.TimeOf(b.api.deps.Now())
	if b.shown == nil {
		b.shown = map[string]robotFrame{}
	}
	for _, r := range robots {
		f := robotFrame{
			Type: "robot_status", RobotID: r.RobotID, Name: r.Name, Status: r.Status, CPUPercent: r.CPUPercent,
			MemoryMB: r.MemoryMB, CurrentJobs: append([]string{}, r.CurrentJobIDs...), LastHeartbeat: r.LastHeartbeat,
		}
		if len(f.CurrentJobs) > 0 {
			f.CurrentJob = f.CurrentJobs[0]
		}
		// A heartbeat moves load and time; that alone is worth no frame before the next full round.
		before, known := b.shown[r.RobotID]
		if !all && known && before.Status == f.Status && slices.Equal(before.CurrentJobs, f.CurrentJobs) {
			continue
		}
		b.shown[r.RobotID] = f
		f.Cursor, f.Timestamp = b.session.since, now
		if err := b.session.send(ctx, b.session.since, f); err != nil {
			return err
		}
	}
	return nil
}

func (b *board) refreshQueue(ctx context.Context, all bool) error {
	tenant := b.session.caller.tenant
	counts, err := b.api.deps.State.Counts(tenant)
	if err != nil {
		return err
	}
	day, err := b.api.sums(tenant, 24*time.Hour)
	if err != nil {
		return err
	}
	sums := queueSums{
		Depth: queuedJobs(counts), Pending: queuedJobs(counts), ActiveJobs: activeJobs(counts),
		Running: counts[casare.JobRunning] + counts[casare.JobWaiting],
	}
	for _, t := range day.today {
		sums.CompletedToday += t.completed
		sums.FailedToday += t.failed
	}
	if !all && reflect.DeepEqual(sums, b.sums) {
		return nil
	}
	b.sums = sums
	return b.session.send(ctx, b.session.since, queueFrame{
		Type: "queue_metrics", Cursor: b.session.since, queueSums: sums, Timestamp: casare.TimeOf(b.api.deps.Now()),
	})
}

func (a *API) streamJobs(ctx context.Context, s *session) error {
	b := &board{api: a, session: s, robots: true, queue: true}
	return a.follow(ctx, s, b, func(cursor string) error { return a.sendActive(ctx, s, cursor) }, func(e casare.Event) error {
		return a.sendEvent(ctx, s, e)
	})
}

func (a *API) streamRobots(ctx context.Context, s *session) error {
	b := &board{api: a, session: s, robots: true}
	return a.follow(ctx, s, b, func(string) error { return nil }, func(e casare.Event) error {
		if e.Type == casare.EventRobotJoined || e.Type == casare.EventRobotChanged {
			delete(b.shown, e.RobotID)
			return b.refresh(ctx, false)
		}
		return nil
	})
}

func (a *API) streamQueue(ctx context.Context, s *session) error {
	b := &board{api: a, session: s, queue: true}
	return a.follow(ctx, s, b, func(string) error { return nil }, func(casare.Event) error { return nil })
}

// sendActive shows every job that has not ended, oldest first.
func (a *API) sendActive(ctx context.Context, s *session, cursor string) error {
	var open []casare.JobState
	for _, state := range casare.JobStates() {
		if !state.Terminal() {
			open = append(open, state)
		}
	}
	page, err := a.deps.State.Jobs(casare.JobQuery{Tenant: s.caller.tenant, States: open, Limit: maxSnapshot})
	if err != nil {
		return err
	}
	now := casare.TimeOf(a.deps.Now())
	for _, j := range slices.Backward(page.Jobs) {
		if err := s.send(ctx, cursor, frameOf(j, cursor, now)); err != nil {
			return err
		}
	}
	return nil
}

// sendEvent shows what an event says, with the rest of the job as it is now.
func (a *API) sendEvent(ctx context.Context, s *session, e casare.Event) error {
	if e.JobID == "" {
		return nil
	}
	j, err := a.deps.State.Job(e.JobID)
	if casare.CodeOf(err) == casare.CodeNotFound {
		return nil // forgotten since
	}
	if err != nil {
		return err
	}
	f := frameOf(j, e.Cursor.String(), e.Time)
	f.Event = string(e.Type)
	f.State = cmp.Or(e.State, j.State)
	f.Status = publicState(f.State)
	if !f.State.Terminal() {
		f.Progress, f.ErrorMessage = e.Progress, e.Message
		f.CurrentNode, f.RobotID = cmp.Or(e.Step, f.CurrentNode), e.RobotID
	}
	return s.send(ctx, f.Cursor, f)
}

// follow shows a snapshot, unless the session goes on after a cursor that the feed still holds, and then every event; beside them
// the board. When the feed drops the session for being slow, it goes on after the last event shown.
func (a *API) follow(
	ctx context.Context, s *session, b *board, snapshot func(cursor string) error, each func(casare.Event) error,
) error {
	for {
		sub, err := a.subscribe(ctx, s, b, snapshot)
		if err != nil {
			return err
		}
		err = a.followFeed(ctx, s, b, sub, each)
		sub.Close()
		if err != nil {
			return err
		}
	}
}

func (a *API) subscribe(ctx context.Context, s *session, b *board, snapshot func(cursor string) error) (Subscription, error) {
	since, err := casare.ParseCursor(s.since)
	if err == nil && s.since != "" {
		if sub, err := a.deps.Feed.Subscribe(since, feedBuffer); err == nil {
			return sub, nil
		}
	}
	// Cursor first, then what stands, then events after it: none is missed, some may be shown twice.
	cursor := a.deps.Feed.Cursor()
	if s.since != "" {
		if err := s.send(ctx, cursor.String(), gapFrame{Type: "gap", Cursor: cursor.String()}); err != nil {
			return nil, err
		}
	}
	s.since = cursor.String()
	if err := snapshot(s.since); err != nil {
		return nil, err
	}
	if err := b.refresh(ctx, true); err != nil {
		return nil, err
	}
	sub, err := a.deps.Feed.Subscribe(cursor, feedBuffer)
	if err != nil {
		return nil, casare.Errorf(casare.CodeUnavailable, "the change feed moved on too fast: %w", err)
	}
	return sub, nil
}

// followFeed shows events until the feed ends the subscription (nil) or showing fails.
func (a *API) followFeed(ctx context.Context, s *session, b *board, sub Subscription, each func(casare.Event) error) error {
	tick := time.NewTicker(a.cfg.LiveTick)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
			if err := b.refresh(ctx, false); err != nil {
				return err
			}
		case events, ok := <-sub.C():
			if !ok {
				return nil
			}
			for _, e := range events {
				if e.Tenant == s.caller.tenant || e.Tenant == "" {
					if err := each(e); err != nil {
						return err
					}
				}
				s.since = e.Cursor.String()
			}
		}
	}
}
