package workflow

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"sync"

	"casare/value"
)

// Difference is a place where CasareRPA did something else with a document than this product does: what it ran into there, or did
// not do. A document with differences runs; its owner should know what will be new.
type Difference struct {
	Rule    string `json:"rule"`           // a short name, such as DEAD_END
	Step    string `json:"step,omitempty"` // "" when it is the document's
	Message string `json:"message"`        // one sentence on what CasareRPA did and what happens here
}

// deadEndText lists the types of CasareRPA after which its engine followed no wire although the step had succeeded.
//
//go:embed deadends.txt
var deadEndText string

var deadEnds = sync.OnceValue(func() map[string]bool {
	all := map[string]bool{}
	for name := range strings.FieldsSeq(deadEndText) {
		all[name] = true
	}
	return all
})

// constructs are the types that CasareRPA declared and could not run, with what happens to them here.
var constructs = map[string]string{
	"TryNode":             "CasareRPA never reached the Catch of a Try; here it is reached when a step behind try_body fails.",
	"RetryNode":           "CasareRPA never repeated a Retry; here its body is repeated as configured.",
	"ForkNode":            "CasareRPA ran no branch of a Fork; here they run at the same time.",
	"ParallelForEachNode": "CasareRPA never ran the body of a ParallelForEach; here it runs for every item.",
	"OnErrorNode":         "CasareRPA's OnError never caught an error; here it does.",
	"SubflowNode":         "CasareRPA could not run a subflow that has ports; here it runs with its inputs and outputs.",
	"CallSubworkflowNode": "CasareRPA dropped the wires of a called workflow; here it runs whole.",
	"ExecuteWorkflowNode": "CasareRPA ran no step of a workflow called by ExecuteWorkflow; here it runs whole.",
}

// originalAliases are the second names that CasareRPA itself accepts.
var originalAliases = []string{
	"BrowserLaunchNode", "BrowserNavigateNode", "BrowserWaitNode", "BrowserGetTextNode", "BrowserScreenshotNode", "BrowserCloseNode",
	"OCRNode", "DriveRemovePermissionNode",
}

// conditionKeys are the config keys that hold a condition, by type.
var conditionKeys = map[string]string{"IfNode": "expression", "WhileLoopStartNode": "expression", "SwitchNode": "expression"}

// errorPorts are the exec ports a failing step leaves by when one is wired.
var errorPorts = []string{"error", "exec_error", "failed", "on_error"}

// Differences lists where a run of the document differs from what CasareRPA did with it, in the order of the document. raw is the text it
// was read from.
func (d *Document) Differences(raw []byte, types Types) []Difference {
	f := &differ{doc: d, graph: NewGraph(d), types: types}
	f.form(raw)
	f.settings()
	for _, s := range d.Steps {
		f.step(s)
	}
	return f.found
}

type differ struct {
	doc   *Document
	graph *Graph
	types Types
	found []Difference
}

func (f *differ) add(rule, step, format string, args ...any) {
	f.found = append(f.found, Difference{Rule: rule, Step: step, Message: fmt.Sprintf(format, args...)})
}

// form tells of a document that CasareRPA's loader refuses although it is in use.
func (f *differ) form(raw []byte) {
	v, err := value.ParseJSON(raw)
	top, ok := v.(*value.Dict)
	if err != nil || !ok {
		return
	}
	steps, ok := dictAt(top, "nodes")
	complete := ok
	if ok {
		for key, s := range steps.All() {
			step, isDict := s.(*value.Dict)
			id, _ := step.Get("node_id")
			complete = complete && isDict && value.Equal(id, key)
		}
	}
	if wires, _ := top.Get("connections"); complete && wires != nil {
		list, _ := wires.(value.List)
		for _, w := range list {
			wire, _ := w.(*value.Dict)
			_, from := wire.Get("source_port")
			_, to := wire.Get("target_port")
			complete = complete && from && to
		}
	}
	if !complete {
		f.add("FORMAT", "", "CasareRPA's loader refuses this form of document; here it is read and saved in the current form.")
	}
}

// settings tells of settings and variables that CasareRPA's robot never looked at.
func (f *differ) settings() {
	s, usual := f.doc.Settings, DefaultSettings()
	if !s.StopOnError || s.RetryCount > 0 || s.StepTimeout != usual.StepTimeout {
		f.add("SETTINGS", "", "CasareRPA's robot ignored the document's settings; here stop_on_error is %t, a step may take %s and is "+
			"tried again %d times.", s.StopOnError, s.StepTimeout, s.RetryCount)
	}
	if slices.ContainsFunc(f.doc.Variables, func(v Variable) bool { return v.Default != nil }) {
		f.add("VARIABLES", "", "CasareRPA's robot did not load the document's variables; here a run starts with them.")
	}
}

func (f *differ) step(s *Step) {
	typ := s.Type
	if known, ok := f.types.Known(s.Type); ok {
		typ = known
	}
	if typ != s.Type && !slices.Contains(originalAliases, s.Type) {
		f.add("TYPE_NAME", s.ID, "CasareRPA knows no type %s; here it is a %s.", s.Type, typ)
	}
	if text, ok := constructs[typ]; ok {
		f.add("CONSTRUCT", s.ID, "%s", text)
	}
	if deadEnds()[typ] && len(f.graph.FollowExec(s.ID)) > 0 {
		f.add("DEAD_END", s.ID, "CasareRPA ended the path after every %s; here it goes on at exec_out.", typ)
	}
	if typ == typeComment && len(f.graph.FollowExec(s.ID)) > 0 {
		f.add("DEAD_END", s.ID, "CasareRPA ended the path at a comment; here it goes on.")
	}
	if key := conditionKeys[typ]; key != "" {
		if text, ok := first(s.Config.Get(key)).(string); ok && strings.Contains(text, "{{") {
			f.add("CONDITION", s.ID, "CasareRPA pasted the text of {{…}} into the condition, unquoted; here the value is compared.")
		}
	}
	for _, port := range errorPorts {
		if typ != "RetryNode" && typ != "OnErrorNode" && len(f.graph.Follow(s.ID, port)) > 0 {
			f.add("ERROR_PORT", s.ID, "CasareRPA never followed the port %s; here a failure does.", port)
		}
	}
	if ports, ok := f.types.Ports(s); ok && ports.Pulled && !f.graph.HasFlow(s.ID) && f.needed(s.ID) {
		f.add("COMPUTED", s.ID, "CasareRPA never ran a step without exec wires; here it is computed when its value is needed.")
	}
}

// needed says whether a wire takes a value from the step.
func (f *differ) needed(id string) bool {
	return slices.ContainsFunc(f.doc.Wires, func(w Wire) bool { return w.From == id && !w.Flow() })
}
