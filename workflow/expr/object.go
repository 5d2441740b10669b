package expr

import (
	"math"
	"math/big"

	"casare/value"
)

// The kinds that live inside an evaluation only.
type (
	// tuple is an immutable sequence that may be an element of a set.
	tuple []any

	// set keeps its elements in the order in which they came, which Python does not promise but everybody likes.
	set struct {
		items []any
		index map[any]int
	}

	// span is a range: a sequence that is never written out.
	span struct {
		start, end, step int64
		n                int64
	}

	// lazy is what can be walked once: a generator, zip, enumerate, map, filter, reversed.
	lazy struct {
		kind string
		run  func(m *machine, yield yield) error
	}

	// view is what keys(), values() and items() of a dict give.
	view struct {
		kind  string
		items []any
	}

	// callable is a function, a type, or a method with or without its object.
	callable struct {
		name string
		fn   func(m *machine, a *args) (any, error)
	}

	// yield gets one element and says whether it wants more.
	yield func(item any) (more bool, err error)
)

// typeName returns Python's name of any kind.
func typeName(v any) string {
	switch x := v.(type) {
	case tuple:
		return "tuple"
	case *set:
		return "set"
	case *span:
		return "range"
	case *lazy:
		return x.kind
	case *view:
		return x.kind
	case *callable:
		return "builtin_function_or_method"
	case value.Secret:
		return "str"
	default:
		return value.TypeName(v)
	}
}

// truth is value.Truth for every kind.
func truth(v any) bool {
	switch x := v.(type) {
	case bool:
		return x
	case tuple:
		return len(x) > 0
	case *set:
		return len(x.items) > 0
	case *span:
		return x.n > 0
	case *view:
		return len(x.items) > 0
	default:
		return value.Truth(v)
	}
}

// Keys of a set: what Python holds equal must be one key.
type (
	nullKey struct{}
	bigKey  struct {
		negative bool
		digits   string
	}
	tupleKey struct{ repr string }
	spanKey  struct{ start, step, n int64 }
)

// hashKey returns a comparable stand-in for v, or a TypeError where Python cannot hash it.
func (m *machine) hashKey(v any) (any, error) {
	switch x := v.(type) {
	case nil:
		return nullKey{}, nil
	case bool:
		if x {
			return int64(1), nil
		}
		return int64(0), nil
	case float64:
		if x == math.Trunc(x) && math.Abs(x) < 1<<63 {
			return int64(x), nil
		}
		if whole, err := value.ToInt(x); err == nil && x == math.Trunc(x) {
			return m.hashKey(whole)
		}
		return x, nil
	case *big.Int:
		return bigKey{negative: x.Sign() < 0, digits: string(x.Bytes())}, nil
	case string:
		return x, m.scan(len(x)) // whoever hashes it looks through it
	case value.Secret:
		return x.Reveal(), nil
	case tuple:
		return m.tupleKey(x)
	case *span:
		return spanKey{start: x.start, step: x.step, n: x.n}, nil
	case int64, value.Bytes, value.Handle, *callable, *lazy:
		return v, nil
	default:
		return nil, typeError("unhashable type: '%s'", typeName(v))
	}
}

func (m *machine) tupleKey(t tuple) (any, error) {
	p := printer{m: m}
	for _, item := range t {
		key, err := m.hashKey(item)
		if err != nil {
			return nil, err
		}
		switch k := key.(type) {
		case nullKey:
			key = nil
		case bigKey:
			key = value.List{k.negative, value.Bytes(k.digits)}
		case spanKey:
			key = value.List{k.start, k.step, k.n}
		case tupleKey:
			key = value.List{k.repr} // no text may look like a tuple
		}
		if err := p.repr(key); err != nil {
			return nil, err
		}
		p.buf = append(p.buf, ',')
	}
	return tupleKey{repr: string(p.buf)}, nil
}

// add puts v into the set if nothing equal is there.
func (m *machine) add(s *set, v any) error {
	key, err := m.hashKey(v)
	if err != nil {
		return err
	}
	if s.index == nil {
		s.index = map[any]int{}
	}
	if _, ok := s.index[key]; ok {
		return nil
	}
	if err := m.step(4); err != nil { // a new place in a hash table is dearer than other steps
		return err
	}
	if err := m.slots(4); err != nil { // key, element and their share of the table
		return err
	}
	s.index[key] = len(s.items)
	s.items = append(s.items, v)
	return nil
}

func (m *machine) has(s *set, v any) (bool, error) {
	key, err := m.hashKey(v)
	if err != nil {
		return false, err
	}
	_, ok := s.index[key]
	return ok, nil
}

// dictKey returns the form in which v is a key of a dict.
func dictKey(v any) (value.Value, error) {
	if key, ok := value.Key(v); ok {
		return key, nil
	}
	switch v.(type) {
	case value.Secret:
		return nil, typeError("a secret cannot be the key of a dict")
	case value.List, *value.Dict, *set:
		return nil, typeError("unhashable type: '%s'", typeName(v))
	default:
		return nil, typeError("the key of a dict is a text or a whole number here, not '%s'", typeName(v))
	}
}

// at returns element i of a range.
func (s *span) at(i int64) any { return s.start + i*s.step }

// has says whether the range contains v.
func (s *span) has(v any) bool {
	i, ok := asInt64(v)
	if f, isFloat := v.(float64); isFloat && f == math.Trunc(f) && math.Abs(f) < 1<<62 {
		i, ok = int64(f), true
	}
	if !ok || s.n == 0 || (i-s.start)%s.step != 0 {
		return false
	}
	at := (i - s.start) / s.step
	return 0 <= at && at < s.n
}

// asInt64 returns an int or bool that fits.
func asInt64(v any) (int64, bool) {
	switch x := v.(type) {
	case int64:
		return x, true
	case bool:
		if x {
			return 1, true
		}
		return 0, true
	default:
		return 0, false
	}
}
