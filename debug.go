package casare

import "encoding/json"

// The caps on what a client may ask of the debugger.
const (
	MaxBreakpoints = 200
	MaxWatches     = 32
	MaxDebugText   = 4 << 10  // bytes of a condition, a watch or the text of a log point
	MaxDebugValue  = 64 << 10 // bytes of a value that a variable is set to
	MaxDebugState  = 256 << 10
)

// What becomes of a run that is stopped when no client asks about it any more.
const (
	IdleContinue = "continue" // it goes on to its end, without breakpoints
	IdleCancel   = "cancel"
)

// DefaultIdleSeconds is how long a stopped run waits for a client.
const DefaultIdleSeconds = 1800

// Breakpoint stops a run before a step, or writes a line to its log there.
type Breakpoint struct {
	Step      string `cbor:"1,keyasint"           json:"step"`
	Condition string `cbor:"2,keyasint,omitempty" doc:"An expression; one that cannot be evaluated stops the run" json:"condition,omitempty"`
	Hits      int    `cbor:"3,keyasint,omitempty" doc:"Stop from the n-th time on"                               json:"hits,omitempty"`
	Log       string `cbor:"4,keyasint,omitempty" doc:"Write this text, a template, to the log and go on"        json:"log,omitempty"`
	Disabled  bool   `cbor:"5,keyasint,omitempty" json:"disabled,omitempty"`
	Count     int    `cbor:"6,keyasint,omitempty" doc:"How often control came here and the condition held"       json:"count"`
}

// DebugSpec is where a run stops and what it shows then.
type DebugSpec struct {
	Breakpoints  []Breakpoint `cbor:"1,keyasint,omitempty" json:"breakpoints"`
	Watches      []string     `cbor:"2,keyasint,omitempty" doc:"Expressions to evaluate at each stop"                          json:"watches"`
	BreakOnStart bool         `cbor:"3,keyasint,omitempty" doc:"Stop before the first step"                                    json:"break_on_start"`
	IdleSeconds  int          `cbor:"4,keyasint,omitempty" doc:"How long a stopped run waits for a client; 0: half an hour"     json:"idle_seconds"`
	OnIdle       string       `cbor:"5,keyasint,omitempty" doc:"What becomes of it then: continue, the default, or cancel" json:"on_idle"`
}

// Validate says what is wrong with s; CodeInvalid, with the field.
func (s *DebugSpec) Validate() error {
	switch {
	case len(s.Breakpoints) > MaxBreakpoints:
		return Errorf(CodeInvalid, "%d breakpoints are more than %d", len(s.Breakpoints), MaxBreakpoints).On("breakpoints")
	case len(s.Watches) > MaxWatches:
		return Errorf(CodeInvalid, "%d watches are more than %d", len(s.Watches), MaxWatches).On("watches")
	case s.IdleSeconds < 0 || s.IdleSeconds > 7*24*3600:
		return Errorf(CodeInvalid, "idle_seconds is not between 0 and 604800").On("idle_seconds")
	case s.OnIdle != "" && s.OnIdle != IdleContinue && s.OnIdle != IdleCancel:
		return Errorf(CodeInvalid, "on_idle is neither continue nor cancel").On("on_idle")
	}
	for _, b := range s.Breakpoints {
		if b.Step == "" || len(b.Step) > 1024 || len(b.Condition) > MaxDebugText || len(b.Log) > MaxDebugText || b.Hits < 0 {
			return Errorf(CodeInvalid, "a breakpoint has no step, a negative count or a text of more than %d bytes", MaxDebugText).On("breakpoints")
		}
	}
	for _, w := range s.Watches {
		if w == "" || len(w) > MaxDebugText {
			return Errorf(CodeInvalid, "a watch is empty or longer than %d bytes", MaxDebugText).On("watches")
		}
	}
	return nil
}

// DebugVerb is what the debugger is asked to do. The texts are a contract with API clients.
type DebugVerb string

// The verbs of the debugger. All but DebugPause, DebugConfigure and DebugLook need a run that is stopped.
const (
	DebugLook        DebugVerb = "look"     // how does it stand
	DebugPause       DebugVerb = "pause"    // stop before the next step
	DebugContinue    DebugVerb = "continue" // up to the next breakpoint
	DebugStepOver    DebugVerb = "step_over"
	DebugStepInto    DebugVerb = "step_into"
	DebugStepOut     DebugVerb = "step_out"
	DebugRunTo       DebugVerb = "run_to"       // up to a step, or the next breakpoint
	DebugSetVariable DebugVerb = "set_variable" //
	DebugConfigure   DebugVerb = "configure"    // other breakpoints and watches
)

// DebugVerbs lists every verb.
func DebugVerbs() []DebugVerb {
	return []DebugVerb{
		DebugLook, DebugPause, DebugContinue, DebugStepOver, DebugStepInto, DebugStepOut, DebugRunTo, DebugSetVariable, DebugConfigure,
	}
}

// DebugCommand is one thing the debugger of a run is asked to do.
type DebugCommand struct {
	Verb  DebugVerb  `cbor:"1,keyasint"`
	Step  string     `cbor:"2,keyasint,omitempty"` // run_to
	Name  string     `cbor:"3,keyasint,omitempty"` // set_variable
	Value []byte     `cbor:"4,keyasint,omitempty"` // set_variable: raw JSON, read only by package value
	Spec  *DebugSpec `cbor:"5,keyasint,omitempty"` // configure
	ID    string     `cbor:"6,keyasint,omitempty"` // a command that comes again under the same id is not carried out again
}

// Validate says what is wrong with c; CodeInvalid, with the field.
func (c *DebugCommand) Validate() error {
	known := false
	for _, v := range DebugVerbs() {
		known = known || v == c.Verb
	}
	switch {
	case !known:
		return Errorf(CodeInvalid, "the debugger has no command %q", c.Verb).On("command")
	case len(c.ID) > 128:
		return Errorf(CodeInvalid, "the id of a command is longer than 128 bytes").On("id")
	case len(c.Step) > 1024 || c.Verb == DebugRunTo && c.Step == "":
		return Errorf(CodeInvalid, "run_to needs the id of a step").On("step")
	case len(c.Name) > 1024 || c.Verb == DebugSetVariable && c.Name == "":
		return Errorf(CodeInvalid, "set_variable needs the name of a variable").On("name")
	case len(c.Value) > MaxDebugValue || c.Verb == DebugSetVariable && len(c.Value) == 0:
		return Errorf(CodeInvalid, "set_variable needs a value of at most %d bytes", MaxDebugValue).On("value")
	case c.Verb == DebugConfigure && c.Spec == nil:
		return Errorf(CodeInvalid, "configure needs breakpoints and watches").On("breakpoints")
	}
	if c.Spec != nil {
		return c.Spec.Validate()
	}
	return nil
}

// DebugState is how the debugger of a run stands.
type DebugState struct {
	Paused      bool            `cbor:"1,keyasint,omitempty"  json:"paused"`
	Reason      string          `cbor:"2,keyasint,omitempty"  doc:"start, pause, breakpoint, condition, step or run_to" json:"reason"`
	Text        string          `cbor:"3,keyasint,omitempty"  doc:"Why it stopped, as a sentence"                       json:"text"`
	Step        string          `cbor:"4,keyasint,omitempty"  doc:"The step that is next"                               json:"step"`
	Type        string          `cbor:"5,keyasint,omitempty"  json:"node_type"`
	Since       Time            `cbor:"6,keyasint,omitempty"  json:"since"`
	Stops       int             `cbor:"7,keyasint,omitempty"  doc:"How often the run has stopped"                       json:"stops"`
	Stack       []DebugFrame    `cbor:"8,keyasint,omitempty"  doc:"Innermost first"                                     json:"stack"`
	Variables   []DebugVariable `cbor:"9,keyasint,omitempty"  json:"variables"`
	More        int             `cbor:"10,keyasint,omitempty" doc:"Variables that are left out"                         json:"more_variables"`
	Watches     []DebugWatch    `cbor:"11,keyasint,omitempty" json:"watches"`
	Breakpoints []Breakpoint    `cbor:"12,keyasint,omitempty" json:"breakpoints"`
}

// DebugStop says in short how a debugger stands: what everybody who looks at the job is told.
type DebugStop struct {
	Paused bool   `cbor:"1,keyasint,omitempty" json:"paused"`
	Reason string `cbor:"2,keyasint,omitempty" json:"reason"`
	Text   string `cbor:"3,keyasint,omitempty" json:"text"`
	Step   string `cbor:"4,keyasint,omitempty" json:"step"`
	Since  Time   `cbor:"5,keyasint,omitempty" json:"since"`
}

// Short leaves out what only the person at the debugger looks at.
func (s *DebugState) Short() DebugStop {
	return DebugStop{Paused: s.Paused, Reason: s.Reason, Text: s.Text, Step: s.Step, Since: s.Since}
}

// DebugFrame is one place of the call stack: the step that is next, or a construct or a sub-workflow around it.
type DebugFrame struct {
	Step  string `cbor:"1,keyasint"           json:"step"`
	Type  string `cbor:"2,keyasint,omitempty" json:"node_type"`
	Body  string `cbor:"3,keyasint,omitempty" doc:"The port whose steps run"             json:"body"`
	Round int    `cbor:"4,keyasint,omitempty" doc:"How often that body has been started" json:"round"`
}

// DebugVariable is a variable, or the outputs of a step, at a stop. Value is JSON, or "" when it is too long; then Text is its beginning.
type DebugVariable struct {
	Name   string          `cbor:"1,keyasint"           json:"name"`
	Type   string          `cbor:"2,keyasint,omitempty" json:"type"`
	Value  json.RawMessage `cbor:"3,keyasint,omitempty" json:"value"`
	Text   string          `cbor:"4,keyasint,omitempty" json:"text,omitempty"`
	Output bool            `cbor:"5,keyasint,omitempty" doc:"The outputs of the step of this name" json:"output,omitempty"`
}

// DebugWatch is a watched expression at a stop.
type DebugWatch struct {
	Expression string          `cbor:"1,keyasint"           json:"expression"`
	Value      json.RawMessage `cbor:"2,keyasint,omitempty" json:"value"`
	Text       string          `cbor:"3,keyasint,omitempty" json:"text,omitempty"`
	Error      string          `cbor:"4,keyasint,omitempty" json:"error,omitempty"`
}
