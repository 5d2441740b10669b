package expr

import (
	"strings"

	"casare/value"
)

// args are the arguments of a call.
type args struct {
	name  string // of the function, for errors
	pos   []any
	named map[string]any
	names []string // of named, as written
}

func (n *call) eval(m *machine) (any, error) {
	switch fn := n.fn.(type) {
	case *nameRef: // functions have a name space of their own: a variable called len does not hide len()
		if f := function(fn.name); f != nil {
			a, err := n.args1(m, fn.name)
			if err != nil {
				return nil, err
			}
			return f.fn(m, a)
		}
	case *attribute:
		recv, err := m.eval(fn.x)
		if err != nil {
			return nil, err
		}
		if _, isType := recv.(*callable); !isType {
			a, err := n.args1(m, fn.name)
			if err != nil {
				return nil, err
			}
			return m.callMethod(recv, fn.name, a)
		}
	}
	v, err := m.eval(n.fn)
	if err != nil {
		return nil, err
	}
	a, err := n.args1(m, "")
	if err != nil {
		return nil, err
	}
	return m.apply(v, a)
}

// apply calls what an expression gave.
func (m *machine) apply(v any, a *args) (any, error) {
	f, ok := v.(*callable)
	if !ok {
		return nil, typeError("'%s' object is not callable", typeName(v))
	}
	a.name = f.name
	return f.fn(m, a)
}

// apply1 calls a function with one argument: the key of sorted(), the function of map().
func (m *machine) apply1(v, arg any) (any, error) {
	if err := m.step(2); err != nil {
		return nil, err
	}
	return m.apply(v, &args{pos: []any{arg}})
}

// args1 evaluates the arguments.
func (n *call) args1(m *machine, name string) (*args, error) {
	a := &args{name: name}
	if len(n.args) > 0 {
		a.pos = make([]any, 0, len(n.args))
	}
	for _, arg := range n.args {
		if _, ok := arg.(*starred); ok {
			if err := m.each([]node{arg}, func(v any) error {
				a.pos = append(a.pos, v)
				return nil
			}); err != nil {
				return nil, err
			}
			continue
		}
		v, err := m.eval(arg)
		if err != nil {
			return nil, err
		}
		a.pos = append(a.pos, v)
	}
	for i, node := range n.named {
		v, err := m.eval(node)
		if err != nil {
			return nil, err
		}
		if err := a.setNamed(m, n.names[i], v); err != nil {
			return nil, err
		}
	}
	return a, nil
}

func (a *args) setNamed(m *machine, name string, v any) error {
	if a.named == nil {
		a.named = map[string]any{}
	}
	if name != "" {
		if _, twice := a.named[name]; twice {
			return typeError("keyword argument repeated: %s", name)
		}
		a.named[name] = v
		a.names = append(a.names, name)
		return nil
	}
	d, ok := v.(*value.Dict)
	if !ok {
		return typeError("argument after ** must be a mapping, not %s", typeName(v))
	}
	for k, item := range d.All() {
		key, ok := k.(string)
		if !ok {
			return typeError("keywords must be strings")
		}
		if err := m.slots(6); err != nil {
			return err
		}
		if err := a.setNamed(m, key, item); err != nil {
			return err
		}
	}
	return nil
}

// check refuses a wrong number of positional arguments and unknown named ones.
func (a *args) check(least, most int, names ...string) error {
	n := len(a.pos)
	switch {
	case n < least && least == most:
		return typeError("%s() takes exactly %d argument%s (%d given)", a.name, least, plural(least), n)
	case n < least:
		return typeError("%s() takes at least %d argument%s (%d given)", a.name, least, plural(least), n)
	case most >= 0 && n > most:
		return typeError("%s() takes at most %d argument%s (%d given)", a.name, most, plural(most), n)
	}
	for name := range a.named {
		known := false
		for _, allowed := range names {
			known = known || name == allowed
		}
		if !known {
			return typeError("%s() got an unexpected keyword argument '%s'", a.name, name)
		}
	}
	return nil
}

func plural(n int) string {
	if n == 1 {
		return ""
	}
	return "s"
}

// opt returns argument i, given by place or by name, or def.
func (a *args) opt(i int, name string, def any) any {
	if i >= 0 && i < len(a.pos) {
		return a.pos[i]
	}
	if v, ok := a.named[name]; ok {
		return v
	}
	return def
}

// text returns argument i as a text.
func (a *args) text(i int, name string, def any) (string, error) {
	v := a.opt(i, name, def)
	s, ok := v.(string)
	if !ok {
		return "", typeError("%s() argument %d must be str, not %s", a.name, i+1, typeName(v))
	}
	return s, nil
}

// integer returns argument i as an int that fits a machine.
func (a *args) integer(i int, name string, def any) (int, error) {
	v := a.opt(i, name, def)
	n, ok := asInt64(v)
	if !ok {
		return 0, typeError("'%s' object cannot be interpreted as an integer", typeName(v))
	}
	const most = 1 << 40
	return int(max(min(n, most), -most)), nil
}

func (n *attribute) eval(m *machine) (any, error) {
	x, err := m.eval(n.x)
	if err != nil {
		return nil, err
	}
	if t, ok := x.(*callable); ok {
		return typeAttribute(t, n.name)
	}
	if f := method(x, n.name); f != nil {
		return &callable{name: n.name, fn: func(m *machine, a *args) (any, error) { return m.callMethod(x, n.name, a) }}, nil
	}
	if d, ok := x.(*value.Dict); ok {
		if v, ok := d.Get(n.name); ok {
			return v, nil
		}
		return nil, value.Faultf(value.AttributeError, "'dict' object has no attribute or key '%s'", n.name)
	}
	return nil, noAttribute(x, n.name)
}

func noAttribute(x any, name string) error {
	return value.Faultf(value.AttributeError, "'%s' object has no attribute '%s'", typeName(x), name)
}

// typeAttribute is str.upper and the like: a method without its object.
func typeAttribute(t *callable, name string) (any, error) {
	if name == "__name__" {
		return t.name, nil
	}
	sample, ok := samples[t.name]
	if !ok || method(sample, name) == nil {
		return nil, value.Faultf(value.AttributeError, "type object '%s' has no attribute '%s'", t.name, name)
	}
	return &callable{name: name, fn: func(m *machine, a *args) (any, error) {
		if len(a.pos) == 0 || typeName(a.pos[0]) != t.name {
			return nil, typeError("%s.%s() needs a %s as its first argument", t.name, name, t.name)
		}
		return m.callMethod(a.pos[0], name, &args{name: name, pos: a.pos[1:], named: a.named})
	}}, nil
}

// samples stand for the types whose methods can be named without an object.
var samples = map[string]any{
	"str": "", "int": int64(0), "float": 0.0, "list": value.List{}, "tuple": tuple{}, "dict": &value.Dict{}, "set": &set{},
}

// callMethod calls a method of a value. Where a secret takes part the result is secret.
func (m *machine) callMethod(x any, name string, a *args) (any, error) {
	a.name = name
	f := method(x, name)
	if f == nil {
		if d, ok := x.(*value.Dict); ok {
			if v, ok := d.Get(name); ok {
				return m.apply(v, a)
			}
		}
		if mutating[name] {
			return nil, value.Faultf(value.AttributeError, "%s() would change the %s, which an expression cannot", name, typeName(x))
		}
		return nil, noAttribute(x, name)
	}
	plain, secret := reveal(x), isSecret(x)
	if _, isText := plain.(string); isText && name != "format" && name != "join" {
		for i, arg := range a.pos {
			if s, ok := arg.(value.Secret); ok {
				secret = true
				a.pos[i] = s.Reveal()
			}
		}
		for key, arg := range a.named {
			secret = secret || isSecret(arg)
			a.named[key] = reveal(arg)
		}
	}
	v, err := f(m, plain, a)
	if err != nil && secret {
		return nil, value.Faultf(value.KindOf(err), "%s() of a secret failed", name)
	}
	if secret {
		return taint(v), nil
	}
	return v, err
}

var mutating = map[string]bool{
	"append": true, "extend": true, "insert": true, "remove": true, "pop": true, "clear": true, "sort": true, "reverse": true,
	"update": true, "setdefault": true, "popitem": true, "add": true, "discard": true,
}

// methodFunc is a method; x is never a Secret.
type methodFunc func(m *machine, x any, a *args) (any, error)

// method returns the method of x's kind, or nil.
func method(x any, name string) methodFunc {
	if strings.HasPrefix(name, "_") {
		return nil
	}
	switch x.(type) {
	case string, value.Secret:
		if f := textMethodNamed(name); f != nil {
			return func(m *machine, x any, a *args) (any, error) {
				s, ok := x.(string)
				if !ok {
					return nil, noAttribute(x, name)
				}
				if err := m.scan(len(s)); err != nil {
					return nil, err
				}
				return f(m, s, a)
			}
		}
		return nil
	case value.Bytes:
		return bytesMethods[name]
	case value.List, tuple:
		return sequenceMethods[name]
	case *value.Dict:
		return dictMethods[name]
	case *set:
		return setMethods[name]
	case int64, bool:
		return intMethods[name]
	case float64:
		return floatMethods[name]
	default:
		return nil
	}
}
