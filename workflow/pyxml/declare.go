package pyxml

import (
	"slices"
	"unicode/utf8"
)

// attlist reads what attributes an element may have. Of two declarations of one the first counts.
func (p *parser) attlist() {
	p.must(p.spaces())
	element := p.name(true)
	for p.ok() {
		spaced := p.spaces()
		if p.take(">") {
			return
		}
		p.must(spaced)
		d := declared{name: p.name(true)}
		p.must(p.spaces())
		d.tokens = p.attributeType()
		p.must(p.spaces())
		switch {
		case p.take("#REQUIRED"), p.take("#IMPLIED"):
		default:
			if p.take("#FIXED") {
				p.must(p.spaces())
			}
			d.has, d.value = true, p.value(p.lenient())
			if d.tokens {
				d.value = squeeze(d.value)
			}
		}
		list := p.dtd.attlists[element]
		if !p.dtd.unread && !slices.ContainsFunc(list, func(known declared) bool { return known.name == d.name }) {
			p.dtd.attlists[element] = append(list, d)
		}
	}
}

// attributeType reads a type and says whether its values are tokens.
func (p *parser) attributeType() bool {
	if p.take("CDATA") {
		return false
	}
	if slices.ContainsFunc([]string{"IDREFS", "IDREF", "ID", "ENTITIES", "ENTITY", "NMTOKENS", "NMTOKEN"}, p.take) {
		return true
	}
	notation := p.take("NOTATION")
	if notation {
		p.must(p.spaces())
	}
	p.expect("(")
	for p.ok() {
		p.spaces()
		p.token(notation)
		p.spaces()
		if p.take(")") {
			return true
		}
		p.expect("|")
	}
	return false
}

// token reads one value of an enumeration, which need not begin as a name does.
func (p *parser) token(name bool) {
	if name {
		p.name(false)
		return
	}
	start := p.pos
	for !p.done() {
		r, size := utf8.DecodeRuneInString(p.text[p.pos:])
		if r != ':' && !isNameChar(r, false) {
			break
		}
		p.pos += size
	}
	p.must(p.pos > start)
}

// element reads what an element may contain, which means nothing to us but must be well-formed.
func (p *parser) element() {
	p.must(p.spaces())
	p.name(true)
	p.must(p.spaces())
	switch {
	case p.take("EMPTY"), p.take("ANY"):
	case p.take("("):
		p.spaces()
		if p.take("#PCDATA") {
			p.mixed()
		} else {
			p.group(1)
		}
	default:
		p.failHere()
	}
	p.spaces()
	p.expect(">")
}

// mixed reads the rest of (#PCDATA | a | b)*.
func (p *parser) mixed() {
	names := 0
	for p.ok() {
		p.spaces()
		if p.take(")") {
			if !p.take("*") && names > 0 {
				p.failHere()
			}
			return
		}
		p.expect("|")
		p.spaces()
		p.name(true)
		names++
	}
}

// group reads the rest of (a, (b | c)*, d?).
func (p *parser) group(depth int) {
	if depth > 100 {
		p.fail("the content of an element is declared too deeply")
	}
	between := ""
	for p.ok() {
		p.spaces()
		if p.take("(") {
			p.group(depth + 1)
		} else {
			p.name(true)
			p.often()
		}
		p.spaces()
		switch {
		case p.take(")"):
			p.often()
			return
		case between != "":
			p.expect(between)
		case p.take("|"):
			between = "|"
		default:
			p.expect(",")
			between = ","
		}
	}
}

// often skips how often something may come.
func (p *parser) often() {
	if c := p.peek(); c == '?' || c == '*' || c == '+' {
		p.pos++
	}
}
