package pyxml

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"casare/value"
)

// The most that is read: characters are cheap, elements cost a hundred times their text.
const (
	maxText     = 64 << 20
	maxElements = 1 << 20
	maxDepth    = 10_000
)

// What expat says, for the mistakes it tells apart.
const (
	badToken     = "not well-formed (invalid token)"
	badSyntax    = "syntax error"
	badEnd       = "mismatched tag"
	badReference = "reference to invalid character number"
	unclosed     = "unclosed token"
	noElement    = "no element found"
	junk         = "junk after document element"
	twice        = "duplicate attribute"
	unbound      = "unbound prefix"
	undefined    = "undefined entity"
	late         = "XML or text declaration not at start of entity"
	badDecl      = "XML declaration not well-formed"
)

// scanner reads the pieces XML is made of. Nearly every piece can fail nearly everywhere, so the first mistake is kept and nothing is
// left to read after it: loops ask ok, and what was read last means nothing.
type scanner struct {
	text  string
	pos   int
	begin int // of the tag, comment … being read
	wrong *fault
}

// fault is what is wrong and where.
type fault struct {
	what string
	pos  int
}

func (s *scanner) fail(what string) {
	if what == unclosed {
		s.failAt(what, s.begin)
	}
	s.failAt(what, s.pos)
}

func (s *scanner) failAt(what string, pos int) {
	if s.ok() {
		s.wrong = &fault{what: what, pos: pos}
	}
	s.pos = len(s.text)
}

func (s *scanner) ok() bool { return s.wrong == nil }

// err returns the first mistake.
func (s *scanner) err() error {
	if s.ok() {
		return nil
	}
	line, column := s.place(s.wrong.pos)
	return value.Faultf("ParseError", "%s: line %d, column %d", s.wrong.what, line, column)
}

// place counts lines from 1 and columns from 0.
func (s *scanner) place(pos int) (line, column int) {
	before := strings.ReplaceAll(strings.ReplaceAll(s.text[:min(pos, len(s.text))], "\r\n", "\n"), "\r", "\n")
	return strings.Count(before, "\n") + 1, utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:])
}

func (s *scanner) done() bool { return s.pos >= len(s.text) }

// peek returns the next byte, 0 at the end.
func (s *scanner) peek() byte {
	if s.done() {
		return 0
	}
	return s.text[s.pos]
}

func (s *scanner) has(prefix string) bool { return strings.HasPrefix(s.text[s.pos:], prefix) }

// take skips a prefix if it is there.
func (s *scanner) take(prefix string) bool {
	if !s.has(prefix) {
		return false
	}
	s.pos += len(prefix)
	return true
}

// expect skips what must come next.
func (s *scanner) expect(prefix string) {
	if !s.take(prefix) {
		s.failHere()
	}
}

// failHere says whether the text ends too early or goes on wrongly.
func (s *scanner) failHere() {
	if s.done() {
		s.fail(unclosed)
	} else {
		s.fail(badToken)
	}
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

// spaces skips white space and says whether there was any.
func (s *scanner) spaces() bool {
	start := s.pos
	for isSpace(s.peek()) {
		s.pos++
	}
	return s.pos > start
}

// until returns the text up to the mark and skips both. The text must hold only characters XML knows.
func (s *scanner) until(mark string) string {
	before, _, found := strings.Cut(s.text[s.pos:], mark)
	switch {
	case !s.check(before):
		return ""
	case !found:
		s.fail(unclosed)
		return ""
	}
	s.pos += len(before) + len(mark)
	return newlines(before)
}

// check demands that all characters of the text, which begins where the scanner stands, are some that XML knows.
func (s *scanner) check(text string) bool {
	for i, r := range text {
		if !isChar(r) || r == utf8.RuneError && text[i] != 0xef {
			s.failAt(badToken, s.pos+i)
			return false
		}
	}
	return true
}

// isChar says whether a document may contain the character.
func isChar(r rune) bool {
	switch {
	case r < 0x20:
		return r == '\t' || r == '\n' || r == '\r'
	case 0xd800 <= r && r <= 0xdfff, r == 0xfffe, r == 0xffff:
		return false
	}
	return r <= unicode.MaxRune
}

// newlines makes the ends of lines what the parser passes on.
func newlines(text string) string {
	if strings.IndexByte(text, '\r') < 0 {
		return text
	}
	return strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
}

// isNameChar says whether a name may begin with the character, or go on with it.
func isNameChar(r rune, begins bool) bool {
	switch {
	case r >= 0x10000:
		return false
	case r >= utf8.RuneSelf && begins:
		return unicode.Is(nameStart, r)
	case r >= utf8.RuneSelf:
		return unicode.Is(nameMore, r)
	case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', r == '_':
		return true
	}
	return !begins && ('0' <= r && r <= '9' || r == '-' || r == '.')
}

// name reads a name; with colon it may be prefix:name.
func (s *scanner) name(colon bool) string {
	start, begins := s.pos, true
	for !s.done() {
		r, size := utf8.DecodeRuneInString(s.text[s.pos:])
		if r == ':' && colon && !begins {
			colon, begins = false, true
			s.pos++
			continue
		}
		if !isNameChar(r, begins) {
			break
		}
		s.pos += size
		begins = false
	}
	if begins || s.peek() == ':' {
		s.failHere()
		return ""
	}
	return s.text[start:s.pos]
}

// quoted reads a text in quotes as it stands.
func (s *scanner) quoted() string {
	quote := s.peek()
	if quote != '"' && quote != '\'' {
		s.failHere()
		return ""
	}
	s.pos++
	return s.until(string(quote))
}

// IsName says whether an element or an attribute may be called so, with a prefix or without.
func IsName(name string) bool {
	prefix, rest, prefixed := strings.Cut(name, ":")
	return isLocal(prefix) && (!prefixed || isLocal(rest))
}

func isLocal(name string) bool {
	for i, r := range name {
		if !isNameChar(r, i == 0) {
			return false
		}
	}
	return name != ""
}
