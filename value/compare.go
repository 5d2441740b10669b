package value

import (
	"cmp"
	"math"
	"math/big"
	"strings"
)

// Unordered is what Compare returns where a NaN takes part: every ordering comparison with one is false.
const Unordered = 2

// Equal returns Python's a == b: numbers compare by value across kinds (1 == 1.0 == true), lists element by element, dicts
// without regard to order. A secret equals the same text, secret or not.
func Equal(a, b Value) bool {
	if x, y, ok := texts(a, b); ok {
		return x == y
	}
	if c, ok := compareNumbers(a, b); ok {
		return c == 0
	}
	switch x := a.(type) {
	case nil:
		return b == nil
	case Bytes:
		y, ok := b.(Bytes)
		return ok && x == y
	case Handle:
		y, ok := b.(Handle)
		return ok && x == y
	case List:
		y, ok := b.(List)
		return ok && equalLists(x, y)
	case *Dict:
		y, ok := b.(*Dict)
		return ok && equalDicts(x, y)
	default:
		return false
	}
}

func equalLists(x, y List) bool {
	if len(x) != len(y) {
		return false
	}
	for i := range x {
		if !Equal(x[i], y[i]) {
			return false
		}
	}
	return true
}

func equalDicts(x, y *Dict) bool {
	if x.Len() != y.Len() {
		return false
	}
	for k, v := range x.All() {
		w, ok := y.Get(k)
		if !ok || !Equal(v, w) {
			return false
		}
	}
	return true
}

// Compare orders two numbers, texts, bytes or lists as Python's < does: -1, 0, 1, or Unordered. Any other pair is a TypeError.
func Compare(a, b Value) (int, error) {
	if x, y, ok := texts(a, b); ok {
		return cmp.Compare(x, y), nil // UTF-8 sorts as its code points do
	}
	if c, ok := compareNumbers(a, b); ok {
		return c, nil
	}
	switch x := a.(type) {
	case Bytes:
		if y, ok := b.(Bytes); ok {
			return strings.Compare(string(x), string(y)), nil
		}
	case List:
		if y, ok := b.(List); ok {
			return compareLists(x, y)
		}
	}
	return 0, refused(Faultf(TypeError, "'<' not supported between instances of '%s' and '%s'", TypeName(a), TypeName(b)))
}

func compareLists(x, y List) (int, error) {
	for i := range min(len(x), len(y)) {
		if !Equal(x[i], y[i]) {
			return Compare(x[i], y[i])
		}
	}
	return cmp.Compare(len(x), len(y)), nil
}

func texts(a, b Value) (x, y string, ok bool) {
	if x, ok = text(a); ok {
		y, ok = text(b)
	}
	return x, y, ok
}

func text(v Value) (string, bool) {
	switch x := v.(type) {
	case string:
		return x, true
	case Secret:
		return x.Reveal(), true
	default:
		return "", false
	}
}

// compareNumbers orders two numbers exactly: an integer is never rounded to a float. ok is false where one is no number.
func compareNumbers(a, b Value) (c int, ok bool) {
	switch x := a.(type) {
	case bool, int64, *big.Int:
		switch y := b.(type) {
		case bool, int64, *big.Int:
			return compareInts(x, y), true
		case float64:
			return compareIntFloat(x, y), true
		}
	case float64:
		switch y := b.(type) {
		case bool, int64, *big.Int:
			if c := compareIntFloat(y, x); c != Unordered {
				return -c, true
			}
			return Unordered, true
		case float64:
			if math.IsNaN(x) || math.IsNaN(y) {
				return Unordered, true
			}
			return cmp.Compare(x, y), true
		}
	}
	return 0, false
}

func compareInts(a, b Value) int {
	x, small := smallInt(a)
	y, small2 := smallInt(b)
	if small && small2 {
		return cmp.Compare(x, y)
	}
	return bigInt(a).Cmp(bigInt(b))
}

func compareIntFloat(a Value, f float64) int {
	const exact = 1 << 53
	if x, ok := smallInt(a); ok && -exact <= x && x <= exact {
		if math.IsNaN(f) {
			return Unordered
		}
		return cmp.Compare(float64(x), f)
	}
	switch {
	case math.IsNaN(f):
		return Unordered
	case math.IsInf(f, 0):
		return -int(math.Copysign(1, f))
	}
	whole := math.Trunc(f)
	y, _ := big.NewFloat(whole).Int(nil)
	if c := bigInt(a).Cmp(y); c != 0 {
		return c
	}
	return cmp.Compare(whole, f)
}

func smallInt(v Value) (int64, bool) {
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

func bigInt(v Value) *big.Int {
	if x, ok := v.(*big.Int); ok {
		return x
	}
	x, _ := smallInt(v)
	return big.NewInt(x)
}
