package session

import "casare"

// Report tells what became of attempts. The entries are the commands that the leader will propose, after it has checked that
// the robot may.
type Report struct {
	Started     []casare.StartJob      `cbor:"1,keyasint,omitempty"`
	Checkpoints []casare.CheckpointJob `cbor:"2,keyasint,omitempty"`
	Finishes    []casare.FinishJob     `cbor:"3,keyasint,omitempty"`
	Rejects     []casare.RejectJob     `cbor:"4,keyasint,omitempty"`
	Releases    []casare.ReleaseJob    `cbor:"5,keyasint,omitempty"`
}

// Len is the number of entries.
func (m *Report) Len() int {
	return len(m.Started) + len(m.Checkpoints) + len(m.Finishes) + len(m.Rejects) + len(m.Releases)
}

// Acks answers entries of reports, each once it is replicated (Code "") or refused for good.
type Acks struct {
	Acks []Ack `cbor:"1,keyasint"`
}

// Ack answers one entry of a report, named by the command it became. Seq is the checkpoint that the state now holds.
type Ack struct {
	JobID   string             `cbor:"1,keyasint"`
	Epoch   uint64             `cbor:"2,keyasint"`
	What    casare.CommandType `cbor:"3,keyasint"`
	Seq     uint64             `cbor:"4,keyasint,omitempty"`
	Code    casare.Code        `cbor:"5,keyasint,omitempty"`
	Message string             `cbor:"6,keyasint,omitempty"`
}

// Kind implements Message.
func (*Report) Kind() Kind { return KindReport }

// Kind implements Message.
func (*Acks) Kind() Kind { return KindAcks }
