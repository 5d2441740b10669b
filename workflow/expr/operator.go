package expr

import (
	"casare/value"
)

// operator is a binary operator.
type operator int

const (
	opAdd operator = iota
	opSub
	opMul
	opDiv
	opFloor
	opMod
	opPow
	opShl
	opShr
	opAnd
	opOr
	opXor
	opMatMul
)

// Levels of precedence, weakest first.
const (
	bitOr = iota
	bitXor
	bitAnd
	shift
	sum
	product
)

var binaryOperators = map[string]struct {
	op    operator
	level int
}{
	"|": {opOr, bitOr}, "^": {opXor, bitXor}, "&": {opAnd, bitAnd}, "<<": {opShl, shift}, ">>": {opShr, shift},
	"+": {opAdd, sum}, "-": {opSub, sum},
	"*": {opMul, product}, "/": {opDiv, product}, "//": {opFloor, product}, "%": {opMod, product}, "@": {opMatMul, product},
}

// String returns the operator as it is written, with Python's addition for power.
func (o operator) String() string {
	if o == opPow {
		return "** or pow()"
	}
	for text, known := range binaryOperators {
		if known.op == o {
			return text
		}
	}
	return "?"
}

func (n *binary) eval(m *machine) (any, error) {
	l, err := m.eval(n.l)
	if err != nil {
		return nil, err
	}
	r, err := m.eval(n.r)
	if err != nil {
		return nil, err
	}
	return m.binary(n.op, l, r)
}

func (m *machine) binary(op operator, l, r any) (any, error) {
	if isNumber(l) && isNumber(r) {
		return m.arithmetic(op, l, r)
	}
	if isSecret(l) || isSecret(r) {
		v, err := m.binary(op, reveal(l), reveal(r))
		if value.KindOf(err) == value.KeyError || value.KindOf(err) == value.ValueError { // these quote their operand
			err = value.Faultf(value.KindOf(err), "%s of a secret failed", op)
		}
		return taint(v), err
	}
	switch op {
	case opAdd:
		return m.concat(l, r)
	case opMul:
		return m.repeat(l, r)
	case opMod:
		switch x := l.(type) {
		case string:
			return m.percent(x, r)
		case value.Bytes:
			return nil, typeError("%% is not supported for bytes")
		}
	case opOr, opAnd, opXor, opSub:
		if v, ok, err := m.setOperator(op, l, r); ok || err != nil {
			return v, err
		}
	case opDiv, opFloor, opPow, opShl, opShr, opMatMul:
	}
	return nil, unsupported(op, l, r)
}

func unsupported(op operator, l, r any) error {
	return typeError("unsupported operand type(s) for %s: '%s' and '%s'", op, typeName(l), typeName(r))
}

func (m *machine) concat(l, r any) (any, error) {
	switch x := l.(type) {
	case string:
		y, ok := r.(string)
		if !ok {
			return nil, typeError("can only concatenate str (not \"%s\") to str", typeName(r))
		}
		if err := m.text(len(x) + len(y)); err != nil {
			return nil, err
		}
		return x + y, nil
	case value.Bytes:
		y, ok := r.(value.Bytes)
		if !ok {
			return nil, typeError("can't concat %s to bytes", typeName(r))
		}
		if err := m.text(len(x) + len(y)); err != nil {
			return nil, err
		}
		return x + y, nil
	case value.List:
		y, ok := r.(value.List)
		if !ok {
			return nil, typeError("can only concatenate list (not \"%s\") to list", typeName(r))
		}
		items, err := m.joinItems(x, y)
		return value.List(items), err
	case tuple:
		y, ok := r.(tuple)
		if !ok {
			return nil, typeError("can only concatenate tuple (not \"%s\") to tuple", typeName(r))
		}
		items, err := m.joinItems(x, y)
		return tuple(items), err
	default:
		return nil, unsupported(opAdd, l, r)
	}
}

func (m *machine) joinItems(x, y []any) ([]any, error) {
	n := len(x) + len(y)
	if err := m.slots(n); err != nil {
		return nil, err
	}
	if err := m.scan(n * slot); err != nil {
		return nil, err
	}
	return append(append(make([]any, 0, n), x...), y...), nil
}

func (m *machine) repeat(l, r any) (any, error) {
	n, ok := asInt64(r)
	x := l
	if !ok {
		if n, ok = asInt64(l); !ok {
			return nil, m.cannotRepeat(l, r)
		}
		x = r
	}
	size, ok := sizeOf(x)
	if !ok {
		return nil, m.cannotRepeat(l, r)
	}
	n = max(n, 0)
	if n > 0 && size > MaxBytes/int(min(n, MaxBytes)) {
		return nil, m.alloc(-1)
	}
	count := int(n)
	if size == 0 {
		count = 0
	}
	switch t := x.(type) {
	case string:
		return m.repeatText(t, count)
	case value.Bytes:
		s, err := m.repeatText(string(t), count)
		return value.Bytes(s), err
	case value.List:
		items, err := m.repeatItems(t, count)
		return value.List(items), err
	case tuple:
		items, err := m.repeatItems(t, count)
		return tuple(items), err
	default:
		return nil, m.cannotRepeat(l, r)
	}
}

func (m *machine) cannotRepeat(l, r any) error {
	if _, ok := sizeOf(l); ok {
		return typeError("can't multiply sequence by non-int of type '%s'", typeName(r))
	}
	if _, ok := sizeOf(r); ok {
		return typeError("can't multiply sequence by non-int of type '%s'", typeName(l))
	}
	return unsupported(opMul, l, r)
}

func sizeOf(v any) (int, bool) {
	switch x := v.(type) {
	case string:
		return len(x), true
	case value.Bytes:
		return len(x), true
	case value.List:
		return len(x), true
	case tuple:
		return len(x), true
	default:
		return 0, false
	}
}

func (m *machine) repeatText(s string, n int) (string, error) {
	if err := m.text(len(s) * n); err != nil {
		return "", err
	}
	out := make([]byte, 0, len(s)*n)
	for range n {
		out = append(out, s...)
	}
	return string(out), nil
}

func (m *machine) repeatItems(items []any, n int) ([]any, error) {
	if err := m.slots(len(items) * n); err != nil {
		return nil, err
	}
	if err := m.scan(len(items) * n * slot); err != nil {
		return nil, err
	}
	out := make([]any, 0, len(items)*n)
	for range n {
		out = append(out, items...)
	}
	return out, nil
}

func (n *unary) eval(m *machine) (any, error) {
	x, err := m.eval(n.x)
	if err != nil {
		return nil, err
	}
	if n.op == "not" {
		return !truth(x), nil
	}
	return m.unary(n.op, x)
}

// setOperator computes | & ^ - of sets and | of dicts.
func (m *machine) setOperator(op operator, l, r any) (v any, ok bool, err error) {
	if x, isDict := l.(*value.Dict); isDict && op == opOr {
		y, isDict := r.(*value.Dict)
		if !isDict {
			return nil, false, nil
		}
		v, err = m.mergeDicts(x, y)
		return v, true, err
	}
	x, okX := m.asSet(l)
	y, okY := m.asSet(r)
	if !okX || !okY {
		return nil, false, nil
	}
	v, err = m.combine(op, x, y)
	return v, true, err
}

// asSet returns sets, and views of keys, which behave like sets.
func (m *machine) asSet(v any) (items []any, ok bool) {
	switch x := v.(type) {
	case *set:
		return x.items, true
	case *view:
		return x.items, x.kind == "dict_keys"
	default:
		return nil, false
	}
}

func (m *machine) combine(op operator, x, y []any) (*set, error) {
	m.built = true
	inX, inY, out := &set{}, &set{}, &set{}
	for _, fill := range []struct {
		s     *set
		items []any
	}{{inX, x}, {inY, y}} {
		if err := m.walk(fill.items, func(v any) (bool, error) { return true, m.add(fill.s, v) }); err != nil {
			return nil, err
		}
	}
	keep := func(items []any, other *set, wanted bool) error {
		return m.walk(items, func(v any) (bool, error) {
			found, err := m.has(other, v)
			if err == nil && found == wanted {
				err = m.add(out, v)
			}
			return true, err
		})
	}
	switch op {
	case opAnd:
		return out, keep(x, inY, true)
	case opSub:
		return out, keep(x, inY, false)
	case opXor:
		if err := keep(x, inY, false); err != nil {
			return nil, err
		}
		return out, keep(y, inX, false)
	case opOr:
		if err := keep(x, out, false); err != nil {
			return nil, err
		}
		return out, keep(y, out, false)
	case opAdd, opMul, opDiv, opFloor, opMod, opPow, opShl, opShr, opMatMul:
	}
	return nil, typeError("unsupported operand type(s) for %s: 'set' and 'set'", op)
}

func (m *machine) mergeDicts(x, y *value.Dict) (*value.Dict, error) {
	b := value.NewDict()
	m.built = true
	for _, d := range []*value.Dict{x, y} {
		if err := m.step(d.Len()); err != nil {
			return nil, err
		}
		for k, v := range d.All() {
			if err := m.put(b, k, v); err != nil {
				return nil, err
			}
		}
	}
	return b.Dict(), nil
}
