package pyre

import "strings"

// token is one character of a pattern, or a backslash with the character behind it.
type token struct {
	c       rune
	escaped bool
	end     bool // of the pattern
}

// is says whether the token is that character, without a backslash.
func (t token) is(c rune) bool { return t.c == c && !t.escaped && !t.end }

// in says whether the token is one of these ASCII characters, without a backslash.
func (t token) in(set string) bool {
	return !t.escaped && !t.end && strings.ContainsRune(set, t.c)
}

// len is the number of code points the token has in the source.
func (t token) len() int {
	switch {
	case t.end:
		return 0
	case t.escaped:
		return 2
	default:
		return 1
	}
}

// String returns the token as it stands in the source.
func (t token) String() string {
	switch {
	case t.end:
		return ""
	case t.escaped:
		return `\` + string(t.c)
	default:
		return string(t.c)
	}
}

// source gives a pattern token by token. A backslash at the end of the pattern is found one token early, as Python finds it.
type source struct {
	text  []rune
	index int // behind next
	next  token
}

func newSource(text string) (*source, error) {
	s := &source{text: []rune(text)}
	return s, s.advance()
}

func (s *source) advance() error {
	if s.index >= len(s.text) {
		s.next = token{end: true}
		return nil
	}
	c := s.text[s.index]
	s.index++
	if c != '\\' {
		s.next = token{c: c}
		return nil
	}
	if s.index >= len(s.text) {
		return faultAt(s.text, len(s.text)-1, "bad escape (end of pattern)")
	}
	s.next = token{c: s.text[s.index], escaped: true}
	s.index++
	return nil
}

// get returns the next token and goes on.
func (s *source) get() (token, error) {
	t := s.next
	return t, s.advance()
}

// accept goes on if the next token is c.
func (s *source) accept(c rune) (bool, error) {
	if !s.next.is(c) {
		return false, nil
	}
	return true, s.advance()
}

// while reads at most n characters of the set; n < 0 is without bound.
func (s *source) while(n int, set string) (string, error) {
	var b strings.Builder
	for ; n != 0 && s.next.in(set); n-- {
		b.WriteRune(s.next.c)
		if err := s.advance(); err != nil {
			return "", err
		}
	}
	return b.String(), nil
}

// until reads up to a terminator, which it swallows; name says what is read.
func (s *source) until(terminator rune, name string) (string, error) {
	var b strings.Builder
	n := 0
	for {
		t, err := s.get()
		if err != nil {
			return "", err
		}
		switch {
		case t.end && n == 0:
			return "", s.fault(0, "missing %s", name)
		case t.end:
			return "", s.fault(n, "missing %c, unterminated name", terminator)
		case t.is(terminator) && n == 0:
			return "", s.fault(1, "missing %s", name)
		case t.is(terminator):
			return b.String(), nil
		}
		b.WriteString(t.String())
		n += t.len()
	}
}

// tell is the position of the next token.
func (s *source) tell() int { return s.index - s.next.len() }

// seek goes back to a position that tell has returned.
func (s *source) seek(at int) error {
	s.index = at
	return s.advance()
}

// fault makes an error that points so many code points before the next token.
func (s *source) fault(before int, format string, args ...any) error {
	return faultAt(s.text, s.tell()-before, format, args...)
}
