package session

import "casare"

// Debug asks the debugger of an attempt to do something.
type Debug struct {
	JobID   string              `cbor:"1,keyasint"`
	Epoch   uint64              `cbor:"2,keyasint"`
	Number  uint64              `cbor:"3,keyasint"` // of the question, for its answer
	Command casare.DebugCommand `cbor:"4,keyasint"`
}

// DebugReply answers Debug. With the number 0 nobody has asked: the robot tells that an attempt was stopped or goes on, and of a state
// only what DebugStop has.
type DebugReply struct {
	JobID   string             `cbor:"1,keyasint"`
	Epoch   uint64             `cbor:"2,keyasint"`
	Number  uint64             `cbor:"3,keyasint,omitempty"`
	Code    casare.Code        `cbor:"4,keyasint,omitempty"` // why it was not done
	Message string             `cbor:"5,keyasint,omitempty"`
	Field   string             `cbor:"6,keyasint,omitempty"`
	State   *casare.DebugState `cbor:"7,keyasint,omitempty"`
	Stop    *casare.DebugStop  `cbor:"8,keyasint,omitempty"`
}

// Kind implements Message.
func (*Debug) Kind() Kind { return KindDebug }

// Kind implements Message.
func (*DebugReply) Kind() Kind { return KindDebugReply }

func (m *Debug) check() error {
	var l limit
	l.attempt(m.JobID, m.Epoch)
	if l.err == nil {
		l.err = m.Command.Validate()
	}
	return l.err
}

func (m *DebugReply) check() error {
	var l limit
	l.attempt(m.JobID, m.Epoch)
	l.text("code", string(m.Code))
	l.size("message", len(m.Message), maxLine)
	l.text("field", m.Field)
	if s := m.Stop; s != nil {
		l.text("step", s.Step)
		l.size("text", len(s.Text), maxLine)
		l.text("reason", s.Reason)
	}
	if s := m.State; s != nil {
		l.debugState(s)
	}
	return l.err
}

func (l *limit) debugState(s *casare.DebugState) {
	size := len(s.Text) + len(s.Reason)
	for i := range s.Stack {
		size += len(s.Stack[i].Step) + len(s.Stack[i].Type) + len(s.Stack[i].Body)
	}
	for i := range s.Variables {
		v := &s.Variables[i]
		size += len(v.Name) + len(v.Type) + len(v.Value) + len(v.Text)
	}
	for i := range s.Watches {
		w := &s.Watches[i]
		size += len(w.Expression) + len(w.Value) + len(w.Text) + len(w.Error)
	}
	l.size("state", size, 3*casare.MaxDebugState)
	l.size("breakpoints", len(s.Breakpoints), casare.MaxBreakpoints)
}
