package pyxml

import (
	"slices"
	"strings"
)

// The namespaces that every document knows.
const (
	xmlURI   = "http://www.w3.org/XML/1998/namespace"
	xmlnsURI = "http://www.w3.org/2000/xmlns/"
)

// resolve splits off the declarations of namespaces and gives element and attributes their full names.
func (p *parser) resolve(t *tag, values []attr, at int) {
	var prefixes []string
	for _, a := range values {
		prefix, declares := strings.CutPrefix(a.raw, "xmlns:")
		if !declares && a.raw != "xmlns" {
			t.attrs = append(t.attrs, a)
			continue
		}
		if !declares {
			prefix = ""
		}
		p.checkNamespace(prefix, a.value, at)
		p.bound[prefix] = append(p.bound[prefix], a.value)
		prefixes = append(prefixes, prefix)
		t.declared = append(t.declared, Attr{Name: a.raw, Value: a.value})
	}
	p.scopes = append(p.scopes, prefixes)
	t.full = p.expand(t.raw, true, at)
	seen := names{}
	for i := range t.attrs {
		if t.attrs[i].full = p.expand(t.attrs[i].raw, false, at); seen.has(t.attrs[i].full) {
			p.failAt(twice, at)
		}
	}
}

// checkNamespace refuses what must not be declared.
func (p *parser) checkNamespace(prefix, uri string, at int) {
	switch {
	case prefix == "xmlns":
		p.failAt("reserved prefix (xmlns) must not be declared or undeclared", at)
	case prefix == "xml" && uri != xmlURI:
		p.failAt("reserved prefix (xml) must not be undeclared or bound to another namespace name", at)
	case prefix != "xml" && (uri == xmlURI || uri == xmlnsURI):
		p.failAt("prefix must not be bound to one of the reserved namespace names", at)
	case prefix != "" && uri == "":
		p.failAt("must not undeclare prefix", at)
	case strings.IndexByte(uri, p.separator) >= 0:
		p.failAt(badSyntax, at)
	}
}

// expand turns prefix:name into {uri}name.
func (p *parser) expand(raw string, element bool, at int) string {
	prefix, name, prefixed := strings.Cut(raw, ":")
	if !prefixed {
		if !element {
			return raw
		}
		prefix, name = "", raw
	}
	uri, found := p.lookup(prefix)
	switch {
	case !found && prefixed:
		p.failAt(unbound, at)
	case uri == "":
		return name
	}
	return "{" + uri + "}" + name
}

func (p *parser) lookup(prefix string) (uri string, found bool) {
	if prefix == "xml" {
		return xmlURI, true
	}
	if all := p.bound[prefix]; len(all) > 0 {
		return all[len(all)-1], true
	}
	return "", false
}

// leave forgets what the element that closes has declared.
func (p *parser) leave() {
	for _, prefix := range p.scopes[len(p.scopes)-1] {
		p.bound[prefix] = p.bound[prefix][:len(p.bound[prefix])-1]
	}
	p.scopes = p.scopes[:len(p.scopes)-1]
}

// names is a set that is cheap as long as it is small.
type names struct {
	few  []string
	many map[string]bool
}

// has adds a name and says whether it was there before.
func (n *names) has(name string) bool {
	if n.many == nil {
		if slices.Contains(n.few, name) {
			return true
		}
		if n.few = append(n.few, name); len(n.few) > 32 {
			n.many = make(map[string]bool, 2*len(n.few))
			for _, known := range n.few {
				n.many[known] = true
			}
		}
		return false
	}
	known := n.many[name]
	n.many[name] = true
	return known
}
