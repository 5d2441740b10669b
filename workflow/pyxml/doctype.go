package pyxml

import (
	"slices"
	"strings"
)

// doctype is what a document says about its type. Only the defaults of attributes mean anything to us.
type doctype struct {
	name, public, system string
	subset               string // what stands between the brackets
	hasSubset            bool
	elsewhere            bool // a part of it is elsewhere, and is not fetched
	standalone           bool
	unread               bool // something is missing before here, so what is declared behind it may not be what counts
	attlists             map[string][]declared
}

// declared is an attribute that the type knows of an element.
type declared struct {
	name   string
	value  string
	has    bool // there is a default
	tokens bool // spaces in a value mean little
}

// complete adds the defaults to the attributes of an element, and squeezes the values that are tokens.
func (d *doctype) complete(element string, attrs []attr) []attr {
	if d == nil || d.attlists == nil {
		return attrs
	}
	for _, known := range d.attlists[element] {
		i := slices.IndexFunc(attrs, func(a attr) bool { return a.raw == known.name })
		switch {
		case i >= 0 && known.tokens:
			attrs[i].value = squeeze(attrs[i].value)
		case i < 0 && known.has:
			attrs = append(attrs, attr{raw: known.name, value: known.value, byDefault: true})
		}
	}
	return attrs
}

func squeeze(text string) string {
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r == ' ' }), " ")
}

// declaration reads <?xml …?>. The encoding is checked and forgotten.
func (p *parser) declaration() {
	start := p.pos
	p.take("<?xml")
	wrong := func() { p.failAt(badDecl, start) }
	keys := []string{"version", "encoding", "standalone"}
	for n := 0; p.ok(); n++ {
		spaced := p.spaces()
		if p.take("?>") {
			if n == 0 {
				wrong()
			}
			return
		}
		key := ""
		for _, k := range keys {
			if p.take(k) {
				key = k
			}
		}
		if !spaced || key == "" || n == 0 && key != "version" {
			wrong()
			return
		}
		keys = keys[slices.Index(keys, key)+1:]
		p.spaces()
		if !p.take("=") {
			wrong()
		}
		p.spaces()
		p.declared(key, wrong)
	}
}

// declared reads one value of the declaration.
func (p *parser) declared(key string, wrong func()) {
	text := p.quoted()
	if !p.ok() {
		p.wrong = nil
		wrong()
		return
	}
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	switch {
	case strings.Trim(text, letters+"0123456789._-:") != "":
		wrong()
	case key == "standalone" && text != "yes" && text != "no":
		wrong()
	case key == "encoding" && (text == "" || !strings.ContainsRune(letters, rune(text[0]))):
		wrong()
	}
	if key == "standalone" && text == "yes" {
		p.alone = true
	}
}

// doctype reads <!DOCTYPE …>.
func (p *parser) doctype() {
	p.expect("<!DOCTYPE")
	if !p.spaces() {
		p.failHere()
	}
	d := &doctype{name: p.name(true), attlists: map[string][]declared{}, standalone: p.alone}
	p.dtd = d
	spaced := p.spaces()
	if spaced && (p.has("PUBLIC") || p.has("SYSTEM")) {
		d.public, d.system = p.external(true)
		d.elsewhere = true
		p.spaces()
	}
	if p.take("[") {
		start := p.pos
		p.subset()
		d.subset, d.hasSubset = newlines(p.text[start:p.pos]), true
		p.expect("]")
		p.spaces()
	}
	if p.expect(">"); p.ok() {
		p.sink.doctype(d)
	}
}

// external reads where a part of the document would be. A notation may do without the place.
func (p *parser) external(place bool) (public, system string) {
	isPublic := p.take("PUBLIC")
	if !isPublic {
		p.expect("SYSTEM")
	}
	if !p.spaces() {
		p.failHere()
	}
	if isPublic {
		start := p.pos
		public = squeeze(strings.NewReplacer("\n", " ").Replace(p.quoted()))
		const allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 -'()+,./:=?;!*#@$_%"
		if strings.Trim(public, allowed) != "" {
			p.failAt("illegal character(s) in public id", start)
		}
		spaced := p.spaces()
		if !place && p.peek() == '>' {
			return public, ""
		}
		if !spaced {
			p.failHere()
		}
	}
	return public, p.quoted()
}

// subset reads the declarations between the brackets.
func (p *parser) subset() {
	for p.ok() {
		switch {
		case p.spaces():
		case p.has("]"):
			return
		case p.has("<!--"):
			p.take("<!--")
			p.until("--")
			p.expect(">")
		case p.has("<?"):
			quiet := p.sink
			p.sink = silent{}
			p.instruction()
			p.sink = quiet
		case p.has("<!ENTITY"):
			p.fail("entities cannot be declared here")
		case p.take("<!ATTLIST"):
			p.attlist()
		case p.take("<!ELEMENT"):
			p.element()
		case p.take("<!NOTATION"):
			p.must(p.spaces())
			p.name(false)
			p.must(p.spaces())
			p.external(false)
			p.spaces()
			p.expect(">")
		case p.take("%"):
			p.name(false)
			p.expect(";")
			p.dtd.elsewhere, p.dtd.unread = true, !p.alone
		default:
			p.failHere()
		}
	}
}

func (p *parser) must(ok bool) {
	if !ok {
		p.failHere()
	}
}

// silent hears nothing.
type silent struct{}

func (silent) start(*tag)                 {}
func (silent) end()                       {}
func (silent) data(string, bool)          {}
func (silent) comment(string)             {}
func (silent) instruction(string, string) {}
func (silent) doctype(*doctype)           {}
func (silent) entity(string) bool         { return true }
