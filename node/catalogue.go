package node

import (
	"encoding/json"
	"fmt"
	"strings"

	"casare/value"
	"casare/workflow"
)

// Entry is what palette, form, documentation and check know of a node type.
type Entry struct {
	Type         string         `json:"type"`
	Aliases      []string       `json:"aliases"`
	Title        string         `json:"title"`
	Doc          string         `json:"doc"`
	Category     string         `json:"category"`
	Effect       []string       `json:"effect"` // every effect its actions may have
	Control      bool           `json:"control"`
	Fields       []FieldEntry   `json:"fields"`
	Branches     []BranchEntry  `json:"branches"`
	DynamicPorts bool           `json:"dynamic_ports"` // ports depend on the config
	Examples     []ExampleEntry `json:"examples"`
}

// FieldEntry is one field of a type.
type FieldEntry struct {
	Name       string            `json:"name"`
	Label      string            `json:"label,omitempty"`
	Kind       Kind              `json:"kind"`
	PortKind   Kind              `json:"port_kind,omitempty"`
	Role       string            `json:"role"`
	Default    json.RawMessage   `json:"default,omitempty"`
	Required   bool              `json:"required,omitempty"`
	Strict     bool              `json:"strict,omitempty"`
	Choices    []json.RawMessage `json:"choices,omitempty"`
	Min        *float64          `json:"min,omitempty"`
	Max        *float64          `json:"max,omitempty"`
	Group      string            `json:"group,omitempty"`
	Visibility Visibility        `json:"visibility,omitempty"`
	Widget     string            `json:"widget,omitempty"`
	Help       string            `json:"help,omitempty"`
	When       []ConditionEntry  `json:"when,omitempty"`
	Variadic   *VariadicEntry    `json:"variadic,omitempty"`
	Raw        bool              `json:"raw,omitempty"`
	Was        []string          `json:"was,omitempty"`
}

// VariadicEntry says that a field's name is a prefix.
type VariadicEntry struct {
	Prefix string `json:"prefix"`
	Shown  int    `json:"shown"`
	Max    int    `json:"max"`
}

// ConditionEntry says that a thing exists only while a parameter has one of some values.
type ConditionEntry struct {
	Param string            `json:"param"`
	In    []json.RawMessage `json:"in"`
}

// BranchEntry is one port, or one rule for ports, that control leaves by.
type BranchEntry struct {
	Name   string           `json:"name,omitempty"`
	Format string           `json:"format,omitempty"` // a port per element of From, %s being the element or its index; or as many as Count says, %d being 1, 2…
	From   string           `json:"from,omitempty"`
	Count  string           `json:"count,omitempty"`
	Body   string           `json:"body,omitempty"` // kind of the scope it opens
	When   []ConditionEntry `json:"when,omitempty"`
}

// ExampleEntry is one use of the type.
type ExampleEntry struct {
	Name    string            `json:"name"`
	Config  json.RawMessage   `json:"config"`
	Inputs  json.RawMessage   `json:"inputs"`
	Outputs json.RawMessage   `json:"outputs"`
	Next    []string          `json:"next,omitempty"`
	Fails   string            `json:"fails,omitempty"`
	Files   map[string]string `json:"files,omitempty"` // in the workspace before
}

// Catalogue describes every type, sorted by name. It panics when a default or an example holds what JSON cannot: a bug of the type
// that the conformance test finds.
func (r *Registry) Catalogue() []Entry {
	names := r.Types()
	out := make([]Entry, len(names))
	for i, name := range names {
		out[i] = r.types[name].entry()
	}
	return out
}

// Entry describes one type, given its name or an alias; ok is false when there is none.
func (r *Registry) Entry(typ string) (e Entry, ok bool) {
	t := r.lookup(typ)
	if t == nil {
		return Entry{}, false
	}
	return t.entry(), true
}

// Mentions says whether the type's names or texts hold a word, in any case. The empty word is in every one.
func (e *Entry) Mentions(word string) bool {
	for _, text := range append([]string{e.Type, e.Title, e.Doc, e.Category}, e.Aliases...) {
		if strings.Contains(strings.ToLower(text), strings.ToLower(word)) {
			return true
		}
	}
	return false
}

// Examples returns the examples of a type, given its name or an alias.
func (r *Registry) Examples(typ string) []Example {
	t := r.lookup(typ)
	if t == nil {
		return nil
	}
	return t.spec.examples
}

func (t *nodeType) entry() Entry {
	s := t.spec
	e := Entry{
		Type: t.name, Aliases: append([]string{}, s.aliases...), Title: s.title, Doc: s.doc, Category: s.category,
		Control: s.control || t.hasBody(), Fields: []FieldEntry{}, Branches: []BranchEntry{}, Examples: []ExampleEntry{},
	}
	for _, known := range Effects() {
		for _, rule := range s.effects {
			if rule.effect == known {
				e.Effect = append(e.Effect, known.String())
				break
			}
		}
	}
	if len(e.Effect) == 0 {
		e.Effect = []string{Idempotent.String()}
	}
	for _, f := range s.fields {
		e.Fields = append(e.Fields, f.entry())
	}
	for _, b := range s.branches {
		e.DynamicPorts = e.DynamicPorts || b.each != nil || b.count != nil
		e.Branches = append(e.Branches, b.entry())
	}
	e.DynamicPorts = e.DynamicPorts || s.portsOf != nil
	if len(s.branches) == 0 {
		e.Branches = append(e.Branches, BranchEntry{Name: workflow.PortOut})
	}
	for _, x := range s.examples {
		e.Examples = append(e.Examples, ExampleEntry{
			Name: x.Name, Config: text(x.Given.Dict()), Inputs: text(x.Wired.Dict()), Outputs: text(x.Wanted.Dict()),
			Next: x.Next, Fails: x.Fails, Files: x.Files,
		})
	}
	return e
}

func (f *Field) entry() FieldEntry {
	e := FieldEntry{
		Name: f.name, Label: f.label, Kind: f.kind, PortKind: f.portKind, Role: f.role.String(), Required: f.must,
		Strict: f.strict, Min: f.lo, Max: f.hi, Group: f.group, Visibility: f.visibility, Widget: f.widget, Help: f.help,
		When: conditions(f.when), Raw: f.raw, Was: f.was,
	}
	if f.def != nil {
		e.Default = text(f.def)
	}
	for _, c := range f.choices {
		e.Choices = append(e.Choices, text(c))
	}
	for _, c := range f.oneOf {
		e.Choices = append(e.Choices, text(c))
	}
	if f.each != nil {
		e.Variadic = &VariadicEntry{Prefix: f.name, Shown: f.each.shown, Max: f.each.max}
	}
	return e
}

func (b *branch) entry() BranchEntry {
	e := BranchEntry{Name: b.name, When: conditions(b.when)}
	if b.each != nil {
		e.Name, e.Format, e.From = "", b.name, b.each.name
	}
	if b.count != nil {
		e.Name, e.Format, e.Count = "", b.name, b.count.name
	}
	if b.body != 0 {
		e.Body = b.body.String()
	}
	return e
}

func conditions(when []condition) []ConditionEntry {
	var out []ConditionEntry
	for _, c := range when {
		e := ConditionEntry{Param: c.param.name}
		for _, v := range c.in {
			e.In = append(e.In, text(v))
		}
		out = append(out, e)
	}
	return out
}

// text is the JSON of a value that a node type's own code gave.
func text(v Value) json.RawMessage {
	raw, err := value.JSON(v)
	if err != nil {
		panic(fmt.Sprintf("node: a default, choice or example is no JSON: %v", err))
	}
	return raw
}
