package expr

import (
	"strings"

	"casare/value"
	"casare/workflow/template"
)

// builder makes a text of pieces; it is a secret once a piece was one.
type builder struct {
	m      *machine
	b      strings.Builder
	secret bool
}

func (b *builder) add(text string) error {
	if err := b.m.text(len(text)); err != nil {
		return err
	}
	b.b.WriteString(text)
	return nil
}

// result returns the text, or the secret.
func (b *builder) result() any {
	if b.secret {
		return value.NewSecret(b.b.String())
	}
	return b.b.String()
}

func (j *joined) eval(m *machine) (any, error) {
	b := builder{m: m}
	if err := j.write(m, &b); err != nil {
		return nil, err
	}
	return b.result(), nil
}

func (j *joined) write(m *machine, b *builder) error {
	for i := range j.parts {
		if err := j.parts[i].write(m, b); err != nil {
			return err
		}
	}
	return nil
}

func (part *joinedPart) write(m *machine, b *builder) error {
	switch {
	case part.path != nil:
		return part.insert(m, b)
	case part.x == nil:
		return b.add(part.text)
	}
	v, err := m.eval(part.x)
	if err != nil {
		return err
	}
	spec := ""
	if part.spec != nil {
		inner := builder{m: m}
		if err := part.spec.write(m, &inner); err != nil {
			return err
		}
		spec, b.secret = inner.b.String(), b.secret || inner.secret
	}
	return m.field(b, v, part.conv, spec)
}

// insert writes the value a template inside quotes leads to; one that leads nowhere stays as it is written.
func (part *joinedPart) insert(m *machine, b *builder) error {
	v, ok := part.path.Text(scoped{m})
	switch s := v.(type) {
	case value.Secret:
		b.secret = true
		return b.add(s.Reveal())
	case nil:
		if !ok {
			return b.add(part.text)
		}
		return b.add(template.Insert(v))
	}
	text, err := m.str(v)
	if err != nil {
		return err
	}
	return b.add(text)
}

// field writes one value of an f-string or of format(), with its conversion and format spec.
func (m *machine) field(b *builder, v any, conv byte, spec string) (err error) {
	if s, ok := v.(value.Secret); ok && conv != 'r' && conv != 'a' {
		b.secret = true
		v = s.Reveal()
	}
	switch conv {
	case 'r':
		v, err = m.repr(v)
	case 's':
		v, err = m.str(v)
	case 'a':
		v, err = m.ascii(v)
	}
	if err != nil {
		return err
	}
	var text string
	if spec == "" {
		text, err = m.str(v)
	} else {
		text, err = m.format(v, spec)
	}
	if err != nil {
		return err
	}
	return b.add(text)
}
