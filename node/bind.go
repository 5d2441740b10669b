package node

import (
	"cmp"
	"context"
	"fmt"
	"reflect"
	"runtime/debug"
	"strings"

	"github.com/fxamacker/cbor/v2"

	"casare/value"
	"casare/workflow"
	"casare/workflow/template"
)

// Bound is a step with its node, ready to be executed any number of times, one at a time. It belongs to one run and one branch of it.
type Bound struct {
	typ     *nodeType
	step    string
	config  *value.Dict
	node    Node
	zero    reflect.Value // the struct behind node
	resumer Resumer       // nil when the type is none
	spec    *layout
	inputs  []input
	outputs []*Field
	effect  Effect
	control bool
}

// Bind makes the node of a step. The problems are what its config says wrongly: those that are no warnings keep the step from ever
// running, and then Bound is nil. A disabled step binds as any other; the engine does not execute it.
func (r *Registry) Bind(step *workflow.Step) (*Bound, []workflow.Problem) {
	t := r.lookup(step.Type)
	if t == nil {
		return nil, []workflow.Problem{unknownType(step)}
	}
	n := t.create()
	b := &Bound{
		typ: t, step: step.ID, config: step.Config, node: n, zero: reflect.ValueOf(n).Elem(),
		spec: newSpec(n, t.spec), control: t.spec.control || t.hasBody(),
	}
	b.resumer, _ = n.(Resumer)
	b.inputs = make([]input, 0, len(b.spec.fields))
	var problems []workflow.Problem
	for i, f := range b.spec.fields {
		if f.role == Out {
			b.outputs = append(b.outputs, f)
			continue
		}
		in := newInput(f, t.ports[i], step.Config)
		if text := in.problem(); text != "" && b.possible(f.when) {
			problems = append(problems, workflow.Problem{
				Code: workflow.CodeInvalidConfig, Step: step.ID, Field: "config." + f.name, Warning: true,
				Message: fmt.Sprintf("step %s: %s", step.ID, text),
			})
		}
		b.inputs = append(b.inputs, in)
	}
	effect, problem := b.effectOf(step)
	b.effect = effect
	if problem != nil {
		problems = append(problems, *problem)
	}
	return b, problems
}

// Type returns the registry's name of the step's type.
func (b *Bound) Type() string { return b.typ.name }

// Effect says what running the step does to the world, with its present config.
func (b *Bound) Effect() Effect { return b.effect }

// Control says whether the step runs each time control reaches it, rather than once per scope.
func (b *Bound) Control() bool { return b.control }

// Exec runs the step. in holds the values that arrive by wire, by port; a null is as good as none, and names that are no ports are
// ignored. The error, if any, is an *Error, and the Outcome then carries the outputs for the case that the error's port is wired.
func (b *Bound) Exec(ctx context.Context, host Host, in map[string]Value) (Outcome, error) {
	return b.do(ctx, &Run{bound: b, host: host}, in, nil)
}

// Resume runs the step again for the event. in is bound anew, saved is that of the Outcome that opened the scope or slept.
func (b *Bound) Resume(ctx context.Context, host Host, in map[string]Value, saved Saved, e Event) (Outcome, error) {
	if b.resumer == nil {
		return Outcome{}, AsError(fmt.Errorf("a %s cannot be resumed", b.typ.name), b.step)
	}
	return b.do(ctx, &Run{bound: b, host: host, saved: saved}, in, &e)
}

func (b *Bound) do(ctx context.Context, r *Run, in map[string]Value, e *Event) (Outcome, error) {
	b.zero.SetZero()
	r.wires = in
	if err := b.bindInputs(r, in); err != nil {
		return Outcome{Outputs: r.conceal(b.collect(false))}, AsError(NoEffect(err), b.step) // as they are: found is false, count is 0
	}
	err := b.call(ctx, r, e)
	r.out.Outputs = r.conceal(r.plus(b.collect(r.keep)))
	if err == nil {
		err = b.finish(r)
	}
	if err != nil {
		return Outcome{Outputs: r.out.Outputs}, AsError(err, b.step)
	}
	return r.out, nil
}

// call runs the node's method. A panic in one node type must not take the other jobs of the robot down.
func (b *Bound) call(ctx context.Context, r *Run, e *Event) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &Error{
				Type:    TypePanic,
				Message: fmt.Sprintf("the node type %s has a bug: %v", b.typ.name, p),
				Cause:   fmt.Errorf("panic: %v\n%s", p, debug.Stack()),
			}
		}
	}()
	if e != nil {
		return b.resumer.Resume(ctx, r, *e)
	}
	return b.node.Run(ctx, r)
}

// given resolves what the config says under a name.
func (b *Bound) given(host Host, name string) (Value, bool) {
	v, ok := b.config.Get(name)
	if !ok {
		return nil, false
	}
	return template.Resolve(v, host), true
}

// plus adds the outputs that are no fields.
func (r *Run) plus(outputs *value.Dict) *value.Dict {
	if r.more == nil {
		return outputs
	}
	if outputs == nil {
		return r.more.Dict()
	}
	all := outputs.Edit()
	for k, v := range r.more.Dict().All() {
		all.Set(k, v)
	}
	return all.Dict()
}

// collect reads the outputs; nil when the type has none or Run asked to keep them.
func (b *Bound) collect(keep bool) *value.Dict {
	if keep || len(b.outputs) == 0 {
		return nil
	}
	out := value.NewDict()
	for _, f := range b.outputs {
		if f.when != nil && !holds(f.when) {
			continue
		}
		if v, ok := f.get(); ok && v != nil {
			out.Set(f.name, v)
		}
	}
	return out.Dict()
}

// finish completes the outcome of a node that has run well.
func (b *Bound) finish(r *Run) error {
	switch {
	case r.out.Sleep > 0 && b.resumer == nil:
		return fmt.Errorf("a %s sleeps but cannot be resumed", b.typ.name)
	case r.out.Open != "" && !b.typ.opens(r.out.Open) && !r.part:
		return fmt.Errorf("a %s has no body %s", b.typ.name, r.out.Open)
	case (r.out.Each != nil || r.out.Call != nil && !r.out.Call.Detached) && b.resumer == nil:
		return fmt.Errorf("a %s starts branches but cannot be resumed", b.typ.name)
	case r.out.Open != "" || r.out.Sleep > 0 || r.out.Each != nil || r.out.Call != nil && !r.out.Call.Detached:
		r.out.Saved.Kept = r.saved.Kept
		if r.state == nil {
			return nil
		}
		state, err := cbor.Marshal(r.state)
		if err != nil {
			return fmt.Errorf("save state: %w", err)
		}
		r.out.Saved.State = state
		return nil
	}
	if !r.taken && b.typ.leaves(workflow.PortOut) {
		r.out.Next = execOut
	}
	if r.out.Or = r.or; r.or == nil {
		r.out.Or = b.otherNames(r.out.Next)
	}
	return nil
}

// execOut is the Next of every ordinary step. Nobody changes it.
var execOut = []string{workflow.PortOut}

// effectOf is the strongest effect the config allows: a parameter that a template decides may have any value.
func (b *Bound) effectOf(step *workflow.Step) (Effect, *workflow.Problem) {
	if own, ok := step.Config.Get("_effect"); ok && own != nil {
		for _, e := range Effects() {
			if e.String() == own {
				return e, nil
			}
		}
		return Once, &workflow.Problem{
			Code: workflow.CodeInvalidConfig, Step: step.ID, Field: "config._effect",
			Message: fmt.Sprintf("step %s: _effect is %s, not pure, read, idempotent or once", step.ID, value.Repr(own)),
		}
	}
	var effect Effect
	for _, rule := range b.spec.effects {
		if b.possible(rule.when) {
			effect = max(effect, rule.effect)
		}
	}
	if effect == 0 {
		effect = Idempotent
	}
	return effect, nil
}

// possible says whether conditions can hold with the config, whatever arrives by wire or template.
func (b *Bound) possible(when []condition) bool {
	for _, c := range when {
		in := b.input(c.param)
		if in == nil || c.param.wired() || in.dynamic {
			continue
		}
		fixed := condition{param: &Field{get: func() (Value, bool) { return in.constant, true }}, in: c.in}
		if !holds([]condition{fixed}) {
			return false
		}
	}
	return true
}

func (b *Bound) input(f *Field) *input {
	for i := range b.inputs {
		if b.inputs[i].field == f {
			return &b.inputs[i]
		}
	}
	return nil
}

// input is one input field with what the config says about it.
type input struct {
	field    *Field
	ports    []string  // names a wire may use
	config   []Value   // per port; nil where the config says nothing
	dynamic  bool      // a template decides
	constant Value     // accepted config or default, where nothing else decides
	err      error     // why the config is not accepted
	code     *compiled // of an expression
}

func newInput(f *Field, ports []string, config *value.Dict) input {
	in := input{field: f, ports: ports, config: make([]Value, len(ports))}
	var first Value
	if f.configured() && config != nil {
		for i, name := range ports {
			v, _ := config.Get(name)
			if v == "" && f.blank {
				v = nil
			}
			in.config[i] = v
			if first == nil {
				first = v
			}
			in.dynamic = in.dynamic || !f.raw && f.kind != KindExpr && len(template.Paths(v)) > 0
		}
	}
	if text, ok := first.(string); ok && f.kind == KindExpr && strings.TrimSpace(text) != "" {
		in.code = compile(text)
		in.err = in.code.err
	}
	_, isText := first.(string)
	if named := isText && f.naming != noName; !in.dynamic && !named && f.each == nil && f.kind != KindExpr {
		in.constant, in.err = f.accept(first)
	}
	return in
}

// problem says what is wrong with the config, "" for nothing.
func (in *input) problem() string {
	switch {
	case in.err != nil:
		return in.err.Error()
	case in.dynamic || in.constant == nil || in.field.kind == KindExpr:
		return ""
	}
	if reason := in.field.advise(in.constant); reason != "" {
		return fmt.Sprintf("input '%s': %s", in.field.name, reason)
	}
	return ""
}

func (b *Bound) bindInputs(r *Run, in map[string]Value) error {
	for i := range b.inputs {
		n := &b.inputs[i]
		f := n.field
		if f.when != nil && !holds(f.when) {
			continue
		}
		v, err := n.value(r, in)
		if err != nil {
			return err
		}
		if f.must && (v == nil || v == "") {
			return Fail(TypeInput, "%s", cmp.Or(f.missing, "required input '"+f.name+"' has no value"))
		}
		if v != nil {
			f.set(v)
		}
	}
	return nil
}

// value returns what the field is given this time: wire, else config, else default.
func (in *input) value(r *Run, wires map[string]Value) (Value, error) {
	f, host := in.field, r.host
	if f.each != nil {
		v := in.collect(host, wires)
		return r.plain(f, v), nil
	}
	v, byWire := in.wire(wires)
	if f.kind == KindExpr {
		return in.expression(v), nil
	}
	switch {
	case byWire:
	case in.dynamic:
		v = f.named(host, template.Resolve(in.first(), host))
	case f.naming != noName:
		v = f.named(host, in.first())
	default:
		return in.constant, in.err
	}
	return f.accept(r.plain(f, v))
}

// wire returns the first value that arrives on one of the field's ports.
func (in *input) wire(wires map[string]Value) (Value, bool) {
	if len(wires) == 0 || !in.field.wired() {
		return nil, false
	}
	for _, name := range in.ports {
		if v := wires[name]; v != nil {
			return v, true
		}
	}
	return nil, false
}

// first returns the first thing the config says.
func (in *input) first() Value {
	for _, v := range in.config {
		if v != nil {
			return v
		}
	}
	return nil
}

func (in *input) expression(wire Value) Value {
	if wire != nil {
		return given(wire, nil)
	}
	v := in.first()
	if text, ok := v.(string); v == nil || ok && strings.TrimSpace(text) == "" {
		return nil // a form left blank
	}
	return given(v, in.code)
}

// collect gathers the values of a variadic field, numbered from 1, without nulls.
func (in *input) collect(host Host, wires map[string]Value) Value {
	list, dict := value.List{}, value.NewDict()
	for n := range in.field.each.max {
		v := in.numbered(host, wires, n)
		switch {
		case v == nil:
		case in.field.kind == KindList:
			list = append(list, v)
		default:
			dict.Set(int64(n+1), v)
		}
	}
	if in.field.kind == KindList {
		return list
	}
	return dict.Dict()
}

// numbered returns what a variadic field is given under its n-th port, or under another name of it.
func (in *input) numbered(host Host, wires map[string]Value, n int) Value {
	for i := n; i < len(in.ports); i += in.field.each.max {
		if w := wires[in.ports[i]]; w != nil && in.field.wired() {
			return w
		}
		if v := in.config[i]; v != nil {
			if in.dynamic {
				v = template.Resolve(v, host)
			}
			return in.field.named(host, v)
		}
	}
	return nil
}

// named returns the variable that a text of the config names, by the field's rule.
func (f *Field) named(host Host, v Value) Value {
	text, ok := v.(string)
	if !ok || f.naming == noName || text == "" && f.naming != nameOrNumber {
		return v
	}
	name := strings.TrimSpace(text)
	if inner, ok := strings.CutPrefix(name, "{{"); ok {
		name = strings.TrimSpace(strings.TrimSuffix(inner, "}}"))
	} else if f.naming == exactNameOrText {
		name = text
	}
	if found, ok := host.Lookup(name); ok && found != nil {
		return found
	}
	switch f.naming {
	case noName, nameOrText, exactNameOrText:
	case onlyName:
		return nil
	case nameOrNumber:
		if _, err := value.ToFloat(text); err != nil {
			return nil
		}
	}
	return v
}
