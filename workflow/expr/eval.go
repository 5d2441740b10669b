package expr

import (
	"slices"

	"casare/value"
)

// eval computes a node after charging it.
func (m *machine) eval(n node) (any, error) {
	if err := m.step(1); err != nil {
		return nil, err
	}
	return n.eval(m)
}

func (n *constant) eval(*machine) (any, error) { return n.v, nil }

func (n *nameRef) eval(m *machine) (any, error) {
	if v, ok := (scoped{m}).Lookup(n.name); ok {
		return v, nil
	}
	if f := function(n.name); f != nil {
		return f, nil
	}
	return nil, undefined(n.name)
}

func undefined(name string) error {
	return value.Faultf(value.NameError, "name '%s' is not defined", name)
}

func (n *templateRef) eval(m *machine) (any, error) {
	if v, ok := n.path.Find(scoped{m}); ok {
		return v, nil
	}
	return nil, undefined(n.path.String())
}

// scoped is the variables as one place in an expression sees them: those of comprehensions before those of the run.
type scoped struct{ m *machine }

// Lookup returns the innermost variable of the name.
func (s scoped) Lookup(name string) (value.Value, bool) {
	for _, l := range slices.Backward(s.m.locals) {
		if l.name == name {
			return l.v, true
		}
	}
	return s.m.env.Lookup(name)
}

func (n *sequence) eval(m *machine) (any, error) {
	if n.kind == setKind {
		s := &set{}
		m.built = true
		return s, m.each(n.items, func(v any) error { return m.add(s, v) })
	}
	if err := m.slots(len(n.items)); err != nil {
		return nil, err
	}
	items := make([]any, 0, len(n.items))
	err := m.each(n.items, func(v any) error {
		items = append(items, v)
		return nil
	})
	if n.kind == tupleKind {
		return tuple(items), err
	}
	return value.List(items), err
}

// each evaluates nodes in order; a starred one gives all its elements, which are charged here.
func (m *machine) each(nodes []node, f func(v any) error) error {
	for _, n := range nodes {
		star, ok := n.(*starred)
		if !ok {
			v, err := m.eval(n)
			if err != nil {
				return err
			}
			if err := f(v); err != nil {
				return err
			}
			continue
		}
		v, err := m.eval(star.x)
		if err != nil {
			return err
		}
		if err := m.iterate(v, func(item any) (bool, error) {
			if err := m.slots(1); err != nil {
				return false, err
			}
			return true, f(item)
		}); err != nil {
			return err
		}
	}
	return nil
}

func (n *starred) eval(*machine) (any, error) {
	return nil, typeError("a * can stand only in a list or a call")
}

func (n *dictDisplay) eval(m *machine) (any, error) {
	b := value.NewDict()
	m.built = true
	for i, keyNode := range n.keys {
		if keyNode == nil {
			if err := m.unpackDict(b, n.values[i]); err != nil {
				return nil, err
			}
			continue
		}
		k, err := m.eval(keyNode)
		if err != nil {
			return nil, err
		}
		v, err := m.eval(n.values[i])
		if err != nil {
			return nil, err
		}
		if err := m.put(b, k, v); err != nil {
			return nil, err
		}
	}
	return b.Dict(), nil
}

// put charges and sets one entry of a dict.
func (m *machine) put(b *value.DictBuilder, k, v any) error {
	key, err := dictKey(k)
	if err != nil {
		return err
	}
	if s, ok := key.(string); ok {
		if err := m.scan(len(s)); err != nil {
			return err
		}
	}
	if err := m.step(3); err != nil {
		return err
	}
	if err := m.slots(6); err != nil { // a pair and its share of the index
		return err
	}
	b.Set(key, v)
	return nil
}

func (m *machine) unpackDict(b *value.DictBuilder, n node) error {
	v, err := m.eval(n)
	if err != nil {
		return err
	}
	d, ok := v.(*value.Dict)
	if !ok {
		return typeError("'%s' object is not a mapping", typeName(v))
	}
	if err := m.step(d.Len()); err != nil {
		return err
	}
	for k, v := range d.All() {
		if err := m.put(b, k, v); err != nil {
			return err
		}
	}
	return nil
}

func (n *either) eval(m *machine) (v any, err error) {
	for _, item := range n.items {
		if v, err = m.eval(item); err != nil || truth(v) == n.or {
			return v, err
		}
	}
	return v, nil
}

func (n *conditional) eval(m *machine) (any, error) {
	cond, err := m.eval(n.cond)
	if err != nil {
		return nil, err
	}
	if truth(cond) {
		return m.eval(n.yes)
	}
	return m.eval(n.no)
}

func (n *comparison) eval(m *machine) (any, error) {
	l, err := m.eval(n.first)
	if err != nil {
		return nil, err
	}
	for i, op := range n.ops {
		r, err := m.eval(n.rest[i])
		if err != nil {
			return nil, err
		}
		ok, err := m.compare(op, l, r)
		if err != nil || !ok {
			return false, err
		}
		l = r
	}
	return true, nil
}

// export turns a result into a value: what lives only inside an evaluation becomes a list. What was made here is measured as
// it will be written, because a small thing that holds another a thousand times over is large once it is stored.
func (m *machine) export(v any) (value.Value, error) {
	switch v.(type) {
	case nil, bool, int64, float64, string:
		return v, nil
	case value.List, *value.Dict:
		if !m.built {
			return v, nil
		}
	}
	x := exporter{m: m}
	out, _, err := x.export(v, 0)
	return out, err
}

// exporter turns kinds that only an evaluation has into values. What holds none of them stays the same container.
type exporter struct {
	m    *machine
	size int
}

func (x *exporter) add(n int) error {
	x.size += n
	if x.size > MaxBytes {
		return limit("the result is larger than %d MiB", MaxBytes>>20)
	}
	return nil
}

// export returns the value for v, and whether it is another one.
func (x *exporter) export(v any, depth int) (out value.Value, changed bool, err error) {
	if depth > value.MaxDepth {
		return nil, false, limit("the result nests deeper than %d levels", value.MaxDepth)
	}
	if err := x.add(slot); err != nil {
		return nil, false, err
	}
	switch t := v.(type) {
	case value.List:
		return x.list(t, depth)
	case *value.Dict:
		return x.dict(t, depth)
	case tuple, *set, *view, *span, *lazy:
		items, err := x.m.items(v)
		if err != nil {
			return nil, false, err
		}
		out, _, err = x.list(items, depth)
		return out, true, err
	case *callable:
		return nil, false, typeError("the result is the function %s, not what it gives: write %s(…)", t.name, t.name)
	case string:
		return v, false, x.add(len(t))
	case value.Bytes:
		return v, false, x.add(len(t))
	default:
		return v, false, nil
	}
}

func (x *exporter) list(items []any, depth int) (value.Value, bool, error) {
	out := value.List(items)
	copied := false
	for i, item := range items {
		e, changed, err := x.export(item, depth+1)
		if err != nil {
			return nil, false, err
		}
		if changed && !copied {
			copied = true
			out = slices.Clone(out)
		}
		if changed {
			out[i] = e
		}
	}
	return out, copied, nil
}

func (x *exporter) dict(d *value.Dict, depth int) (value.Value, bool, error) {
	var b *value.DictBuilder
	for k, v := range d.All() {
		if s, ok := k.(string); ok {
			if err := x.add(len(s)); err != nil {
				return nil, false, err
			}
		}
		e, changed, err := x.export(v, depth+1)
		if err != nil {
			return nil, false, err
		}
		if changed && b == nil {
			b = d.Edit()
		}
		if changed {
			b.Set(k, e)
		}
	}
	if b == nil {
		return d, false, nil
	}
	return b.Dict(), true, nil
}
