package template

import (
	"slices"
	"strings"

	"casare/value"
)

// Resolve returns v with its templates filled in from env. Texts are resolved, lists and the values (not the keys) of dicts
// element by element; all else, and what contains no template, comes back as it is. A text into which a secret is put
// becomes a secret.
func Resolve(v value.Value, env Env) value.Value {
	switch x := v.(type) {
	case string:
		return resolveText(x, env)
	case value.List:
		return resolveList(x, env)
	case *value.Dict:
		return resolveDict(x, env)
	default:
		return v
	}
}

func resolveText(text string, env Env) value.Value {
	m, ok := Next(text, 0)
	if !ok {
		return text
	}
	if whole, ok := Whole(text); ok {
		if v, found := whole.Path.Text(env); found {
			return v
		}
		return text
	}
	var b strings.Builder
	secret, done := false, 0
	for ; ok; m, ok = Next(text, m.To) {
		v, found := m.Path.Text(env)
		if !found {
			continue
		}
		b.WriteString(text[done:m.From])
		done = m.To
		if s, isSecret := v.(value.Secret); isSecret {
			secret = true
			b.WriteString(s.Reveal())
			continue
		}
		b.WriteString(Insert(v))
	}
	b.WriteString(text[done:])
	if secret {
		return value.NewSecret(b.String())
	}
	return b.String()
}

// Insert returns the text that stands for v inside a longer text: Python's str(), but nothing for null.
func Insert(v value.Value) string {
	if v == nil {
		return ""
	}
	return value.Str(v)
}

func resolveList(list value.List, env Env) value.Value {
	var out value.List
	for i, item := range list {
		resolved := Resolve(item, env)
		if out == nil && changed(item, resolved) {
			out = slices.Clone(list)
		}
		if out != nil {
			out[i] = resolved
		}
	}
	if out == nil {
		return list
	}
	return out
}

func resolveDict(d *value.Dict, env Env) value.Value {
	var b *value.DictBuilder
	for k, item := range d.All() {
		resolved := Resolve(item, env)
		if b == nil && changed(item, resolved) {
			b = d.Edit()
		}
		if b != nil {
			b.Set(k, resolved)
		}
	}
	if b == nil {
		return d
	}
	return b.Dict()
}

// changed says whether Resolve made something new of before. It may say so without need, which only costs a copy.
func changed(before, after value.Value) bool {
	switch x := before.(type) {
	case string:
		y, ok := after.(string)
		return !ok || x != y
	case value.List:
		y, ok := after.(value.List)
		return !ok || len(x) != len(y) || len(x) > 0 && &x[0] != &y[0]
	case *value.Dict:
		y, ok := after.(*value.Dict)
		return !ok || x != y
	default:
		return false
	}
}

// Paths returns the root names that v's templates mention, each once, in the order of their first mention.
func Paths(v value.Value) []string {
	var names []string
	collect(v, func(name string) {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	})
	return names
}

func collect(v value.Value, add func(name string)) {
	switch x := v.(type) {
	case string:
		for m, ok := Next(x, 0); ok; m, ok = Next(x, m.To) {
			add(m.Path.Root)
		}
	case value.List:
		for _, item := range x {
			collect(item, add)
		}
	case *value.Dict:
		for _, item := range x.All() {
			collect(item, add)
		}
	}
}
