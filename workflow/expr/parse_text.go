package expr

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"casare/value"
	"casare/workflow/template"
)

// texts parses one or more texts side by side, which are one text.
func (p *parser) texts() (node, error) {
	var all joined
	bytesSeen, textSeen := false, false
	for p.peek().kind == tokenText {
		t := p.take()
		isBytes := strings.Contains(t.prefix, "b")
		bytesSeen, textSeen = bytesSeen || isBytes, textSeen || !isBytes
		if bytesSeen && textSeen {
			return nil, syntaxError(p.src, t.pos, "a text and bytes cannot stand side by side")
		}
		parts, err := p.textParts(t)
		if err != nil {
			return nil, err
		}
		all.parts = append(all.parts, parts...)
	}
	if fixed, ok := all.fixed(); ok {
		if bytesSeen {
			return &constant{v: value.Bytes(fixed)}, nil
		}
		return &constant{v: fixed}, nil
	}
	return &all, nil
}

// fixed returns the text of a joined that has no expression in it.
func (j *joined) fixed() (string, bool) {
	var b strings.Builder
	for _, part := range j.parts {
		if part.x != nil || part.path != nil {
			return "", false
		}
		b.WriteString(part.text)
	}
	return b.String(), true
}

func (p *parser) textParts(t token) ([]joinedPart, error) {
	if strings.Contains(t.prefix, "f") {
		f := fstring{p: p, t: t, body: t.text}
		return f.parts(0, false)
	}
	if p.templates && !strings.Contains(t.prefix, "b") {
		return p.templateParts(t, t.text)
	}
	s, err := p.decode(t, t.text)
	return []joinedPart{{text: s}}, err
}

// templateParts splits a piece of a text at its templates.
func (p *parser) templateParts(t token, body string) ([]joinedPart, error) {
	var parts []joinedPart
	done := 0
	for m, ok := template.Next(body, 0); ok; m, ok = template.Next(body, m.To) {
		before, err := p.decode(t, body[done:m.From])
		if err != nil {
			return nil, err
		}
		p.read = append(p.read, m.Path.Root)
		parts = append(parts, joinedPart{text: before}, joinedPart{text: body[m.From:m.To], path: &m.Path})
		done = m.To
	}
	rest, err := p.decode(t, body[done:])
	return append(parts, joinedPart{text: rest}), err
}

var simpleEscapes = map[byte]string{
	'\\': `\`, '\'': "'", '"': `"`, 'n': "\n", 't': "\t", 'r': "\r", 'a': "\a", 'b': "\b", 'f': "\f", 'v': "\v", '\n': "",
}

// decode replaces the escapes of a piece of a text's body.
func (p *parser) decode(t token, body string) (string, error) {
	if strings.Contains(t.prefix, "r") || !strings.Contains(body, `\`) {
		return body, nil
	}
	isBytes := strings.Contains(t.prefix, "b")
	var b strings.Builder
	for i := 0; i < len(body); {
		if body[i] != '\\' || i+1 == len(body) {
			b.WriteByte(body[i])
			i++
			continue
		}
		if s, ok := simpleEscapes[body[i+1]]; ok {
			b.WriteString(s)
			i += 2
			continue
		}
		r, size, err := p.numericEscape(t, body[i:], isBytes)
		if err != nil {
			return "", err
		}
		switch {
		case size == 0: // Python keeps a backslash it does not know
			b.WriteByte('\\')
			i++
		case isBytes:
			b.WriteByte(byte(r)) //nolint:gosec // at most \xff, and \777 is cut as Python does
			i += size
		default:
			b.WriteRune(r)
			i += size
		}
	}
	return b.String(), nil
}

// numericEscape reads \ooo, \xhh, \uhhhh or \Uhhhhhhhh at the start of s; size 0 means it is none of them.
func (p *parser) numericEscape(t token, s string, isBytes bool) (r rune, size int, err error) {
	var digits int
	switch c := s[1]; {
	case '0' <= c && c <= '7':
		end := 2
		for end < len(s) && end < 4 && '0' <= s[end] && s[end] <= '7' {
			end++
		}
		n, err := strconv.ParseUint(s[1:end], 8, 16)
		return rune(n), end, err
	case c == 'x':
		digits = 2
	case c == 'u' && !isBytes:
		digits = 4
	case c == 'U' && !isBytes:
		digits = 8
	case c == 'N' && !isBytes:
		return 0, 0, syntaxError(p.src, t.pos, `\N{…} is not supported: write the character`)
	default:
		return 0, 0, nil
	}
	if len(s) >= 2+digits {
		if n, err := strconv.ParseUint(s[2:2+digits], 16, 32); err == nil && n <= utf8.MaxRune {
			return rune(n), 2 + digits, nil
		}
	}
	return 0, 0, syntaxError(p.src, t.pos, `\%c is followed by %d hexadecimal digits`, s[1], digits)
}
