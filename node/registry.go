package node

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"casare/workflow"
)

// Registry holds node types by name. Add all types before the first use; from then on it is safe for many goroutines.
type Registry struct {
	types map[string]*nodeType
	names map[string]string // every name and alias -> the type's name
}

type nodeType struct {
	name   string
	create func() Node
	spec   *layout
	// ports lists per field the names a wire or a config key may use: a variadic field has many, so they are made once.
	ports [][]string
}

// Default holds the types that were registered by the packages linked into the program.
var Default = NewRegistry()

// NewRegistry returns a registry without types.
func NewRegistry() *Registry {
	return &Registry{types: map[string]*nodeType{}, names: map[string]string{}}
}

// Register adds a type to Default; see Add.
func Register(name string, create func() Node) { Default.Add(name, create) }

// Add adds a type. It panics when the name or an alias is taken, or when the type breaks a rule of the kit: these are bugs of the
// program, seen at its start.
func (r *Registry) Add(name string, create func() Node) {
	t := &nodeType{name: name, create: create, spec: newSpec(create(), nil)}
	if err := t.check(); err != nil {
		panic(fmt.Sprintf("node: type %s: %v", name, err))
	}
	for _, f := range t.spec.fields {
		t.ports = append(t.ports, f.ports())
	}
	for _, n := range append([]string{name}, t.spec.aliases...) {
		if owner, taken := r.names[n]; taken {
			panic(fmt.Sprintf("node: type %s: the name %s is taken by %s", name, n, owner))
		}
		r.names[n] = name
	}
	r.types[name] = t
}

// check tests what the compiler cannot.
func (t *nodeType) check() error {
	if t.name == "" || t.spec.title == "" || t.spec.doc == "" || t.spec.category == "" {
		return errors.New("name, title, doc and category are all needed")
	}
	_, resumes := t.create().(Resumer)
	for _, b := range t.spec.branches {
		if b.body != 0 && !resumes {
			return fmt.Errorf("body %s, but no Resume method", b.name)
		}
	}
	return nil
}

// Known returns the name of a type given that name or an alias.
func (r *Registry) Known(typ string) (canonical string, ok bool) {
	canonical, ok = r.names[typ]
	return canonical, ok
}

// New returns a node of the type, unbound; nil when there is no such type.
func (r *Registry) New(typ string) Node {
	if t := r.lookup(typ); t != nil {
		return t.create()
	}
	return nil
}

// Types lists the names of all types, sorted.
func (r *Registry) Types() []string {
	out := make([]string, 0, len(r.types))
	for name := range r.types {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

func (r *Registry) lookup(typ string) *nodeType { return r.types[r.names[typ]] }

// Ports returns the ports of a step with its present config; ok is false for an unknown type and when a template decides them.
func (r *Registry) Ports(step *workflow.Step) (ports workflow.Ports, ok bool) {
	b, problems := r.Bind(step)
	if b == nil || len(workflow.Errors(problems)) > 0 {
		return workflow.Ports{}, false
	}
	return b.ports()
}

// unknownType is the problem of a step whose type nobody registered.
func unknownType(step *workflow.Step) workflow.Problem {
	return workflow.Problem{
		Code: workflow.CodeUnknownType, Step: step.ID, Field: "node_type",
		Message: fmt.Sprintf("step %s has the unknown node type %s", step.ID, strings.TrimSpace(step.Type)),
	}
}
