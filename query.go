package casare

// JobQuery selects jobs. Zero fields do not filter.
type JobQuery struct {
	Tenant      string
	States      []JobState
	WorkflowID  string
	RobotID     string
	Environment string
	Limit       int // at most 500; 0 means 100
	Offset      int
}

// JobPage is a part of the jobs a query selects, newest first, and how many it selects in all.
type JobPage struct {
	Jobs  []*Job
	Total int
}

// JobCounts says how many jobs stand in each state.
type JobCounts map[JobState]int

// RobotState is what a robot does right now, as its session with the leader tells.
type RobotState string

// The states of a robot.
const (
	RobotOffline  RobotState = "offline"
	RobotIdle     RobotState = "idle"
	RobotBusy     RobotState = "busy"     // no free slot, or at least one job
	RobotStopping RobotState = "stopping" // finishing its steps before it goes
)

// RobotStatus is what the leader knows of a robot beyond the replicated record. It lives in the leader's memory only.
type RobotStatus struct {
	RobotID       string
	State         RobotState
	Running       []string // job ids
	CPUPercent    float64
	MemoryMB      float64 // of the robot's process
	LastHeartbeat Time
}

// LogLine is one line of a job's log, as the API shows it.
type LogLine struct {
	N       uint64 `json:"n"` // number of the line within the attempt, from 0
	Time    Time   `json:"timestamp"`
	Level   string `json:"level"` // DEBUG, INFO, WARNING, ERROR, CRITICAL
	Message string `json:"message"`
	Step    string `json:"node_id"`
	RobotID string `json:"robot_id"`
	JobID   string `json:"job_id"`
	Attempt uint64 `json:"attempt"` // the epoch; 0 outside a mesh
}

// StepState is what happened to a step.
type StepState string

// The states of a step.
const (
	StepStarted   StepState = "started"
	StepCompleted StepState = "completed"
	StepFailed    StepState = "failed"
	StepSkipped   StepState = "skipped" // disabled
)

// StepEvent tells of a step while it happens. It is not replicated: the robot numbers it and sends it to the leader, which
// passes it on to whoever watches.
type StepEvent struct {
	N        uint64    `cbor:"1,keyasint"           json:"n"`
	Time     Time      `cbor:"2,keyasint"           json:"timestamp"`
	Step     string    `cbor:"3,keyasint"           json:"node_id"`
	Type     string    `cbor:"4,keyasint,omitempty" json:"node_type"`
	State    StepState `cbor:"5,keyasint"           json:"state"`
	Micros   int64     `cbor:"6,keyasint,omitempty" json:"duration_us"` // completed or failed: how long it took
	Message  string    `cbor:"7,keyasint,omitempty" json:"message"`     // failed: why
	Progress int       `cbor:"8,keyasint,omitempty" json:"progress"`    // of the whole run, 0 to 99
}

// LiveUpdate is what a watcher of a job receives while it runs: a step event, a log line, or that its debugger stopped it or let it go on.
type LiveUpdate struct {
	JobID   string
	RobotID string
	Epoch   uint64
	Step    *StepEvent
	Line    *LogLine
	Debug   *DebugStop
}
