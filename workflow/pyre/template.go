package pyre

import (
	"strconv"
	"strings"

	"casare/value"
)

// replacement is a template that has been read: texts and groups in turn.
type replacement []replacementPart

type replacementPart struct {
	text  string
	group int // -1: the text
}

// expand writes the replacement of one match. A group that took no part is empty.
func (r replacement) expand(b *strings.Builder, m *Match) {
	for _, part := range r {
		if part.group < 0 {
			b.WriteString(part.text)
			continue
		}
		b.WriteString(m.Group(part.group).Text)
	}
}

// templateReader reads one template.
type templateReader struct {
	re   *Regexp
	src  *source
	out  replacement
	text strings.Builder // what comes before the next group
}

// template reads a replacement: \1, \g<1>, \g<name>, \n and the like; anything else is meant as it stands.
func (re *Regexp) template(text string) (replacement, error) {
	if len(text) > MaxResult {
		return nil, tooLarge("the replacement is too long", MaxResult)
	}
	if !strings.Contains(text, `\`) {
		return replacement{{text: text, group: -1}}, nil
	}
	src, err := newSource(text)
	if err != nil {
		return nil, err
	}
	r := templateReader{re: re, src: src}
	for {
		t, err := src.get()
		if err != nil {
			return nil, err
		}
		if t.end {
			break
		}
		if !t.escaped {
			r.text.WriteRune(t.c)
			continue
		}
		if err := r.escape(t); err != nil {
			return nil, err
		}
	}
	r.flush()
	return r.out, nil
}

func (r *templateReader) flush() {
	if r.text.Len() > 0 {
		r.out = append(r.out, replacementPart{text: r.text.String(), group: -1})
		r.text.Reset()
	}
}

func (r *templateReader) group(n, before int) error {
	if n > r.re.groups {
		return r.src.fault(before, "invalid group reference %d", n)
	}
	r.flush()
	r.out = append(r.out, replacementPart{group: n})
	return nil
}

func (r *templateReader) escape(t token) error {
	switch {
	case t.c == 'g':
		return r.reference()
	case t.c == '0':
		more, err := r.src.while(2, octalDigits)
		if err != nil {
			return err
		}
		n, err := strconv.ParseUint("0"+more, 8, 32)
		r.text.WriteRune(rune(n & 0xff))
		return err
	case '1' <= t.c && t.c <= '9':
		return r.number(t)
	}
	if c, ok := letterEscapes[t.c]; ok {
		r.text.WriteRune(c)
		return nil
	}
	if 'a' <= t.c|0x20 && t.c|0x20 <= 'z' {
		return r.src.fault(t.len(), "bad escape %s", t)
	}
	r.text.WriteString(t.String())
	return nil
}

// number reads \1, \12 and the octal \101.
func (r *templateReader) number(t token) error {
	text := string(t.c)
	more, err := r.src.while(1, digits)
	if err != nil {
		return err
	}
	text += more
	if len(text) == 2 && t.c <= '7' && text[1] <= '7' && r.src.next.in(octalDigits) {
		if more, err = r.src.while(1, octalDigits); err != nil {
			return err
		}
		text += more
		n, err := strconv.ParseUint(text, 8, 32)
		if err != nil {
			return err
		}
		if n > 0o377 {
			return r.src.fault(len(text)+1, `octal escape value \%s outside of range 0-0o377`, text)
		}
		r.text.WriteRune(rune(n))
		return nil
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return err
	}
	return r.group(n, len(text))
}

// reference reads what follows \g.
func (r *templateReader) reference() error {
	open, err := r.src.accept('<')
	if err != nil {
		return err
	}
	if !open {
		return r.src.fault(0, "missing <")
	}
	name, err := r.src.until('>', "group name")
	if err != nil {
		return err
	}
	length := len([]rune(name))
	if isName(name) {
		n, ok := r.re.names[name]
		if !ok {
			return fault("unknown group name %s", value.Repr(name))
		}
		return r.group(n, length+1)
	}
	n, err := groupNumber(name)
	if err != nil {
		return r.src.fault(length+1, "bad character in group name %s", value.Repr(name))
	}
	return r.group(n, length+1)
}
