package expr

import (
	"cmp"
	"strings"

	"casare/value"
)

// compare computes one comparison of a chain.
func (m *machine) compare(op string, l, r any) (bool, error) {
	switch op {
	case "==":
		return m.equal(l, r)
	case "!=":
		ok, err := m.equal(l, r)
		return !ok, err
	case "in":
		return m.contains(r, l)
	case "not in":
		ok, err := m.contains(r, l)
		return !ok, err
	case "is":
		return same(l, r), nil
	case "is not":
		return !same(l, r), nil
	}
	if x, ok := m.asSet(l); ok {
		if y, ok := m.asSet(r); ok {
			return m.compareSets(op, x, y)
		}
	}
	c, err := m.order(op, l, r)
	if err != nil || c == value.Unordered {
		return false, err
	}
	switch op {
	case "<":
		return c < 0, nil
	case "<=":
		return c <= 0, nil
	case ">":
		return c > 0, nil
	default:
		return c >= 0, nil
	}
}

// equal is Python's ==, charged by what it looks through: parts that are shared are looked through each time they occur.
func (m *machine) equal(l, r any) (bool, error) {
	switch x := l.(type) {
	case string:
		y, ok := r.(string)
		if !ok {
			s, secret := r.(value.Secret)
			return secret && s.Reveal() == x, nil
		}
		if len(x) != len(y) {
			return false, nil
		}
		if err := m.scan(len(x)); err != nil {
			return false, err
		}
		return x == y, nil
	case value.List:
		y, ok := r.(value.List)
		if !ok {
			return false, nil
		}
		return m.equalItems(x, y)
	case tuple:
		y, ok := r.(tuple)
		if !ok {
			return false, nil
		}
		return m.equalItems(x, y)
	case *value.Dict:
		y, ok := r.(*value.Dict)
		if !ok {
			return false, nil
		}
		return m.equalDicts(x, y)
	case *set, *view:
		a, okA := m.asSet(l)
		b, okB := m.asSet(r)
		if !okA || !okB {
			return same(l, r), nil
		}
		if len(a) != len(b) {
			return false, nil
		}
		return m.compareSets("<=", a, b)
	case *span:
		y, ok := r.(*span)
		return ok && x.n == y.n && (x.n == 0 || x.start == y.start && (x.n == 1 || x.step == y.step)), nil
	case *lazy, *callable:
		return l == r, nil
	}
	return value.Equal(l, r), nil
}

func (m *machine) equalItems(x, y []any) (bool, error) {
	if len(x) != len(y) {
		return false, nil
	}
	for i := range x {
		if err := m.step(1); err != nil {
			return false, err
		}
		if ok, err := m.equal(x[i], y[i]); err != nil || !ok {
			return false, err
		}
	}
	return true, nil
}

func (m *machine) equalDicts(x, y *value.Dict) (bool, error) {
	if x.Len() != y.Len() {
		return false, nil
	}
	for k, v := range x.All() {
		if err := m.step(1); err != nil {
			return false, err
		}
		w, ok := y.Get(k)
		if !ok {
			return false, nil
		}
		if ok, err := m.equal(v, w); err != nil || !ok {
			return false, err
		}
	}
	return true, nil
}

// same is Python's "is" as far as it means something here: one kind and one value, or one container.
func same(l, r any) bool {
	switch x := l.(type) {
	case value.List:
		y, ok := r.(value.List)
		return ok && len(x) == len(y) && len(x) > 0 && &x[0] == &y[0]
	case tuple:
		y, ok := r.(tuple)
		return ok && len(x) == len(y) && (len(x) == 0 || &x[0] == &y[0])
	case *value.Dict, *set, *span, *lazy, *view, *callable:
		return l == r
	default:
		return typeName(l) == typeName(r) && value.Equal(l, r)
	}
}

// order returns the order of two operands, or the TypeError of op.
func (m *machine) order(op string, l, r any) (int, error) {
	switch x := l.(type) {
	case value.List:
		if y, ok := r.(value.List); ok {
			return m.orderItems(op, x, y)
		}
	case tuple:
		if y, ok := r.(tuple); ok {
			return m.orderItems(op, x, y)
		}
	case string:
		if y, ok := r.(string); ok {
			if err := m.scan(min(len(x), len(y))); err != nil {
				return 0, err
			}
			return cmp.Compare(x, y), nil
		}
	}
	c, err := value.Compare(l, r)
	if err != nil {
		return 0, typeError("'%s' not supported between instances of '%s' and '%s'", op, typeName(l), typeName(r))
	}
	return c, nil
}

func (m *machine) orderItems(op string, x, y []any) (int, error) {
	for i := range min(len(x), len(y)) {
		if err := m.step(1); err != nil {
			return 0, err
		}
		if ok, err := m.equal(x[i], y[i]); err != nil || ok {
			if err != nil {
				return 0, err
			}
			continue
		}
		return m.order(op, x[i], y[i])
	}
	return cmp.Compare(len(x), len(y)), nil
}

// compareSets is the subset relation.
func (m *machine) compareSets(op string, x, y []any) (bool, error) {
	if op == ">" || op == ">=" {
		x, y, op = y, x, map[string]string{">": "<", ">=": "<="}[op]
	}
	if op == "<" && len(x) >= len(y) {
		return false, nil
	}
	in := &set{}
	if err := m.walk(y, func(v any) (bool, error) { return true, m.add(in, v) }); err != nil {
		return false, err
	}
	all := true
	err := m.walk(x, func(v any) (bool, error) {
		ok, err := m.has(in, v)
		all = all && ok
		return all, err
	})
	return all, err
}

// contains is "item in v".
func (m *machine) contains(v, item any) (bool, error) {
	switch x := v.(type) {
	case string, value.Secret:
		s, ok := reveal(item).(string)
		if !ok {
			return false, typeError("'in <string>' requires string as left operand, not %s", typeName(item))
		}
		text, _ := reveal(x).(string)
		if err := m.scan(len(text)); err != nil {
			return false, err
		}
		return strings.Contains(text, s), nil
	case value.Bytes:
		return m.bytesContain(x, item)
	case *value.Dict:
		_, ok, err := m.lookup(x, item)
		return ok, err
	case *set:
		return m.has(x, item)
	case *span:
		return x.has(item), nil
	}
	found := false
	err := m.iterate(v, func(e any) (bool, error) {
		ok, err := m.equal(e, item)
		found = ok
		return !ok, err
	})
	if value.KindOf(err) == value.TypeError && !iterable(v) {
		return false, typeError("argument of type '%s' is not iterable", typeName(v))
	}
	return found, err
}

func (m *machine) bytesContain(b value.Bytes, item any) (bool, error) {
	if err := m.scan(len(b)); err != nil {
		return false, err
	}
	if part, ok := item.(value.Bytes); ok {
		return strings.Contains(string(b), string(part)), nil
	}
	i, ok := asInt64(item)
	if !ok {
		return false, typeError("a bytes-like object is required, not '%s'", typeName(item))
	}
	if i < 0 || i > 255 {
		return false, valueError("byte must be in range(0, 256)")
	}
	return strings.IndexByte(string(b), byte(i)) >= 0, nil
}

func iterable(v any) bool {
	switch v.(type) {
	case value.List, tuple, *set, *view, *span, *lazy, *value.Dict, string, value.Secret, value.Bytes:
		return true
	default:
		return false
	}
}

func isSecret(v any) bool {
	_, ok := v.(value.Secret)
	return ok
}

// reveal returns the text of a secret, and anything else as it is.
func reveal(v any) any {
	if s, ok := v.(value.Secret); ok {
		return s.Reveal()
	}
	return v
}

// taint makes secret what was made with a secret.
func taint(v any) any {
	switch x := v.(type) {
	case string:
		return value.NewSecret(x)
	case value.Bytes:
		return value.NewSecret(string(x))
	case value.List:
		return value.List(taintAll(x))
	case tuple:
		return tuple(taintAll(x))
	default:
		return v
	}
}

func taintAll(items []any) []any {
	out := make([]any, len(items))
	for i, item := range items {
		out[i] = taint(item)
	}
	return out
}
