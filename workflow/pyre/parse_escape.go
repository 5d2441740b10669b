package pyre

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// letterEscapes stand for one character, in a class and outside.
var letterEscapes = map[rune]rune{'a': '\a', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t', 'v': '\v', '\\': '\\'}

var placeEscapes = map[rune]place{'A': atStart, 'Z': atEnd, 'b': atBoundary, 'B': atInside}

var categoryEscapes = map[rune]category{
	'd': categoryDigit, 'D': categoryDigit | categoryNot,
	's': categorySpace, 'S': categorySpace | categoryNot,
	'w': categoryWord, 'W': categoryWord | categoryNot,
}

// escape reads what a backslash outside of a class means.
func (p *parser) escape(t token) (node, error) {
	if at, ok := placeEscapes[t.c]; ok {
		return node{kind: kindAt, place: at}, nil
	}
	if c, ok := categoryEscapes[t.c]; ok {
		return node{kind: kindSet, set: &class{items: []item{{category: c}}}}, nil
	}
	if c, ok := letterEscapes[t.c]; ok {
		return node{kind: kindLiteral, char: c}, nil
	}
	switch {
	case t.c == '0':
		more, err := p.src.while(2, octalDigits)
		if err != nil {
			return node{}, err
		}
		c, err := p.octal("0" + more)
		return node{kind: kindLiteral, char: c}, err
	case '1' <= t.c && t.c <= '9':
		return p.numberEscape(t)
	}
	c, err := p.charEscape(t)
	return node{kind: kindLiteral, char: c}, err
}

// numberEscape reads \1, which is a group, and \101, which is a character.
func (p *parser) numberEscape(t token) (node, error) {
	text := string(t.c)
	more, err := p.src.while(1, digits)
	if err != nil {
		return node{}, err
	}
	text += more
	if len(text) == 2 && t.c <= '7' && text[1] <= '7' && p.src.next.in(octalDigits) {
		more, err := p.src.while(1, octalDigits)
		if err != nil {
			return node{}, err
		}
		c, err := p.octal(text + more)
		return node{kind: kindLiteral, char: c}, err
	}
	group, err := strconv.Atoi(text)
	if err != nil {
		return node{}, err
	}
	if group >= len(p.widths) {
		return node{}, p.src.fault(len(text), "invalid group reference %d", group)
	}
	return p.reference(group, len(text)+1)
}

// reference makes a reference to a group, which must be closed; before is how far back the text of it begins.
func (p *parser) reference(group, before int) (node, error) {
	if p.open[group] {
		return node{}, p.src.fault(before, "cannot refer to an open group")
	}
	if err := p.checkBehind(group); err != nil {
		return node{}, err
	}
	return node{kind: kindRef, group: group}, nil
}

// checkBehind refuses, in a look behind, groups that are not over.
func (p *parser) checkBehind(group int) error {
	switch {
	case p.behind < 0:
		return nil
	case group >= len(p.open) || p.open[group]:
		return p.src.fault(0, "cannot refer to an open group")
	case group >= p.behind:
		return p.src.fault(0, "cannot refer to group defined in the same lookbehind subpattern")
	}
	return nil
}

// octal is the character of octal digits that have just been read behind a backslash.
func (p *parser) octal(text string) (rune, error) {
	n, err := strconv.ParseUint(text, 8, 32)
	if err != nil {
		return 0, err
	}
	if n > 0o377 {
		return 0, p.src.fault(len(text)+1, `octal escape value \%s outside of range 0-0o377`, text)
	}
	return rune(n), nil
}

// charEscape reads an escape that stands for one character, in a class and outside.
func (p *parser) charEscape(t token) (rune, error) {
	switch t.c {
	case 'x':
		return p.hexEscape(t, 2)
	case 'u':
		return p.hexEscape(t, 4)
	case 'U':
		return p.hexEscape(t, 8)
	case 'N':
		return 0, p.src.fault(t.len(), `\N{name} is not supported`)
	}
	if t.c < utf8.RuneSelf && ('a' <= t.c|0x20 && t.c|0x20 <= 'z' || '0' <= t.c && t.c <= '9') {
		return 0, p.src.fault(t.len(), "bad escape %s", t)
	}
	return t.c, nil
}

func (p *parser) hexEscape(t token, n int) (rune, error) {
	text, err := p.src.while(n, hexDigits)
	if err != nil {
		return 0, err
	}
	if len(text) != n {
		return 0, p.src.fault(len(text)+2, "incomplete escape %s%s", t, text)
	}
	c, err := strconv.ParseUint(text, 16, 32)
	if err != nil {
		return 0, err
	}
	if c > utf8.MaxRune {
		return 0, p.src.fault(len(text)+2, "bad escape %s%s", t, text)
	}
	return rune(c), nil
}

// class reads [...]. Names as [:alpha:] and set operations are no syntax of Python's: their characters are meant.
func (p *parser) class() (node, error) {
	here := p.src.tell() - 1
	negate, err := p.src.accept('^')
	if err != nil {
		return node{}, err
	}
	set := &class{negate: negate}
	for {
		t, err := p.classToken(here)
		if err != nil {
			return node{}, err
		}
		if t.is(']') && len(set.items) > 0 {
			break
		}
		from, err := p.classItem(t)
		if err != nil {
			return node{}, err
		}
		dash, err := p.src.accept('-')
		if err != nil {
			return node{}, err
		}
		if !dash {
			set.items = append(set.items, from)
			continue
		}
		last, err := p.classRange(set, here, t, from)
		if err != nil {
			return node{}, err
		}
		if last {
			break
		}
	}
	if len(set.items) == 1 && !set.negate && set.items[0].category == 0 && set.items[0].lo == set.items[0].hi {
		return node{kind: kindLiteral, char: set.items[0].lo}, nil
	}
	return node{kind: kindSet, set: set}, nil
}

// classRange reads what follows a - behind from; last says that it was the end of the class.
func (p *parser) classRange(set *class, here int, t token, from item) (last bool, err error) {
	that, err := p.classToken(here)
	if err != nil {
		return false, err
	}
	if that.is(']') {
		set.items = append(set.items, from, item{lo: '-', hi: '-'})
		return true, nil
	}
	to, err := p.classItem(that)
	if err != nil {
		return false, err
	}
	if from.category != 0 || to.category != 0 || to.lo < from.lo {
		// Only the tokens count for the place: of \x41-\x40 that is 2 + 1 + 2, as in Python.
		return false, p.src.fault(t.len()+1+that.len(), "bad character range %s-%s", t, that)
	}
	set.items = append(set.items, item{lo: from.lo, hi: to.lo})
	return false, nil
}

func (p *parser) classToken(here int) (token, error) {
	t, err := p.src.get()
	if err == nil && t.end {
		err = p.src.fault(p.src.tell()-here, "unterminated character set")
	}
	return t, err
}

func (p *parser) classItem(t token) (item, error) {
	if !t.escaped {
		return item{lo: t.c, hi: t.c}, nil
	}
	if c, ok := letterEscapes[t.c]; ok {
		return item{lo: c, hi: c}, nil
	}
	if c, ok := categoryEscapes[t.c]; ok {
		return item{category: c}, nil
	}
	if strings.ContainsRune(octalDigits, t.c) {
		more, err := p.src.while(2, octalDigits)
		if err != nil {
			return item{}, err
		}
		c, err := p.octal(string(t.c) + more)
		return item{lo: c, hi: c}, err
	}
	c, err := p.charEscape(t)
	return item{lo: c, hi: c}, err
}
