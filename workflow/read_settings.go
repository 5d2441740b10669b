package workflow

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"casare/value"
)

// maxStepTimeout bounds what a document may ask for; longer waits are durable timers, not running steps.
const maxStepTimeout = 30 * 24 * time.Hour

// maxRetries bounds how often a step is tried again.
const maxRetries = 100

// variables reads "variables", an object or a list, and the default_variables of a template, which do not override.
func (r *reader) variables(top *value.Dict) {
	taken := make(map[string]bool)
	for _, key := range []string{"variables", "default_variables"} {
		val, _ := top.Get(key)
		switch val := val.(type) {
		case nil:
		case *value.Dict:
			for name, def := range val.All() {
				r.variable(value.Str(name), def, taken)
			}
		case value.List:
			for i, def := range val {
				r.listed(fmt.Sprintf("%s[%d]", key, i), def, taken)
			}
		default:
			r.fail(Problem{
				Code: CodeInvalidType, Field: key,
				Message: fmt.Sprintf("The key %q is %s, neither an object nor a list.", key, kind(val)),
			})
		}
	}
}

// listed reads a variable that stands in a list and so carries its name.
func (r *reader) listed(place string, def value.Value, taken map[string]bool) {
	d, _ := def.(*value.Dict)
	var name string
	if d != nil {
		name, _ = first(d.Get("name")).(string)
	}
	if name == "" {
		r.fail(Problem{
			Code: CodeInvalidVariable, Field: place,
			Message: fmt.Sprintf("The variable %s is not an object with a name.", place),
		})
		return
	}
	if !taken[name] {
		taken[name] = true
		r.doc.Variables = append(r.doc.Variables, declared(name, d))
	}
}

// variable reads a variable of an object: a declaration, or a plain value.
func (r *reader) variable(name string, def value.Value, taken map[string]bool) {
	taken[name] = true
	if d, ok := def.(*value.Dict); ok && isDeclaration(name, d) {
		r.doc.Variables = append(r.doc.Variables, declared(name, d))
		return
	}
	r.doc.Variables = append(r.doc.Variables, Variable{Name: name, Type: "Any", Default: def})
}

// declarationKeys are the keys a declaration may have in any of the formats.
var declarationKeys = []string{
	"name", "type", "data_type", "default_value", "value", "description", "sensitive", "readonly", "required", "scope", "is_sensitive", "is_readonly",
}

// isDeclaration tells {"name": "x", "type": "Integer", "default_value": 5} from a plain value that is an object itself.
func isDeclaration(name string, d *value.Dict) bool {
	has := func(key string) bool {
		_, ok := d.Get(key)
		return ok
	}
	if has("default_value") {
		return true
	}
	for key := range d.All() {
		if text, _ := key.(string); !slices.Contains(declarationKeys, text) {
			return false
		}
	}
	if has("name") {
		return first(d.Get("name")) == name
	}
	return has("value") || has("type") || has("data_type")
}

func declared(name string, d *value.Dict) Variable {
	f := &fields{from: d, rest: d.Edit()}
	f.rest.Delete("name")
	v := Variable{Name: name, Type: f.text("type", "data_type"), Description: f.text("description")}
	if v.Type == "" {
		v.Type = "Any"
	}
	key := "value"
	if _, has := d.Get("default_value"); has {
		key = "default_value"
	}
	v.Default, _ = d.Get(key)
	f.rest.Delete(key)
	v.Sensitive, _ = asBool(first(d.Get("sensitive")))
	v.ReadOnly, _ = asBool(first(d.Get("readonly")))
	for _, key := range []string{"type", "description", "sensitive", "readonly"} {
		f.rest.Delete(key)
	}
	if rest := f.rest.Dict(); rest.Len() > 0 {
		v.Raw = rest
	}
	return v
}

// settings reads how a run behaves. execution_settings stand for the whole where they are present; settings count where they are
// absent; the default_settings of a template come last. retry_count exists in the latter two only,
// cleanup (ours) counts wherever it stands.
func (r *reader) settings(top *value.Dict) {
	s := &r.doc.Settings
	exec := r.group(top, "execution_settings")
	plain := r.group(top, "settings")
	tmpl := r.group(top, "default_settings")

	if exec.from.Len() > 0 {
		r.flag(exec, "stop_on_error", &s.StopOnError)
		goOn := !s.StopOnError
		r.flag(exec, "continue_on_error", &goOn)
		s.StopOnError = !goOn
		r.timeout(exec, "node_timeout", &s.StepTimeout)
	}
	// Read even where they do not count, so that the saved document holds each setting once.
	ignored := DefaultSettings()
	into := func(use bool) *Settings {
		if use {
			return s
		}
		return &ignored
	}
	use := exec.from.Len() == 0
	target := into(use && plain.from.Len() == 0)
	r.flag(tmpl, "stop_on_error", &target.StopOnError)
	r.timeout(tmpl, "timeout_seconds", &target.StepTimeout)
	r.retries(tmpl, &s.RetryCount)
	target = into(use)
	r.flag(plain, "stop_on_error", &target.StopOnError)
	r.timeout(plain, "timeout", &target.StepTimeout)
	r.retries(plain, &s.RetryCount)
	for _, g := range []*group{tmpl, plain, exec} {
		r.flag(g, "cleanup", &s.Cleanup)
	}
	for _, g := range []*group{exec, plain} {
		r.word(g, "durability", &s.Strict, "normal", "strict")
		r.word(g, "isolation", &s.Fence, "continue", "stop")
		r.timeout(g, "isolation_wait", &s.IsolationWait)
	}
	for _, g := range []*group{exec, plain, tmpl} {
		if rest := g.rest.Dict(); rest.Len() > 0 {
			r.keep.Set(g.name, rest)
		}
	}
}

// group is one of the objects that hold settings.
type group struct {
	fields
	name string
}

func (r *reader) group(top *value.Dict, name string) *group {
	d, ok := dictAt(top, name)
	if !ok {
		if val, _ := top.Get(name); val != nil {
			r.fail(Problem{
				Code: CodeInvalidType, Field: name,
				Message: fmt.Sprintf("The key %q is %s, not an object.", name, kind(val)),
			})
		}
		d = value.NewDict().Dict()
	}
	return &group{fields: fields{from: d, rest: d.Edit()}, name: name}
}

// take returns a setting and whether it is set.
func (g *group) take(key string) (value.Value, bool) {
	val, _ := g.from.Get(key)
	g.rest.Delete(key)
	return val, val != nil
}

// unusable warns of a setting that is left at what it was.
func (r *reader) unusable(g *group, key, wanted string) {
	r.warn(Problem{
		Code: CodeInvalidSetting, Field: g.name + "." + key,
		Message: fmt.Sprintf("The setting %s.%s is not %s and is ignored.", g.name, key, wanted),
	})
}

func (r *reader) flag(g *group, key string, into *bool) {
	val, set := g.take(key)
	if !set {
		return
	}
	b, ok := asBool(val)
	if !ok {
		r.unusable(g, key, "true or false")
		return
	}
	*into = b
}

// word reads a setting that is one of two words.
func (r *reader) word(g *group, key string, into *bool, off, on string) {
	val, set := g.take(key)
	if !set {
		return
	}
	switch val {
	case off:
		*into = false
	case on:
		*into = true
	default:
		r.unusable(g, key, strconv.Quote(off)+" or "+strconv.Quote(on))
	}
}

func (r *reader) timeout(g *group, key string, into *time.Duration) {
	val, set := g.take(key)
	if !set {
		return
	}
	seconds, ok := asFloat(val)
	if !ok || seconds <= 0 || seconds > maxStepTimeout.Seconds() {
		r.unusable(g, key, fmt.Sprintf("a number of seconds between 0 and %d", int(maxStepTimeout.Seconds())))
		return
	}
	// Whole microseconds: they survive being written as a decimal number of seconds.
	*into = max(time.Microsecond, time.Duration(math.Round(seconds*1e6))*time.Microsecond)
}

func (r *reader) retries(g *group, into *int) {
	val, set := g.take("retry_count")
	if !set {
		return
	}
	n, ok := asFloat(val)
	if !ok || n != math.Trunc(n) || n < 0 || n > maxRetries {
		r.unusable(g, "retry_count", fmt.Sprintf("a whole number between 0 and %d", maxRetries))
		return
	}
	*into = int(n)
}
