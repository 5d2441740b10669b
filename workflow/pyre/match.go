package pyre

import (
	"unicode/utf8"
)

// Text is what a group has matched; a group that took no part has none.
type Text struct {
	Text string
	Set  bool
}

// Match is one match. It keeps the text alive.
type Match struct {
	re      *Regexp
	subject *subject
	ends    []int // per group the code points at which it begins and ends, -1 when it took no part
}

// Start returns the code point at which a group begins, 0 being the whole match; -1 when the group took no part.
func (m *Match) Start(group int) int { return m.ends[2*group] }

// End returns the code point behind the last one of a group; -1 when the group took no part.
func (m *Match) End(group int) int { return m.ends[2*group+1] }

// Bytes returns where a group begins and ends in the bytes of the text; ok is false when it took no part.
func (m *Match) Bytes(group int) (start, end int, ok bool) {
	if m.Start(group) < 0 {
		return 0, 0, false
	}
	return m.subject.offset(m.Start(group)), m.subject.offset(m.End(group)), true
}

// Group returns what a group has matched.
func (m *Match) Group(group int) Text {
	start, end, ok := m.Bytes(group)
	if !ok {
		return Text{}
	}
	return Text{Text: m.subject.text[start:end], Set: true}
}

// Text returns the whole match.
func (m *Match) Text() string { return m.Group(0).Text }

// Groups returns what the groups from 1 on have matched.
func (m *Match) Groups() []Text {
	out := make([]Text, m.re.groups)
	for i := range out {
		out[i] = m.Group(i + 1)
	}
	return out
}

// Named returns what the group of that name has matched; ok is false when the pattern has none.
func (m *Match) Named(name string) (t Text, ok bool) {
	n, ok := m.re.names[name]
	if !ok {
		return Text{}, false
	}
	return m.Group(n), true
}

// GroupDict returns what the groups with names have matched; Regexp.Names tells their order.
func (m *Match) GroupDict() map[string]Text {
	out := make(map[string]Text, len(m.re.names))
	for name, n := range m.re.names {
		out[name] = m.Group(n)
	}
	return out
}

// subject is a text that is searched: its code points, and a way back to its bytes.
type subject struct {
	text  string
	runes []rune
	marks []int // the byte of every markEvery-th code point; nil when bytes and code points are the same
}

const markEvery = 64

func newSubject(text string) (*subject, error) {
	if len(text) > MaxText {
		return nil, tooLarge("the text is too long", MaxText)
	}
	s := &subject{text: text, runes: []rune(text)}
	if len(s.runes) == len(text) {
		return s, nil
	}
	s.marks = make([]int, 0, len(s.runes)/markEvery+1)
	at := 0
	for i := range s.runes {
		if i%markEvery == 0 {
			s.marks = append(s.marks, at)
		}
		_, size := utf8.DecodeRuneInString(text[at:])
		at += size
	}
	return s, nil
}

// offset returns the byte at which a code point begins.
func (s *subject) offset(i int) int {
	if s.marks == nil {
		return i
	}
	if i == len(s.runes) {
		return len(s.text)
	}
	at := s.marks[i/markEvery]
	for range i % markEvery {
		_, size := utf8.DecodeRuneInString(s.text[at:])
		at += size
	}
	return at
}
