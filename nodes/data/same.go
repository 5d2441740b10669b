package data

import (
	"math"
	"math/big"
	"slices"
	"strconv"

	"casare/value"
)

// sameKey appends a text that is the same for two values exactly where Python holds them equal: 1, 1.0 and true, dicts whatever their
// order. A NaN equals nothing, so it has no key: ok is false.
func sameKey(dst []byte, v value.Value) (_ []byte, ok bool) {
	switch x := v.(type) {
	case bool, int64, *big.Int:
		return numberKey(dst, x), true
	case float64:
		switch {
		case math.IsNaN(x):
			return dst, false
		case x == math.Trunc(x) && !math.IsInf(x, 0):
			whole, err := value.ToInt(x)
			return numberKey(dst, whole), err == nil
		}
		return strconv.AppendFloat(append(dst, 'f'), x, 'g', -1, 64), true
	case value.Secret:
		return textKey(dst, 's', x.Reveal()), true
	case string:
		return textKey(dst, 's', x), true
	case value.Bytes:
		return textKey(dst, 'b', string(x)), true
	case value.Handle:
		return textKey(textKey(dst, 'h', x.Kind), 'h', x.ID), true
	case value.List:
		dst = append(strconv.AppendInt(append(dst, 'l'), int64(len(x)), 10), ':')
		for _, item := range x {
			if dst, ok = sameKey(dst, item); !ok {
				return dst, false
			}
			dst = append(dst, ',')
		}
		return dst, true
	case *value.Dict:
		return dictSameKey(dst, x)
	}
	return append(dst, 'n'), true
}

func numberKey(dst []byte, v value.Value) []byte {
	whole, err := value.ToInt(v)
	if err != nil {
		return dst
	}
	return value.AppendRepr(append(dst, 'i'), whole)
}

// textKey begins with the length, so that no text can look like the end of another.
func textKey(dst []byte, kind byte, text string) []byte {
	dst = append(strconv.AppendInt(append(dst, kind), int64(len(text)), 10), ':')
	return append(dst, text...)
}

func dictSameKey(dst []byte, d *value.Dict) ([]byte, bool) {
	entries := make([]string, 0, d.Len())
	for k, v := range d.All() {
		entry, ok := sameKey(nil, k)
		if ok {
			entry, ok = sameKey(append(entry, '='), v)
		}
		if !ok {
			return dst, false
		}
		entries = append(entries, string(entry))
	}
	slices.Sort(entries)
	dst = append(strconv.AppendInt(append(dst, 'd'), int64(len(entries)), 10), ':')
	for _, entry := range entries {
		dst = append(append(dst, entry...), ',')
	}
	return dst, true
}

// seen is a set of values, equal as Python holds them equal.
type seen map[string]bool

// add says whether the value is new.
func (s seen) add(v value.Value) bool {
	key, ok := sameKey(nil, v)
	if ok && s[string(key)] {
		return false
	}
	if ok {
		s[string(key)] = true
	}
	return true
}
