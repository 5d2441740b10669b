package expr

import (
	"math"
	"strconv"
	"strings"

	"casare/value"
)

// formatFloat prints a float by a format spec.
func formatFloat(x float64, f formatSpec) (string, error) {
	upper := f.kind == 'E' || f.kind == 'F' || f.kind == 'G'
	kind := f.kind | 0x20
	if f.kind == 0 || f.kind == '%' {
		kind = f.kind
	}
	negative := math.Signbit(x) && !math.IsNaN(x)
	a := math.Abs(x)
	if kind == '%' {
		a *= 100
	}
	text, err := floatDigits(a, kind, f)
	if err != nil {
		return "", err
	}
	if kind == '%' {
		text += "%"
	}
	if upper {
		text = strings.ToUpper(text)
	}
	if f.noMinus && strings.Trim(text, "0.%") == "" {
		negative = false
	}
	whole, rest := text, ""
	if i := strings.IndexAny(text, ".eE%"); i >= 0 {
		whole, rest = text[:i], text[i:]
	}
	if math.IsInf(x, 0) || math.IsNaN(x) {
		f.group = 0
	}
	return f.number(f.signOf(negative), whole, rest, 3), nil
}

// floatDigits prints a non-negative float without sign and padding.
func floatDigits(a float64, kind byte, f formatSpec) (string, error) {
	if math.IsInf(a, 0) || math.IsNaN(a) {
		return strings.ToLower(strings.TrimPrefix(strconv.FormatFloat(a, 'f', -1, 64), "+")), nil
	}
	precision := f.precision
	if precision < 0 {
		precision = 6
	}
	switch kind {
	case 'f', '%':
		s := strconv.FormatFloat(a, 'f', precision, 64)
		if f.alt && precision == 0 {
			s += "."
		}
		return s, nil
	case 'e':
		s := strconv.FormatFloat(a, 'e', precision, 64)
		if f.alt && precision == 0 {
			s = strings.Replace(s, "e", ".e", 1)
		}
		return s, nil
	case 'g', 'n':
		return generalDigits(a, max(precision, 1), false, f.alt), nil
	case 0:
		if f.precision < 0 {
			return string(value.AppendFloat(nil, a)), nil
		}
		return generalDigits(a, max(f.precision, 1), true, f.alt), nil
	default:
		return "", unknownCode(f.kind, "float")
	}
}

// generalDigits is the g format: so many significant digits, with an exponent where the number is very small or large. asRepr
// is the form without a type, which keeps a point and goes over to the exponent one digit earlier.
func generalDigits(a float64, precision int, asRepr, alt bool) string {
	s := strconv.FormatFloat(a, 'e', precision-1, 64)
	mantissa, exponent, _ := strings.Cut(s, "e")
	exp, err := strconv.Atoi(exponent)
	if err != nil {
		return s // FormatFloat always writes a decimal exponent
	}
	last := precision
	if asRepr {
		last = precision - 1
	}
	if exp < -4 || exp >= last && !(asRepr && a == 0) {
		if !alt && strings.Contains(mantissa, ".") {
			mantissa = strings.TrimRight(strings.TrimRight(mantissa, "0"), ".")
		}
		return mantissa + "e" + exponent
	}
	s = strconv.FormatFloat(a, 'f', max(precision-1-exp, 0), 64)
	if !alt && strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	if asRepr && !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}
