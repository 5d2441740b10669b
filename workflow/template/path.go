package template

import (
	"strconv"
	"strings"

	"casare/value"
)

// Env gives the values that names stand for. It sees root names only: for {{a.b[0]}} it is asked for a, for
// {{$secret:mail}} for $secret:mail.
type Env interface {
	Lookup(name string) (value.Value, bool)
}

// secretRoot starts the one kind of name that contains a colon.
const secretRoot = "$secret:"

// Path leads from a root name through dicts and lists to a value.
type Path struct {
	Root  string
	parts []value.Value // text: key of a dict; int64: place in a list
}

// ParsePath reads a whole text as a path; ok is false where it is none.
func ParsePath(text string) (p Path, ok bool) {
	p, n := scanPath(text)
	return p, n > 0 && n == len(text)
}

// String returns the path as it is written.
func (p Path) String() string {
	var b strings.Builder
	b.WriteString(p.Root)
	for _, part := range p.parts {
		if i, ok := part.(int64); ok {
			b.WriteString("[" + strconv.FormatInt(i, 10) + "]")
			continue
		}
		b.WriteString("." + value.Str(part))
	}
	return b.String()
}

// Nested says whether the path goes beyond its root.
func (p Path) Nested() bool { return len(p.parts) > 0 }

// Find returns the value the path leads to, and whether it leads anywhere.
func (p Path) Find(env Env) (value.Value, bool) {
	v, ok := env.Lookup(p.Root)
	for _, part := range p.parts {
		if !ok {
			return nil, false
		}
		v, ok = step(v, part)
	}
	return v, ok
}

// Text is Find by the rule for texts: a null inside something counts as missing, a null variable does not.
func (p Path) Text(env Env) (value.Value, bool) {
	v, ok := p.Find(env)
	if v == nil && p.Nested() {
		return nil, false
	}
	return v, ok
}

func step(v, part value.Value) (value.Value, bool) {
	switch x := v.(type) {
	case *value.Dict:
		return x.Get(part)
	case value.List:
		if i, ok := part.(int64); ok && i < int64(len(x)) {
			return x[i], true
		}
	}
	return nil, false
}

// scanPath reads the longest path at the start of text and returns its length, 0 where there is none.
func scanPath(text string) (p Path, n int) {
	if strings.HasPrefix(text, secretRoot) {
		n = len(secretRoot)
		for n < len(text) && (isIdent(text[n]) || text[n] == '-' || text[n] == '.') {
			n++
		}
		if n == len(secretRoot) {
			return Path{}, 0
		}
		return Path{Root: text[:n]}, n
	}
	if strings.HasPrefix(text, "$") {
		n = 1
	}
	end := scanIdent(text, n)
	if end == n {
		return Path{}, 0
	}
	p.Root, n = text[:end], end
	for n < len(text) {
		part, size := scanPart(text[n:])
		if size == 0 {
			break
		}
		p.parts = append(p.parts, part)
		n += size
	}
	return p, n
}

func scanPart(text string) (value.Value, int) {
	switch text[0] {
	case '.':
		if end := scanIdent(text, 1); end > 1 {
			return text[1:end], end
		}
	case '[':
		end := 1
		for end < len(text) && '0' <= text[end] && text[end] <= '9' {
			end++
		}
		if end == 1 || end == len(text) || text[end] != ']' {
			return nil, 0
		}
		if i, err := strconv.ParseInt(text[1:end], 10, 64); err == nil {
			return i, end + 1
		}
	}
	return nil, 0
}

// scanIdent returns the end of the identifier that starts at from; from itself where none does.
func scanIdent(text string, from int) int {
	end := from
	for end < len(text) && isIdent(text[end]) {
		if end == from && '0' <= text[end] && text[end] <= '9' {
			break
		}
		end++
	}
	return end
}

func isIdent(c byte) bool {
	return c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}
