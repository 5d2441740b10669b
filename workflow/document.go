package workflow

import (
	"time"

	"casare/value"
)

// Limits of a document. They are those of the original product, so that what is saved here loads there.
const (
	MaxSteps       = 1000
	MaxWires       = 5000
	MaxID          = 256    // characters of a step id
	MaxType        = 128    // characters of a node type
	MaxPort        = 128    // characters of a port name
	MaxName        = 256    // characters of a workflow name
	MaxDescription = 10_000 // characters
	MaxVersion     = 50     // characters
	MaxConfigDepth = 10     // nesting of a step's config
	MaxConfigText  = 10_000 // characters of one text in a step's config
)

// DefaultStepTimeout is how long a step may run where the document does not say.
const DefaultStepTimeout = 120 * time.Second

// DefaultName is the name of a document that has none.
const DefaultName = "Untitled"

// Document is a workflow as it was read or built. The order of Steps and Wires is the order of the file. Read it freely from many
// goroutines; change it only before it is handed on.
type Document struct {
	ID          string
	Name        string
	Description string
	Version     string
	Steps       []*Step
	Wires       []Wire
	Variables   []Variable
	Settings    Settings
	// Raw holds what the fields above do not: unknown top-level keys as they were, and under "metadata", "settings" and
	// "execution_settings" the keys in them that no field stands for. Never nil after Read.
	Raw *value.Dict
}

// Step is one use of a node type.
type Step struct {
	ID   string
	Type string // as written; an alias is resolved by the registry of node types
	Name string // given by the user, for display; often ""
	// Config is what the user filled in, templates unresolved. Never nil after Read.
	Config *value.Dict
	// Requires and Robot say where the step runs, when that is not where the others do: config keys _requires (a text or a list of texts: a
	// capability, or key=value) and _robot (id or name).
	Requires []string
	Robot    string
	Disabled bool // config key _disabled: the step passes its inputs through and does nothing
	Position Position
	Raw      *value.Dict // unknown keys of the step, kept for saving; nil when there are none
}

// Position is where the designer draws a step.
type Position struct{ X, Y float64 }

// Wire joins an output port to an input port. It carries control when its target is an exec port, else a value.
type Wire struct {
	From     string
	FromPort string
	To       string
	ToPort   string
	Raw      *value.Dict // unknown keys of the connection, kept for saving; nil when there are none
}

// Variable is a variable the document declares, with the value a run starts with.
type Variable struct {
	Name        string
	Type        string // String, Integer, Float, Boolean, List, Dict, DataTable or Any; the default is not converted to it
	Default     value.Value
	Description string
	Sensitive   bool
	ReadOnly    bool
	Raw         *value.Dict // unknown keys, kept for saving; nil when there are none
}

// Settings say how a run of the document behaves.
type Settings struct {
	StopOnError bool          // false: a failing step ends its own path only
	StepTimeout time.Duration // how long one step may run
	RetryCount  int           // how often a failing step is tried again
	Cleanup     bool          // a run that is cancelled runs the Finally steps of what is open

	// What a run does while the mesh cannot record where it stands.
	Strict        bool          // durability: strict; every checkpoint is recorded before the run goes on
	Fence         bool          // isolation: stop; a robot that is cut off stops the run before it is given to another
	IsolationWait time.Duration // how long a step that may run only once waits to be recorded; 0: 10 min
}

// DefaultSettings are those of a document that says nothing.
func DefaultSettings() Settings {
	return Settings{StopOnError: true, StepTimeout: DefaultStepTimeout}
}

// Step returns the step with this id, or nil. It searches; who asks often uses NewGraph.
func (d *Document) Step(id string) *Step {
	for _, s := range d.Steps {
		if s.ID == id {
			return s
		}
	}
	return nil
}

// Defaults returns the variables with their default values, in the order of the document.
func (d *Document) Defaults() *value.Dict {
	b := value.NewDict()
	for _, v := range d.Variables {
		b.Set(v.Name, v.Default)
	}
	return b.Dict()
}
