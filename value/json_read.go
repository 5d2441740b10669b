package value

import (
	"encoding/base64"
	"math"
	"math/big"
	"strconv"
	"unicode/utf8"

	"casare"
)

type jsonParser struct {
	src []byte
	pos int
}

func (p *jsonParser) document() (Value, error) {
	v, err := p.value(0)
	if err != nil {
		return nil, err
	}
	p.space()
	if p.pos < len(p.src) {
		return nil, p.fail("something follows the value")
	}
	return v, nil
}

func (p *jsonParser) fail(what string) error {
	line, column := 1, 1
	for _, c := range p.src[:min(p.pos, len(p.src))] {
		column++
		if c == '\n' {
			line, column = line+1, 1
		}
	}
	return casare.Errorf(casare.CodeInvalid, "JSON line %d, column %d: %s", line, column, what)
}

func (p *jsonParser) space() {
	for p.pos < len(p.src) {
		switch p.src[p.pos] {
		case ' ', '\t', '\n', '\r':
			p.pos++
		default:
			return
		}
	}
}

// peek returns the next byte after white space, 0 at the end.
func (p *jsonParser) peek() byte {
	p.space()
	if p.pos < len(p.src) {
		return p.src[p.pos]
	}
	return 0
}

func (p *jsonParser) value(depth int) (Value, error) {
	switch c := p.peek(); {
	case c == '{':
		return p.object(depth + 1)
	case c == '[':
		return p.array(depth + 1)
	case c == '"':
		return p.text()
	case c == '-' || '0' <= c && c <= '9':
		return p.number()
	case p.pos == len(p.src):
		return nil, p.fail("the text ends where a value should be")
	}
	switch {
	case p.word("null"):
		return nil, nil
	case p.word("true"):
		return true, nil
	case p.word("false"):
		return false, nil
	}
	return nil, p.fail("no JSON value starts here")
}

func (p *jsonParser) word(w string) bool {
	if string(p.src[p.pos:min(p.pos+len(w), len(p.src))]) != w {
		return false
	}
	p.pos += len(w)
	return true
}

func (p *jsonParser) array(depth int) (Value, error) {
	if depth > MaxDepth {
		return nil, errDepth()
	}
	p.pos++
	list := List{}
	if p.peek() == ']' {
		p.pos++
		return list, nil
	}
	for {
		v, err := p.value(depth)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
		switch p.peek() {
		case ',':
			p.pos++
		case ']':
			p.pos++
			return list, nil
		default:
			return nil, p.fail("a list goes on with , or ends with ]")
		}
	}
}

func (p *jsonParser) object(depth int) (Value, error) {
	if depth > MaxDepth {
		return nil, errDepth()
	}
	p.pos++
	b := NewDict()
	if p.peek() == '}' {
		p.pos++
		return b.Dict(), nil
	}
	for {
		if p.peek() != '"' {
			return nil, p.fail("an object's key is a text in double quotes")
		}
		key, err := p.text()
		if err != nil {
			return nil, err
		}
		if p.peek() != ':' {
			return nil, p.fail("after an object's key comes :")
		}
		p.pos++
		v, err := p.value(depth)
		if err != nil {
			return nil, err
		}
		b.Set(key, v)
		switch p.peek() {
		case ',':
			p.pos++
		case '}':
			p.pos++
			return special(b.Dict()), nil
		default:
			return nil, p.fail("an object goes on with , or ends with }")
		}
	}
}

// special returns the Bytes, Handle or number that d stands for, else d.
func special(d *Dict) Value {
	if d.Len() != 1 {
		return d
	}
	switch p := d.At(0); p.Key {
	case "$bytes":
		if s, ok := p.Value.(string); ok {
			if b, err := base64.StdEncoding.DecodeString(s); err == nil {
				return Bytes(b)
			}
		}
	case "$float":
		switch p.Value {
		case "nan":
			return math.NaN()
		case "inf":
			return math.Inf(1)
		case "-inf":
			return math.Inf(-1)
		}
	case "$handle":
		h, ok := p.Value.(*Dict)
		kind, okKind := getText(h, "kind")
		id, okID := getText(h, "id")
		if ok && okKind && okID && h.Len() == 2 {
			return Handle{Kind: kind, ID: id}
		}
	}
	return d
}

func getText(d *Dict, key string) (string, bool) {
	v, _ := d.Get(key)
	s, ok := v.(string)
	return s, ok
}

func (p *jsonParser) number() (Value, error) {
	from := p.pos
	if p.src[p.pos] == '-' {
		p.pos++
	}
	whole := p.digits()
	if whole == 0 {
		return nil, p.fail("a number has digits")
	}
	if first := p.pos - whole; p.src[first] == '0' && whole > 1 {
		p.pos = first
		return nil, p.fail("a number does not start with 0")
	}
	float := false
	if p.at('.') {
		p.pos++
		float = true
		if p.digits() == 0 {
			return nil, p.fail("digits follow the point of a number")
		}
	}
	if p.at('e') || p.at('E') {
		p.pos++
		float = true
		if p.at('+') || p.at('-') {
			p.pos++
		}
		if p.digits() == 0 {
			return nil, p.fail("digits follow the e of a number")
		}
	}
	literal := string(p.src[from:p.pos])
	if float {
		f, err := strconv.ParseFloat(literal, 64)
		if err != nil || math.IsInf(f, 0) {
			return nil, p.fail("the number is too large")
		}
		return f, nil
	}
	if whole > maxIntDigits {
		return nil, p.fail("the number is too large")
	}
	if i, err := strconv.ParseInt(literal, 10, 64); err == nil {
		return i, nil
	}
	x, ok := new(big.Int).SetString(literal, 10)
	if !ok {
		return nil, p.fail("no number")
	}
	return x, nil
}

func (p *jsonParser) at(c byte) bool { return p.pos < len(p.src) && p.src[p.pos] == c }

func (p *jsonParser) digits() (n int) {
	for p.pos < len(p.src) && isDigit(p.src[p.pos]) {
		p.pos++
		n++
	}
	return n
}

func (p *jsonParser) text() (string, error) {
	p.pos++
	from := p.pos
	for p.pos < len(p.src) { // most texts have no escape: one look, one copy
		switch c := p.src[p.pos]; {
		case c == '"':
			s := p.src[from:p.pos]
			if !utf8.Valid(s) {
				p.pos = from
				return "", p.fail("the text is not UTF-8")
			}
			p.pos++
			return string(s), nil
		case c == '\\':
			return p.escapedText(from)
		case c < ' ':
			return "", p.fail("a control character inside a text is written as an escape")
		}
		p.pos++
	}
	return "", p.fail("a text does not end")
}

func (p *jsonParser) escapedText(from int) (string, error) {
	out := append([]byte(nil), p.src[from:p.pos]...)
	for p.pos < len(p.src) {
		switch c := p.src[p.pos]; {
		case c == '"':
			if !utf8.Valid(out) {
				p.pos = from
				return "", p.fail("the text is not UTF-8")
			}
			p.pos++
			return string(out), nil
		case c == '\\':
			r, err := p.escape()
			if err != nil {
				return "", err
			}
			out = utf8.AppendRune(out, r)
		case c < ' ':
			return "", p.fail("a control character inside a text is written as an escape")
		default:
			out = append(out, c)
			p.pos++
		}
	}
	return "", p.fail("a text does not end")
}

var jsonEscapes = map[byte]rune{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// escape reads one escape. Half a surrogate pair, which no UTF-8 text can hold, becomes U+FFFD.
func (p *jsonParser) escape() (rune, error) {
	p.pos++
	if p.pos == len(p.src) {
		return 0, p.fail("a text does not end")
	}
	c := p.src[p.pos]
	if r, ok := jsonEscapes[c]; ok {
		p.pos++
		return r, nil
	}
	if c != 'u' {
		return 0, p.fail("an unknown escape")
	}
	high, ok := p.hex4(p.pos + 1)
	if !ok {
		return 0, p.fail(`four hexadecimal digits follow \u`)
	}
	p.pos += 5
	const firstHigh, firstLow, last = 0xd800, 0xdc00, 0xdfff
	switch {
	case high < firstHigh || high > last:
		return high, nil
	case high < firstLow && p.at('\\') && p.pos+1 < len(p.src) && p.src[p.pos+1] == 'u':
		if low, ok := p.hex4(p.pos + 2); ok && firstLow <= low && low <= last {
			p.pos += 6
			return 0x10000 + (high-firstHigh)<<10 + (low - firstLow), nil
		}
	}
	return utf8.RuneError, nil
}

func (p *jsonParser) hex4(at int) (rune, bool) {
	if at+4 > len(p.src) {
		return 0, false
	}
	n, err := strconv.ParseUint(string(p.src[at:at+4]), 16, 16)
	return rune(n), err == nil
}
