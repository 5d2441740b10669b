package data

import (
	"math"
	"math/big"
	"strconv"
	"strings"

	"casare/node"
	"casare/value"
)

// operations of two numbers and of one. An error is worded as Python words it.
var (
	binary = map[string]func(a, b float64) (float64, error){
		"add":          func(a, b float64) (float64, error) { return a + b, nil },
		"subtract":     func(a, b float64) (float64, error) { return a - b, nil },
		"multiply":     func(a, b float64) (float64, error) { return a * b, nil },
		"divide":       divide,
		"floor_divide": floorDivide,
		"power":        power,
		"modulo":       modulo,
		"log":          logarithm,
		"min":          func(a, b float64) (float64, error) { return pick(b < a, b, a), nil },
		"max":          func(a, b float64) (float64, error) { return pick(b > a, b, a), nil },
	}
	unary = map[string]func(a float64) float64{
		"abs": math.Abs, "sqrt": math.Sqrt, "sin": math.Sin, "cos": math.Cos, "tan": math.Tan,
		"exp": math.Exp, "log10": log10, "negate": func(a float64) float64 { return -a },
	}
	whole = map[string]func(a float64) float64{"floor": math.Floor, "ceil": math.Ceil, "round": math.RoundToEven}
)

func calculate(operation string, a, b float64) (node.Value, error) {
	if f := binary[operation]; f != nil {
		x, err := f(a, b)
		if err != nil {
			return nil, err
		}
		return x, nil
	}
	if f := unary[operation]; f != nil {
		x := f(a)
		return x, checkDomain(x, a)
	}
	if f := whole[operation]; f != nil {
		return integer(f(a))
	}
	return nil, node.Fail("", "Unknown operation: %s", operation)
}

// checkDomain finds results that Python's math functions refuse: not a number, or infinite, from arguments that are neither.
func checkDomain(x float64, args ...float64) error {
	for _, a := range args {
		if math.IsNaN(a) || math.IsInf(a, 0) && math.IsInf(x, 0) {
			return nil
		}
	}
	switch {
	case math.IsNaN(x) || math.IsInf(x, -1) && args[0] == 0:
		return node.Fail("", "math domain error")
	case math.IsInf(x, 0):
		return node.Fail("", "math range error")
	}
	return nil
}

func pick(first bool, a, b float64) float64 {
	if first {
		return a
	}
	return b
}

func divide(a, b float64) (float64, error) {
	if b == 0 {
		return 0, node.Fail("", "Division by zero")
	}
	return a / b, nil
}

// floorDivide is Python's a // b of floats, which takes the remainder first and so differs from floor(a / b) where that was rounded.
func floorDivide(a, b float64) (float64, error) {
	if b == 0 {
		return 0, node.Fail("", "Division by zero")
	}
	mod := math.Mod(a, b)
	div := (a - mod) / b
	if mod != 0 && (b < 0) != (mod < 0) {
		div--
	}
	if div == 0 {
		return math.Copysign(0, a/b), nil
	}
	floor := math.Floor(div)
	if div-floor > 0.5 {
		floor++
	}
	return floor, nil
}

// modulo is Python's a % b of floats: the result has the sign of b.
func modulo(a, b float64) (float64, error) {
	if b == 0 {
		return 0, node.Fail("", "float modulo")
	}
	mod := math.Mod(a, b)
	switch {
	case mod == 0:
		return math.Copysign(0, b), nil
	case (b < 0) != (mod < 0):
		return mod + b, nil
	}
	return mod, nil
}

func power(a, b float64) (float64, error) {
	x := math.Pow(a, b)
	if a == 0 && math.IsInf(x, 0) && !math.IsInf(b, 0) {
		return 0, node.Fail("", "math domain error")
	}
	return x, checkDomain(x, a, b)
}

// logarithm is to the base b, or natural when b is 0.
func logarithm(a, b float64) (float64, error) {
	if a <= 0 || b < 0 {
		return 0, node.Fail("", "math domain error")
	}
	if b == 0 {
		return math.Log(a), nil
	}
	if b == 1 {
		return 0, node.Fail("", "float division by zero")
	}
	return math.Log(a) / math.Log(b), nil
}

// log10 is exact for powers of ten, as C's is and Go's is not.
func log10(a float64) float64 {
	x := math.Log10(a)
	if n := math.Round(x); math.Pow10(int(n)) == a {
		return n
	}
	return x
}

// integer turns a whole float into an integer, however large.
func integer(x float64) (node.Value, error) {
	switch {
	case math.IsNaN(x):
		return nil, node.Fail("", "cannot convert float NaN to integer")
	case math.IsInf(x, 0):
		return nil, node.Fail("", "cannot convert float infinity to integer")
	}
	n, _ := big.NewFloat(x).Int(nil)
	return value.Int(n), nil
}

// roundTo is Python's round(x, digits): exact, half to even. A whole number stays as it is for digits behind the point.
func roundTo(v node.Value, digits int64) node.Value {
	x, ok := v.(float64)
	if !ok || math.IsNaN(x) || math.IsInf(x, 0) || digits > 400 {
		return v
	}
	if digits >= 0 {
		return parse(strconv.FormatFloat(x, 'f', int(digits), 64), x)
	}
	// Before the point: as many significant digits as are left of the place to round to.
	_, exponent, _ := strings.Cut(strconv.FormatFloat(x, 'e', -1, 64), "e")
	e, err := strconv.Atoi(exponent)
	if err != nil || int64(e)+digits < -1 {
		return math.Copysign(0, x)
	}
	if precision := e + int(digits); precision >= 0 {
		return parse(strconv.FormatFloat(x, 'e', precision, 64), x)
	}
	if math.Abs(x) > 5*math.Pow10(e) {
		return math.Copysign(math.Pow10(e+1), x)
	}
	return math.Copysign(0, x)
}

func parse(text string, otherwise float64) float64 {
	x, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return otherwise
	}
	return x
}
