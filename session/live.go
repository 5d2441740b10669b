package session

import "casare"

// Watch turns live updates on or off. When they go on, the robot first sends what it kept of the attempts that run.
type Watch struct {
	On bool `cbor:"1,keyasint"`
}

// Live carries what happens inside attempts.
type Live struct {
	Attempts []LiveAttempt `cbor:"1,keyasint"`
}

// LiveAttempt carries what happened inside one attempt since the last time.
type LiveAttempt struct {
	JobID string             `cbor:"1,keyasint"`
	Epoch uint64             `cbor:"2,keyasint"`
	Steps []casare.StepEvent `cbor:"3,keyasint,omitempty"`
	Lines []LiveLine         `cbor:"4,keyasint,omitempty"`
}

// LiveLine is a casare.LogLine without what its attempt already says.
type LiveLine struct {
	N       uint64      `cbor:"1,keyasint"`
	Time    casare.Time `cbor:"2,keyasint"`
	Level   string      `cbor:"3,keyasint"`
	Message string      `cbor:"4,keyasint"`
	Step    string      `cbor:"5,keyasint,omitempty"`
}

// Kind implements Message.
func (*Watch) Kind() Kind { return KindWatch }

// Kind implements Message.
func (*Live) Kind() Kind { return KindLive }
