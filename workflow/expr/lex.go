package expr

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"casare/value"
	"casare/workflow/template"
)

// lexer cuts a source into tokens.
type lexer struct {
	src       string
	pos       int
	templates bool
	tokens    []token
}

func syntaxError(src string, pos int, format string, args ...any) error {
	column := utf8.RuneCountInString(src[:min(pos, len(src))]) + 1
	args = append(args, column)
	return value.Faultf(value.SyntaxError, format+", at column %d", args...)
}

func (l *lexer) fail(pos int, format string, args ...any) error {
	return syntaxError(l.src, pos, format, args...)
}

// all returns the tokens of the source; the last one is tokenEnd.
func (l *lexer) all() ([]token, error) {
	for {
		l.skipSpace()
		if l.pos == len(l.src) {
			return append(l.tokens, token{kind: tokenEnd, pos: l.pos}), nil
		}
		t, err := l.next()
		if err != nil {
			return nil, err
		}
		l.tokens = append(l.tokens, t)
	}
}

// skipSpace skips white space, also line ends (an expression is always one expression) and comments.
func (l *lexer) skipSpace() {
	for l.pos < len(l.src) {
		r, size := utf8.DecodeRuneInString(l.src[l.pos:])
		switch {
		case unicode.IsSpace(r):
			l.pos += size
		case r == '\\' && strings.HasPrefix(l.src[l.pos+1:], "\n"):
			l.pos += 2
		case r == '#':
			end := strings.IndexByte(l.src[l.pos:], '\n')
			if end < 0 {
				l.pos = len(l.src)
				return
			}
			l.pos += end
		default:
			return
		}
	}
}

func (l *lexer) next() (token, error) {
	from := l.pos
	if l.templates && !l.afterOperand() {
		if m, ok := template.At(l.src, from); ok {
			l.pos = m.To
			return token{kind: tokenTemplate, pos: from, text: l.src[from:m.To], path: m.Path}, nil
		}
	}
	c := l.src[from]
	switch {
	case c == '"' || c == '\'':
		return l.textToken(from, "")
	case isDigit(c) || c == '.' && from+1 < len(l.src) && isDigit(l.src[from+1]):
		return l.number()
	}
	if end := l.nameEnd(from); end > from {
		name := l.src[from:end]
		if end < len(l.src) && (l.src[end] == '"' || l.src[end] == '\'') && isTextPrefix(name) {
			return l.textToken(end, strings.ToLower(name))
		}
		l.pos = end
		if why, ok := refused[name]; ok {
			return token{}, l.fail(from, "%s", why)
		}
		if words[name] {
			return token{kind: tokenOp, text: name, pos: from}, nil
		}
		return token{kind: tokenName, text: name, pos: from}, nil
	}
	if strings.HasPrefix(l.src[from:], ":=") {
		return token{}, l.fail(from, "an expression cannot assign")
	}
	for _, op := range operators {
		if strings.HasPrefix(l.src[from:], op.written) {
			l.pos += len(op.written)
			return token{kind: tokenOp, text: op.meant, pos: from}, nil
		}
	}
	r, _ := utf8.DecodeRuneInString(l.src[from:])
	return token{}, l.fail(from, "unexpected character %q", r)
}

func (l *lexer) afterOperand() bool {
	return len(l.tokens) > 0 && l.tokens[len(l.tokens)-1].operand()
}

func (l *lexer) nameEnd(from int) int {
	end := from
	for end < len(l.src) {
		r, size := utf8.DecodeRuneInString(l.src[end:])
		if r != '_' && !unicode.IsLetter(r) && (end == from || !unicode.IsDigit(r) && !unicode.Is(unicode.Mn, r)) {
			break
		}
		end += size
	}
	return end
}

func isTextPrefix(name string) bool {
	switch strings.ToLower(name) {
	case "r", "b", "f", "u", "rb", "br", "rf", "fr":
		return true
	default:
		return false
	}
}

// textToken reads a text whose opening quote stands at quoteAt.
func (l *lexer) textToken(quoteAt int, prefix string) (token, error) {
	quote := l.src[quoteAt : quoteAt+1]
	if triple := strings.Repeat(quote, 3); strings.HasPrefix(l.src[quoteAt:], triple) {
		quote = triple
	}
	from := quoteAt + len(quote)
	for i := from; i < len(l.src); i++ {
		switch {
		case l.src[i] == '\\':
			i++
		case strings.HasPrefix(l.src[i:], quote):
			l.pos = i + len(quote)
			return token{kind: tokenText, text: l.src[from:i], prefix: prefix, pos: from}, nil
		case l.src[i] == '\n' && len(quote) == 1:
			return token{}, l.fail(quoteAt, "a text does not end on its line")
		}
	}
	return token{}, l.fail(quoteAt, "a text does not end")
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
