package api

import (
	"cmp"
	"context"
	"slices"

	"casare"
)

// robotView is a robot in the words of every client there is.
type robotView struct {
	ID                string            `json:"id"`
	RobotID           string            `json:"robot_id"`
	Name              string            `json:"name"`
	Hostname          string            `json:"hostname"`
	Status            string            `doc:"idle, busy, offline; stopping is shown as busy" json:"status"`
	State             casare.RobotState `doc:"The state as it is"                             json:"state"`
	Role              casare.Role       `json:"role"`
	Environment       string            `json:"environment"`
	Labels            map[string]string `json:"labels"`
	Tags              []string          `json:"tags"`
	Capabilities      []string          `json:"capabilities"`
	MaxConcurrentJobs int               `json:"max_concurrent_jobs"`
	CurrentJobs       int               `json:"current_jobs"`
	CurrentJob        *string           `json:"current_job"`
	CurrentJobID      *string           `json:"current_job_id"`
	CurrentJobIDs     []string          `json:"current_job_ids"`
	CPUPercent        float64           `json:"cpu_percent"`
	MemoryMB          float64           `json:"memory_mb"`
	MemoryPercent     float64           `json:"memory_percent"`
	LastHeartbeat     casare.Time       `json:"last_heartbeat"`
	LastSeen          casare.Time       `json:"last_seen"`
	CreatedAt         casare.Time       `json:"created_at"`
	UpdatedAt         casare.Time       `json:"updated_at"`
	HTTP              string            `json:"http"`
	Mesh              string            `json:"mesh"`
	Version           string            `json:"version"`
	Facts             casare.Facts      `json:"facts"`
	Metrics           robotLoad         `json:"metrics"`
}

type robotLoad struct {
	CPUPercent    float64 `json:"cpu_percent"`
	MemoryMB      float64 `json:"memory_mb"`
	MemoryPercent float64 `json:"memory_percent"`
}

// robotStates are the states in the words of old clients.
func publicRobot(s casare.RobotState) string {
	switch s {
	case casare.RobotBusy, casare.RobotStopping:
		return string(casare.RobotBusy)
	case casare.RobotIdle:
		return string(casare.RobotIdle)
	case casare.RobotOffline:
	}
	return string(casare.RobotOffline)
}

func viewRobot(r *casare.Robot, s casare.RobotStatus) robotView {
	v := robotView{
		ID: r.ID, RobotID: r.ID, Name: r.Name, Hostname: r.Facts.Hostname, Status: publicRobot(s.State),
		State: cmp.Or(s.State, casare.RobotOffline), Role: r.Role, Environment: cmp.Or(r.Environment, "default"), Labels: r.Labels,
		Capabilities: r.Capabilities, MaxConcurrentJobs: max(r.Slots, 1), CurrentJobs: len(s.Running), CurrentJobIDs: s.Running,
		CPUPercent: s.CPUPercent, MemoryMB: s.MemoryMB, LastHeartbeat: s.LastHeartbeat, LastSeen: s.LastHeartbeat,
		CreatedAt: r.JoinedAt, UpdatedAt: r.UpdatedAt, HTTP: r.HTTP, Mesh: r.Mesh, Version: r.Facts.Version, Facts: r.Facts,
	}
	for name, value := range r.Labels {
		v.Tags = append(v.Tags, name+"="+value)
	}
	slices.Sort(v.Tags)
	if v.Labels == nil {
		v.Labels = map[string]string{}
	}
	if len(s.Running) > 0 {
		v.CurrentJob, v.CurrentJobID = &s.Running[0], &s.Running[0]
	}
	if r.Facts.MemoryMB > 0 {
		v.MemoryPercent = 100 * s.MemoryMB / float64(r.Facts.MemoryMB)
	}
	v.Metrics = robotLoad{v.CPUPercent, v.MemoryMB, v.MemoryPercent}
	return v
}

// robots returns every robot of a tenant as it stands now. While nobody leads, gossip says who is alive, and what they run is not
// known.
func (a *API) robots(tenant string) ([]robotView, error) {
	rows, err := a.deps.State.Robots()
	if err != nil {
		return nil, err
	}
	statuses := map[string]casare.RobotStatus{}
	if a.deps.Mesh.Leading() {
		for _, s := range a.deps.Fleet.Robots() {
			statuses[s.RobotID] = s
		}
	} else {
		for _, m := range a.deps.Mesh.Info().Members {
			if m.State == memberAlive {
				statuses[m.RobotID] = casare.RobotStatus{RobotID: m.RobotID, State: casare.RobotIdle}
			}
		}
	}
	views := make([]robotView, 0, len(rows))
	for _, r := range rows {
		if r.Tenant == tenant || r.Tenant == "" {
			views = append(views, viewRobot(r, statuses[r.ID]))
		}
	}
	return views, nil
}

type robotsInput struct {
	Status      string `query:"status"`
	Environment string `query:"environment"`
	Limit       int    `default:"100" maximum:"500" minimum:"1" query:"limit"`
	Offset      int    `minimum:"0"   query:"offset"`
}

type robotsAnswer struct {
	Robots []robotView `json:"robots"`
	Total  int         `json:"total"`
}

func (in *robotsInput) wants(v robotView) bool {
	status := in.Status
	if status == "online" {
		status = string(casare.RobotIdle)
	}
	return (status == "" || status == v.Status || status == string(v.State)) &&
		(in.Environment == "" || in.Environment == v.Environment)
}

func (a *API) listRobots(ctx context.Context, in *robotsInput) (*answer[robotsAnswer], error) {
	all, err := a.robots(callOf(ctx).caller.tenant)
	if err != nil {
		return nil, err
	}
	var out robotsAnswer
	for _, v := range all {
		if !in.wants(v) {
			continue
		}
		out.Total++
		if out.Total > in.Offset && len(out.Robots) < in.Limit {
			out.Robots = append(out.Robots, v)
		}
	}
	return &answer[robotsAnswer]{Body: out}, nil
}

func (a *API) robot(ctx context.Context, id string) (robotView, error) {
	all, err := a.robots(callOf(ctx).caller.tenant)
	if err != nil {
		return robotView{}, err
	}
	for _, v := range all {
		if v.ID == id {
			return v, nil
		}
	}
	return robotView{}, casare.Errorf(casare.CodeNotFound, "there is no robot %s", id).On("id")
}

func (a *API) getRobot(ctx context.Context, in *idInput) (*answer[robotView], error) {
	v, err := a.robot(ctx, in.ID)
	return &answer[robotView]{Body: v}, err
}
