package expr

import (
	"math/big"
	"strings"
	"unicode/utf8"

	"casare/value"
)

// formatSpec is a parsed [[fill]align][sign][z][#][0][width][,|_][.precision][type].
type formatSpec struct {
	fill      string
	align     byte // 0: not given
	sign      byte
	alt       bool
	width     int
	group     byte
	precision int // -1: not given
	kind      byte
	noMinus   bool // z: -0 prints as 0
}

func parseSpec(s, typ string) (formatSpec, error) {
	f := formatSpec{fill: " ", precision: -1}
	rest, filled := s, false
	if r, size := utf8.DecodeRuneInString(rest); size > 0 && len(rest) > size && isAlign(rest[size]) && r != utf8.RuneError {
		f.fill, f.align, rest, filled = rest[:size], rest[size], rest[size+1:], true
	} else if rest != "" && isAlign(rest[0]) {
		f.align, rest = rest[0], rest[1:]
	}
	if rest != "" && strings.IndexByte("+- ", rest[0]) >= 0 {
		f.sign, rest = rest[0], rest[1:]
	}
	f.noMinus, rest = cutFlag(rest, "z")
	f.alt, rest = cutFlag(rest, "#")
	var zero bool
	if zero, rest = cutFlag(rest, "0"); zero && !filled {
		f.fill = "0"
		if f.align == 0 && typ != "str" {
			f.align = '='
		}
	}
	var err error
	if f.width, rest, err = cutNumber(rest, MaxWidth, "width"); err != nil {
		return f, err
	}
	if rest != "" && (rest[0] == ',' || rest[0] == '_') {
		f.group, rest = rest[0], rest[1:]
	}
	if strings.HasPrefix(rest, ".") {
		if len(rest) == 1 || !isDigit(rest[1]) {
			return f, valueError("Format specifier missing precision")
		}
		if f.precision, rest, err = cutNumber(rest[1:], MaxPrecision, "precision"); err != nil {
			return f, err
		}
	}
	switch {
	case len(rest) == 1:
		f.kind = rest[0]
	case rest != "":
		return f, valueError("Invalid format specifier for object of type '%s'", typ) // not quoted: it may be secret
	}
	return f, nil
}

func isAlign(c byte) bool { return c == '<' || c == '>' || c == '=' || c == '^' }

func cutFlag(s, flag string) (found bool, rest string) {
	rest, found = strings.CutPrefix(s, flag)
	return found, rest
}

func cutNumber(s string, most int, what string) (n int, rest string, err error) {
	i := 0
	for ; i < len(s) && isDigit(s[i]); i++ {
		if n = 10*n + int(s[i]-'0'); n > most {
			return 0, s, limit("the %s of a format is larger than %d", what, most)
		}
	}
	return n, s[i:], nil
}

// format is Python's format(v, spec).
func (m *machine) format(v any, spec string) (string, error) {
	if spec == "" {
		return m.str(v)
	}
	typ := typeName(v)
	switch v.(type) {
	case string, int64, *big.Int, bool, float64:
	default:
		return "", typeError("unsupported format string passed to %s.__format__", typ)
	}
	if err := m.scan(len(spec)); err != nil {
		return "", err
	}
	f, err := parseSpec(spec, typ)
	if err != nil {
		return "", err
	}
	if err := m.text(2*f.width + 512 + max(f.precision, 0)); err != nil {
		return "", err
	}
	switch x := v.(type) {
	case string:
		return m.formatText(x, f)
	case float64:
		return formatFloat(x, f)
	case bool:
		if f.kind == 's' {
			return "", unknownCode('s', "bool")
		}
	}
	return m.formatInt(v, f)
}

func (m *machine) formatText(s string, f formatSpec) (string, error) {
	switch {
	case f.kind != 0 && f.kind != 's':
		return "", unknownCode(f.kind, "str")
	case f.sign != 0:
		return "", valueError("Sign not allowed in string format specifier")
	case f.alt:
		return "", valueError("Alternate form (#) not allowed in string format specifier")
	case f.align == '=':
		return "", valueError("'=' alignment not allowed in string format specifier")
	case f.group != 0:
		return "", valueError("Cannot specify '%c' with 's'.", f.group)
	}
	if err := m.text(2 * len(s)); err != nil {
		return "", err
	}
	if f.precision >= 0 {
		s = firstRunes(s, f.precision)
	}
	if f.align == 0 {
		f.align = '<'
	}
	return f.pad("", s), nil
}

func unknownCode(kind byte, typ string) error {
	return valueError("Unknown format code '%c' for object of type '%s'", kind, typ)
}

func firstRunes(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}

func (m *machine) formatInt(v any, f formatSpec) (string, error) {
	if strings.IndexByte("eEfFgG%", f.kind) >= 0 && f.kind != 0 {
		x, err := value.ToFloat(v)
		if err != nil {
			return "", err
		}
		return formatFloat(x, f)
	}
	if f.precision >= 0 {
		return "", valueError("Precision not allowed in integer format specifier")
	}
	b := toBig(v)
	words := b.BitLen()/64 + 1
	if err := m.step(words * words / 64); err != nil {
		return "", err
	}
	if err := m.text(2 * b.BitLen()); err != nil {
		return "", err
	}
	base, prefix, group := 10, "", 3
	switch f.kind {
	case 0, 'd', 'n':
	case 'b':
		base, prefix, group = 2, "0b", 4
	case 'o':
		base, prefix, group = 8, "0o", 4
	case 'x', 'X':
		base, prefix, group = 16, "0"+string(f.kind), 4
	case 'c':
		return m.formatChar(b, f)
	default:
		return "", unknownCode(f.kind, typeName(v))
	}
	if f.group == ',' && base != 10 {
		return "", valueError("Cannot specify ',' with '%c'.", f.kind)
	}
	digits := new(big.Int).Abs(b).Text(base)
	if f.kind == 'X' {
		digits = strings.ToUpper(digits)
	}
	if !f.alt {
		prefix = ""
	}
	sign := f.signOf(b.Sign() < 0) + prefix
	return f.number(sign, digits, "", group), nil
}

func (m *machine) formatChar(b *big.Int, f formatSpec) (string, error) {
	if !b.IsInt64() || b.Int64() < 0 || b.Int64() > utf8.MaxRune {
		return "", overflow("%c arg not in range(0x110000)")
	}
	if f.align == 0 {
		f.align = '<'
	}
	return f.pad("", string(rune(b.Int64()))), nil //nolint:gosec // checked above
}

func (f *formatSpec) signOf(negative bool) string {
	switch {
	case negative:
		return "-"
	case f.sign == '+' || f.sign == ' ':
		return string(f.sign)
	default:
		return ""
	}
}

// number puts sign, grouped digits and the rest together and pads them.
func (f *formatSpec) number(sign, digits, rest string, group int) string {
	if f.group != 0 {
		least := 0
		if f.fill == "0" && f.align == '=' {
			least = f.width - len(sign) - len(rest)
		}
		digits = groupDigits(digits, f.group, group, least)
	}
	if f.align == 0 {
		f.align = '>'
	}
	return f.pad(sign, digits+rest)
}

// groupDigits puts a separator between groups, and zeros in front until the result is at least so long.
func groupDigits(digits string, separator byte, group, least int) string {
	var out []byte
	count := 0
	for i := len(digits) - 1; i >= 0 || len(out) < least; i-- {
		if count == group {
			out = append(out, separator)
			count = 0
		}
		if i >= 0 {
			out = append(out, digits[i])
		} else {
			out = append(out, '0')
		}
		count++
	}
	for l, r := 0, len(out)-1; l < r; l, r = l+1, r-1 {
		out[l], out[r] = out[r], out[l]
	}
	return string(out)
}

// pad fills sign and body up to the width.
func (f *formatSpec) pad(sign, body string) string {
	missing := f.width - utf8.RuneCountInString(sign) - utf8.RuneCountInString(body)
	if missing <= 0 {
		return sign + body
	}
	switch f.align {
	case '>':
		return strings.Repeat(f.fill, missing) + sign + body
	case '=':
		return sign + strings.Repeat(f.fill, missing) + body
	case '^':
		left := missing / 2
		return strings.Repeat(f.fill, left) + sign + body + strings.Repeat(f.fill, missing-left)
	default:
		return sign + body + strings.Repeat(f.fill, missing)
	}
}
