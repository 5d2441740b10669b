package pyxml

import (
	"strings"

	"casare/value"
)

// Attr is an attribute. Its name is {uri}name where it has a namespace.
type Attr struct{ Name, Value string }

// Element is one of xml.etree.ElementTree: what stands before its first child is its text, what follows it up to the next element its
// tail. Comments and processing instructions leave no trace.
type Element struct {
	Tag      string // {uri}name where it has a namespace
	Attrs    []Attr
	Text     string
	Tail     string
	Children []*Element
}

// Parse reads a document and returns its root, as ElementTree.fromstring does.
func Parse(text string) (*Element, error) {
	b := &treeBuilder{}
	if err := read(text, b, '}'); err != nil {
		return nil, err
	}
	return b.root, nil
}

// read tells a sink what a document contains.
func read(text string, to sink, separator byte) error {
	if len(text) > maxText {
		return value.Faultf(value.LimitError, "the document has %d bytes, more than %d MiB", len(text), maxText>>20)
	}
	p := &parser{scanner: scanner{text: text}, sink: to, separator: separator, bound: map[string][]string{}}
	p.document()
	return p.err()
}

// Attr returns the value of an attribute, and whether the element has it.
func (e *Element) Attr(name string) (string, bool) {
	for _, a := range e.Attrs {
		if a.Name == name {
			return a.Value, true
		}
	}
	return "", false
}

// walk visits the element and all below it, in the order of the document, until visit returns false.
func (e *Element) walk(visit func(*Element) bool) bool {
	if !visit(e) {
		return false
	}
	for _, child := range e.Children {
		if !child.walk(visit) {
			return false
		}
	}
	return true
}

// treeBuilder makes a tree of what the parser tells.
type treeBuilder struct {
	silent
	root  *Element
	stack []*Element
	last  *Element // closed just now: text goes to its tail
	text  strings.Builder
}

func (b *treeBuilder) start(t *tag) {
	b.flush()
	e := &Element{Tag: t.full}
	if len(t.attrs) > 0 {
		e.Attrs = make([]Attr, len(t.attrs))
		for i, a := range t.attrs {
			e.Attrs[i] = Attr{Name: a.full, Value: a.value}
		}
	}
	if len(b.stack) == 0 {
		b.root = e
	} else {
		parent := b.stack[len(b.stack)-1]
		parent.Children = append(parent.Children, e)
	}
	b.stack, b.last = append(b.stack, e), nil
}

func (b *treeBuilder) end() {
	b.flush()
	b.last = b.stack[len(b.stack)-1]
	b.stack = b.stack[:len(b.stack)-1]
}

func (b *treeBuilder) data(text string, _ bool) { b.text.WriteString(text) }

// entity refuses: a tree has no place for an unknown entity.
func (*treeBuilder) entity(string) bool { return false }

func (b *treeBuilder) flush() {
	if b.text.Len() == 0 {
		return
	}
	if b.last != nil {
		b.last.Tail = b.text.String()
	} else {
		b.stack[len(b.stack)-1].Text = b.text.String()
	}
	b.text.Reset()
}
