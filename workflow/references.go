package workflow

import (
	"cmp"
	"path"
	"strings"

	"casare/value"
	"casare/workflow/template"
)

// ReferenceKind says what a document refers to.
type ReferenceKind string

// The kinds of documents that steps run.
const (
	RefersToSubflow  ReferenceKind = "subflow"
	RefersToWorkflow ReferenceKind = "workflow"
)

// Reference is another document that a step runs.
type Reference struct {
	Kind  ReferenceKind `cbor:"1,keyasint" json:"kind"`
	Step  string        `cbor:"2,keyasint,omitempty" json:"step"`
	Field string        `cbor:"3,keyasint,omitempty" json:"field"` // the config key that says most: the path, else the id
	ID    string        `cbor:"4,keyasint,omitempty" json:"id,omitempty"`
	Path  string        `cbor:"5,keyasint,omitempty" json:"path,omitempty"` // as written; of the machine it was drawn on
	// Template: ID or Path hold a template, so that what is meant shows only while the document runs.
	Template bool `cbor:"-" json:"template,omitempty"`
	// Revision is that of the document in its canonical form, where it is known: a run that goes on wants the same again.
	Revision string `cbor:"6,keyasint,omitempty" json:"revision,omitempty"`
	// From is the path of the document that refers, "" where it has none: relative paths begin beside it.
	From string `cbor:"7,keyasint,omitempty" json:"from,omitempty"`
}

// Name is what messages call the document: its path, else its id.
func (r Reference) Name() string { return cmp.Or(r.Path, r.ID, "?") }

// File is the last part of the path, whichever system it is written for; "" when there is no path.
func (r Reference) File() string {
	if r.Path == "" {
		return ""
	}
	return path.Base(strings.ReplaceAll(r.Path, `\`, "/"))
}

// referring lists the config keys by which steps refer to documents.
var referring = map[string]struct {
	kind     ReferenceKind
	id, path string
}{
	"SubflowNode":         {RefersToSubflow, "subflow_id", "subflow_path"},
	"CallSubworkflowNode": {RefersToWorkflow, "subworkflow_id", "subworkflow_path"},
	"ExecuteWorkflowNode": {RefersToWorkflow, "", "workflow_path"},
}

// References lists the documents that the steps of this one run, in its order. Disabled steps run none; one that names nothing is left out.
func (d *Document) References() []Reference {
	var out []Reference
	for _, s := range d.Steps {
		if s.Disabled {
			continue
		}
		if r, ok := s.Reference(); ok {
			out = append(out, r)
		}
	}
	return out
}

// Reference returns the document that the step runs; ok is false when it is none of the types that run one, or names nothing.
func (s *Step) Reference() (r Reference, ok bool) {
	typ, known := KnownType(s.Type)
	keys, refers := referring[typ]
	if !known || !refers || s.Config == nil {
		return Reference{}, false
	}
	id, _ := plainText(first(s.Config.Get(keys.id)))
	file, _ := plainText(first(s.Config.Get(keys.path)))
	r = Reference{Kind: keys.kind, Step: s.ID, Field: "config." + keys.path, ID: strings.TrimSpace(id), Path: strings.TrimSpace(file)}
	if r.Path == "" {
		r.Field = "config." + keys.id
	}
	r.Template = len(template.Paths(value.List{r.ID, r.Path})) > 0
	return r, r.ID != "" || r.Path != ""
}

// Where is the path of the document as far as it can be told: a relative one begins beside the document that refers to it.
func (r Reference) Where() string {
	file := strings.ReplaceAll(r.Path, `\`, "/")
	if file == "" || r.From == "" || path.IsAbs(file) || strings.Contains(file, ":") {
		return file
	}
	return path.Join(path.Dir(r.From), file)
}

// Key is the name under which a submit brings the document along: where it is, else its id.
func (r Reference) Key() string { return cmp.Or(r.Where(), r.ID) }
