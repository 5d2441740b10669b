package pyxml

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"casare/value"
)

// knownPrefixes are those ElementTree uses without being told.
var knownPrefixes = map[string]string{
	xmlURI:                         "xml",
	"http://www.w3.org/1999/xhtml": "html",
	"http://www.w3.org/1999/02/22-rdf-syntax-ns#": "rdf",
	"http://schemas.xmlsoap.org/wsdl/":            "wsdl",
	"http://www.w3.org/2001/XMLSchema":            "xs",
	"http://www.w3.org/2001/XMLSchema-instance":   "xsi",
	"http://purl.org/dc/elements/1.1/":            "dc",
}

// Write returns the element and its tail as text, as ElementTree.tostring(encoding="unicode") does. Names are not checked, but a {uri}
// must be whole.
func (e *Element) Write() (string, error) {
	w := writer{names: map[string]string{}, prefixes: map[string]string{}}
	e.walk(func(e *Element) bool {
		w.name(e.Tag)
		for _, a := range e.Attrs {
			w.name(a.Name)
		}
		return w.err == nil
	})
	if w.err != nil {
		return "", w.err
	}
	w.element(e, true)
	return w.out.String(), nil
}

type writer struct {
	out      strings.Builder
	names    map[string]string // {uri}name -> prefix:name
	prefixes map[string]string // uri -> prefix
	err      error
}

// name settles how a name is written.
func (w *writer) name(full string) {
	if _, known := w.names[full]; known {
		return
	}
	if !strings.HasPrefix(full, "{") {
		w.names[full] = full
		return
	}
	end := strings.LastIndexByte(full, '}')
	if end < 0 {
		w.err = value.Faultf(value.ValueError, "the name %s has no }", value.Repr(full))
		return
	}
	uri := full[1:end]
	prefix, known := w.prefixes[uri]
	if !known {
		if prefix, known = knownPrefixes[uri]; !known {
			prefix = "ns" + strconv.Itoa(len(w.prefixes))
		}
		if prefix != "xml" {
			w.prefixes[uri] = prefix
		}
	}
	w.names[full] = prefix + ":" + full[end+1:]
}

var (
	escapeText = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")
	escapeAttr = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "\"", "&quot;", "\r", "&#13;", "\n", "&#10;", "\t", "&#09;")
)

func (w *writer) element(e *Element, root bool) {
	w.out.WriteString("<" + w.names[e.Tag])
	if root {
		type binding struct{ prefix, uri string }
		var bindings []binding
		for uri, prefix := range w.prefixes {
			bindings = append(bindings, binding{prefix, uri})
		}
		slices.SortFunc(bindings, func(a, b binding) int { return cmp.Compare(a.prefix, b.prefix) })
		for _, b := range bindings {
			w.attribute("xmlns:"+b.prefix, b.uri)
		}
	}
	for _, a := range e.Attrs {
		w.attribute(w.names[a.Name], a.Value)
	}
	if e.Text == "" && len(e.Children) == 0 {
		w.out.WriteString(" />")
	} else {
		w.out.WriteByte('>')
		w.out.WriteString(escapeText.Replace(e.Text))
		for _, child := range e.Children {
			w.element(child, false)
		}
		w.out.WriteString("</" + w.names[e.Tag] + ">")
	}
	w.out.WriteString(escapeText.Replace(e.Tail))
}

func (w *writer) attribute(name, text string) {
	w.out.WriteString(" " + name + "=\"" + escapeAttr.Replace(text) + "\"")
}
