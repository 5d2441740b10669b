package api

import (
	"context"

	"casare"
	"casare/node"
	"casare/value"
	"casare/workflow"
)

// Types is what the API tells of node types; *node.Registry is one.
type Types interface {
	workflow.Types

	Catalogue() []node.Entry
	Entry(typ string) (node.Entry, bool)
}

type typesInput struct {
	Category string `doc:"Only the types of this category" maxLength:"100" query:"category"`
	Search   string `doc:"Only types whose name, title or text holds this, in any case" maxLength:"100" query:"search"`
}

type typesAnswer struct {
	Nodes []node.Entry `json:"nodes"`
	Total int          `json:"total"`
}

func (a *API) listTypes(_ context.Context, in *typesInput) (*answer[typesAnswer], error) {
	out := typesAnswer{Nodes: []node.Entry{}}
	for _, e := range a.deps.Types.Catalogue() {
		if (in.Category == "" || e.Category == in.Category) && e.Mentions(in.Search) {
			out.Nodes = append(out.Nodes, e)
		}
	}
	out.Total = len(out.Nodes)
	return &answer[typesAnswer]{Body: out}, nil
}

type typeInput struct {
	Type string `path:"id"`
}

func (a *API) getType(_ context.Context, in *typeInput) (*answer[node.Entry], error) {
	e, ok := a.deps.Types.Entry(in.Type)
	if !ok {
		return nil, unknownType(in.Type)
	}
	return &answer[node.Entry]{Body: e}, nil
}

func unknownType(typ string) error {
	if known, ok := workflow.KnownType(typ); ok {
		return casare.Errorf(casare.CodeNotFound, "the node type %s is known but not part of this robot yet", known).On("type")
	}
	return casare.Errorf(casare.CodeNotFound, "there is no node type %s", typ).On("type")
}

// portsBody is a step as far as its ports depend on it.
type portsBody struct {
	Config Raw `doc:"The step's config: an object" json:"config"`
}

// portsAnswer lists the ports of a step. Fixed is false when something that is only known at run time, such as a template, decides
// some of them; then any name may be right.
type portsAnswer struct {
	Type     string   `json:"type"`
	Inputs   []string `json:"inputs"`
	Outputs  []string `json:"outputs"`
	Branches []string `json:"branches"` // exec outputs that open nothing
	Bodies   []string `json:"bodies"`   // exec outputs behind which the step runs what is wired, again and again or guarded
	Fixed    bool     `json:"fixed"`
}

func (a *API) getPorts(_ context.Context, in *typeInput, body []byte) (*answer[portsAnswer], error) {
	var req portsBody
	if len(body) > 0 {
		if err := decode(body, &req); err != nil {
			return nil, err
		}
	}
	raw, err := req.Config.object("config")
	if err != nil {
		return nil, err
	}
	config := value.DictOf()
	if raw != nil {
		v, err := value.ParseJSON(raw)
		if err != nil {
			return nil, casare.Errorf(casare.CodeInvalid, "config: %w", err).On("config")
		}
		config, _ = v.(*value.Dict) // object has made sure
	}
	typ, ok := a.deps.Types.Known(in.Type)
	if !ok {
		return nil, unknownType(in.Type)
	}
	ports, fixed := a.deps.Types.Ports(&workflow.Step{ID: "step", Type: typ, Config: config})
	return &answer[portsAnswer]{Body: portsAnswer{
		Type: typ, Inputs: ports.In, Outputs: ports.Out, Branches: ports.Branches, Bodies: ports.Bodies, Fixed: fixed,
	}}, nil
}

// checkBody is a document to look at.
type checkBody struct {
	WorkflowJSON Raw `doc:"The document: an object, or a text that holds one" json:"workflow_json"`
}

// documentProblem is one fault of a document, under a name of its own in the OpenAPI document.
type documentProblem workflow.Problem

type checkAnswer struct {
	Valid       bool                  `json:"valid"` // no problem is an error: the document may be stored and run
	Errors      []documentProblem     `json:"errors"`
	Warnings    []documentProblem     `json:"warnings"`
	Differences []workflow.Difference `json:"differences"` // from what CasareRPA did with such a document
	Revision    string                `json:"revision"`    // by which a job would name it
}

// checkWorkflow looks at a document and stores nothing. A document with faults is no fault of the request: the answer is 200.
func (a *API) checkWorkflow(_ context.Context, _ *struct{}, body []byte) (*answer[checkAnswer], error) {
	var req checkBody
	if err := decode(body, &req); err != nil {
		return nil, err
	}
	if len(req.WorkflowJSON) == 0 {
		return nil, invalidField("workflow_json", "is needed")
	}
	raw, err := req.WorkflowJSON.object("workflow_json")
	if err != nil {
		return nil, err
	}
	if len(raw) > casare.MaxDocument {
		return nil, casare.Errorf(casare.CodeTooLarge, "the document is %d KiB; the most is %d KiB", len(raw)>>10,
			casare.MaxDocument>>10).On("workflow_json")
	}
	out := checkAnswer{Revision: casare.RevisionOf(raw)}
	for _, p := range a.deps.Check(raw) {
		if p.Warning {
			out.Warnings = append(out.Warnings, documentProblem(p))
		} else {
			out.Errors = append(out.Errors, documentProblem(p))
		}
	}
	out.Valid = len(out.Errors) == 0
	if doc, _ := workflow.Read(raw); doc != nil {
		out.Differences = doc.Differences(raw, a.deps.Types)
	}
	return &answer[checkAnswer]{Body: out}, nil
}
