package pyxml

import (
	"strconv"
	"strings"
)

// named are the entities that need no declaration.
var named = map[string]string{"lt": "<", "gt": ">", "amp": "&", "apos": "'", "quot": "\""}

// reference reads what follows a &. An entity that nobody declared, and nobody can, is "" and its name.
func (s *scanner) reference() (text, unknown string) {
	start := s.pos
	s.expect("&")
	if s.take("#") {
		return s.character(start), ""
	}
	name := s.name(false)
	s.expect(";")
	if text, ok := named[name]; ok {
		return text, ""
	}
	return "", name
}

// character reads the number of a character.
func (s *scanner) character(start int) string {
	base, digits := 10, "0123456789"
	if s.take("x") {
		base, digits = 16, "0123456789abcdefABCDEF"
	}
	rest := s.text[s.pos:]
	size := len(rest) - len(strings.TrimLeft(rest, digits))
	s.pos += size
	if size == 0 {
		s.failHere()
		return ""
	}
	s.expect(";")
	n, err := strconv.ParseUint(rest[:size], base, 31)
	r := rune(n)
	if err != nil || !isChar(r) {
		s.failAt(badReference, start)
	}
	return string(r)
}

// value reads the value of an attribute: white space becomes spaces, references what they stand for. Unknown entities are left out
// where the document has a part elsewhere that might have declared them, and are an error otherwise.
func (s *scanner) value(lenient bool) string {
	quote := s.peek()
	if quote != '"' && quote != '\'' {
		s.failHere()
		return ""
	}
	s.pos++
	var out strings.Builder
	for s.ok() {
		end := strings.IndexAny(s.text[s.pos:], "<&"+string(quote))
		if end < 0 {
			s.check(s.text[s.pos:])
			s.pos = len(s.text)
			s.fail(unclosed)
			break
		}
		piece := s.text[s.pos : s.pos+end]
		if !s.check(piece) {
			break
		}
		s.pos += end
		out.WriteString(strings.NewReplacer("\t", " ", "\n", " ").Replace(newlines(piece)))
		switch s.peek() {
		case '<':
			s.fail(badToken)
		case '&':
			start := s.pos
			text, unknown := s.reference()
			if unknown != "" && !lenient {
				s.failAt(undefined, start)
			}
			out.WriteString(text)
		default:
			s.pos++
			return out.String()
		}
	}
	return ""
}
