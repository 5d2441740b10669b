package expr

import (
	"math"
	"math/big"
	"math/bits"

	"casare/value"
)

func isNumber(v any) bool {
	switch v.(type) {
	case int64, float64, bool, *big.Int:
		return true
	default:
		return false
	}
}

// arithmetic computes l op r for two numbers.
func (m *machine) arithmetic(op operator, l, r any) (any, error) {
	x, okX := asInt64(l)
	y, okY := asInt64(r)
	if okX && okY {
		if op <= opSub || op >= opAnd {
			if v, ok := smallArithmetic(op, x, y); ok {
				return boolAgain(op, l, r, v), nil
			}
		}
		if v, ok, err := smallProduct(op, x, y); ok || err != nil {
			return v, err
		}
	}
	_, floatL := l.(float64)
	_, floatR := r.(float64)
	if (floatL || floatR) && op >= opShl {
		return nil, unsupported(op, l, r)
	}
	if floatL || floatR {
		f, err := value.ToFloat(l)
		if err != nil {
			return nil, err
		}
		g, err := value.ToFloat(r)
		if err != nil {
			return nil, err
		}
		return floatArithmetic(op, f, g, l, r)
	}
	return m.bigArithmetic(op, toBig(l), toBig(r), l, r)
}

// boolAgain makes a bool of the result of & | ^ on two bools.
func boolAgain(op operator, l, r any, v int64) any {
	if op == opAnd || op == opOr || op == opXor {
		_, okL := l.(bool)
		_, okR := r.(bool)
		if okL && okR {
			return v != 0
		}
	}
	return v
}

// smallArithmetic computes what cannot fail; ok is false where 64 bits do not hold the result.
func smallArithmetic(op operator, x, y int64) (v int64, ok bool) {
	switch op {
	case opAdd:
		v = x + y
		return v, (v > x) == (y > 0)
	case opSub:
		v = x - y
		return v, (v < x) == (y > 0)
	case opAnd:
		return x & y, true
	case opOr:
		return x | y, true
	case opXor:
		return x ^ y, true
	case opMul, opDiv, opFloor, opMod, opPow, opShl, opShr, opMatMul:
		return 0, false
	default:
		return 0, false
	}
}

// smallProduct computes the operators that may fail; ok is false where big integers have to do it.
func smallProduct(op operator, x, y int64) (v any, ok bool, err error) {
	switch op {
	case opMul:
		hi, lo := bits.Mul64(magnitude(x), magnitude(y))
		if hi != 0 || lo > math.MaxInt64 {
			return nil, false, nil
		}
		return x * y, true, nil
	case opDiv:
		if y == 0 {
			return nil, false, zeroDivision("division by zero")
		}
		const exact = 1 << 53
		if magnitude(x) > exact || magnitude(y) > exact {
			return nil, false, nil
		}
		return float64(x) / float64(y), true, nil
	case opFloor, opMod:
		if y == 0 {
			return nil, false, zeroDivision(map[operator]string{
				opFloor: "integer division or modulo by zero", opMod: "integer modulo by zero",
			}[op])
		}
		if y == -1 { // the one quotient that overflows
			if op == opMod {
				return int64(0), true, nil
			}
			return -x, x != math.MinInt64, nil
		}
		q, rem := x/y, x%y
		if rem != 0 && (rem < 0) != (y < 0) {
			q, rem = q-1, rem+y
		}
		if op == opMod {
			return rem, true, nil
		}
		return q, true, nil
	case opShr:
		if y < 0 {
			return nil, false, valueError("negative shift count")
		}
		return x >> min(y, 63), true, nil
	case opAdd, opSub, opPow, opShl, opAnd, opOr, opXor, opMatMul:
		return nil, false, nil
	default:
		return nil, false, nil
	}
}

func magnitude(x int64) uint64 {
	if x < 0 {
		return -uint64(x) //nolint:gosec // two's complement, also of the smallest
	}
	return uint64(x)
}

func zeroDivision(text string) error { return value.Faultf(value.ZeroDivisionError, "%s", text) }

func overflow(text string) error { return value.Faultf(value.OverflowError, "%s", text) }

func floatArithmetic(op operator, x, y float64, l, r any) (any, error) {
	switch op {
	case opAdd:
		return x + y, nil
	case opSub:
		return x - y, nil
	case opMul:
		return x * y, nil
	case opDiv:
		if y == 0 {
			return nil, zeroDivision("float division by zero")
		}
		return x / y, nil
	case opFloor:
		if y == 0 {
			return nil, zeroDivision("float floor division by zero")
		}
		q, _ := floatDivMod(x, y)
		return q, nil
	case opMod:
		if y == 0 {
			return nil, zeroDivision("float modulo")
		}
		_, rem := floatDivMod(x, y)
		return rem, nil
	case opPow:
		return floatPow(x, y)
	case opShl, opShr, opAnd, opOr, opXor, opMatMul:
		return nil, unsupported(op, l, r)
	default:
		return nil, unsupported(op, l, r)
	}
}

// floatDivMod is CPython's float divmod: the remainder has the sign of y, the quotient is whole.
func floatDivMod(x, y float64) (q, rem float64) {
	rem = math.Mod(x, y)
	q = (x - rem) / y
	if rem != 0 {
		if (y < 0) != (rem < 0) {
			rem += y
			q--
		}
	} else {
		rem = math.Copysign(0, y)
	}
	if q == 0 {
		return math.Copysign(0, x/y), rem
	}
	floor := math.Floor(q)
	if q-floor > 0.5 {
		floor++
	}
	return floor, rem
}

func floatPow(x, y float64) (any, error) {
	if x == 0 && y < 0 {
		return nil, zeroDivision("0.0 cannot be raised to a negative power")
	}
	if x < 0 && y != math.Trunc(y) && !math.IsInf(x, 0) && !math.IsInf(y, 0) && !math.IsNaN(y) {
		return nil, valueError("a negative number to a fractional power is complex, which is not supported")
	}
	v := power(x, y)
	if math.IsInf(v, 0) && !math.IsInf(x, 0) && !math.IsInf(y, 0) {
		return nil, overflow("(34, 'Numerical result out of range')")
	}
	return v, nil
}

// power is math.Pow, which errs in the last digits, but rounds once where the exponent is a whole number of everyday size or a half.
func power(x, y float64) float64 {
	const most, precision = 1024, 256
	switch {
	case y == 0.5 && x > 0:
		return math.Sqrt(x)
	case y != math.Trunc(y) || math.Abs(y) > most || x == 0 || math.IsInf(x, 0) || math.IsNaN(x):
		return math.Pow(x, y)
	}
	base, product := new(big.Float).SetPrec(precision).SetFloat64(x), new(big.Float).SetPrec(precision).SetInt64(1)
	for n := int(math.Abs(y)); n > 0; n >>= 1 {
		if n&1 == 1 {
			product.Mul(product, base)
		}
		base.Mul(base, base)
	}
	if y < 0 {
		product.Quo(new(big.Float).SetPrec(precision).SetInt64(1), product)
	}
	v, _ := product.Float64()
	return v
}

func (m *machine) unary(op string, x any) (any, error) {
	switch v := x.(type) {
	case float64:
		switch op {
		case "-":
			return -v, nil
		case "+":
			return v, nil
		}
	case int64, bool, *big.Int:
		return m.unaryInt(op, v)
	}
	return nil, typeError("bad operand type for unary %s: '%s'", op, typeName(x))
}

func (m *machine) unaryInt(op string, x any) (any, error) {
	i, small := asInt64(x)
	switch {
	case op == "+" && small:
		return i, nil
	case op == "+":
		return x, nil
	case op == "-" && small && i != math.MinInt64:
		return -i, nil
	case op == "~" && small:
		return ^i, nil
	}
	b := toBig(x)
	if err := m.bigWork(b.BitLen()); err != nil {
		return nil, err
	}
	if op == "~" {
		return value.Int(new(big.Int).Not(b)), nil
	}
	return value.Int(new(big.Int).Neg(b)), nil
}
