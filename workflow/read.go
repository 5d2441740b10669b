package workflow

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"casare/value"
)

// Read reads a document in any known format. It goes on after a fault and returns every problem it met: an error means that part of the
// document could not be taken over, a warning that something was repaired. The document is nil only when the text is not a JSON
// object. What the graph means is not looked at; that is Check.
//
// The caller caps the number of bytes (casare.MaxDocument).
func Read(raw []byte) (*Document, []Problem) {
	r := &reader{doc: &Document{Version: "1.0.0", Settings: DefaultSettings()}}
	// Editors on Windows put a byte order mark in front, which JSON does not know.
	v, err := value.ParseJSON(bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf")))
	if err != nil {
		r.fail(Problem{Code: CodeInvalidJSON, Message: fmt.Sprintf("The document is not valid JSON: %v.", err)})
		return nil, r.problems
	}
	top, ok := v.(*value.Dict)
	if !ok {
		r.fail(Problem{Code: CodeInvalidType, Message: fmt.Sprintf("The document is %s, not an object.", kind(v))})
		return nil, r.problems
	}
	r.keep = value.NewDict()
	top = r.unwrap(top)
	for key, val := range top.All() {
		if name, text := key.(string); !text || !slices.Contains(ownKeys, name) {
			r.keep.Set(key, val)
		}
	}
	r.head(top)
	r.steps(top)
	r.wires(top)
	r.variables(top)
	r.settings(top)
	setOrDelete(r.keep, "metadata", r.meta)
	r.doc.Raw = r.keep.Dict()
	return r.doc, r.problems
}

// ownKeys are the top-level keys that the fields of a Document stand for, wholly or in part.
var ownKeys = []string{
	"metadata", "nodes", "connections", "variables", "default_variables",
	"settings", "execution_settings", "default_settings",
}

// reader is the state of one Read.
type reader struct {
	doc      *Document
	problems []Problem
	keep     *value.DictBuilder // becomes Document.Raw
	meta     *value.Dict        // what is left of metadata
	template bool               // a project template: ports have other names
	ids      map[string]string  // NodeGraphQt: id of the session -> id of the step
	reroutes map[string]bool    // NodeGraphQt: dots on a wire, by id of the session
	frames   value.List         // NodeGraphQt: backdrops
}

func (r *reader) fail(p Problem) { r.problems = append(r.problems, p) }

func (r *reader) warn(p Problem) {
	p.Warning = true
	r.problems = append(r.problems, p)
}

// unwrap lays the workflow inside a project template or a NodeGraphQt session open: its keys become top-level keys.
func (r *reader) unwrap(top *value.Dict) *value.Dict {
	if inner, ok := dictAt(top, "base_workflow"); ok {
		r.template = true
		b := top.Without("base_workflow").Edit()
		for key, val := range inner.All() {
			b.Set(key, val)
		}
		top = b.Dict()
	}
	if inner, ok := dictAt(top, "graph"); ok {
		if _, has := inner.Get("nodes"); has {
			b := top.Edit()
			rest := inner.Edit()
			for _, key := range []string{"nodes", "connections"} {
				if val, has := inner.Get(key); has {
					b.Set(key, val)
					rest.Delete(key)
				}
			}
			setOrDelete(b, "graph", rest.Dict())
			top = b.Dict()
		}
	}
	return top
}

// head reads what the document says about itself, from metadata or, in templates and subflows, from the top level.
func (r *reader) head(top *value.Dict) {
	meta, ok := dictAt(top, "metadata")
	if !ok {
		if val, has := top.Get("metadata"); has && val != nil {
			r.fail(Problem{
				Code: CodeInvalidType, Field: "metadata",
				Message: fmt.Sprintf("The key \"metadata\" is %s, not an object.", kind(val)),
			})
		}
		meta = value.NewDict().Dict()
	}
	rest := meta.Edit()
	field := func(key, fallback string, longest int) string {
		val, _ := meta.Get(key)
		rest.Delete(key)
		if val == nil || val == "" {
			val, _ = top.Get(key)
		}
		text, ok := plainText(val)
		switch {
		case val == nil || val == "":
			return fallback
		case !ok:
			r.fail(Problem{
				Code: CodeInvalidType, Field: "metadata." + key,
				Message: fmt.Sprintf("The workflow's %s is %s, not a text.", key, kind(val)),
			})
			return fallback
		case utf8.RuneCountInString(text) > longest:
			r.fail(Problem{
				Code: CodeLimit, Field: "metadata." + key,
				Message: fmt.Sprintf("The workflow's %s is longer than %d characters.", key, longest),
			})
		}
		return text
	}
	d := r.doc
	d.ID = field("id", "", MaxID)
	d.Name = field("name", "", MaxName)
	d.Description = field("description", "", MaxDescription)
	d.Version = field("version", d.Version, MaxVersion)
	if strings.TrimSpace(d.Name) == "" {
		d.Name = DefaultName
		r.warn(Problem{Code: CodeMissingName, Field: "metadata.name", Message: "The workflow has no name."})
	}
	r.meta = rest.Dict()
}

// dictAt returns the object under a key.
func dictAt(d *value.Dict, key string) (*value.Dict, bool) {
	val, _ := d.Get(key)
	inner, ok := val.(*value.Dict)
	return inner, ok && inner != nil
}

// setOrDelete sets a key to an object, or deletes it when the object is empty.
func setOrDelete(b *value.DictBuilder, key string, d *value.Dict) {
	if d.Len() == 0 {
		b.Delete(key)
		return
	}
	b.Set(key, d)
}

// kind names the kind of a value in the words of JSON, for messages.
func kind(v value.Value) string {
	switch v.(type) {
	case nil:
		return "null"
	case bool:
		return "a boolean"
	case string:
		return "a text"
	case *value.Dict:
		return "an object"
	case value.List:
		return "a list"
	default:
		return "a number"
	}
}

// plainText returns a text, or the text of a number, as which ids and versions are often written.
func plainText(v value.Value) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case int64, float64:
		return value.Str(v), true
	default:
		return "", false
	}
}
