package pyre

import (
	"strings"
	"unicode"

	"casare/value"
)

// parenthesis reads what begins with a ( that has been read. It returns the sequence with the group, and whether white space counts
// from here on, which flags for the whole pattern may change.
func (p *parser) parenthesis(out sequence, verbose, first bool) (sequence, bool, error) {
	start := p.src.tell() - 1
	options, err := p.src.accept('?')
	if err != nil {
		return nil, false, err
	}
	if !options {
		n, err := p.group(start, verbose, node{kind: kindGroup, group: -1}, "")
		return append(out, n), verbose, err
	}
	t, err := p.src.get()
	if err != nil {
		return nil, false, err
	}
	switch {
	case t.end:
		return nil, false, p.src.fault(0, "unexpected end of pattern")
	case t.is('#'):
		return out, verbose, p.comment(start)
	case t.is('P') || t.is(':') || t.in("=!<") || t.is('('):
		n, err := p.special(t, start, verbose)
		return append(out, n), verbose, err
	case t.is('>'):
		n, err := p.group(start, verbose, node{kind: kindAtomic}, "")
		return append(out, n), verbose, err
	case flagLetters[t.c] != 0 && !t.escaped || t.is('-'):
		return p.flagged(out, t, start, verbose, first)
	}
	return nil, false, p.src.fault(t.len()+1, "unknown extension ?%s", t)
}

// special reads the groups whose kind one character tells.
func (p *parser) special(t token, start int, verbose bool) (node, error) {
	switch {
	case t.is('P'):
		return p.named(start, verbose)
	case t.is(':'):
		return p.group(start, verbose, node{kind: kindGroup}, "")
	case t.is('('):
		return p.condition(start, verbose)
	default:
		return p.look(t, start, verbose)
	}
}

// flagged reads (?i) and (?i:…); t is the first letter.
func (p *parser) flagged(out sequence, t token, start int, verbose, first bool) (sequence, bool, error) {
	add, del, whole, err := p.flagsOf(t.c)
	if err != nil {
		return nil, false, err
	}
	if !whole {
		inner := (verbose || add&Verbose != 0) && del&Verbose == 0
		n, err := p.group(start, inner, node{kind: kindGroup, add: add, del: del}, "")
		return append(out, n), verbose, err
	}
	if !first || len(out) > 0 {
		return nil, false, p.src.fault(p.src.tell()-start, "global flags not at the start of the expression")
	}
	return out, p.flags&Verbose != 0, nil
}

func (p *parser) comment(start int) error {
	for {
		if p.src.next.end {
			return p.src.fault(p.src.tell()-start, "missing ), unterminated comment")
		}
		t, err := p.src.get()
		if err != nil || t.is(')') {
			return err
		}
	}
}

// group reads the inside of a group up to its ). n.group of -1 asks for a number.
func (p *parser) group(start int, verbose bool, n node, name string) (node, error) {
	if n.group < 0 {
		n.group = len(p.widths)
		p.widths, p.open = append(p.widths, width{}), append(p.open, true)
		if name != "" {
			if was, ok := p.names[name]; ok {
				return node{}, p.src.fault(len([]rune(name))+1, "redefinition of group name %s as group %d; was group %d",
					value.Repr(name), n.group, was)
			}
			p.names[name] = n.group
			p.order = append(p.order, name)
		}
	}
	inside, err := p.inside(start, verbose)
	if err != nil {
		return node{}, err
	}
	if n.group > 0 {
		p.widths[n.group], p.open[n.group] = inside.widthOf(p.widths), false
	}
	n.parts = []sequence{inside}
	return n, nil
}

// inside reads alternatives and the ) behind them.
func (p *parser) inside(start int, verbose bool) (sequence, error) {
	s, err := p.alternatives(verbose, false)
	if err != nil {
		return nil, err
	}
	return s, p.closing(start)
}

func (p *parser) closing(start int) error {
	closed, err := p.src.accept(')')
	if err == nil && !closed {
		err = p.src.fault(p.src.tell()-start, "missing ), unterminated subpattern")
	}
	return err
}

// named reads (?P<name>…) and (?P=name).
func (p *parser) named(start int, verbose bool) (node, error) {
	t, err := p.src.get()
	if err != nil {
		return node{}, err
	}
	switch {
	case t.is('<'):
		name, err := p.name('>')
		if err != nil {
			return node{}, err
		}
		return p.group(start, verbose, node{kind: kindGroup, group: -1}, name)
	case t.is('='):
		name, err := p.name(')')
		if err != nil {
			return node{}, err
		}
		group, ok := p.names[name]
		if !ok {
			return node{}, p.src.fault(len([]rune(name))+1, "unknown group name %s", value.Repr(name))
		}
		return p.reference(group, len([]rune(name))+1)
	case t.end:
		return node{}, p.src.fault(0, "unexpected end of pattern")
	}
	return node{}, p.src.fault(t.len()+2, "unknown extension ?P%s", t)
}

func (p *parser) name(terminator rune) (string, error) {
	name, err := p.src.until(terminator, "group name")
	if err == nil && !isName(name) {
		err = p.src.fault(len([]rune(name))+1, "bad character in group name %s", value.Repr(name))
	}
	return name, err
}

// look reads (?=…) (?!…) (?<=…) (?<!…).
func (p *parser) look(t token, start int, verbose bool) (node, error) {
	n := node{kind: kindLook}
	if t.is('<') {
		n.behind = true
		var err error
		if t, err = p.src.get(); err != nil {
			return node{}, err
		}
		if t.end {
			return node{}, p.src.fault(0, "unexpected end of pattern")
		}
		if !t.in("=!") {
			return node{}, p.src.fault(t.len()+2, "unknown extension ?<%s", t)
		}
		if p.behind < 0 {
			p.behind = len(p.widths)
			defer func() { p.behind = -1 }()
		}
	}
	n.negative = t.is('!')
	inside, err := p.alternatives(verbose, false)
	if err != nil {
		return node{}, err
	}
	n.parts = []sequence{inside}
	return n, p.closing(start)
}

// condition reads (?(group)yes|no).
func (p *parser) condition(start int, verbose bool) (node, error) {
	name, err := p.src.until(')', "group name")
	if err != nil {
		return node{}, err
	}
	length := len([]rune(name))
	group, err := p.conditionGroup(name, length)
	if err != nil {
		return node{}, err
	}
	if err := p.checkBehind(group); err != nil {
		return node{}, err
	}
	if p.depth++; p.depth > MaxNesting {
		return node{}, p.src.fault(0, "the pattern nests too deep")
	}
	defer func() { p.depth-- }()
	yes, err := p.sequence(verbose, false)
	if err != nil {
		return node{}, err
	}
	n := node{kind: kindCondition, group: group, parts: []sequence{yes}}
	more, err := p.src.accept('|')
	if err != nil {
		return node{}, err
	}
	if more {
		no, err := p.sequence(verbose, false)
		if err != nil {
			return node{}, err
		}
		if p.src.next.is('|') {
			return node{}, p.src.fault(0, "conditional backref with more than two branches")
		}
		n.parts = append(n.parts, no)
	}
	return n, p.closing(start)
}

// conditionGroup finds the group that a condition names. One named by number may still come.
func (p *parser) conditionGroup(name string, length int) (int, error) {
	if isName(name) {
		group, ok := p.names[name]
		if !ok {
			return 0, p.src.fault(length+1, "unknown group name %s", value.Repr(name))
		}
		return group, nil
	}
	group, err := groupNumber(name)
	switch {
	case err != nil:
		return 0, p.src.fault(length+1, "bad character in group name %s", value.Repr(name))
	case group == 0:
		return 0, p.src.fault(length+1, "bad group number")
	case group > MaxPattern:
		return 0, p.src.fault(length+1, "invalid group reference %d", group)
	}
	if _, ok := p.later[group]; !ok {
		p.later[group] = p.src.tell() - length - 1
	}
	return group, nil
}

// groupNumber reads a number as Python's int() does; one that is negative or no number is an error.
func groupNumber(text string) (int, error) {
	n, err := value.ParseInt(text, 10)
	if err != nil {
		return 0, err
	}
	small, ok := n.(int64)
	if !ok || small > 1<<40 {
		return 1 << 40, nil
	}
	if small < 0 {
		return 0, fault("negative group number")
	}
	return int(small), nil
}

// isName is Python's str.isidentifier.
func isName(s string) bool {
	for i, c := range s {
		start := c == '_' || unicode.IsLetter(c) || unicode.Is(unicode.Nl, c) || unicode.Is(unicode.Other_ID_Start, c)
		if !start && (i == 0 || !unicode.In(c, unicode.Mn, unicode.Mc, unicode.Nd, unicode.Pc, unicode.Other_ID_Continue)) {
			return false
		}
	}
	return s != "" && !strings.ContainsRune(s, '\uFFFD')
}
