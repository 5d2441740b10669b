package node

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"casare/value"
)

// Spec describes a node type while it binds the fields of one struct. The zero Spec is not usable; the kit makes them.
type Spec struct {
	t    *layout
	when []condition // what must hold for everything declared through this Spec
}

// layout is everything a Spec has collected.
type layout struct {
	title, doc, category string
	aliases              []string
	fields               []*Field
	room                 []Field // where fields are made; a bound node's layout knows how many come
	branches             []branch
	effects              []effectRule
	examples             []Example
	bound                bool // of a step, not of the type
	control              bool
	forks, joins         *Field // config that names the step at the other end; nil where none
	final                bool
	portsOf              func(ctx context.Context, config *value.Dict, docs Documents) (in, out []string, err error)
	parted               bool       // other steps hold parts of its construct
	part                 *partRule  // of another step's construct; nil for none
	retries              *retryRule // nil when the type declares none
}

// condition holds while a parameter has one of some values.
type condition struct {
	param *Field
	in    []Value
}

// branch is one port, or one rule for ports, that control leaves by.
type branch struct {
	name string // the port, or the format of a rule
	each *Field // a port per element of this list
	// count: a port for each number up to this one
	count *Field
	body  ScopeKind
	when  []condition
}

type effectRule struct {
	effect Effect
	when   []condition
}

// Example is a use of the type that documentation shows and the conformance test runs.
type Example struct {
	Name   string
	Given  Values            // config
	Wired  Values            // values arriving by wire
	Vars   Values            // variables before
	Wanted Values            // outputs afterwards; those not named are not looked at
	Sets   Values            // variables afterwards
	Next   []string          // ports taken; nil is not looked at
	Fails  string            // the error contains this; "" means it succeeds
	Files  map[string]string // text files in the workspace before; every example has a workspace of its own
}

// Values is a literal of named values for Or and Example; Go ints, []any and map[string]any are taken for the kinds they stand for.
type Values map[string]any

// newSpec asks a node for its layout; like is that of the type, nil when it is not known yet.
func newSpec(n Node, like *layout) *layout {
	t := &layout{}
	if like != nil {
		t.bound = true
		t.fields, t.room = make([]*Field, 0, len(like.fields)), make([]Field, 0, len(like.fields))
		t.branches, t.examples = make([]branch, 0, len(like.branches)), make([]Example, 0, len(like.examples))
	}
	n.Spec(&Spec{t: t})
	return t
}

// Describe gives the title the palette shows and one or more sentences on what the step does.
func (s *Spec) Describe(title, doc string) { s.t.title, s.t.doc = title, doc }

// Category places the type in the palette, as "control_flow".
func (s *Spec) Category(path string) { s.t.category = path }

// Alias lets documents use other names for the type.
func (s *Spec) Alias(types ...string) { s.t.aliases = append(s.t.aliases, types...) }

// Control makes the step run each time control reaches it; other steps run once per scope. A type with a Body is always so.
func (s *Spec) Control() { s.t.control = true }

// Effect says what running the step does to the world. A type that says nothing is Idempotent.
func (s *Spec) Effect(e Effect) {
	s.t.effects = append(s.t.effects, effectRule{effect: e, when: s.when})
}

// Example adds a use of the type.
func (s *Spec) Example(e Example) { s.t.examples = append(s.t.examples, e) }

// Examples adds many uses of the type. They are made for the catalogue only, not for each step that is bound.
func (s *Spec) Examples(list func() []Example) {
	if !s.t.bound {
		s.t.examples = append(s.t.examples, list()...)
	}
}

// When returns a Spec whose fields, ports and effect exist only while the parameter, declared before, has one of the values.
func (s *Spec) When(param string, values ...any) *Spec {
	f := s.t.param(param)
	if f == nil {
		panic(fmt.Sprintf("node: When(%q) before that parameter is declared", param))
	}
	c := condition{param: f, in: make([]Value, len(values))}
	for i, v := range values {
		c.in[i] = literal(v)
	}
	return &Spec{t: s.t, when: append(slices.Clone(s.when), c)}
}

// Branch declares ports that control may leave by. They open nothing. A type that declares no branch and no body has exec_out.
func (s *Spec) Branch(ports ...string) {
	for _, p := range ports {
		s.t.branches = append(s.t.branches, branch{name: p, when: s.when})
	}
}

// Body declares a port that opens a scope; the type must be a Resumer.
func (s *Spec) Body(port string, kind ScopeKind) {
	s.t.branches = append(s.t.branches, branch{name: port, body: kind, when: s.when})
}

// BranchEach declares one port per element of a list parameter declared before: format is "case_%s", for the printed element. A
// wire may also use the element's index, as case_0.
func (s *Spec) BranchEach(format, listParam string) {
	f := s.t.param(listParam)
	if f == nil || f.kind != KindList {
		panic(fmt.Sprintf("node: BranchEach over %q, which is no list declared before", listParam))
	}
	s.t.branches = append(s.t.branches, branch{name: format, each: f, when: s.when})
}

// String binds a text.
func (s *Spec) String(role Role, p *string, name string) *Field { return bindText(s, role, p, name) }

// Text binds a text that is edited over several lines.
func (s *Spec) Text(role Role, p *string, name string) *Field {
	return bindText(s, role, p, name).Widget("text")
}

// Choice binds a text for which the designer offers a list. Another text is refused only with Strict.
func (s *Spec) Choice(role Role, p *string, name string, choices ...string) *Field {
	f := bindText(s, role, p, name).Widget("choice")
	f.choices = choices
	return f
}

// Int binds a whole number.
func (s *Spec) Int(role Role, p *int64, name string) *Field {
	return bind(s, role, KindInt, p, name)
}

// Float binds a number.
func (s *Spec) Float(role Role, p *float64, name string) *Field {
	return bind(s, role, KindFloat, p, name)
}

// Bool binds a truth value.
func (s *Spec) Bool(role Role, p *bool, name string) *Field {
	return bind(s, role, KindBool, p, name)
}

// List binds a list. With Each it collects the values of several ports.
func (s *Spec) List(role Role, p *value.List, name string) *Field {
	return bind(s, role, KindList, p, name)
}

// Bytes binds binary content. A text that arrives becomes its bytes in UTF-8.
func (s *Spec) Bytes(role Role, p *value.Bytes, name string) *Field {
	return bind(s, role, KindBytes, p, name)
}

// Dict binds a dict. With Each it collects the values of several ports by their number.
func (s *Spec) Dict(role Role, p **value.Dict, name string) *Field {
	return bind(s, role, KindDict, p, name)
}

// Any binds a value of any kind. As an output nil means not set.
func (s *Spec) Any(role Role, p *Value, name string) *Field {
	f := s.add(role, KindAny, name)
	f.set = func(v Value) { *p = v }
	f.get = func() (Value, bool) { return *p, *p != nil }
	return f
}

// Secret binds a text that is never shown: in the form, a variable or an output it is a value.Secret, and only Reveal gives the text.
// An unset one reveals "".
func (s *Spec) Secret(role Role, p *value.Secret, name string) *Field {
	return bind(s, role, KindSecret, p, name).Widget("password")
}

// Expr binds an expression. The text in the config is compiled once per step and never template-resolved; a value that arrives by
// wire, or is not a text, stands for itself.
func (s *Spec) Expr(role Role, p *Expr, name string) *Field {
	f := s.add(role, KindExpr, name)
	f.set = func(v Value) { *p, _ = v.(Expr) }
	f.get = func() (Value, bool) { return nil, false }
	return f
}

// Maybe binds a value that may be unset.
func Maybe[T string | int64 | float64 | bool | value.Bytes | value.List | *value.Dict](s *Spec, role Role, p *Opt[T], name string) *Field {
	f := s.add(role, kindOf(p.V), name)
	f.set = func(v Value) { p.V, p.Set = v.(T) }
	f.get = func() (Value, bool) { return p.V, p.Set }
	return f
}

func kindOf(v any) Kind {
	switch v.(type) {
	case string:
		return KindText
	case int64:
		return KindInt
	case float64:
		return KindFloat
	case bool:
		return KindBool
	case value.Bytes:
		return KindBytes
	case value.List:
		return KindList
	case *value.Dict:
		return KindDict
	}
	return KindAny
}

func bindText(s *Spec, role Role, p *string, name string) *Field {
	return bind(s, role, KindText, p, name)
}

func bind[T any](s *Spec, role Role, kind Kind, p *T, name string) *Field {
	f := s.add(role, kind, name)
	f.set = func(v Value) { *p, _ = v.(T) }
	f.get = func() (Value, bool) { return *p, true }
	return f
}

// add declares a field; a name may stand once per direction, unless conditions keep the two apart.
func (s *Spec) add(role Role, kind Kind, name string) *Field {
	for _, f := range s.t.fields {
		if f.name == name && (f.role == Out) == (role == Out) && len(f.when) == 0 && len(s.when) == 0 {
			panic(fmt.Sprintf("node: field %q is declared twice", name))
		}
	}
	if len(s.t.room) == cap(s.t.room) {
		s.t.room = make([]Field, 0, 8) // fields already handed out stay where they are
	}
	s.t.room = append(s.t.room, Field{name: name, role: role, kind: kind, when: s.when})
	f := &s.t.room[len(s.t.room)-1]
	s.t.fields = append(s.t.fields, f)
	return f
}

// param finds a field with a form entry.
func (t *layout) param(name string) *Field {
	for _, f := range t.fields {
		if f.name == name && (f.role == In || f.role == Param) {
			return f
		}
	}
	return nil
}

// holds says whether every condition is met by the fields as they are bound now.
func holds(when []condition) bool {
	for _, c := range when {
		v, _ := c.param.get()
		if !slices.ContainsFunc(c.in, func(in Value) bool { return value.Equal(in, v) }) {
			return false
		}
	}
	return true
}

// literal turns what a Go program writes into a value. It panics on a kind that no value has.
func literal(v any) Value {
	switch v := v.(type) {
	case Values:
		return v.Dict()
	case []any:
		list := make(value.List, len(v))
		for i, item := range v {
			list[i] = literal(item)
		}
		return list
	}
	out, err := value.From(v)
	if err != nil {
		panic(fmt.Sprintf("node: %v", err))
	}
	return out
}

// Dict returns the values sorted by name.
func (vs Values) Dict() *value.Dict {
	b := value.NewDict()
	for _, name := range slices.Sorted(maps.Keys(vs)) {
		b.Set(name, literal(vs[name]))
	}
	return b.Dict()
}
