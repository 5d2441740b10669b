package expr

import (
	"math"
	"strconv"
	"strings"

	"casare/value"
)

// number reads 10, 1_000, 0xff, 0o17, 0b11, 1.5, .5, 1e3.
func (l *lexer) number() (token, error) {
	from := l.pos
	if l.src[from] == '0' && from+1 < len(l.src) && strings.IndexByte("xXoObB", l.src[from+1]) >= 0 {
		l.pos += 2
		l.skipAlnum()
		return l.integer(from)
	}
	float := false
	l.skipDigits()
	if l.at('.') {
		float = true
		l.pos++
		l.skipDigits()
	}
	if l.at('e') || l.at('E') {
		end := l.pos + 1
		if end < len(l.src) && (l.src[end] == '+' || l.src[end] == '-') {
			end++
		}
		if end < len(l.src) && isDigit(l.src[end]) {
			float = true
			l.pos = end
			l.skipDigits()
		}
	}
	if l.nameEnd(l.pos) > l.pos && !strings.HasPrefix(l.src[l.pos:], "_") {
		if word := l.src[l.pos:l.nameEnd(l.pos)]; !words[word] { // 1if x else 2 is legal Python
			return token{}, l.fail(from, "invalid number %q", l.src[from:l.nameEnd(l.pos)])
		}
	}
	if float {
		return l.float(from)
	}
	return l.integer(from)
}

func (l *lexer) integer(from int) (token, error) {
	literal := l.src[from:l.pos]
	v, err := value.ParseInt(literal, 0)
	if err != nil {
		if value.KindOf(err) == value.LimitError {
			return token{}, err
		}
		return token{}, l.fail(from, "invalid number %q", literal)
	}
	return token{kind: tokenNumber, v: v, pos: from}, nil
}

func (l *lexer) float(from int) (token, error) {
	literal := l.src[from:l.pos]
	if strings.Contains(literal, "__") || strings.Contains(literal, "_.") || strings.Contains(literal, "._") {
		return token{}, l.fail(from, "invalid number %q", literal)
	}
	f, err := strconv.ParseFloat(strings.ReplaceAll(literal, "_", ""), 64)
	if err != nil && !math.IsInf(f, 0) { // 1e999 is inf in Python
		return token{}, l.fail(from, "invalid number %q", literal)
	}
	return token{kind: tokenNumber, v: f, pos: from}, nil
}

func (l *lexer) at(c byte) bool { return l.pos < len(l.src) && l.src[l.pos] == c }

func (l *lexer) skipDigits() {
	for l.pos < len(l.src) && (isDigit(l.src[l.pos]) || l.src[l.pos] == '_') {
		l.pos++
	}
}

func (l *lexer) skipAlnum() {
	for l.pos < len(l.src) && (isDigit(l.src[l.pos]) || l.src[l.pos] == '_' ||
		'a' <= l.src[l.pos]|0x20 && l.src[l.pos]|0x20 <= 'z') {
		l.pos++
	}
}
