package casare

import (
	"fmt"
	"strconv"
	"strings"
)

// Cursor numbers an event in the change feed: the index of the log entry that made it and its position among the events of
// that entry. A subscriber resumes after a cursor. The zero Cursor is before every event.
type Cursor struct {
	Index    uint64 `cbor:"1,keyasint"`
	Position uint32 `cbor:"2,keyasint"`
}

// String prints c as "index.position".
func (c Cursor) String() string { return fmt.Sprintf("%d.%d", c.Index, c.Position) }

// Less says whether c comes before other.
func (c Cursor) Less(other Cursor) bool {
	return c.Index < other.Index || c.Index == other.Index && c.Position < other.Position
}

// ParseCursor reads the text of Cursor.String; "" is the zero Cursor. The error is CodeInvalid.
func ParseCursor(text string) (Cursor, error) {
	if text == "" {
		return Cursor{}, nil
	}
	index, position, found := strings.Cut(text, ".")
	i, err := strconv.ParseUint(index, 10, 64)
	if err != nil || !found {
		return Cursor{}, Errorf(CodeInvalid, "cursor %q is not of the form index.position", text).On("since")
	}
	p, err := strconv.ParseUint(position, 10, 32)
	if err != nil {
		return Cursor{}, Errorf(CodeInvalid, "cursor %q is not of the form index.position", text).On("since")
	}
	return Cursor{Index: i, Position: uint32(p)}, nil
}

// EventType says what happened. The texts are a contract with clients of the change feed; they are only ever added to.
type EventType string

// The events of the change feed.
const (
	EventJobQueued     EventType = "job_queued" // submitted, or back in the queue after a loss, a reject or a release
	EventJobAssigned   EventType = "job_assigned"
	EventJobStarted    EventType = "job_started"
	EventJobProgress   EventType = "job_progress"
	EventJobCancelling EventType = "job_cancelling"
	EventJobFinished   EventType = "job_finished"        // State says how
	EventJobAttention  EventType = "job_needs_attention" // a person must decide
	EventWorkflowSaved EventType = "workflow_saved"
	EventRobotJoined   EventType = "robot_joined"
	EventRobotChanged  EventType = "robot_changed"
	EventKeyChanged    EventType = "key_changed"
	EventSecretChanged EventType = "secret_changed"
	EventMeshChanged   EventType = "mesh_changed" // coordinators, seals, tokens
)

// Event tells of one applied change. It is small on purpose: a subscriber that needs more reads the row it names.
type Event struct {
	Cursor     Cursor    `cbor:"1,keyasint"`
	Type       EventType `cbor:"2,keyasint"`
	Tenant     string    `cbor:"3,keyasint,omitempty"`
	Time       Time      `cbor:"4,keyasint,omitempty"`
	JobID      string    `cbor:"5,keyasint,omitempty"`
	RobotID    string    `cbor:"6,keyasint,omitempty"`
	WorkflowID string    `cbor:"7,keyasint,omitempty"`
	State      JobState  `cbor:"8,keyasint,omitempty"`
	Progress   int       `cbor:"9,keyasint,omitempty"`
	Step       string    `cbor:"10,keyasint,omitempty"`
	Message    string    `cbor:"11,keyasint,omitempty"`
	Epoch      uint64    `cbor:"12,keyasint,omitempty"`
}
