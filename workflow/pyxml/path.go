package pyxml

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"casare/value"
)

// maxFound bounds what a path may find on its way: .//*//*//* finds an element once for each pair of its ancestors.
const maxFound = 1 << 20

// FindAll returns what a path finds from the element, in the order ElementTree's findall gives: the part of XPath that ElementPath
// knows (tags, {uri}tag, *, ., .., //, [@a], [@a='v'], [tag], [tag='v'], [.='v'], != likewise, [n], [last()], [last()-n]).
func (e *Element) FindAll(path string) ([]*Element, error) {
	steps, err := compile(path)
	if err != nil {
		return nil, err
	}
	return steps.from(e)
}

// Find returns the first that FindAll would return; nil when there is none.
func (e *Element) Find(path string) (*Element, error) {
	found, err := e.FindAll(path)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return found[0], nil
}

// query is a path that has been read.
type query []step

// step goes on from what was found so far.
type step func(c *search, in []*Element) ([]*Element, error)

// search is one evaluation of a path.
type search struct {
	root    *Element
	parents map[*Element]*Element
	found   int
}

func (q query) from(e *Element) ([]*Element, error) {
	c, out := &search{root: e}, []*Element{e}
	for _, next := range q {
		var err error
		if out, err = next(c, out); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// parent returns the parent of an element below the root of the search.
func (c *search) parent(e *Element) *Element {
	if c.parents == nil {
		c.parents = map[*Element]*Element{}
		c.root.walk(func(p *Element) bool {
			for _, child := range p.Children {
				c.parents[child] = p
			}
			return true
		})
	}
	return c.parents[e]
}

// count refuses to find too much.
func (c *search) count(n int) error {
	if c.found += n; c.found > maxFound {
		return value.Faultf(value.LimitError, "the path finds more than %d elements on its way", maxFound)
	}
	return nil
}

func syntaxError(format string, args ...any) error {
	return value.Faultf(value.SyntaxError, "%s", fmt.Sprintf(format, args...))
}

// plain says whether the path is a tag and nothing else; then it is not even looked at as a path.
func plain(path string) bool {
	if strings.HasPrefix(path, "{}") && len(path) > 2 || strings.HasPrefix(path, "{*}") {
		return false
	}
	outside := true
	for _, r := range path {
		switch {
		case r == '{':
			outside = false
		case r == '}':
			outside = true
		case outside && strings.ContainsRune("/*[@.", r):
			return false
		}
	}
	return true
}

// token is a sign, or a tag when the sign is "".
type token struct{ sign, tag string }

// tokens splits a path. What is no token is passed over, as in Python.
func tokens(path string) ([]token, error) {
	var out []token
	for path != "" {
		t, size := nextToken(path)
		path = path[size:]
		if t == nil {
			continue
		}
		if prefix, _, found := strings.Cut(t.tag, ":"); found && t.tag[0] != '{' {
			return nil, syntaxError("prefix %s not found in prefix map", value.Repr(prefix))
		}
		out = append(out, *t)
	}
	return out, nil
}

func nextToken(path string) (t *token, size int) {
	if quote := path[0]; quote == '\'' || quote == '"' {
		if end := strings.IndexByte(path[1:], quote); end >= 0 {
			return &token{sign: path[:end+2]}, end + 2
		}
	}
	for _, sign := range []string{"::", "//", "..", "()", "!=", "/", ".", "*", ":", "[", "]", "(", ")", "@", "="} {
		if strings.HasPrefix(path, sign) {
			return &token{sign: sign}, len(sign)
		}
	}
	start := 0
	if end := strings.IndexByte(path, '}'); path[0] == '{' && end > 1 {
		start = end + 1
	}
	if size = start + tagSize(path[start:]); size == start {
		size = tagSize(path)
	}
	if size > 0 {
		return &token{tag: path[:size]}, size
	}
	for size < len(path) {
		r, n := utf8.DecodeRuneInString(path[size:])
		if !value.IsSpace(r) {
			break
		}
		size += n
	}
	if size > 0 {
		return &token{}, size
	}
	return nil, 1 // a lone !
}

// tagSize is how far a tag goes.
func tagSize(text string) int {
	for i, r := range text {
		if strings.ContainsRune("/[]()@!=", r) || value.IsSpace(r) {
			return i
		}
	}
	return len(text)
}

// compile reads a path.
func compile(path string) (query, error) {
	if plain(path) {
		return query{child(path, false)}, nil
	}
	if strings.HasSuffix(path, "/") {
		path += "*"
	}
	if strings.HasPrefix(path, "/") {
		return nil, syntaxError("cannot use absolute path on element")
	}
	r := &pathReader{}
	var err error
	if r.rest, err = tokens(path); err != nil {
		return nil, err
	}
	var q query
	for {
		t, ok := r.next()
		if !ok {
			return q, nil
		}
		if t.sign == "/" && len(q) > 0 {
			if t, ok = r.next(); !ok {
				return q, nil
			}
		}
		s, err := r.step(t)
		if err != nil {
			return nil, err
		}
		q = append(q, s)
	}
}

type pathReader struct{ rest []token }

func (r *pathReader) next() (token, bool) {
	if len(r.rest) == 0 {
		return token{}, false
	}
	t := r.rest[0]
	r.rest = r.rest[1:]
	return t, true
}

// step reads one step of the path, which begins with t.
func (r *pathReader) step(t token) (step, error) {
	switch t.sign {
	case "":
		return child(t.tag, true), nil
	case "*":
		return child("*", true), nil
	case ".":
		return func(_ *search, in []*Element) ([]*Element, error) { return in, nil }, nil
	case "..":
		return parents, nil
	case "//":
		t, ok := r.next()
		switch {
		case !ok:
			return nil, syntaxError("invalid path")
		case t.sign == "*":
			return descendants("*"), nil
		case t.sign == "":
			return descendants(t.tag), nil
		}
		return nil, syntaxError("invalid descendant")
	case "[":
		return r.predicate()
	}
	return nil, syntaxError("invalid path: %s is not understood here", value.Repr(t.sign))
}
