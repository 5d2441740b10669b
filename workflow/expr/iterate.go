package expr

import (
	"casare/value"
)

// iterate gives the elements of v one by one, each charged, until yield wants no more.
func (m *machine) iterate(v any, f yield) error {
	switch x := v.(type) {
	case value.List:
		return m.walk(x, f)
	case tuple:
		return m.walk(x, f)
	case *set:
		return m.walk(x.items, f)
	case *view:
		return m.walk(x.items, f)
	case *span:
		return m.walkSpan(x, f)
	case *lazy:
		return x.run(m, f)
	case *value.Dict:
		return m.walkKeys(x, f)
	case string:
		return m.walkText(x, f, func(s string) any { return s })
	case value.Secret:
		return m.walkText(x.Reveal(), f, func(s string) any { return value.NewSecret(s) })
	case value.Bytes:
		return m.walkBytes(x, f)
	default:
		return typeError("'%s' object is not iterable", typeName(v))
	}
}

func (m *machine) offer(f yield, item any) (bool, error) {
	if err := m.step(1); err != nil {
		return false, err
	}
	return f(item)
}

func (m *machine) walk(items []any, f yield) error {
	for _, item := range items {
		if more, err := m.offer(f, item); err != nil || !more {
			return err
		}
	}
	return nil
}

func (m *machine) walkSpan(s *span, f yield) error {
	for i := range s.n {
		if more, err := m.offer(f, s.at(i)); err != nil || !more {
			return err
		}
	}
	return nil
}

func (m *machine) walkKeys(d *value.Dict, f yield) error {
	for k := range d.All() {
		if more, err := m.offer(f, k); err != nil || !more {
			return err
		}
	}
	return nil
}

func (m *machine) walkText(s string, f yield, wrap func(string) any) error {
	for i, r := range s {
		if more, err := m.offer(f, wrap(s[i:i+runeLen(s[i:], r)])); err != nil || !more {
			return err
		}
	}
	return nil
}

func (m *machine) walkBytes(b value.Bytes, f yield) error {
	for i := range len(b) {
		if more, err := m.offer(f, int64(b[i])); err != nil || !more {
			return err
		}
	}
	return nil
}

// items returns all elements of v. The caller must not change them: they may be v's own.
func (m *machine) items(v any) ([]any, error) {
	switch x := v.(type) {
	case value.List:
		return x, nil
	case tuple:
		return x, nil
	case *set:
		return x.items, nil
	case *view:
		return x.items, nil
	case *span:
		if x.n > MaxSteps { // it cannot end well: say so before the memory is used
			return nil, m.step(MaxSteps + 1)
		}
	}
	var out []any
	err := m.iterate(v, func(item any) (bool, error) {
		out = append(out, item)
		return true, m.slots(1)
	})
	return out, err
}

// copied returns all elements of v in a slice of the caller's own.
func (m *machine) copied(v any) ([]any, error) {
	items, err := m.items(v)
	if err != nil {
		return nil, err
	}
	if err := m.slots(len(items)); err != nil {
		return nil, err
	}
	if err := m.scan(len(items)); err != nil {
		return nil, err
	}
	return append(make([]any, 0, len(items)), items...), nil
}

func (n *comprehension) eval(m *machine) (any, error) {
	first, err := m.eval(n.clauses[0].source) // Python takes the first source at once, also for a generator
	if err != nil {
		return nil, err
	}
	m.built = true
	switch n.kind {
	case listKind, tupleKind:
		out := value.List{}
		err := n.run(m, 0, first, func() (bool, error) {
			v, err := m.eval(n.elem)
			if err != nil {
				return false, err
			}
			out = append(out, v)
			return true, m.slots(1)
		})
		return out, err
	case setKind:
		s := &set{}
		err := n.run(m, 0, first, func() (bool, error) {
			v, err := m.eval(n.elem)
			if err != nil {
				return false, err
			}
			return true, m.add(s, v)
		})
		return s, err
	case dictKind:
		b := value.NewDict()
		err := n.run(m, 0, first, func() (bool, error) { return true, n.entry(m, b) })
		return b.Dict(), err
	case generatorKind:
		return n.generator(m, first), nil
	default:
		return nil, typeError("unknown comprehension")
	}
}

func (n *comprehension) entry(m *machine, b *value.DictBuilder) error {
	k, err := m.eval(n.elem)
	if err != nil {
		return err
	}
	v, err := m.eval(n.value)
	if err != nil {
		return err
	}
	return m.put(b, k, v)
}

// generator returns the comprehension as something that is walked when asked, with the variables as they are now.
func (n *comprehension) generator(m *machine, first any) *lazy {
	captured := append([]local(nil), m.locals...)
	used := false
	return &lazy{kind: "generator", run: func(m *machine, f yield) error {
		if used {
			return nil
		}
		used = true
		outer := m.locals
		m.locals = append([]local(nil), captured...)
		defer func() { m.locals = outer }()
		return n.run(m, 0, first, func() (bool, error) {
			v, err := m.eval(n.elem)
			if err != nil {
				return false, err
			}
			inner := m.locals // whoever takes the element sees its own variables, not ours
			m.locals = outer
			defer func() { m.locals = inner }()
			return f(v)
		})
	}}
}

// run walks the clauses from number i on and calls f for each combination that meets the conditions.
func (n *comprehension) run(m *machine, i int, source any, f func() (bool, error)) error {
	c := &n.clauses[i]
	base := len(m.locals)
	defer func() { m.locals = m.locals[:base] }()
	stopped := false
	return m.iterate(source, func(item any) (bool, error) {
		m.locals = m.locals[:base]
		if err := m.bind(&c.target, item); err != nil {
			return false, err
		}
		for _, cond := range c.conds {
			if v, err := m.eval(cond); err != nil || !truth(v) {
				return true, err
			}
		}
		if i+1 == len(n.clauses) {
			more, err := f()
			return more, err
		}
		next, err := m.eval(n.clauses[i+1].source)
		if err != nil {
			return false, err
		}
		err = n.run(m, i+1, next, func() (bool, error) {
			more, err := f()
			stopped = stopped || !more
			return more, err
		})
		return !stopped, err
	})
}

// bind gives the names of a target their values.
func (m *machine) bind(t *target, v any) error {
	if t.many == nil {
		m.locals = append(m.locals, local{name: t.name, v: v})
		return nil
	}
	items, err := m.items(v)
	if err != nil {
		return typeError("cannot unpack non-iterable %s object", typeName(v))
	}
	switch {
	case len(items) > len(t.many):
		return valueError("too many values to unpack (expected %d)", len(t.many))
	case len(items) < len(t.many):
		return valueError("not enough values to unpack (expected %d, got %d)", len(t.many), len(items))
	}
	for i := range t.many {
		if err := m.bind(&t.many[i], items[i]); err != nil {
			return err
		}
	}
	return nil
}
