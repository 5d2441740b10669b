// Package template fills variables into texts: {{path}}, ${path} and %path% are replaced by what the path leads to.
//
// A path is a name followed by .key and [number] parts: row.cells[0].text. There are no expressions, filters, negative numbers
// or quoted keys; whatever is not exactly a path stays as it stands, and so does a path that leads nowhere. A text that is
// nothing but one template gives the value itself, with its kind; else the value's Python str() is put in. The value put in is
// not looked at again.
//
// Only dicts and lists are walked. There are no attributes, so no template can reach anything that is not data.
package template
