package expr

import (
	"math"
	"math/big"

	"casare/value"
)

func toBig(v any) *big.Int {
	if b, ok := v.(*big.Int); ok {
		return b
	}
	i, _ := asInt64(v)
	return big.NewInt(i)
}

// bigWork charges making an integer of so many bits.
func (m *machine) bigWork(bits int) error {
	if bits > value.MaxIntBits {
		return limit("an integer is larger than %d bits", value.MaxIntBits)
	}
	return m.alloc(bits/8 + slot)
}

// bigProduct charges multiplying or dividing integers of so many bits: the work grows with the product of their words.
func (m *machine) bigProduct(x, y int) error {
	return m.step((x/64 + 1) * (y/64 + 1) / 64)
}

// linear are the operations whose work grows with the length of the operands.
var linear = map[operator]func(z, x, y *big.Int) *big.Int{
	opAdd: (*big.Int).Add, opSub: (*big.Int).Sub, opAnd: (*big.Int).And, opOr: (*big.Int).Or, opXor: (*big.Int).Xor,
}

func (m *machine) bigArithmetic(op operator, x, y *big.Int, l, r any) (any, error) {
	z := new(big.Int)
	bx, by := x.BitLen(), y.BitLen()
	switch op {
	case opAdd, opSub, opAnd, opOr, opXor:
		if err := m.bigWork(max(bx, by) + 1); err != nil {
			return nil, err
		}
		return value.Int(linear[op](z, x, y)), nil
	case opMul:
		if err := m.bigWork(bx + by); err != nil {
			return nil, err
		}
		if err := m.bigProduct(bx, by); err != nil {
			return nil, err
		}
		return value.Int(z.Mul(x, y)), nil
	case opDiv:
		return m.bigQuotient(x, y)
	case opFloor, opMod:
		return m.bigDivMod(op, x, y)
	case opPow:
		return m.bigPow(x, y)
	case opShl, opShr:
		return m.bigShift(op, x, y)
	case opMatMul:
		return nil, unsupported(op, l, r)
	default:
		return nil, unsupported(op, l, r)
	}
}

// bigQuotient is x / y rounded once, as Python rounds it.
func (m *machine) bigQuotient(x, y *big.Int) (any, error) {
	if y.Sign() == 0 {
		return nil, zeroDivision("division by zero")
	}
	if err := m.bigProduct(x.BitLen(), y.BitLen()); err != nil {
		return nil, err
	}
	f, _ := new(big.Rat).SetFrac(x, y).Float64()
	if math.IsInf(f, 0) {
		return nil, overflow("integer division result too large for a float")
	}
	return f, nil
}

func (m *machine) bigDivMod(op operator, x, y *big.Int) (any, error) {
	if y.Sign() == 0 {
		return nil, zeroDivision("integer division or modulo by zero")
	}
	if err := m.bigProduct(x.BitLen(), y.BitLen()); err != nil {
		return nil, err
	}
	if err := m.bigWork(max(x.BitLen(), y.BitLen())); err != nil {
		return nil, err
	}
	q, rem := new(big.Int).QuoRem(x, y, new(big.Int))
	if rem.Sign() != 0 && rem.Sign() != y.Sign() {
		q.Sub(q, big.NewInt(1))
		rem.Add(rem, y)
	}
	if op == opMod {
		return value.Int(rem), nil
	}
	return value.Int(q), nil
}

func (m *machine) bigPow(x, y *big.Int) (any, error) {
	if y.Sign() < 0 {
		f, err := value.ToFloat(value.Int(x))
		if err != nil {
			return nil, err
		}
		g, err := value.ToFloat(value.Int(y))
		if err != nil {
			return nil, err
		}
		return floatPow(f, g)
	}
	if x.BitLen() <= 1 { // 0, 1, -1: any exponent is cheap
		e := new(big.Int).And(y, big.NewInt(1))
		if y.Sign() > 0 && e.Sign() == 0 {
			e.SetInt64(2)
		}
		return value.Int(new(big.Int).Exp(x, e, nil)), nil
	}
	if !y.IsInt64() || y.Int64() > value.MaxIntBits {
		return nil, limit("an integer is larger than %d bits", value.MaxIntBits)
	}
	bits := (x.BitLen() - 1) * int(y.Int64()) // the least it can have
	if err := m.bigWork(bits + 1); err != nil {
		return nil, err
	}
	if err := m.bigProduct(bits, bits); err != nil {
		return nil, err
	}
	z := new(big.Int).Exp(x, y, nil)
	if z.BitLen() > value.MaxIntBits {
		return nil, limit("an integer is larger than %d bits", value.MaxIntBits)
	}
	return value.Int(z), nil
}

func (m *machine) bigShift(op operator, x, y *big.Int) (any, error) {
	switch {
	case y.Sign() < 0:
		return nil, valueError("negative shift count")
	case x.Sign() == 0:
		return int64(0), nil
	case op == opShl && (!y.IsInt64() || y.Int64() > value.MaxIntBits):
		return nil, limit("an integer is larger than %d bits", value.MaxIntBits)
	case op == opShl:
		if err := m.bigWork(x.BitLen() + int(y.Int64())); err != nil {
			return nil, err
		}
		return value.Int(new(big.Int).Lsh(x, uint(y.Uint64()))), nil
	case !y.IsInt64() || y.Int64() >= int64(x.BitLen()):
		if x.Sign() < 0 {
			return int64(-1), nil
		}
		return int64(0), nil
	default:
		if err := m.bigWork(x.BitLen()); err != nil {
			return nil, err
		}
		return value.Int(new(big.Int).Rsh(x, uint(y.Uint64()))), nil
	}
}

// powMod is pow(x, y, z) for integers.
func (m *machine) powMod(x, y, z *big.Int) (any, error) {
	if z.Sign() == 0 {
		return nil, valueError("pow() 3rd argument cannot be 0")
	}
	words := z.BitLen()/64 + 1
	if err := m.bigProduct(x.BitLen(), z.BitLen()); err != nil {
		return nil, err
	}
	if err := m.step((y.BitLen() + 1) * (words*words/64 + 1)); err != nil {
		return nil, err
	}
	modulus := new(big.Int).Abs(z)
	base := x
	if y.Sign() < 0 {
		if base = new(big.Int).ModInverse(x, modulus); base == nil {
			return nil, valueError("base is not invertible for the given modulus")
		}
	}
	out := new(big.Int).Exp(base, new(big.Int).Abs(y), modulus)
	if z.Sign() < 0 && out.Sign() != 0 {
		out.Add(out, z)
	}
	return value.Int(out), nil
}
