package pyxml

import (
	"strings"

	"casare/value"
)

// Pretty lays a document out as minidom.parseString(text).toprettyxml(indent) does: a declaration, and every node on a line of its own,
// white space between elements included, but an element's only text beside its tags.
func Pretty(text, indent string) (string, error) {
	b := &domBuilder{doc: &domNode{}}
	b.at = []*domNode{b.doc}
	if err := read(text, b, ' '); err != nil {
		return "", err
	}
	w := layout{indent: indent}
	w.out.WriteString("<?xml version=\"1.0\" ?>\n")
	for _, n := range b.doc.children {
		w.node(n, 0)
	}
	if w.out.Len() > maxText {
		return "", value.Faultf(value.LimitError, "laid out, the document has more than %d MiB", maxText>>20)
	}
	return w.out.String(), nil
}

type domKind int

const (
	domElement domKind = iota
	domText
	domCDATA
	domComment
	domInstruction
	domDoctype
)

type domNode struct {
	kind     domKind
	name     string
	pieces   []string // of the text
	attrs    []Attr
	children []*domNode
}

func (n *domNode) text() string { return strings.Join(n.pieces, "") }

// domBuilder makes a tree that keeps everything.
type domBuilder struct {
	doc *domNode
	at  []*domNode
}

func (b *domBuilder) add(n *domNode) {
	parent := b.at[len(b.at)-1]
	parent.children = append(parent.children, n)
}

func (b *domBuilder) start(t *tag) {
	n := &domNode{kind: domElement, name: t.raw, attrs: t.declared}
	for _, a := range t.attrs {
		if !a.byDefault {
			n.attrs = append(n.attrs, Attr{Name: a.raw, Value: a.value})
		}
	}
	b.add(n)
	b.at = append(b.at, n)
}

func (b *domBuilder) end() { b.at = b.at[:len(b.at)-1] }

func (b *domBuilder) data(text string, cdata bool) {
	kind := domText
	if cdata {
		kind = domCDATA
	}
	if siblings := b.at[len(b.at)-1].children; kind == domText && len(siblings) > 0 && siblings[len(siblings)-1].kind == domText {
		last := siblings[len(siblings)-1]
		last.pieces = append(last.pieces, text)
		return
	}
	b.add(&domNode{kind: kind, pieces: []string{text}})
}

func (b *domBuilder) comment(text string) { b.add(&domNode{kind: domComment, pieces: []string{text}}) }

func (b *domBuilder) instruction(target, text string) {
	b.add(&domNode{kind: domInstruction, name: target, pieces: []string{text}})
}

func (b *domBuilder) doctype(d *doctype) {
	text := d.name
	switch {
	case d.public != "":
		text += "\n  PUBLIC '" + d.public + "'\n  '" + d.system + "'"
	case d.system != "":
		text += "\n  SYSTEM '" + d.system + "'"
	}
	if d.hasSubset {
		text += " [" + d.subset + "]"
	}
	b.add(&domNode{kind: domDoctype, pieces: []string{text}})
}

func (*domBuilder) entity(string) bool { return true }

// layout writes the tree.
type layout struct {
	out    strings.Builder
	indent string
}

var escapeDOM = strings.NewReplacer("&", "&amp;", "<", "&lt;", "\"", "&quot;", ">", "&gt;")

func (w *layout) node(n *domNode, depth int) {
	if w.out.Len() > maxText {
		return // indentation grows with the depth; Pretty says so
	}
	before := strings.Repeat(w.indent, depth)
	switch n.kind {
	case domElement:
		w.element(n, before, depth)
	case domText:
		w.out.WriteString(escapeDOM.Replace(before + n.text() + "\n"))
	case domCDATA:
		w.out.WriteString("<![CDATA[" + n.text() + "]]>")
	case domComment:
		w.out.WriteString(before + "<!--" + n.text() + "-->\n")
	case domInstruction:
		w.out.WriteString(before + "<?" + n.name + " " + n.text() + "?>\n")
	case domDoctype:
		w.out.WriteString("<!DOCTYPE " + n.text() + ">\n")
	}
}

func (w *layout) element(n *domNode, before string, depth int) {
	w.out.WriteString(before + "<" + n.name)
	for _, a := range n.attrs {
		w.out.WriteString(" " + a.Name + "=\"" + escapeDOM.Replace(a.Value) + "\"")
	}
	switch {
	case len(n.children) == 0:
		w.out.WriteString("/>\n")
		return
	case len(n.children) == 1 && n.children[0].kind == domText:
		w.out.WriteString(">" + escapeDOM.Replace(n.children[0].text()))
	case len(n.children) == 1 && n.children[0].kind == domCDATA:
		w.out.WriteString(">")
		w.node(n.children[0], 0)
	default:
		w.out.WriteString(">\n")
		for _, child := range n.children {
			w.node(child, depth+1)
		}
		w.out.WriteString(before)
	}
	w.out.WriteString("</" + n.name + ">\n")
}
