package expr

import (
	"math"
	"math/big"
	"unicode/utf8"

	"casare/value"
)

func (n *subscript) eval(m *machine) (any, error) {
	x, err := m.eval(n.x)
	if err != nil {
		return nil, err
	}
	i, err := m.eval(n.index)
	if err != nil {
		return nil, err
	}
	return m.item(x, i)
}

// item is x[i].
func (m *machine) item(x, i any) (any, error) {
	switch c := x.(type) {
	case *value.Dict:
		v, ok, err := m.lookup(c, i)
		if err == nil && !ok {
			var key string
			key, err = m.repr(i)
			if err == nil {
				err = value.Faultf(value.KeyError, "%s", key)
			}
		}
		return v, err
	case value.List:
		return indexed("list", c, i)
	case tuple:
		return indexed("tuple", c, i)
	case string:
		return m.charAt(c, i)
	case value.Secret:
		v, err := m.charAt(c.Reveal(), i)
		return taint(v), err
	case value.Bytes:
		at, err := position("byte", int64(len(c)), i)
		if err != nil {
			return nil, err
		}
		return int64(c[at]), nil
	case *span:
		at, err := position("range object", c.n, i)
		if err != nil {
			return nil, err
		}
		return c.at(at), nil
	default:
		return nil, typeError("'%s' object is not subscriptable", typeName(x))
	}
}

// lookup finds a key as Python does: 1, 1.0 and True are one key.
func (m *machine) lookup(d *value.Dict, key any) (value.Value, bool, error) {
	switch k := key.(type) {
	case string:
		if err := m.scan(len(k)); err != nil {
			return nil, false, err
		}
		v, ok := d.Get(k)
		return v, ok, nil
	case int64:
		v, ok := d.Get(k)
		return v, ok, nil
	}
	k, err := m.hashKey(key)
	if err != nil {
		return nil, false, err
	}
	v, ok := d.Get(k)
	return v, ok, nil
}

func indexed(name string, items []any, i any) (any, error) {
	at, err := position(name, int64(len(items)), i)
	if err != nil {
		return nil, err
	}
	return items[at], nil
}

// position turns an index, which may count from the end, into a place in [0, n).
func position(name string, n int64, i any) (int64, error) {
	at, ok := asInt64(i)
	if !ok {
		switch i.(type) {
		case *big.Int:
			return 0, value.Faultf(value.IndexError, "cannot fit 'int' into an index-sized integer")
		}
		switch name {
		case "string":
			return 0, typeError("string indices must be integers, not '%s'", typeName(i))
		default:
			return 0, typeError("%s indices must be integers or slices, not %s", name, typeName(i))
		}
	}
	if at < 0 {
		at += n
	}
	if at < 0 || at >= n {
		return 0, value.Faultf(value.IndexError, "%s index out of range", name)
	}
	return at, nil
}

func (m *machine) charAt(s string, i any) (any, error) {
	if isASCII(s) {
		at, err := position("string", int64(len(s)), i)
		if err != nil {
			return nil, err
		}
		return s[at : at+1], m.scan(len(s))
	}
	if err := m.scan(2 * len(s)); err != nil {
		return nil, err
	}
	at, err := position("string", int64(utf8.RuneCountInString(s)), i)
	if err != nil {
		return nil, err
	}
	for from, r := range s {
		if at == 0 {
			return s[from : from+runeLen(s[from:], r)], nil
		}
		at--
	}
	return nil, value.Faultf(value.IndexError, "string index out of range")
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// runeLen returns the bytes that r took at the start of s, which is 1 for a byte that is not UTF-8.
func runeLen(s string, r rune) int {
	if r == utf8.RuneError {
		_, size := utf8.DecodeRuneInString(s)
		return size
	}
	return utf8.RuneLen(r)
}

func (n *slicing) eval(m *machine) (any, error) {
	x, err := m.eval(n.x)
	if err != nil {
		return nil, err
	}
	var bounds [3]any
	for i, b := range []node{n.from, n.to, n.by} {
		if b == nil {
			continue
		}
		if bounds[i], err = m.eval(b); err != nil {
			return nil, err
		}
	}
	return m.slice(x, bounds)
}

func (m *machine) slice(x any, bounds [3]any) (any, error) {
	switch c := x.(type) {
	case value.List:
		items, err := m.sliceItems(c, bounds)
		return value.List(items), err
	case tuple:
		items, err := m.sliceItems(c, bounds)
		return tuple(items), err
	case string:
		return m.sliceText(c, bounds)
	case value.Secret:
		s, err := m.sliceText(c.Reveal(), bounds)
		return value.NewSecret(s), err
	case value.Bytes:
		cut, err := newCut(bounds, len(c))
		if err != nil {
			return nil, err
		}
		if err := m.text(cut.n); err != nil {
			return nil, err
		}
		out := make([]byte, cut.n)
		for i := range out {
			out[i] = c[cut.at(i)]
		}
		return value.Bytes(out), nil
	case *span:
		cut, err := newCut(bounds, int(c.n))
		if err != nil {
			return nil, err
		}
		return &span{
			start: c.start + int64(cut.start)*c.step, end: c.start + int64(cut.end)*c.step,
			step: c.step * int64(cut.step), n: int64(cut.n),
		}, nil
	default:
		return nil, typeError("'%s' object is not subscriptable", typeName(x))
	}
}

// cut is a slice of a sequence: n elements from start on, step apart.
type cut struct{ start, end, step, n int }

func (c cut) at(i int) int { return c.start + i*c.step }

// newCut applies Python's rules for missing, negative and excessive bounds.
func newCut(bounds [3]any, length int) (cut, error) {
	var b [3]int
	var given [3]bool
	for i, v := range bounds {
		if v == nil {
			continue
		}
		n, ok := asInt64(v)
		if !ok {
			x, isBig := v.(*big.Int)
			if !isBig {
				return cut{}, typeError("slice indices must be integers or None or have an __index__ method")
			}
			n = int64(math.MaxInt64) * int64(x.Sign())
		}
		b[i], given[i] = int(max(min(n, math.MaxInt32), -math.MaxInt32)), true
	}
	step := 1
	if given[2] {
		if step = b[2]; step == 0 {
			return cut{}, valueError("slice step cannot be zero")
		}
	}
	low, high := 0, length
	if step < 0 {
		low, high = -1, length-1
	}
	bound := func(i, missing int) int {
		v := b[i]
		switch {
		case !given[i]:
			return missing
		case v < 0:
			v += length
		}
		return max(low, min(v, high))
	}
	if step > 0 {
		start, end := bound(0, low), bound(1, high)
		return cut{start: start, end: end, step: step, n: max(0, (end-start+step-1)/step)}, nil
	}
	start, end := bound(0, high), bound(1, low)
	return cut{start: start, end: end, step: step, n: max(0, (start-end-step-1)/-step)}, nil
}

func (m *machine) sliceItems(items []any, bounds [3]any) ([]any, error) {
	c, err := newCut(bounds, len(items))
	if err != nil {
		return nil, err
	}
	if c.step == 1 { // a value never changes, so a part of it is shared and costs nothing
		return items[c.start : c.start+c.n : c.start+c.n], m.slots(0)
	}
	if err := m.slots(c.n); err != nil {
		return nil, err
	}
	if err := m.scan(c.n * slot); err != nil {
		return nil, err
	}
	out := make([]any, c.n)
	for i := range out {
		out[i] = items[c.at(i)]
	}
	return out, nil
}

func (m *machine) sliceText(s string, bounds [3]any) (string, error) {
	if err := m.scan(len(s)); err != nil {
		return "", err
	}
	if isASCII(s) {
		c, err := newCut(bounds, len(s))
		if err != nil {
			return "", err
		}
		if c.step == 1 {
			return s[c.start : c.start+c.n], nil
		}
		if err := m.text(c.n); err != nil {
			return "", err
		}
		out := make([]byte, c.n)
		for i := range out {
			out[i] = s[c.at(i)]
		}
		return string(out), nil
	}
	if err := m.text(5 * len(s)); err != nil { // the code points, and the result
		return "", err
	}
	runes := []rune(s)
	c, err := newCut(bounds, len(runes))
	if err != nil {
		return "", err
	}
	out := make([]rune, c.n)
	for i := range out {
		out[i] = runes[c.at(i)]
	}
	return string(out), nil
}
