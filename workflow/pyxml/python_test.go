package pyxml_test

import (
	_ "embed"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"casare/workflow/pyxml"
)

//go:embed testdata/python.json
var recorded []byte

// recordings is what CPython gave. An answer that is a dict with the key error is an exception.
type recordings struct {
	Docs   [][]any `json:"docs"`
	Shelf  string  `json:"shelf"`
	Paths  [][]any `json:"paths"`
	Writes [][]any `json:"writes"`
}

func python(t *testing.T) recordings {
	t.Helper()
	var r recordings
	require.NoError(t, json.Unmarshal(recorded, &r))
	return r
}

// agree compares an answer of ours with a recorded one.
func agree(t *testing.T, what string, input, want, got any, err error) {
	t.Helper()
	if fault, ok := want.(map[string]any); ok {
		if err == nil {
			t.Errorf("%s %q: Python raises %v, here it is %q", what, input, fault["error"], got)
		}
		return
	}
	if err != nil {
		t.Errorf("%s %q: %v; Python gives %q", what, input, err, want)
		return
	}
	a, errA := json.Marshal(want)
	b, errB := json.Marshal(got)
	require.NoError(t, errA)
	require.NoError(t, errB)
	if string(a) != string(b) {
		t.Errorf("%s %q: %s, Python gives %s", what, input, b, a)
	}
}

func text(t *testing.T, v any) string {
	t.Helper()
	s, ok := v.(string)
	require.True(t, ok)
	return s
}

// dump turns a tree into the form the recordings have.
func dump(e *pyxml.Element) []any {
	if e == nil {
		return nil
	}
	attrs, children := []any{}, []any{}
	for _, a := range e.Attrs {
		attrs = append(attrs, []any{a.Name, a.Value})
	}
	for _, c := range e.Children {
		children = append(children, dump(c))
	}
	return []any{e.Tag, attrs, e.Text, e.Tail, children}
}

// order numbers the elements of a tree.
func order(e *pyxml.Element, to map[*pyxml.Element]int) map[*pyxml.Element]int {
	to[e] = len(to)
	for _, c := range e.Children {
		order(c, to)
	}
	return to
}

func TestPython_Parse(t *testing.T) {
	t.Parallel()
	for _, c := range python(t).Docs {
		root, err := pyxml.Parse(text(t, c[0]))
		agree(t, "tree", c[0], c[1], dump(root), err)
	}
}

func TestPython_Pretty(t *testing.T) {
	t.Parallel()
	for _, c := range python(t).Docs {
		got, err := pyxml.Pretty(text(t, c[0]), "  ")
		agree(t, "layout", c[0], c[2], got, err)
	}
}

func TestPython_FindAll(t *testing.T) {
	t.Parallel()
	r := python(t)
	root, err := pyxml.Parse(r.Shelf)
	require.NoError(t, err)
	number := order(root, map[*pyxml.Element]int{})
	for _, c := range r.Paths {
		found, err := root.FindAll(text(t, c[0]))
		got := []int{}
		for _, e := range found {
			got = append(got, number[e])
		}
		agree(t, "all", c[0], c[1], got, err)
		first, err := root.Find(text(t, c[0]))
		var one any
		if first != nil {
			one = number[first]
		}
		agree(t, "first", c[0], c[2], one, err)
	}
}

// build makes a tree of a recorded one.
func build(t *testing.T, v any) *pyxml.Element {
	t.Helper()
	spec, ok := v.([]any)
	require.True(t, ok)
	e := &pyxml.Element{Tag: text(t, spec[0]), Text: text(t, spec[2]), Tail: text(t, spec[3])}
	attrs, ok := spec[1].([]any)
	require.True(t, ok)
	for _, v := range attrs {
		pair, ok := v.([]any)
		require.True(t, ok)
		e.Attrs = append(e.Attrs, pyxml.Attr{Name: text(t, pair[0]), Value: text(t, pair[1])})
	}
	children, ok := spec[4].([]any)
	require.True(t, ok)
	for _, v := range children {
		e.Children = append(e.Children, build(t, v))
	}
	return e
}

func TestPython_ToString(t *testing.T) {
	t.Parallel()
	for _, c := range python(t).Writes {
		got, err := build(t, c[0]).Write()
		agree(t, "text", c[0], c[1], got, err)
	}
}
