package expr

import (
	"strings"

	"casare/workflow/template"
)

// fstring parses the body of an f-string.
type fstring struct {
	p    *parser
	t    token
	body string
	pos  int
}

func (f *fstring) fail(what string) error {
	return syntaxError(f.p.src, f.t.pos+f.pos, "%s", what)
}

// parts reads up to the end, or, inside a format spec, up to the brace that closes the field.
func (f *fstring) parts(level int, inSpec bool) ([]joinedPart, error) {
	var parts []joinedPart
	var raw strings.Builder
	flush := func() error {
		s, err := f.p.decode(f.t, raw.String())
		parts = append(parts, joinedPart{text: s})
		raw.Reset()
		return err
	}
	for f.pos < len(f.body) {
		c := f.body[f.pos]
		if m, ok := f.template(); ok {
			if err := flush(); err != nil {
				return nil, err
			}
			f.p.read = append(f.p.read, m.Path.Root)
			parts = append(parts, joinedPart{text: f.body[m.From:m.To], path: &m.Path})
			f.pos = m.To
			continue
		}
		switch {
		case c == '}' && inSpec:
			return parts, flush()
		case (c == '{' || c == '}') && !inSpec && strings.HasPrefix(f.body[f.pos+1:], string(c)):
			raw.WriteByte(c)
			f.pos += 2
		case c == '}':
			return nil, f.fail("a single } in an f-string")
		case c == '{':
			if err := flush(); err != nil {
				return nil, err
			}
			field, err := f.field(level)
			if err != nil {
				return nil, err
			}
			parts = append(parts, field...)
		default:
			raw.WriteByte(c)
			f.pos++
		}
	}
	return parts, flush()
}

func (f *fstring) template() (template.Mark, bool) {
	if !f.p.templates {
		return template.Mark{}, false
	}
	return template.At(f.body, f.pos)
}

// field reads {expression!conversion:spec} from its opening brace on.
func (f *fstring) field(level int) ([]joinedPart, error) {
	if level > 1 {
		return nil, f.fail("fields nest too deeply in an f-string")
	}
	f.pos++
	from := f.pos
	end, err := f.expressionEnd()
	if err != nil {
		return nil, err
	}
	source := f.body[from:end]
	if strings.TrimSpace(source) == "" {
		return nil, f.fail("an empty field in an f-string")
	}
	if strings.Contains(source, `\`) {
		return nil, f.fail("no backslash can stand in the braces of an f-string")
	}
	part := joinedPart{}
	if part.x, err = f.p.nested(source, f.t.pos+from); err != nil {
		return nil, err
	}
	f.pos = end
	var out []joinedPart
	if f.at('=') { // {x=} prints its own source
		f.pos++
		for f.at(' ') {
			f.pos++
		}
		out = append(out, joinedPart{text: f.body[from:f.pos]})
		part.conv = 'r'
		if f.at(':') {
			part.conv = 0
		}
	}
	if f.at('!') {
		if f.pos+1 == len(f.body) || strings.IndexByte("rsa", f.body[f.pos+1]) < 0 {
			return nil, f.fail("after ! comes r, s or a")
		}
		part.conv = f.body[f.pos+1]
		f.pos += 2
	}
	if f.at(':') {
		f.pos++
		spec, err := f.parts(level+1, true)
		if err != nil {
			return nil, err
		}
		part.spec = &joined{parts: spec}
	}
	if !f.at('}') {
		return nil, f.fail("a field of an f-string does not end with }")
	}
	f.pos++
	return append(out, part), nil
}

func (f *fstring) at(c byte) bool { return f.pos < len(f.body) && f.body[f.pos] == c }

// expressionEnd returns where the expression of a field ends: at !, :, = or } outside brackets and quotes.
func (f *fstring) expressionEnd() (int, error) {
	open := 0
	for i := f.pos; i < len(f.body); i++ {
		switch c := f.body[i]; c {
		case '\'', '"':
			end := strings.IndexByte(f.body[i+1:], c)
			if end < 0 {
				return 0, f.fail("a text in an f-string does not end")
			}
			i += end + 1
		case '(', '[', '{':
			open++
		case ')', ']':
			open--
		case '}':
			if open == 0 {
				return i, nil
			}
			open--
		case ':':
			if open == 0 {
				return i, nil
			}
		case '!', '=', '<', '>':
			if i+1 < len(f.body) && f.body[i+1] == '=' { // ==, !=, <=, >=
				i++
				continue
			}
			if open == 0 && (c == '!' || c == '=') {
				return i, nil
			}
		}
	}
	return 0, f.fail("a field of an f-string does not end with }")
}
