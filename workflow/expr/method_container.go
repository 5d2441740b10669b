package expr

import (
	"encoding/hex"
	"math"
	"math/big"
	"math/bits"
	"unicode/utf8"

	"casare/value"
)

var sequenceMethods = map[string]methodFunc{
	"index": indexOf, "count": countOf,
	"copy": func(_ *machine, x any, a *args) (any, error) {
		if _, ok := x.(value.List); !ok {
			return nil, noAttribute(x, "copy")
		}
		return x, a.check(0, 0) // a list never changes: it is its own copy
	},
}

func indexOf(m *machine, x any, a *args) (any, error) {
	if err := a.check(1, 3); err != nil {
		return nil, err
	}
	items, err := m.items(x)
	if err != nil {
		return nil, err
	}
	c, err := newCut([3]any{a.opt(1, "", nil), a.opt(2, "", nil), nil}, len(items))
	if err != nil {
		return nil, err
	}
	for i := c.start; i < c.start+c.n; i++ {
		if err := m.step(1); err != nil {
			return nil, err
		}
		if ok, err := m.equal(items[i], a.pos[0]); err != nil || ok {
			return int64(i), err
		}
	}
	text, err := m.repr(a.pos[0])
	if err != nil {
		return nil, err
	}
	return nil, valueError("%s is not in %s", text, typeName(x))
}

func countOf(m *machine, x any, a *args) (any, error) {
	if err := a.check(1, 1); err != nil {
		return nil, err
	}
	n := int64(0)
	err := m.iterate(x, func(item any) (bool, error) {
		ok, err := m.equal(item, a.pos[0])
		if ok {
			n++
		}
		return true, err
	})
	return n, err
}

var dictMethods = map[string]methodFunc{
	"get": func(m *machine, x any, a *args) (any, error) {
		d, ok := x.(*value.Dict)
		if err := a.check(1, 2); err != nil || !ok {
			return nil, err
		}
		v, found, err := m.lookup(d, a.pos[0])
		if err == nil && !found {
			v = a.opt(1, "", nil)
		}
		return v, err
	},
	"keys":   dictView("dict_keys", func(p value.Pair) any { return p.Key }),
	"values": dictView("dict_values", func(p value.Pair) any { return p.Value }),
	"items":  dictView("dict_items", func(p value.Pair) any { return tuple{p.Key, p.Value} }),
	"copy":   func(_ *machine, x any, a *args) (any, error) { return x, a.check(0, 0) },
}

func dictView(kind string, pick func(p value.Pair) any) methodFunc {
	return func(m *machine, x any, a *args) (any, error) {
		d, ok := x.(*value.Dict)
		if err := a.check(0, 0); err != nil || !ok {
			return nil, err
		}
		if err := m.step(d.Len() / 8); err != nil {
			return nil, err
		}
		if err := m.slots(4 * d.Len()); err != nil {
			return nil, err
		}
		v := &view{kind: kind, items: make([]any, 0, d.Len())}
		for i := range d.Len() {
			v.items = append(v.items, pick(d.At(i)))
		}
		return v, nil
	}
}

var setMethods = map[string]methodFunc{
	"union": setMethod(opOr), "intersection": setMethod(opAnd), "difference": setMethod(opSub),
	"symmetric_difference": setMethod(opXor),
	"issubset":             setRelation("<="), "issuperset": setRelation(">="),
	"isdisjoint": func(m *machine, x any, a *args) (any, error) {
		v, err := setMethod(opAnd)(m, x, a)
		return err == nil && !truth(v), err
	},
	"copy": func(_ *machine, x any, a *args) (any, error) { return x, a.check(0, 0) },
}

func setMethod(op operator) methodFunc {
	return func(m *machine, x any, a *args) (any, error) {
		if err := a.check(0, -1); err != nil {
			return nil, err
		}
		s, ok := x.(*set)
		if !ok {
			return nil, noAttribute(x, a.name)
		}
		for _, other := range a.pos {
			items, err := m.items(other)
			if err != nil {
				return nil, err
			}
			if s, err = m.combine(op, s.items, items); err != nil {
				return nil, err
			}
		}
		return s, nil
	}
}

func setRelation(op string) methodFunc {
	return func(m *machine, x any, a *args) (any, error) {
		if err := a.check(1, 1); err != nil {
			return nil, err
		}
		mine, err := m.items(x)
		if err != nil {
			return nil, err
		}
		other, err := setOf(m, a)
		if err != nil {
			return nil, err
		}
		theirs, err := m.items(other)
		if err != nil {
			return nil, err
		}
		return m.compareSets(op, mine, theirs)
	}
}

var intMethods = map[string]methodFunc{
	"bit_length": func(_ *machine, x any, a *args) (any, error) {
		i, _ := asInt64(x)
		return int64(bits.Len64(magnitude(i))), a.check(0, 0)
	},
}

var floatMethods = map[string]methodFunc{
	"is_integer": func(_ *machine, x any, a *args) (any, error) {
		f, ok := x.(float64)
		return ok && f == math.Trunc(f) && !math.IsInf(f, 0), a.check(0, 0)
	},
	"as_integer_ratio": func(m *machine, x any, a *args) (any, error) {
		f, ok := x.(float64)
		if !ok || math.IsInf(f, 0) || math.IsNaN(f) {
			return nil, overflow("cannot convert Infinity or NaN to integer ratio")
		}
		r := new(big.Rat)
		r.SetFloat64(f)
		if err := m.slots(16); err != nil {
			return nil, err
		}
		return tuple{value.Int(r.Num()), value.Int(r.Denom())}, a.check(0, 0)
	},
}

var bytesMethods = map[string]methodFunc{
	"decode": func(m *machine, x any, a *args) (any, error) {
		b, ok := x.(value.Bytes)
		if err := a.check(0, 2, "encoding", "errors"); err != nil || !ok {
			return nil, err
		}
		if err := m.text(len(b)); err != nil {
			return nil, err
		}
		if !utf8.ValidString(string(b)) {
			return nil, valueError("'utf-8' codec can't decode the bytes")
		}
		return string(b), nil
	},
	"hex": func(m *machine, x any, a *args) (any, error) {
		b, ok := x.(value.Bytes)
		if err := a.check(0, 0); err != nil || !ok {
			return nil, err
		}
		if err := m.text(2 * len(b)); err != nil {
			return nil, err
		}
		return hex.EncodeToString([]byte(b)), nil
	},
}
