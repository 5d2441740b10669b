package expr

import (
	"math/big"
	"strings"
	"unicode/utf8"

	"casare/value"
)

// percent is the % of a text: "%s is %d" % (name, 3), "%(k)s" % d.
func (m *machine) percent(pattern string, operand any) (any, error) {
	if err := m.scan(len(pattern)); err != nil {
		return nil, err
	}
	p := percenter{m: m, b: builder{m: m}, single: operand}
	if t, ok := operand.(tuple); ok {
		p.args, p.isTuple = t, true
	}
	if err := p.run(pattern); err != nil {
		return nil, err
	}
	return p.b.result(), nil
}

type percenter struct {
	m       *machine
	b       builder
	args    tuple
	isTuple bool
	single  any
	used    int
	keyed   bool
}

func (p *percenter) run(pattern string) error {
	for {
		before, after, found := strings.Cut(pattern, "%")
		if err := p.b.add(before); err != nil {
			return err
		}
		if !found {
			break
		}
		var err error
		if pattern, err = p.directive(after); err != nil {
			return err
		}
	}
	_, isDict := p.single.(*value.Dict)
	_, isList := p.single.(value.List)
	if p.isTuple && p.used < len(p.args) || !p.isTuple && p.used == 0 && !p.keyed && !isDict && !isList {
		return typeError("not all arguments converted during string formatting")
	}
	return nil
}

func (p *percenter) next() (any, error) {
	n := 1
	if p.isTuple {
		n = len(p.args)
	}
	if p.used >= n {
		return nil, typeError("not enough arguments for format string")
	}
	p.used++
	if p.isTuple {
		return p.args[p.used-1], nil
	}
	return p.single, nil
}

// directive writes one %… and returns what follows it.
func (p *percenter) directive(s string) (rest string, err error) {
	if err := p.m.step(1); err != nil {
		return "", err
	}
	var v any
	fromKey := false
	if strings.HasPrefix(s, "(") {
		if v, s, err = p.key(s); err != nil {
			return "", err
		}
		fromKey = true
	}
	f := formatSpec{fill: " ", align: '>', precision: -1}
	var left bool
	for s != "" && strings.IndexByte("-+ #0", s[0]) >= 0 {
		switch s[0] {
		case '-':
			left = true
		case '+':
			f.sign = '+'
		case ' ':
			if f.sign == 0 {
				f.sign = ' '
			}
		case '#':
			f.alt = true
		default:
			f.fill = "0"
		}
		s = s[1:]
	}
	if f.width, s, err = p.size(s, MaxWidth, "width"); err != nil {
		return "", err
	}
	if f.width < 0 {
		left, f.width = true, -f.width
	}
	if left {
		f.align, f.fill = '<', " "
	}
	if strings.HasPrefix(s, ".") {
		if f.precision, s, err = p.size(s[1:], MaxPrecision, "precision"); err != nil {
			return "", err
		}
		f.precision = max(f.precision, 0)
	}
	s = strings.TrimLeft(s, "hlL")
	if s == "" {
		return "", valueError("incomplete format")
	}
	f.kind = s[0]
	if f.kind == '%' {
		return s[1:], p.b.add("%")
	}
	if !fromKey {
		if v, err = p.next(); err != nil {
			return "", err
		}
	}
	return s[1:], p.convert(v, f)
}

func (p *percenter) key(s string) (v any, rest string, err error) {
	end := strings.IndexByte(s, ')')
	if end < 0 {
		return nil, "", valueError("incomplete format key")
	}
	d, ok := p.single.(*value.Dict)
	if !ok {
		return nil, "", typeError("format requires a mapping")
	}
	p.keyed = true
	v, err = p.m.item(d, s[1:end])
	return v, s[end+1:], err
}

// size reads a width or precision, or takes it from the arguments.
func (p *percenter) size(s string, most int, what string) (n int, rest string, err error) {
	if !strings.HasPrefix(s, "*") {
		return cutNumber(s, most, what)
	}
	v, err := p.next()
	if err != nil {
		return 0, "", err
	}
	i, ok := asInt64(v)
	if !ok {
		return 0, "", typeError("* wants int")
	}
	if i > int64(most) || i < -int64(most) {
		return 0, "", limit("the %s of a format is larger than %d", what, most)
	}
	return int(i), s[1:], nil
}

func (p *percenter) convert(v any, f formatSpec) error {
	if err := p.m.text(2*f.width + 512); err != nil {
		return err
	}
	switch f.kind {
	case 's', 'r', 'a':
		return p.text(v, f)
	case 'c':
		return p.char(v, f)
	case 'd', 'i', 'u', 'x', 'X', 'o':
		return p.integer(v, f)
	case 'e', 'E', 'f', 'F', 'g', 'G':
		if !isNumber(v) {
			return typeError("must be real number, not %s", typeName(v))
		}
		x, err := value.ToFloat(v)
		if err != nil {
			return err
		}
		if f.fill == "0" {
			f.align = '='
		}
		text, err := formatFloat(x, f)
		if err != nil {
			return err
		}
		return p.b.add(text)
	default:
		return valueError("unsupported format character '%c' (0x%x)", f.kind, f.kind)
	}
}

func (p *percenter) text(v any, f formatSpec) (err error) {
	if s, ok := v.(value.Secret); ok && f.kind == 's' {
		p.b.secret = true
		v = s.Reveal()
	}
	var s string
	switch f.kind {
	case 's':
		s, err = p.m.str(v)
	case 'r':
		s, err = p.m.repr(v)
	default:
		s, err = p.m.ascii(v)
	}
	if err != nil {
		return err
	}
	if f.precision >= 0 {
		s = firstRunes(s, f.precision)
	}
	f.fill = " "
	return p.b.add(f.pad("", s))
}

func (p *percenter) char(v any, f formatSpec) error {
	if s, ok := v.(string); ok {
		if len(firstRunes(s, 1)) != len(s) || s == "" {
			return typeError("%%c requires int or char")
		}
		return p.b.add(f.pad("", s))
	}
	if _, isFloat := v.(float64); isFloat || !isNumber(v) {
		return typeError("%%c requires int or char")
	}
	i, ok := asInt64(v)
	if !ok || i < 0 || i > utf8.MaxRune {
		return overflow("%c arg not in range(0x110000)")
	}
	return p.b.add(f.pad("", string(rune(i))))
}

func (p *percenter) integer(v any, f formatSpec) error {
	if x, ok := v.(float64); ok && strings.IndexByte("diu", f.kind) >= 0 {
		whole, err := value.ToInt(x)
		if err != nil {
			return err
		}
		v = whole
	}
	switch v.(type) {
	case int64, bool, *big.Int:
	default:
		if strings.IndexByte("diu", f.kind) >= 0 {
			return typeError("%%%c format: a real number is required, not %s", f.kind, typeName(v))
		}
		return typeError("%%%c format: an integer is required, not %s", f.kind, typeName(v))
	}
	if strings.IndexByte("iu", f.kind) >= 0 {
		f.kind = 'd'
	}
	least := f.precision
	f.precision = -1
	if f.fill == "0" {
		f.align = '='
	}
	if least >= 0 { // a precision is the least number of digits
		inner := formatSpec{fill: "0", align: '=', precision: -1, kind: f.kind, alt: f.alt, sign: f.sign}
		inner.width = least
		if toBig(v).Sign() < 0 || f.sign != 0 {
			inner.width++
		}
		digits, err := p.m.formatInt(v, inner)
		if err != nil {
			return err
		}
		return p.b.add(f.pad("", digits))
	}
	text, err := p.m.formatInt(v, f)
	if err != nil {
		return err
	}
	return p.b.add(text)
}
