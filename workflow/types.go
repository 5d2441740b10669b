package workflow

// Types is what Check needs to know of the node types; the registry of node types implements it.
type Types interface {
	// Known returns the name the registry uses for a type or one of its aliases, and whether there is such a type.
	Known(typ string) (canonical string, ok bool)
	// Ports returns the ports this step has with its present config; ok is false when they cannot be told (unknown type, or ports
	// that depend on another document), and then they are not checked.
	Ports(step *Step) (ports Ports, ok bool)
}

// Ports are the ports of one step. In and Out are data ports; Branches and Bodies are exec outputs, a body being one that opens a
// scope (loop, try, retry, branch of a fork). Every step has the exec input PortIn, and may have PortOut among its Branches.
type Ports struct {
	In       []string
	Out      []string
	Branches []string
	Bodies   []string
	Again    bool     // runs each time control comes (If, loops…); others run once
	Isolated []string // those of Bodies behind which a branch begins
	Fork     *End     // its bodies are branches, which may meet at another step; nil when not
	Join     *End     // branches meet at it; nil when not
	Pulled   bool     // without exec wires the step is computed when its output is needed (effect pure or read)
	Parted   bool     // opens a construct whose other parts are steps of their own (Try)
	Part     Part     // of another step's construct (Catch, Finally)
}

// PortIn and PortOut are the exec ports of an ordinary step, and those of a connection that names none.
const (
	PortIn  = "exec_in"
	PortOut = "exec_out"
)

// TypeStart is the node type a run begins with.
const TypeStart = "StartNode"
