package session

import "casare"

// Version is the protocol's version. A leader refuses a hello with another one.
const Version = 2

// Kind numbers the messages on the wire. Numbers are only ever added.
type Kind uint8

// The kinds of messages.
const (
	KindHello        Kind = 1
	KindWelcome      Kind = 2
	KindNotLeader    Kind = 3
	KindDocument     Kind = 4
	KindAssign       Kind = 5
	KindWant         Kind = 6
	KindReport       Kind = 7
	KindAcks         Kind = 8
	KindCancel       Kind = 9
	KindStop         Kind = 10
	KindHeartbeat    Kind = 11
	KindHeartbeatAck Kind = 12
	KindWatch        Kind = 13
	KindLive         Kind = 14
	KindRefused      Kind = 15
	KindPiece        Kind = 16
	KindDebug        Kind = 17
	KindDebugReply   Kind = 18
)

// Message is one of the message types of this package, passed as a pointer.
type Message interface {
	Kind() Kind
	// check says whether the message keeps the caps of its fields.
	check() error
}

// Hello opens a session. Instance is drawn at random when the robot's process starts and Number counts its sessions: of two
// sessions of one instance the higher number holds, of two instances the one that came last.
type Hello struct {
	Version  int          `cbor:"1,keyasint"`
	Instance uint64       `cbor:"2,keyasint"`
	Number   uint64       `cbor:"3,keyasint"`
	Term     uint64       `cbor:"4,keyasint,omitempty"` // the highest term the robot has seen
	Robot    casare.Robot `cbor:"5,keyasint"`           // what it says of itself; identity fields are not believed
	Attempts []Held       `cbor:"6,keyasint,omitempty"`
	Stopping bool         `cbor:"7,keyasint,omitempty"` // wants no more work
}

// Held is an attempt that the robot holds when it says hello.
type Held struct {
	JobID    string `cbor:"1,keyasint"`
	Epoch    uint64 `cbor:"2,keyasint"`
	Seq      uint64 `cbor:"3,keyasint,omitempty"` // last acknowledged checkpoint
	Finished bool   `cbor:"4,keyasint,omitempty"` // it has ended and its result waits to be reported
	Kept     bool   `cbor:"5,keyasint,omitempty"` // an earlier process had it and left its log; to go on with it is to be assigned it again
}

// Welcome answers Hello. It decides about every attempt that the hello named.
type Welcome struct {
	Term      uint64     `cbor:"1,keyasint"`
	Decisions []Decision `cbor:"2,keyasint,omitempty"`
	Watch     bool       `cbor:"3,keyasint,omitempty"` // send live updates
	// LeaseMillis is how long after a heartbeat the robot may be given up.
	LeaseMillis int64 `cbor:"4,keyasint,omitempty"`
}

// Decision tells the robot whether to go on with an attempt, and what the state holds of it: Seq of the last checkpoint and
// the number of log lines, from which the robot counts on.
type Decision struct {
	JobID        string      `cbor:"1,keyasint"`
	Epoch        uint64      `cbor:"2,keyasint"`
	Continue     bool        `cbor:"3,keyasint,omitempty"`
	Code         casare.Code `cbor:"4,keyasint,omitempty"` // stop: why
	Seq          uint64      `cbor:"5,keyasint,omitempty"`
	Cancel       bool        `cbor:"6,keyasint,omitempty"` // continue, but end it as cancelled
	CancelReason string      `cbor:"7,keyasint,omitempty"`
}

// NotLeader answers Hello on a robot that does not lead, and ends a session when its leader is deposed.
type NotLeader struct {
	Leader string `cbor:"1,keyasint,omitempty"` // robot id, if known
	Term   uint64 `cbor:"2,keyasint,omitempty"`
}

// Refused answers a Hello that can never succeed as it stands; the stream ends.
type Refused struct {
	Code    casare.Code `cbor:"1,keyasint"`
	Message string      `cbor:"2,keyasint,omitempty"`
}

// Document is a workflow revision.
type Document struct {
	Revision string `cbor:"1,keyasint"`
	Data     []byte `cbor:"2,keyasint"`
}

// Assign gives attempts to the robot.
type Assign struct {
	Term     uint64       `cbor:"1,keyasint"`
	Attempts []Assignment `cbor:"2,keyasint"`
}

// Assignment is all that a robot needs to run an attempt, but for the document, which it holds or asks for by Revision.
type Assignment struct {
	JobID         string `cbor:"1,keyasint"`
	Epoch         uint64 `cbor:"2,keyasint"`
	WorkflowID    string `cbor:"3,keyasint,omitempty"`
	WorkflowName  string `cbor:"4,keyasint,omitempty"`
	Revision      string `cbor:"5,keyasint"`
	Variables     []byte `cbor:"6,keyasint,omitempty"`  // raw JSON object
	TimeoutMillis int64  `cbor:"7,keyasint"`            // what is left of the job's time
	Seq           uint64 `cbor:"9,keyasint,omitempty"`  // of the checkpoint in the state: the next one has a higher number
	Lines         uint64 `cbor:"10,keyasint,omitempty"` // log lines of this attempt in the state: the next one has this number
	Started       bool   `cbor:"11,keyasint,omitempty"` // the state already says that it runs
	Sealed        []byte `cbor:"20,keyasint,omitempty"` // Secrets, sealed to the robot; empty when the job needs none
	// The documents that the job's document refers to. Each comes in a message of its own, as that one does.
	Pinned []casare.Pinned `cbor:"21,keyasint,omitempty"`
	// The checkpoint to resume from: its records, or how many pieces of them came before in messages of their own.
	Records []casare.Record `cbor:"12,keyasint,omitempty"`
	Pieces  int             `cbor:"13,keyasint,omitempty"`
	// Decisions are what a person decided about steps of that checkpoint.
	Decisions []casare.Decision `cbor:"14,keyasint,omitempty"`
	// Intents counts how often a step of the job has begun that may run only once.
	Intents uint64 `cbor:"16,keyasint,omitempty"`
	// Home is where the job runs but for the steps that name another place.
	Home *casare.Placement `cbor:"17,keyasint,omitempty"`
	// Place is what the robot was chosen for instead; nil: Home.
	Place *casare.Placement `cbor:"18,keyasint,omitempty"`
	// Edit says that Variables override those of the checkpoint.
	Edit bool `cbor:"15,keyasint,omitempty"`

	Mode  *casare.RunMode   `cbor:"40,keyasint,omitempty"` // nil: the whole document
	Debug *casare.DebugSpec `cbor:"41,keyasint,omitempty"`
}

// Piece is the next part of a checkpoint that is too large for the frame of its assignment, see SplitRecords. The assignment follows
// the last one.
type Piece struct {
	JobID string `cbor:"1,keyasint"`
	Epoch uint64 `cbor:"2,keyasint"`
	N     int    `cbor:"3,keyasint,omitempty"` // counted from 0
	Data  []byte `cbor:"4,keyasint"`
}

// Want asks for documents again.
type Want struct {
	Revisions []string `cbor:"1,keyasint"`
}

// Cancel asks the robot to end an attempt as cancelled.
type Cancel struct {
	JobID  string `cbor:"1,keyasint"`
	Epoch  uint64 `cbor:"2,keyasint"`
	Reason string `cbor:"3,keyasint,omitempty"`
}

// Stop tells the robot that an attempt is over for it: its result would be refused with Code.
type Stop struct {
	JobID string      `cbor:"1,keyasint"`
	Epoch uint64      `cbor:"2,keyasint"`
	Code  casare.Code `cbor:"3,keyasint"`
}

// Heartbeat keeps the robot's lease.
type Heartbeat struct {
	Number     uint64      `cbor:"1,keyasint"`
	CPUPercent float64     `cbor:"2,keyasint,omitempty"`
	MemoryMB   float64     `cbor:"3,keyasint,omitempty"`
	Running    int         `cbor:"4,keyasint,omitempty"` // attempts that hold a slot
	Clock      casare.Time `cbor:"5,keyasint"`
	Stopping   bool        `cbor:"6,keyasint,omitempty"` // wants no more work
}

// HeartbeatAck answers Heartbeat.
type HeartbeatAck struct {
	Number uint64 `cbor:"1,keyasint"`
}

// Kind implements Message.
func (*Hello) Kind() Kind { return KindHello }

// Kind implements Message.
func (*Welcome) Kind() Kind { return KindWelcome }

// Kind implements Message.
func (*NotLeader) Kind() Kind { return KindNotLeader }

// Kind implements Message.
func (*Document) Kind() Kind { return KindDocument }

// Kind implements Message.
func (*Assign) Kind() Kind { return KindAssign }

// Kind implements Message.
func (*Want) Kind() Kind { return KindWant }

// Kind implements Message.
func (*Cancel) Kind() Kind { return KindCancel }

// Kind implements Message.
func (*Stop) Kind() Kind { return KindStop }

// Kind implements Message.
func (*Heartbeat) Kind() Kind { return KindHeartbeat }

// Kind implements Message.
func (*HeartbeatAck) Kind() Kind { return KindHeartbeatAck }

// Kind implements Message.
func (*Refused) Kind() Kind { return KindRefused }

// Kind implements Message.
func (*Piece) Kind() Kind { return KindPiece }
