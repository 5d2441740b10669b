package value

import (
	"errors"
	"math"
	"math/big"
	"strconv"
	"strings"
	"unicode"
)

// maxIntDigits is how many decimal digits MaxIntBits allow.
const maxIntDigits = MaxIntBits * 30103 / 100000

// ToInt returns Python's int(v): numbers are cut towards zero, a text is read in base 10. What int() refuses is an error.
func ToInt(v Value) (Value, error) {
	switch x := v.(type) {
	case bool, int64, *big.Int:
		if i, ok := smallInt(x); ok {
			return i, nil
		}
		return x, nil
	case float64:
		return truncate(x)
	case string:
		return ParseInt(x, 10)
	case Bytes:
		return ParseInt(string(x), 10)
	case Secret:
		return nil, refused(Faultf(TypeError, "a secret is not turned into a number"))
	default:
		return nil, refused(Faultf(TypeError,
			"int() argument must be a string, a bytes-like object or a real number, not '%s'", TypeName(v)))
	}
}

func truncate(f float64) (Value, error) {
	switch {
	case math.IsNaN(f):
		return nil, refused(Faultf(ValueError, "cannot convert float NaN to integer"))
	case math.IsInf(f, 0):
		return nil, refused(Faultf(OverflowError, "cannot convert float infinity to integer"))
	case math.Abs(f) < 1<<63:
		return int64(f), nil
	}
	whole, _ := big.NewFloat(f).Int(nil)
	return Int(whole), nil
}

// ParseInt reads a text as Python's int(text, base) does: white space around it, a sign, underscores between digits, the prefix
// of the base, digits of any script. Base 0 takes the base from the prefix.
func ParseInt(text string, base int) (Value, error) {
	invalid := func() (Value, error) {
		return nil, refused(Faultf(ValueError, "invalid literal for int() with base %d: %s", base, Repr(text)))
	}
	s := strings.TrimFunc(text, IsSpace)
	sign := ""
	if s != "" && (s[0] == '+' || s[0] == '-') {
		sign, s = s[:1], s[1:]
	}
	s, used := cutPrefix(s, base)
	digits, ok := plainDigits(s)
	if !ok {
		return invalid()
	}
	if len(digits) > maxIntDigits {
		return nil, refused(Faultf(LimitError, "an integer of %d digits is too large", len(digits)))
	}
	if base == 0 && used == 10 && len(digits) > 1 && digits[0] == '0' && strings.Trim(digits, "0") != "" {
		return invalid()
	}
	if i, err := strconv.ParseInt(sign+digits, used, 64); err == nil {
		return i, nil
	}
	x, ok := new(big.Int).SetString(sign+digits, used)
	if !ok {
		return invalid()
	}
	return Int(x), nil
}

// cutPrefix removes 0x, 0o or 0b where base allows it, and returns the base to read in.
func cutPrefix(s string, base int) (rest string, used int) {
	prefixes := map[string]int{"0x": 16, "0o": 8, "0b": 2}
	if len(s) > 2 && s[0] == '0' {
		if b, ok := prefixes[strings.ToLower(s[:2])]; ok && (base == b || base == 0) {
			return strings.TrimPrefix(s[2:], "_"), b
		}
	}
	if base == 0 {
		return s, 10
	}
	return s, base
}

// plainDigits removes single underscores between digits and turns the digits of other scripts into ASCII.
func plainDigits(s string) (string, bool) {
	if s == "" || s[0] == '_' || s[len(s)-1] == '_' || strings.Contains(s, "__") {
		return "", false
	}
	if strings.ContainsAny(s, "+-") {
		return "", false
	}
	return strings.ReplaceAll(foldDigits(s), "_", ""), true
}

// foldDigits writes decimal digits of any script as 0-9. The digits of a script are ten code points in a row, and scripts
// follow one another in whole tens, so the distance to the start of the run gives the digit.
func foldDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x80 || !unicode.Is(unicode.Nd, r) {
			return r
		}
		start := r
		for unicode.Is(unicode.Nd, start-1) {
			start--
		}
		return '0' + (r-start)%10
	}, s)
}

// ToFloat returns Python's float(v).
func ToFloat(v Value) (float64, error) {
	switch x := v.(type) {
	case float64:
		return x, nil
	case bool, int64:
		i, _ := smallInt(x)
		return float64(i), nil
	case *big.Int:
		return bigFloat(x)
	case string:
		return parseFloat(x)
	case Bytes:
		return parseFloat(string(x))
	case Secret:
		return 0, refused(Faultf(TypeError, "a secret is not turned into a number"))
	default:
		return 0, refused(Faultf(TypeError, "float() argument must be a string or a real number, not '%s'", TypeName(v)))
	}
}

func bigFloat(x *big.Int) (float64, error) {
	f, _ := new(big.Float).SetInt(x).Float64()
	if math.IsInf(f, 0) {
		return 0, refused(Faultf(OverflowError, "int too large to convert to float"))
	}
	return f, nil
}

func parseFloat(text string) (float64, error) {
	invalid := refused(Faultf(ValueError, "could not convert string to float: %s", Repr(text)))
	s := foldDigits(strings.TrimFunc(text, IsSpace))
	if strings.ContainsAny(s, "xXpP") { // Go reads hexadecimal floats, Python does not
		return 0, invalid
	}
	if strings.Contains(s, "_") {
		for i := range len(s) {
			if s[i] == '_' && (i == 0 || i == len(s)-1 || !isDigit(s[i-1]) || !isDigit(s[i+1])) {
				return 0, invalid
			}
		}
		s = strings.ReplaceAll(s, "_", "")
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) { // out of range is inf or 0 in Python too
		return 0, invalid
	}
	return f, nil
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// IsSpace is Python's str.isspace for one code point.
func IsSpace(r rune) bool { return unicode.IsSpace(r) || 0x1c <= r && r <= 0x1f }

// ToBool returns what a yes-or-no field makes of v: of a text, whether it is true, 1, yes or on in any case; of all else, Truth.
func ToBool(v Value) bool {
	s, ok := text(v)
	if !ok {
		return Truth(v)
	}
	switch strings.ToLower(strings.TrimFunc(s, IsSpace)) {
	case "true", "1", "yes", "on":
		return true
	default:
		return false
	}
}
