package template

import "strings"

// Mark is one template in a text: it stands at text[From:To] and names Path.
type Mark struct {
	From, To int
	Path     Path
}

// At returns the template that starts exactly at text[at], if one does.
func At(text string, at int) (Mark, bool) {
	rest := text[at:]
	var open, closing string
	switch {
	case strings.HasPrefix(rest, "{{"):
		open, closing = "{{", "}}"
	case strings.HasPrefix(rest, "${"):
		open, closing = "${", "}"
	case strings.HasPrefix(rest, "%"):
		open, closing = "%", "%"
	default:
		return Mark{}, false
	}
	n := len(open)
	if open != "%" {
		n = skipSpace(rest, n)
	}
	path, size := scanPath(rest[n:])
	if size == 0 {
		return Mark{}, false
	}
	n += size
	if open != "%" {
		n = skipSpace(rest, n)
	}
	if !strings.HasPrefix(rest[n:], closing) {
		return Mark{}, false
	}
	return Mark{From: at, To: at + n + len(closing), Path: path}, true
}

// Next returns the first template at or behind text[from].
func Next(text string, from int) (Mark, bool) {
	for from < len(text) {
		i := strings.IndexAny(text[from:], "{$%")
		if i < 0 {
			break
		}
		if m, ok := At(text, from+i); ok {
			return m, true
		}
		from += i + 1
	}
	return Mark{}, false
}

// Whole returns the template that text consists of, white space around it aside.
func Whole(text string) (Mark, bool) {
	trimmed := strings.TrimSpace(text)
	if trimmed == "" {
		return Mark{}, false
	}
	m, ok := At(trimmed, 0)
	return m, ok && m.To == len(trimmed)
}

func skipSpace(text string, n int) int {
	for n < len(text) && strings.IndexByte(" \t\n\r\v\f", text[n]) >= 0 {
		n++
	}
	return n
}
