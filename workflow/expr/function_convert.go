package expr

import (
	"math"
	"math/big"
	"strconv"

	"casare/value"
)

func intOf(m *machine, a *args) (any, error) {
	if err := a.check(0, 2, "base"); err != nil {
		return nil, err
	}
	if len(a.pos) == 0 {
		return int64(0), nil
	}
	if s, ok := a.pos[0].(string); ok {
		words := len(s)/16 + 1 // reading digits costs the square of the length
		if err := m.step(words * words / 64); err != nil {
			return nil, err
		}
		base, err := a.integer(1, "base", int64(10))
		if err != nil {
			return nil, err
		}
		if base != 0 && base < 2 || base > 36 {
			return nil, valueError("int() base must be >= 2 and <= 36, or 0")
		}
		return value.ParseInt(s, base)
	}
	if a.opt(1, "base", nil) != nil {
		return nil, typeError("int() can't convert non-string with explicit base")
	}
	return value.ToInt(a.pos[0])
}

func floatOf(m *machine, a *args) (any, error) {
	if err := a.check(0, 1); err != nil {
		return nil, err
	}
	if len(a.pos) == 0 {
		return 0.0, nil
	}
	if s, ok := a.pos[0].(string); ok {
		if err := m.step(len(s) / 8); err != nil {
			return nil, err
		}
	}
	return value.ToFloat(a.pos[0])
}

func strOf(m *machine, a *args) (any, error) {
	if err := a.check(0, 1); err != nil {
		return nil, err
	}
	if len(a.pos) == 0 {
		return "", nil
	}
	if s, ok := a.pos[0].(value.Secret); ok {
		return s, nil
	}
	return m.str(a.pos[0])
}

func boolOf(_ *machine, a *args) (any, error) {
	if err := a.check(0, 1); err != nil {
		return nil, err
	}
	return len(a.pos) > 0 && truth(a.pos[0]), nil
}

func listOf(m *machine, a *args) (any, error) {
	items, err := a.collect(m)
	return value.List(items), err
}

func tupleOf(m *machine, a *args) (any, error) {
	items, err := a.collect(m)
	return tuple(items), err
}

// collect returns the elements of the one argument, or none.
func (a *args) collect(m *machine) ([]any, error) {
	if err := a.check(0, 1); err != nil {
		return nil, err
	}
	m.built = true
	if len(a.pos) == 0 {
		return []any{}, nil
	}
	items, err := m.copied(a.pos[0])
	if items == nil {
		items = []any{}
	}
	return items, err
}

func setOf(m *machine, a *args) (any, error) {
	if err := a.check(0, 1); err != nil {
		return nil, err
	}
	s := &set{}
	m.built = true
	if len(a.pos) == 0 {
		return s, nil
	}
	return s, m.iterate(a.pos[0], func(v any) (bool, error) { return true, m.add(s, v) })
}

func dictOf(m *machine, a *args) (any, error) {
	if len(a.pos) > 1 {
		return nil, typeError("dict expected at most 1 argument, got %d", len(a.pos))
	}
	b := value.NewDict()
	m.built = true
	if len(a.pos) == 1 {
		if err := m.fillDict(b, a.pos[0]); err != nil {
			return nil, err
		}
	}
	for _, name := range a.names {
		if err := m.put(b, name, a.named[name]); err != nil {
			return nil, err
		}
	}
	return b.Dict(), nil
}

func (m *machine) fillDict(b *value.DictBuilder, source any) error {
	if d, ok := source.(*value.Dict); ok {
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
	at := 0
	return m.iterate(source, func(pair any) (bool, error) {
		items, err := m.items(pair)
		if err != nil {
			return false, typeError("cannot convert dictionary update sequence element #%d to a sequence", at)
		}
		if len(items) != 2 {
			return false, valueError("dictionary update sequence element #%d has length %d; 2 is required", at, len(items))
		}
		at++
		return true, m.put(b, items[0], items[1])
	})
}

func rangeOf(_ *machine, a *args) (any, error) {
	if err := a.check(1, 3); err != nil {
		return nil, err
	}
	var n [3]int64
	for i, v := range a.pos {
		x, ok := asInt64(v)
		if _, isBig := v.(*big.Int); isBig {
			return nil, limit("a range does not go beyond 64 bits")
		}
		if !ok {
			return nil, typeError("'%s' object cannot be interpreted as an integer", typeName(v))
		}
		if x > math.MaxInt64/4 || x < math.MinInt64/4 {
			return nil, limit("a range does not go beyond 61 bits")
		}
		n[i] = x
	}
	start, end, step := n[0], n[1], n[2]
	switch len(a.pos) {
	case 1:
		start, end, step = 0, n[0], 1
	case 2:
		step = 1
	}
	if step == 0 {
		return nil, valueError("range() arg 3 must not be zero")
	}
	s := &span{start: start, end: end, step: step}
	if step > 0 && end > start {
		s.n = (end-start-1)/step + 1
	}
	if step < 0 && end < start {
		s.n = (start-end-1)/-step + 1
	}
	return s, nil
}

func roundOf(m *machine, a *args) (any, error) {
	if err := a.check(1, 2, "ndigits"); err != nil {
		return nil, err
	}
	digits := a.opt(1, "ndigits", nil)
	n := 0
	if digits != nil {
		var err error
		if n, err = a.integer(1, "ndigits", nil); err != nil {
			return nil, err
		}
	}
	switch x := a.pos[0].(type) {
	case int64, bool, *big.Int:
		if n >= 0 {
			if b, ok := x.(bool); ok {
				i, _ := asInt64(b)
				return i, nil
			}
			return x, nil
		}
		b := toBig(x)
		if err := m.bigProduct(b.BitLen(), b.BitLen()); err != nil {
			return nil, err
		}
		return roundInt(b, -n), nil
	case float64:
		if digits == nil {
			return value.ToInt(math.RoundToEven(x))
		}
		return roundFloat(x, n)
	default:
		return nil, typeError("type %s doesn't define __round__ method", typeName(x))
	}
}

// roundInt rounds to a multiple of 10**n, halves to the even multiple.
func roundInt(x *big.Int, n int) any {
	if 3*n > x.BitLen()+1 { // 10**n is more than twice as large as x
		return int64(0)
	}
	unit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil)
	q, rem := new(big.Int).DivMod(x, unit, new(big.Int))
	twice := new(big.Int).Lsh(rem, 1)
	if c := twice.Cmp(unit); c > 0 || c == 0 && q.Bit(0) == 1 {
		q.Add(q, big.NewInt(1))
	}
	return value.Int(q.Mul(q, unit))
}

// roundFloat rounds the exact value of x to n decimal places, halves to even, as CPython does.
func roundFloat(x float64, n int) (any, error) {
	const most = 323
	if math.IsNaN(x) || math.IsInf(x, 0) || n > most || x == 0 {
		return x, nil
	}
	if n < -308 {
		return math.Copysign(0, x), nil
	}
	if n >= 0 {
		return strconv.ParseFloat(strconv.FormatFloat(x, 'f', n, 64), 64)
	}
	whole, frac := math.Modf(math.Abs(x))
	b, _ := big.NewFloat(whole).Int(nil)
	if frac > 0 { // what lies behind the point decides only between halves: doubling keeps that
		b.Lsh(b, 1).Add(b, big.NewInt(1))
		unit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(-n)), nil)
		unit.Lsh(unit, 1)
		q, rem := new(big.Int).DivMod(b, unit, new(big.Int))
		if rem.Lsh(rem, 1).Cmp(unit) > 0 {
			q.Add(q, big.NewInt(1))
		}
		b = q.Mul(q, unit).Rsh(q, 1)
	} else {
		b = toBig(roundInt(b, -n))
	}
	f, err := value.ToFloat(value.Int(b))
	if err != nil {
		return nil, overflow("rounded value too large to represent")
	}
	return math.Copysign(f, x), nil
}
