package pyre

import "strconv"

const (
	digits      = "0123456789"
	octalDigits = "01234567"
	hexDigits   = "0123456789abcdefABCDEF"
	blanks      = " \t\n\r\v\f"
)

// parser reads one pattern. Its rules, down to the order of the checks, are those of CPython 3.11.
type parser struct {
	src    *source
	flags  Flags // of the whole pattern, as far as it has been read
	names  map[string]int
	order  []string // names by their groups
	widths []width  // by group; those that are still open have none
	open   []bool
	behind int         // groups there were when a look behind began; -1 outside of one
	later  map[int]int // groups that a condition names by number, with the place
	depth  int
}

// parse returns the tree of a pattern and what the parser has learned about its groups.
func parse(pattern string, flags Flags) (sequence, *parser, error) {
	src, err := newSource(pattern)
	if err != nil {
		return nil, nil, err
	}
	p := &parser{
		src: src, flags: flags, names: map[string]int{}, widths: []width{{}}, open: []bool{true}, behind: -1, later: map[int]int{},
	}
	tree, err := p.alternatives(flags&Verbose != 0, true)
	if err != nil {
		return nil, nil, err
	}
	if p.flags&ASCII != 0 && p.flags&unicoded != 0 {
		return nil, nil, fault("ASCII and UNICODE flags are incompatible")
	}
	if !src.next.end {
		return nil, nil, src.fault(0, "unbalanced parenthesis")
	}
	first := -1
	for group, at := range p.later {
		if group >= len(p.widths) && (first < 0 || at < p.later[first]) {
			first = group
		}
	}
	if first >= 0 {
		return nil, nil, faultAt(src.text, p.later[first], "invalid group reference %d", first)
	}
	return tree, p, nil
}

// alternatives reads a|b|c up to the end of the pattern or the parenthesis that closes.
func (p *parser) alternatives(verbose, top bool) (sequence, error) {
	if p.depth++; p.depth > MaxNesting {
		return nil, p.src.fault(0, "the pattern nests too deep")
	}
	defer func() { p.depth-- }()
	var parts []sequence
	for {
		s, err := p.sequence(verbose, top && len(parts) == 0)
		if err != nil {
			return nil, err
		}
		parts = append(parts, s)
		more, err := p.src.accept('|')
		if err != nil {
			return nil, err
		}
		if !more {
			break
		}
		if top {
			verbose = p.flags&Verbose != 0
		}
	}
	if len(parts) == 1 {
		return parts[0], nil
	}
	return sequence{{kind: kindBranch, parts: parts}}, nil
}

// sequence reads what stands between two |. first says that flags for the whole pattern may stand here.
func (p *parser) sequence(verbose, first bool) (sequence, error) {
	var out sequence
	for {
		if p.src.next.end || p.src.next.in("|)") {
			return out, nil
		}
		t, err := p.src.get()
		if err != nil {
			return nil, err
		}
		if verbose {
			skipped, err := p.skip(t)
			if err != nil {
				return nil, err
			}
			if skipped {
				continue
			}
		}
		switch {
		case t.in("*+?{"):
			out, err = p.repeat(out, t)
		case t.is('('):
			out, verbose, err = p.parenthesis(out, verbose, first)
		default:
			var n node
			n, err = p.atom(t)
			out = append(out, n)
		}
		if err != nil {
			return nil, err
		}
	}
}

// skip passes over white space and comments.
func (p *parser) skip(t token) (bool, error) {
	if t.in(blanks) {
		return true, nil
	}
	if !t.is('#') {
		return false, nil
	}
	for !t.end && !t.is('\n') {
		var err error
		if t, err = p.src.get(); err != nil {
			return false, err
		}
	}
	return true, nil
}

func (p *parser) atom(t token) (node, error) {
	switch {
	case t.escaped:
		return p.escape(t)
	case t.is('['):
		return p.class()
	case t.is('.'):
		return node{kind: kindAny}, nil
	case t.is('^'):
		return node{kind: kindAt, place: atLineStart}, nil
	case t.is('$'):
		return node{kind: kindAt, place: atLineEnd}, nil
	default:
		return node{kind: kindLiteral, char: t.c}, nil
	}
}

// repeat makes a repetition of the last piece, or a { that is only a character.
func (p *parser) repeat(out sequence, t token) (sequence, error) {
	here := p.src.tell()
	least, most := 0, unlimited
	switch t.c {
	case '?':
		most = 1
	case '+':
		least = 1
	case '{':
		var ok bool
		var err error
		if least, most, ok, err = p.bounds(here); err != nil {
			return nil, err
		}
		if !ok {
			return append(out, node{kind: kindLiteral, char: '{'}), nil
		}
	}
	if len(out) == 0 || out[len(out)-1].kind == kindAt {
		return nil, p.src.fault(p.src.tell()-here+t.len(), "nothing to repeat")
	}
	last := out[len(out)-1]
	if last.kind == kindRepeat {
		return nil, p.src.fault(p.src.tell()-here+t.len(), "multiple repeat")
	}
	n := node{kind: kindRepeat, min: least, max: most, parts: []sequence{{last}}, greed: greedy}
	switch {
	case p.src.next.is('?'):
		n.greed = lazy
	case p.src.next.is('+'):
		n.greed = possessive
	}
	if n.greed != greedy {
		if _, err := p.src.get(); err != nil {
			return nil, err
		}
	}
	out[len(out)-1] = n
	return out, nil
}

// bounds reads what stands behind a {; ok is false when that is no repetition, and then nothing has been read.
func (p *parser) bounds(here int) (least, most int, ok bool, err error) {
	if p.src.next.is('}') {
		return 0, 0, false, nil
	}
	lo, err := p.src.while(-1, digits)
	if err != nil {
		return 0, 0, false, err
	}
	hi := lo
	comma, err := p.src.accept(',')
	if err != nil {
		return 0, 0, false, err
	}
	if comma {
		if hi, err = p.src.while(-1, digits); err != nil {
			return 0, 0, false, err
		}
	}
	closed, err := p.src.accept('}')
	if err != nil {
		return 0, 0, false, err
	}
	if !closed {
		return 0, 0, false, p.src.seek(here)
	}
	if least, err = bound(lo, 0); err != nil {
		return 0, 0, false, err
	}
	if most, err = bound(hi, unlimited); err != nil {
		return 0, 0, false, err
	}
	if most < least {
		return 0, 0, false, p.src.fault(p.src.tell()-here, "min repeat greater than max repeat")
	}
	return least, most, true, nil
}

// maxRepeat is the number that Python's engine takes for endless.
const maxRepeat = 1<<32 - 1

func bound(text string, otherwise int) (int, error) {
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n >= maxRepeat {
		return 0, fault("the repetition number is too large")
	}
	return int(min(n, unlimited)), nil
}
