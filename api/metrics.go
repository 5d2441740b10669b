package api

import (
	"context"
	"sync"
	"time"

	"casare"
)

// Bounds of what is counted for numbers over time: the state keeps no sums, so they come from the newest jobs.
const (
	maxCounted  = 20_000
	countedPage = 500
	countedFor  = 2 * time.Second // how long a sum is shown before it is made again
)

// sums are numbers over the jobs created since a moment.
type sums struct {
	jobs, completed, failed, cancelled int
	millis                             int64 // of all that completed
	today                              map[string]robotToday
	createdToday                       int
	truncated                          bool // there were more than maxCounted
}

// robotToday is what a robot has ended since midnight UTC.
type robotToday struct {
	completed, failed int
	millis            int64
}

// statistics keeps the sums that were made last, so that a dashboard that asks every second costs little.
type statistics struct {
	mu   sync.Mutex
	made map[statisticsKey]madeSums
}

type statisticsKey struct {
	tenant string
	span   time.Duration
}

type madeSums struct {
	at   time.Time
	sums sums
}

func (a *API) sums(tenant string, span time.Duration) (sums, error) {
	a.stats.mu.Lock()
	defer a.stats.mu.Unlock()
	key, now := statisticsKey{tenant, span}, a.deps.Now()
	if m, ok := a.stats.made[key]; ok && now.Sub(m.at) < countedFor {
		return m.sums, nil
	}
	s, err := a.count(tenant, now, span)
	if err != nil {
		return sums{}, err
	}
	if a.stats.made == nil || len(a.stats.made) > 64 {
		a.stats.made = map[statisticsKey]madeSums{}
	}
	a.stats.made[key] = madeSums{now, s}
	return s, nil
}

func (a *API) count(tenant string, now time.Time, span time.Duration) (sums, error) {
	s := sums{today: map[string]robotToday{}}
	since, midnight := casare.TimeOf(now.Add(-span)), casare.TimeOf(now.UTC().Truncate(24*time.Hour))
	for offset := 0; ; offset += countedPage {
		page, err := a.deps.State.Jobs(casare.JobQuery{Tenant: tenant, Limit: countedPage, Offset: offset})
		if err != nil {
			return sums{}, err
		}
		for _, j := range page.Jobs {
			if j.CreatedAt < min(since, midnight) {
				return s, nil
			}
			s.add(j, since, midnight)
		}
		if len(page.Jobs) < countedPage {
			return s, nil
		}
		if offset+countedPage >= maxCounted {
			s.truncated = true
			return s, nil
		}
	}
}

func (s *sums) add(j *casare.Job, since, midnight casare.Time) {
	if j.CreatedAt >= midnight {
		s.createdToday++
	}
	millis := int64(j.CompletedAt-j.StartedAt) / 1000
	if j.CompletedAt >= midnight {
		today := s.today[j.RobotID]
		switch j.State { //nolint:exhaustive // only these count
		case casare.JobCompleted:
			today.completed++
			today.millis += millis
		case casare.JobFailed, casare.JobTimeout:
			today.failed++
		}
		s.today[j.RobotID] = today
	}
	if j.CreatedAt < since {
		return
	}
	s.jobs++
	switch j.State { //nolint:exhaustive // only these count
	case casare.JobCompleted:
		s.completed++
		s.millis += millis
	case casare.JobFailed, casare.JobTimeout:
		s.failed++
	case casare.JobCancelled:
		s.cancelled++
	}
}

// averageMillis is how long a job that completed took.
func (s *sums) averageMillis() float64 {
	if s.completed == 0 {
		return 0
	}
	return float64(s.millis) / float64(s.completed)
}

// successRate is in percent of those that ended by themselves; 100 when none did.
func (s *sums) successRate() float64 {
	if s.completed+s.failed == 0 {
		return 100
	}
	return 100 * float64(s.completed) / float64(s.completed+s.failed)
}

type fleetInput struct {
	TimeRange string `default:"24h" enum:"1h,24h,7d,30d" query:"time_range"`
}

// fleetAnswer is the fleet in the words of the routers, the documents and the dashboard.
type fleetAnswer struct {
	TotalRobots    int     `json:"total_robots"`
	ActiveRobots   int     `doc:"Busy ones" json:"active_robots"`
	BusyRobots     int     `json:"busy_robots"`
	IdleRobots     int     `json:"idle_robots"`
	OfflineRobots  int     `json:"offline_robots"`
	TotalJobsToday int     `json:"total_jobs_today"`
	ActiveJobs     int     `json:"active_jobs"`
	QueueDepth     int     `json:"queue_depth"`
	AverageSeconds float64 `json:"average_job_duration_seconds"`
	TotalJobs      int     `doc:"In the time range" json:"total_jobs"`
	CompletedJobs  int     `doc:"In the time range" json:"completed_jobs"`
	FailedJobs     int     `doc:"In the time range" json:"failed_jobs"`
	CancelledJobs  int     `doc:"In the time range" json:"cancelled_jobs"`
	RunningJobs    int     `json:"running_jobs"`
	QueuedJobs     int     `json:"queued_jobs"`
	Attention      int     `json:"jobs_needing_attention"`
	SuccessRate    float64 `json:"success_rate"`
	AverageMillis  float64 `json:"avg_execution_time"`
	DeadLetters    int     `json:"dlq_count"`
	Truncated      bool    `doc:"The numbers over time are of the newest 20,000 jobs only" json:"truncated"`
}

func (a *API) fleetMetrics(ctx context.Context, in *fleetInput) (*answer[fleetAnswer], error) {
	tenant := callOf(ctx).caller.tenant
	spans := map[string]time.Duration{"1h": time.Hour, "24h": 24 * time.Hour, "7d": 7 * 24 * time.Hour, "30d": 30 * 24 * time.Hour}
	s, err := a.sums(tenant, spans[in.TimeRange])
	if err != nil {
		return nil, err
	}
	counts, err := a.deps.State.Counts(tenant)
	if err != nil {
		return nil, err
	}
	robots, err := a.robots(tenant)
	if err != nil {
		return nil, err
	}
	out := fleetAnswer{
		TotalRobots: len(robots), TotalJobsToday: s.createdToday, TotalJobs: s.jobs, CompletedJobs: s.completed,
		FailedJobs: s.failed, CancelledJobs: s.cancelled, SuccessRate: s.successRate(), AverageMillis: s.averageMillis(),
		AverageSeconds: s.averageMillis() / 1000, Attention: counts[casare.JobNeedsAttention], Truncated: s.truncated,
		RunningJobs: counts[casare.JobRunning] + counts[casare.JobWaiting], ActiveJobs: activeJobs(counts),
		QueuedJobs: queuedJobs(counts), QueueDepth: queuedJobs(counts),
	}
	for _, r := range robots {
		switch r.Status {
		case string(casare.RobotBusy):
			out.BusyRobots++
		case string(casare.RobotIdle):
			out.IdleRobots++
		default:
			out.OfflineRobots++
		}
	}
	out.ActiveRobots = out.BusyRobots
	return &answer[fleetAnswer]{Body: out}, nil
}

func queuedJobs(c casare.JobCounts) int { return c[casare.JobPending] + c[casare.JobQueued] }

func activeJobs(c casare.JobCounts) int {
	return c[casare.JobAssigned] + c[casare.JobRunning] + c[casare.JobWaiting]
}

// robotMetrics is a robot with what it did today.
type robotMetrics struct {
	robotView

	CompletedToday int     `json:"jobs_completed_today"`
	FailedToday    int     `json:"jobs_failed_today"`
	AverageSeconds float64 `json:"average_job_duration_seconds"`
}

func (a *API) listRobotMetrics(ctx context.Context, in *robotsInput) (*answer[[]robotView], error) {
	out, err := a.listRobots(ctx, in)
	if err != nil {
		return nil, err
	}
	return &answer[[]robotView]{Body: out.Body.Robots}, nil
}

func (a *API) getRobotMetrics(ctx context.Context, in *idInput) (*answer[robotMetrics], error) {
	v, err := a.robot(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	s, err := a.sums(callOf(ctx).caller.tenant, 24*time.Hour)
	if err != nil {
		return nil, err
	}
	today := s.today[in.ID]
	out := robotMetrics{robotView: v, CompletedToday: today.completed, FailedToday: today.failed}
	if today.completed > 0 {
		out.AverageSeconds = float64(today.millis) / float64(today.completed) / 1000
	}
	return &answer[robotMetrics]{Body: out}, nil
}
