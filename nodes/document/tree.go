package document

import (
	"strings"

	"casare/node"
	"casare/value"
	"casare/workflow/pyxml"
)

// lastParsed is the variable that holds the document that was parsed last, for the steps that are given none. It is the text, so that it
// survives a checkpoint.
const lastParsed = "_xml_root"

// parsed returns the root of a document, or of the one parsed last when the text is empty.
func parsed(r *node.Run, text, absent string) (*pyxml.Element, error) {
	if text == "" {
		last, _ := r.Var(lastParsed)
		if text, _ = last.(string); text == "" {
			return nil, node.Fail(node.TypeInput, "%s", absent)
		}
	}
	return pyxml.Parse(text)
}

// attributes returns those of an element as a dict.
func attributes(e *pyxml.Element) *value.Dict {
	d := value.NewDict()
	for _, a := range e.Attrs {
		d.Set(a.Name, a.Value)
	}
	return d.Dict()
}

// strip is Python's str.strip.
func strip(text string) string { return strings.TrimFunc(text, value.IsSpace) }
