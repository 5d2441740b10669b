package value

import (
	"math"
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Loads reads a text as Python's json.loads does: NaN, Infinity and -Infinity are numbers, a number too large for a float is
// infinite, of equal keys the last value wins in the first one's place, and every error is Python's, with its place. Half a
// surrogate pair, which no text here can hold, becomes U+FFFD. Unlike ParseJSON it takes {"$bytes": …} for the dict that it is.
// Nesting deeper than MaxDepth and integers beyond MaxIntBits are refused.
func Loads(text string) (Value, error) {
	l := loader{src: text}
	v, err := l.document()
	if err != nil {
		return nil, err
	}
	return v, nil
}

// loader reads JSON the way CPython's scanner does, because its errors name the place where that one gave up.
type loader struct {
	src string
	pos int
}

// fail words an error as JSONDecodeError does: lines, columns and characters are counted in code points.
func (l *loader) fail(what string, at int) error {
	before := l.src[:min(at, len(l.src))]
	line := strings.Count(before, "\n") + 1
	column := utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:]) + 1
	return refused(Faultf(ValueError, "%s: line %d column %d (char %d)", what, line, column, utf8.RuneCountInString(before)))
}

func (l *loader) document() (Value, error) {
	if strings.HasPrefix(l.src, "\ufeff") {
		return nil, l.fail("Unexpected UTF-8 BOM (decode using utf-8-sig)", 0)
	}
	l.space()
	v, err := l.value(0)
	if err != nil {
		return nil, err
	}
	if l.space(); l.pos < len(l.src) {
		return nil, l.fail("Extra data", l.pos)
	}
	return v, nil
}

func (l *loader) space() {
	for l.pos < len(l.src) && strings.IndexByte(" \t\n\r", l.src[l.pos]) >= 0 {
		l.pos++
	}
}

// at returns the byte at the place, 0 behind the end.
func (l *loader) at(pos int) byte {
	if pos < len(l.src) {
		return l.src[pos]
	}
	return 0
}

func (l *loader) value(depth int) (Value, error) {
	switch l.at(l.pos) {
	case '"':
		return l.text()
	case '{':
		return l.object(depth + 1)
	case '[':
		return l.array(depth + 1)
	}
	for _, w := range words {
		if strings.HasPrefix(l.src[l.pos:], w.name) {
			l.pos += len(w.name)
			return w.value, nil
		}
	}
	return l.number()
}

// words are the values that are written as words.
var words = []struct {
	name  string
	value Value
}{
	{"null", nil},
	{"true", true},
	{"false", false},
	{"NaN", math.NaN()},
	{"Infinity", math.Inf(1)},
	{"-Infinity", math.Inf(-1)},
}

func (l *loader) object(depth int) (Value, error) {
	if depth > MaxDepth {
		return nil, errDepth()
	}
	b := NewDict()
	l.pos++
	if l.space(); l.at(l.pos) == '}' {
		l.pos++
		return b.Dict(), nil
	}
	for {
		if l.at(l.pos) != '"' {
			return nil, l.fail("Expecting property name enclosed in double quotes", l.pos)
		}
		key, err := l.text()
		if err != nil {
			return nil, err
		}
		if l.space(); l.at(l.pos) != ':' {
			return nil, l.fail("Expecting ':' delimiter", l.pos)
		}
		l.pos++
		l.space()
		v, err := l.value(depth)
		if err != nil {
			return nil, err
		}
		b.Set(key, v)
		switch l.space(); l.at(l.pos) {
		case ',':
			l.pos++
			l.space()
		case '}':
			l.pos++
			return b.Dict(), nil
		default:
			return nil, l.fail("Expecting ',' delimiter", l.pos)
		}
	}
}

func (l *loader) array(depth int) (Value, error) {
	if depth > MaxDepth {
		return nil, errDepth()
	}
	list := List{}
	l.pos++
	if l.space(); l.at(l.pos) == ']' {
		l.pos++
		return list, nil
	}
	for {
		v, err := l.value(depth)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
		switch l.space(); l.at(l.pos) {
		case ',':
			l.pos++
			l.space()
		case ']':
			l.pos++
			return list, nil
		default:
			return nil, l.fail("Expecting ',' delimiter", l.pos)
		}
	}
}

// number reads as much as is a number: what follows is somebody else's mistake, as the 1 of 01.
func (l *loader) number() (Value, error) {
	from, end := l.pos, l.pos
	if l.at(end) == '-' {
		end++
	}
	switch first := l.at(end); {
	case first == '0':
		end++
	case isDigit(first):
		end = l.digits(end)
	default:
		return nil, l.fail("Expecting value", from)
	}
	whole := end
	if l.at(end) == '.' && isDigit(l.at(end+1)) {
		end = l.digits(end + 1)
	}
	if c := l.at(end); c == 'e' || c == 'E' {
		power := end + 1
		if c := l.at(power); c == '-' || c == '+' {
			power++
		}
		if stop := l.digits(power); stop > power {
			end = stop
		}
	}
	l.pos = end
	literal := l.src[from:end]
	if end > whole {
		f, _ := strconv.ParseFloat(literal, 64) // well-formed by now; out of range is infinite, as in Python
		return f, nil
	}
	if i, err := strconv.ParseInt(literal, 10, 64); err == nil {
		return i, nil
	}
	if len(literal) > maxIntDigits {
		return nil, refused(Faultf(LimitError, "an integer of %d digits is too large", len(literal)))
	}
	x, ok := new(big.Int).SetString(literal, 10)
	if !ok {
		return nil, l.fail("Expecting value", from)
	}
	return x, nil
}

func (l *loader) digits(pos int) int {
	for isDigit(l.at(pos)) {
		pos++
	}
	return pos
}

// text reads a text in quotes; the one at pos opens it.
func (l *loader) text() (string, error) {
	begin := l.pos
	l.pos++
	var out []byte // nil as long as there was no escape
	for from := l.pos; ; from = l.pos {
		end := l.pos
		for end < len(l.src) && l.src[end] != '"' && l.src[end] != '\\' {
			if l.src[end] < ' ' {
				return "", l.fail("Invalid control character at", end)
			}
			end++
		}
		if end == len(l.src) {
			return "", l.fail("Unterminated string starting at", begin)
		}
		l.pos = end + 1
		if l.src[end] == '"' {
			if out == nil {
				return l.src[from:end], nil
			}
			return string(append(out, l.src[from:end]...)), nil
		}
		out = append(out, l.src[from:end]...)
		if l.pos == len(l.src) {
			return "", l.fail("Unterminated string starting at", begin)
		}
		r, err := l.escape()
		if err != nil {
			return "", err
		}
		out = utf8.AppendRune(out, r)
	}
}

// escape reads what follows a backslash.
func (l *loader) escape() (rune, error) {
	c := l.src[l.pos]
	if r, ok := jsonEscapes[c]; ok {
		l.pos++
		return r, nil
	}
	if c != 'u' {
		return 0, l.fail(`Invalid \escape`, l.pos-1)
	}
	high, err := l.hex(l.pos + 1)
	if err != nil {
		return 0, err
	}
	l.pos += 5
	const firstHigh, firstLow, last = 0xd800, 0xdc00, 0xdfff
	if high < firstHigh || high > last {
		return high, nil
	}
	// Python joins two halves only where something follows them; at the very end the text would not be closed anyway.
	if high < firstLow && l.pos+6 < len(l.src) && strings.HasPrefix(l.src[l.pos:], `\u`) {
		low, err := l.hex(l.pos + 2)
		if err != nil {
			return 0, err
		}
		if firstLow <= low && low <= last {
			l.pos += 6
			return 0x10000 + (high-firstHigh)<<10 + (low - firstLow), nil
		}
	}
	return utf8.RuneError, nil
}

// hex reads the four digits at the place; the error names the place of the u before them.
func (l *loader) hex(at int) (rune, error) {
	if at+4 < len(l.src) {
		if n, err := strconv.ParseUint(l.src[at:at+4], 16, 16); err == nil {
			return rune(n), nil
		}
	}
	return 0, l.fail(`Invalid \uXXXX escape`, at-1)
}
