package expr

import (
	"math/big"

	"casare/value"
)

// printer writes values as Python prints them, charging the text as it grows: a list that holds another one many times over is
// small until it is printed.
type printer struct {
	m   *machine
	buf []byte
}

// repr returns Python's repr(v).
func (m *machine) repr(v any) (string, error) {
	p := printer{m: m}
	err := p.repr(v)
	return string(p.buf), err
}

// str returns Python's str(v); of a secret its stars.
func (m *machine) str(v any) (string, error) {
	switch x := v.(type) {
	case string:
		return x, nil
	case value.Secret:
		return x.String(), nil
	case int64, float64, bool, nil:
		return value.Str(v), m.alloc(24)
	default:
		return m.repr(v)
	}
}

func (p *printer) add(text string) error {
	if err := p.m.text(len(text)); err != nil {
		return err
	}
	p.buf = append(p.buf, text...)
	return nil
}

func (p *printer) repr(v any) error {
	if err := p.m.step(1); err != nil {
		return err
	}
	switch x := v.(type) {
	case value.List:
		return p.items("[", x, "]")
	case tuple:
		if len(x) == 1 {
			return p.items("(", x, ",)")
		}
		return p.items("(", x, ")")
	case *set:
		if len(x.items) == 0 {
			return p.add("set()")
		}
		return p.items("{", x.items, "}")
	case *view:
		return p.items(x.kind+"([", x.items, "])")
	case *value.Dict:
		return p.dict(x)
	case *span:
		return p.span(x)
	case *lazy:
		return p.add("<" + x.kind + " object>")
	case *callable:
		return p.add("<built-in function " + x.name + ">")
	case string:
		if err := p.m.text(4 * len(x)); err != nil { // the most its escapes take
			return err
		}
	case value.Bytes:
		if err := p.m.text(4 * len(x)); err != nil {
			return err
		}
	case *big.Int:
		words := x.BitLen()/64 + 1
		if err := p.m.step(words * words / 64); err != nil {
			return err
		}
		if err := p.m.text(x.BitLen() / 3); err != nil {
			return err
		}
	default:
		if err := p.m.alloc(24); err != nil {
			return err
		}
	}
	p.buf = value.AppendRepr(p.buf, v)
	return nil
}

func (p *printer) items(open string, items []any, closing string) error {
	if err := p.add(open); err != nil {
		return err
	}
	for i, item := range items {
		if i > 0 {
			if err := p.add(", "); err != nil {
				return err
			}
		}
		if err := p.repr(item); err != nil {
			return err
		}
	}
	return p.add(closing)
}

func (p *printer) dict(d *value.Dict) error {
	if err := p.add("{"); err != nil {
		return err
	}
	first := true
	for k, v := range d.All() {
		if !first {
			if err := p.add(", "); err != nil {
				return err
			}
		}
		first = false
		if err := p.repr(k); err != nil {
			return err
		}
		if err := p.add(": "); err != nil {
			return err
		}
		if err := p.repr(v); err != nil {
			return err
		}
	}
	return p.add("}")
}

func (p *printer) span(s *span) error {
	text := "range(" + value.Str(s.start) + ", " + value.Str(s.end)
	if s.step != 1 {
		text += ", " + value.Str(s.step)
	}
	return p.add(text + ")")
}
