package expr

import (
	"math"
	"math/bits"
	"slices"

	"casare/value"
)

// extremum is min (sign -1) and max (sign 1).
func extremum(sign int) func(m *machine, a *args) (any, error) {
	return func(m *machine, a *args) (any, error) {
		if err := a.check(1, -1, "key", "default"); err != nil {
			return nil, err
		}
		var source any = tuple(a.pos)
		if len(a.pos) == 1 {
			source = a.pos[0]
		}
		op, key := "<", a.opt(-1, "key", nil)
		if sign > 0 {
			op = ">"
		}
		var best, bestKey any
		found := false
		err := m.iterate(source, func(v any) (bool, error) {
			k, err := m.keyed(key, v)
			if err != nil {
				return false, err
			}
			if !found {
				best, bestKey, found = v, k, true
				return true, nil
			}
			c, err := m.order(op, k, bestKey)
			if err == nil && c == sign {
				best, bestKey = v, k
			}
			return true, err
		})
		if err == nil && !found {
			def, ok := a.named["default"]
			if !ok {
				return nil, valueError("%s() arg is an empty sequence", a.name)
			}
			return def, nil
		}
		return best, err
	}
}

func (m *machine) keyed(key, v any) (any, error) {
	if key == nil {
		return v, nil
	}
	return m.apply1(key, v)
}

func sumOf(m *machine, a *args) (any, error) {
	if err := a.check(1, 2, "start"); err != nil {
		return nil, err
	}
	total := a.opt(1, "start", int64(0))
	switch total.(type) {
	case string, value.Secret:
		return nil, typeError("sum() can't sum strings [use ''.join(seq) instead]")
	case value.Bytes:
		return nil, typeError("sum() can't sum bytes [use b''.join(seq) instead]")
	}
	err := m.iterate(a.pos[0], func(v any) (bool, error) {
		next, err := m.binary(opAdd, total, v)
		total = next
		return true, err
	})
	return total, err
}

func anyOf(m *machine, a *args) (any, error) { return quantifier(m, a, true) }
func allOf(m *machine, a *args) (any, error) { return quantifier(m, a, false) }

// quantifier walks until an element has the deciding truth.
func quantifier(m *machine, a *args, deciding bool) (any, error) {
	if err := a.check(1, 1); err != nil {
		return nil, err
	}
	decided := false
	err := m.iterate(a.pos[0], func(v any) (bool, error) {
		decided = truth(v) == deciding
		return !decided, nil
	})
	return decided == deciding, err
}

func sortedOf(m *machine, a *args) (any, error) {
	if err := a.check(1, 1, "key", "reverse"); err != nil {
		return nil, err
	}
	items, err := m.copied(a.pos[0])
	if err != nil {
		return nil, err
	}
	type entry struct{ v, key any }
	key := a.opt(-1, "key", nil)
	if err := m.slots(2 * len(items)); err != nil {
		return nil, err
	}
	if err := m.step(len(items) * bits.Len(uint(len(items))) / 4); err != nil {
		return nil, err
	}
	entries := make([]entry, len(items))
	for i, v := range items {
		k, err := m.keyed(key, v)
		if err != nil {
			return nil, err
		}
		entries[i] = entry{v: v, key: k}
	}
	sign := 1
	if truth(a.opt(-1, "reverse", false)) {
		sign = -1
	}
	slices.SortStableFunc(entries, func(x, y entry) int {
		if err != nil {
			return 0
		}
		var c int
		if c, err = m.order("<", x.key, y.key); c == value.Unordered {
			c = 0
		}
		return sign * c
	})
	for i, e := range entries {
		items[i] = e.v
	}
	return value.List(items), err
}

// indexable returns the length of v and its elements by place, without writing a range out.
func (m *machine) indexable(v any) (n int64, at func(i int64) any, err error) {
	if s, ok := v.(*span); ok {
		return s.n, s.at, nil
	}
	items, err := m.items(v)
	return int64(len(items)), func(i int64) any { return items[i] }, err
}

func reversedOf(m *machine, a *args) (any, error) {
	if err := a.check(1, 1); err != nil {
		return nil, err
	}
	switch a.pos[0].(type) {
	case *set, *lazy:
		return nil, typeError("'%s' object is not reversible", typeName(a.pos[0]))
	}
	n, at, err := m.indexable(a.pos[0])
	if err != nil {
		return nil, err
	}
	return counted("reversed", n, func(_ *machine, i int64) (any, error) { return at(n - 1 - i), nil }), nil
}

// counted is a lazy of n elements.
func counted(kind string, n int64, at func(m *machine, i int64) (any, error)) *lazy {
	next := int64(0) // what was taken is gone, as from any iterator
	return &lazy{kind: kind, run: func(m *machine, f yield) error {
		for next < n {
			v, err := at(m, next)
			if err != nil {
				return err
			}
			next++
			if more, err := m.offer(f, v); err != nil || !more {
				return err
			}
		}
		return nil
	}}
}

func enumerateOf(_ *machine, a *args) (any, error) {
	if err := a.check(1, 2, "start"); err != nil {
		return nil, err
	}
	start, err := a.integer(1, "start", int64(0))
	if err != nil {
		return nil, err
	}
	source, i := a.pos[0], int64(start)
	if !iterable(source) {
		return nil, typeError("'%s' object is not iterable", typeName(source))
	}
	return &lazy{kind: "enumerate", run: func(m *machine, f yield) error {
		return m.iterate(source, func(v any) (bool, error) {
			if err := m.step(1); err != nil {
				return false, err
			}
			if err := m.slots(3); err != nil {
				return false, err
			}
			i++
			return f(tuple{i - 1, v})
		})
	}}, nil
}

func zipOf(m *machine, a *args) (any, error) {
	if err := a.check(0, -1, "strict"); err != nil {
		return nil, err
	}
	shortest, longest := int64(math.MaxInt64), int64(0)
	columns := make([]func(i int64) any, len(a.pos))
	for i, source := range a.pos {
		n, at, err := m.indexable(source)
		if err != nil {
			return nil, err
		}
		columns[i], shortest, longest = at, min(shortest, n), max(longest, n)
	}
	if len(columns) == 0 {
		shortest = 0
	}
	if truth(a.named["strict"]) && shortest != longest {
		return nil, valueError("zip() arguments have different lengths")
	}
	return counted("zip", shortest, func(m *machine, i int64) (any, error) {
		row := make(tuple, len(columns))
		for c, at := range columns {
			row[c] = at(i)
		}
		return row, m.slots(len(columns) + 2)
	}), nil
}

func mapOf(m *machine, a *args) (any, error) {
	if err := a.check(2, -1); err != nil {
		return nil, err
	}
	f := a.pos[0]
	if len(a.pos) > 2 {
		rows, err := zipOf(m, &args{name: "map", pos: a.pos[1:]})
		if err != nil {
			return nil, err
		}
		return &lazy{kind: "map", run: func(m *machine, y yield) error {
			return m.iterate(rows, func(row any) (bool, error) {
				items, err := m.items(row)
				if err != nil {
					return false, err
				}
				v, err := m.apply(f, &args{pos: items})
				if err != nil {
					return false, err
				}
				return y(v)
			})
		}}, nil
	}
	source := a.pos[1]
	return &lazy{kind: "map", run: func(m *machine, y yield) error {
		return m.iterate(source, func(item any) (bool, error) {
			v, err := m.apply1(f, item)
			if err != nil {
				return false, err
			}
			return y(v)
		})
	}}, nil
}

func filterOf(_ *machine, a *args) (any, error) {
	if err := a.check(2, 2); err != nil {
		return nil, err
	}
	f, source := a.pos[0], a.pos[1]
	return &lazy{kind: "filter", run: func(m *machine, y yield) error {
		return m.iterate(source, func(item any) (bool, error) {
			v, err := m.keyed(f, item)
			if err != nil || !truth(v) {
				return true, err
			}
			return y(item)
		})
	}}, nil
}

// nextOf is next(iterator, default): the first element, which is what an expression can want of it.
func nextOf(m *machine, a *args) (any, error) {
	if err := a.check(1, 2); err != nil {
		return nil, err
	}
	source, ok := a.pos[0].(*lazy)
	if !ok {
		return nil, typeError("'%s' object is not an iterator", typeName(a.pos[0]))
	}
	var first any
	found := false
	err := m.iterate(source, func(v any) (bool, error) {
		first, found = v, true
		return false, nil
	})
	switch {
	case err != nil || found:
		return first, err
	case len(a.pos) == 2:
		return a.pos[1], nil
	default:
		return nil, valueError("next() found nothing and has no default")
	}
}
