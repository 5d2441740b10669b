package pyxml

import (
	"strings"
)

// sink is told what a document contains, in order.
type sink interface {
	start(tag *tag)
	end()
	data(text string, cdata bool)
	comment(text string)
	instruction(target, text string)
	doctype(d *doctype)
	// entity is told of an entity that nobody declared here; the document has a part elsewhere that may do so.
	entity(name string) bool
}

// tag is the beginning of an element.
type tag struct {
	raw, full string // prefix:name and {uri}name
	declared  []Attr // xmlns and xmlns:prefix
	attrs     []attr // the others
}

type attr struct {
	raw, full, value string
	byDefault        bool // the document type gives it, not the tag
}

// parser reads a document.
type parser struct {
	scanner
	sink      sink
	separator byte // what expat puts between uri and name, which no uri may contain then
	alone     bool // the document says that no part of it is elsewhere
	dtd       *doctype
	bound     map[string][]string // prefix -> uris, the innermost last
	scopes    [][]string          // the prefixes each open element declares
	open      []string
	elements  int
}

// document reads all of the text.
func (p *parser) document() {
	p.take("\ufeff")
	if p.has("<?xml") && len(p.text) > p.pos+5 && (isSpace(p.text[p.pos+5]) || p.text[p.pos+5] == '?') {
		p.declaration()
	}
	for p.ok() && (p.elements == 0 || len(p.open) > 0) {
		if len(p.open) > 0 {
			p.content()
		} else {
			p.outside()
		}
	}
	for p.ok() && !p.done() {
		p.outside()
	}
}

// outside reads one thing before or behind the root element.
func (p *parser) outside() {
	p.begin = p.pos
	switch {
	case p.spaces():
	case p.done():
		p.fail(noElement)
	case p.has("<!--"):
		p.comment()
	case p.has("<?"):
		p.instruction()
	case p.elements > 0:
		p.fail(junk)
	case p.has("<!DOCTYPE") && p.dtd == nil:
		p.doctype()
	case p.has("<!"):
		p.fail(badSyntax)
	case p.has("<"):
		p.startTag()
	default:
		p.fail(badSyntax)
	}
}

// content reads one thing inside an element.
func (p *parser) content() {
	p.begin = p.pos
	switch {
	case p.done():
		p.fail(noElement)
	case p.peek() == '&':
		p.entity()
	case p.peek() != '<':
		p.characters()
	case p.has("<!--"):
		p.comment()
	case p.take("<![CDATA["):
		if text := p.until("]]>"); text != "" && p.ok() {
			p.sink.data(text, true)
		}
	case p.has("<?"):
		p.instruction()
	case p.has("</"):
		p.endTag()
	default:
		p.startTag()
	}
}

func (p *parser) characters() {
	rest := p.text[p.pos:]
	end := strings.IndexAny(rest, "<&")
	if end < 0 {
		end = len(rest)
	}
	if bad := strings.Index(rest[:end], "]]>"); bad >= 0 {
		p.failAt(badToken, p.pos+bad)
	}
	if !p.ok() || !p.check(rest[:end]) {
		return
	}
	p.pos += end
	p.sink.data(newlines(rest[:end]), false)
}

func (p *parser) entity() {
	start := p.pos
	text, unknown := p.reference()
	switch {
	case !p.ok():
	case unknown == "":
		p.sink.data(text, false)
	case !p.lenient() || !p.sink.entity(unknown):
		p.failAt(undefined, start)
	}
}

// lenient says whether entities may have been declared in a part of the document that is elsewhere.
func (p *parser) lenient() bool { return p.dtd != nil && p.dtd.elsewhere && !p.dtd.standalone }

func (p *parser) comment() {
	p.expect("<!--")
	text := p.until("--")
	if p.expect(">"); p.ok() {
		p.sink.comment(text)
	}
}

func (p *parser) instruction() {
	start := p.pos
	p.expect("<?")
	target := p.name(false)
	if strings.EqualFold(target, "xml") {
		what := badToken
		if target == "xml" {
			what = late
		}
		p.failAt(what, start)
	}
	text := ""
	if p.spaces() {
		text = p.until("?>")
	} else {
		p.expect("?>")
	}
	if p.ok() {
		p.sink.instruction(target, text)
	}
}

// startTag reads the beginning of an element, and its end where it is empty.
func (p *parser) startTag() {
	start := p.pos
	p.expect("<")
	t := &tag{raw: p.name(true)}
	values := p.dtd.complete(t.raw, p.attributes())
	empty := p.take("/")
	p.expect(">")
	if p.elements += 1 + len(values)/8; p.elements > maxElements || len(p.open) >= maxDepth {
		p.failAt("the document has too many elements", start)
	}
	if p.resolve(t, values, start); !p.ok() {
		return
	}
	p.open = append(p.open, t.raw)
	p.sink.start(t)
	if empty {
		p.close()
	}
}

// attributes reads those of a tag, up to its end.
func (p *parser) attributes() []attr {
	var values []attr
	seen := names{}
	for p.ok() {
		spaced := p.spaces()
		if p.has(">") || p.has("/") {
			break
		}
		if !spaced {
			p.failHere()
		}
		at := p.pos
		a := attr{raw: p.name(true)}
		p.spaces()
		p.expect("=")
		p.spaces()
		a.value = p.value(p.lenient())
		if seen.has(a.raw) {
			p.failAt(twice, at)
		}
		values = append(values, a)
	}
	return values
}

func (p *parser) endTag() {
	start := p.pos
	p.expect("</")
	name := p.name(true)
	p.spaces()
	p.expect(">")
	if name != p.open[len(p.open)-1] {
		p.failAt(badEnd, start+2)
	}
	if p.ok() {
		p.close()
	}
}

func (p *parser) close() {
	p.open = p.open[:len(p.open)-1]
	p.leave()
	p.sink.end()
}
