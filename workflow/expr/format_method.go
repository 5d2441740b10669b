package expr

import (
	"strings"

	"casare/value"
)

// formatMethod is str.format(*args, **kwargs).
func (m *machine) formatMethod(pattern string, a *args) (any, error) {
	f := formatter{m: m, a: a, b: builder{m: m}}
	if err := f.run(&f.b, pattern, 0); err != nil {
		return nil, err
	}
	return f.b.result(), nil
}

type formatter struct {
	m      *machine
	a      *args
	b      builder
	auto   int  // number of the next {}
	manual bool // numbers were given
}

func (f *formatter) run(b *builder, pattern string, depth int) error {
	if depth > 2 {
		return valueError("Max string recursion exceeded")
	}
	for pattern != "" {
		i := strings.IndexAny(pattern, "{}")
		if i < 0 {
			return b.add(pattern)
		}
		if err := b.add(pattern[:i]); err != nil {
			return err
		}
		c := pattern[i]
		pattern = pattern[i+1:]
		if pattern != "" && pattern[0] == c && depth == 0 {
			if err := b.add(string(c)); err != nil {
				return err
			}
			pattern = pattern[1:]
			continue
		}
		if c == '}' {
			return valueError("Single '}' encountered in format string")
		}
		end := fieldEnd(pattern)
		if end < 0 {
			if pattern == "" {
				return valueError("Single '{' encountered in format string")
			}
			return valueError("expected '}' before end of string")
		}
		if err := f.field(b, pattern[:end], depth); err != nil {
			return err
		}
		pattern = pattern[end+1:]
	}
	return nil
}

// fieldEnd returns the place of the brace that closes a field.
func fieldEnd(s string) int {
	open := 0
	for i := range len(s) {
		switch s[i] {
		case '{':
			open++
		case '}':
			if open == 0 {
				return i
			}
			open--
		}
	}
	return -1
}

func (f *formatter) field(b *builder, field string, depth int) error {
	if err := f.m.step(1); err != nil {
		return err
	}
	name, spec, _ := cutField(field)
	var conv byte
	if i := strings.LastIndexByte(name, '!'); i >= 0 {
		if i+2 != len(name) || strings.IndexByte("rsa", name[i+1]) < 0 {
			return valueError("after '!' comes r, s or a")
		}
		conv, name = name[i+1], name[:i]
	}
	v, err := f.find(name)
	if err != nil {
		return err
	}
	if strings.ContainsAny(spec, "{}") {
		inner := builder{m: f.m}
		if err := f.run(&inner, spec, depth+1); err != nil {
			return err
		}
		spec = inner.b.String()
		b.secret = b.secret || inner.secret
	}
	return f.m.field(b, v, conv, spec)
}

// cutField splits a field at the colon outside [ ].
func cutField(field string) (name, spec string, found bool) {
	inKey := false
	for i := range len(field) {
		switch field[i] {
		case '[':
			inKey = true
		case ']':
			inKey = false
		case ':':
			if !inKey {
				return field[:i], field[i+1:], true
			}
		}
	}
	return field, "", false
}

// find follows a field's name: an argument, then .key and [key] parts. A .key is a key of a dict, never a method.
func (f *formatter) find(name string) (any, error) {
	end := strings.IndexAny(name, ".[")
	if end < 0 {
		end = len(name)
	}
	v, err := f.argument(name[:end])
	for rest := name[end:]; err == nil && rest != ""; {
		var key string
		var isIndex bool
		if key, isIndex, rest, err = cutKey(rest); err != nil {
			return nil, err
		}
		if isIndex {
			v, err = f.m.item(v, keyOf(key))
			continue
		}
		v, err = f.key(v, key)
	}
	return v, err
}

func (f *formatter) key(v any, key string) (any, error) {
	if d, ok := v.(*value.Dict); ok {
		if e, ok := d.Get(key); ok {
			return e, nil
		}
	}
	return nil, value.Faultf(value.AttributeError, "'%s' object has no attribute '%s'", typeName(v), key)
}

func cutKey(s string) (key string, isIndex bool, rest string, err error) {
	if s[0] == '[' {
		end := strings.IndexByte(s, ']')
		if end < 2 {
			return "", false, "", valueError("Missing ']' in format string")
		}
		return s[1:end], true, s[end+1:], nil
	}
	if s[0] != '.' {
		return "", false, "", valueError("Only '.' or '[' may follow ']' in format field specifier")
	}
	end := strings.IndexAny(s[1:], ".[")
	if end < 0 {
		return s[1:], false, "", nil
	}
	return s[1 : end+1], false, s[end+1:], nil
}

func keyOf(key string) any {
	if v, err := value.ParseInt(key, 10); err == nil && isDigit(key[0]) {
		return v
	}
	return key
}

func (f *formatter) argument(name string) (any, error) {
	if name != "" && !isDigit(name[0]) {
		if v, ok := f.a.named[name]; ok {
			return v, nil
		}
		return nil, value.Faultf(value.KeyError, "%s", value.Repr(name))
	}
	i, err := f.number(name)
	if err != nil {
		return nil, err
	}
	if i >= len(f.a.pos) {
		return nil, value.Faultf(value.IndexError, "Replacement index %d out of range for positional args tuple", i)
	}
	return f.a.pos[i], nil
}

// number returns the place a field names, or the next one for {}.
func (f *formatter) number(name string) (int, error) {
	if name == "" {
		if f.manual {
			return 0, valueError("cannot switch from manual field specification to automatic field numbering")
		}
		f.auto++
		return f.auto - 1, nil
	}
	if f.auto > 0 {
		return 0, valueError("cannot switch from automatic field numbering to manual field specification")
	}
	f.manual = true
	i, rest, err := cutNumber(name, MaxSource, "number")
	if err == nil && rest != "" {
		err = value.Faultf(value.KeyError, "%s", value.Repr(name))
	}
	return i, err
}
