package value

import (
	"encoding/binary"
	"math"
	"math/big"
	"unicode/utf8"

	"casare"
)

type cborParser struct {
	src  []byte
	pos  int
	open func(sealed []byte) (string, error) // nil: a secret is refused
}

func (p *cborParser) fail(what string) error {
	return casare.Errorf(casare.CodeInvalid, "CBOR byte %d: %s", p.pos, what)
}

func (p *cborParser) document() (Value, error) {
	v, err := p.value(0)
	if err != nil {
		return nil, err
	}
	if p.pos != len(p.src) {
		return nil, p.fail("something follows the value")
	}
	return v, nil
}

func (p *cborParser) value(depth int) (Value, error) {
	if p.pos < len(p.src) {
		switch p.src[p.pos] {
		case cborNull:
			p.pos++
			return nil, nil
		case cborTrue, cborFalse:
			p.pos++
			return p.src[p.pos-1] == cborTrue, nil
		case cborFloat:
			b, err := p.take(9)
			if err != nil {
				return nil, err
			}
			return math.Float64frombits(binary.BigEndian.Uint64(b[1:])), nil
		}
	}
	major, n, err := p.head()
	if err != nil {
		return nil, err
	}
	switch major {
	case majorUint:
		if n > math.MaxInt64 {
			return new(big.Int).SetUint64(n), nil
		}
		return int64(n), nil
	case majorNeg:
		if n > math.MaxInt64 {
			return new(big.Int).Not(new(big.Int).SetUint64(n)), nil
		}
		return ^int64(n), nil
	case majorBytes:
		b, err := p.take(n)
		return Bytes(b), err
	case majorText:
		return p.text(n)
	case majorArray:
		return p.list(n, depth+1)
	case majorMap:
		return p.dict(n, depth+1)
	case majorTag:
		return p.tagged(n)
	default:
		return nil, p.fail("a kind that no value has")
	}
}

// head reads the major type and the number that goes with it. Indefinite lengths are refused.
func (p *cborParser) head() (major byte, n uint64, err error) {
	b, err := p.take(1)
	if err != nil {
		return 0, 0, err
	}
	major, info := b[0]>>5, b[0]&31
	if info < 24 {
		return major, uint64(info), nil
	}
	if info > 27 {
		return 0, 0, p.fail("a length that is not definite")
	}
	if b, err = p.take(1 << (info - 24)); err != nil {
		return 0, 0, err
	}
	for _, c := range b {
		n = n<<8 | uint64(c)
	}
	return major, n, nil
}

func (p *cborParser) left() uint64 {
	return uint64(len(p.src) - p.pos) //nolint:gosec // pos never goes beyond the end
}

func (p *cborParser) take(n uint64) ([]byte, error) {
	if n > p.left() {
		return nil, p.fail("the bytes end too early")
	}
	b := p.src[p.pos:][:n]
	p.pos += len(b)
	return b, nil
}

func (p *cborParser) text(n uint64) (string, error) {
	b, err := p.take(n)
	if err != nil {
		return "", err
	}
	if !utf8.Valid(b) {
		return "", p.fail("a text that is not UTF-8")
	}
	return string(b), nil
}

func (p *cborParser) list(n uint64, depth int) (Value, error) {
	if depth > MaxDepth {
		return nil, errDepth()
	}
	if n > p.left() { // each element has at least one byte
		return nil, p.fail("the bytes end too early")
	}
	list := make(List, 0, n)
	for range n {
		v, err := p.value(depth)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, nil
}

func (p *cborParser) dict(n uint64, depth int) (Value, error) {
	if depth > MaxDepth {
		return nil, errDepth()
	}
	if n > p.left()/2 {
		return nil, p.fail("the bytes end too early")
	}
	b := DictBuilder{pairs: make([]Pair, 0, n)}
	for range n {
		k, err := p.value(depth)
		if err != nil {
			return nil, err
		}
		key, ok := Key(k)
		if !ok {
			return nil, p.fail("a key that is neither text nor integer")
		}
		if _, twice := b.Get(key); twice {
			return nil, p.fail("a key that is there twice")
		}
		v, err := p.value(depth)
		if err != nil {
			return nil, err
		}
		b.Set(key, v)
	}
	return b.Dict(), nil
}

func (p *cborParser) tagged(tag uint64) (Value, error) {
	major, n, err := p.head()
	if err != nil {
		return nil, err
	}
	switch {
	case (tag == tagBigPos || tag == tagBigNeg) && major == majorBytes:
		b, err := p.take(n)
		if err != nil {
			return nil, err
		}
		if len(b) > MaxIntBits/8+1 {
			return nil, p.fail("an integer that is too large")
		}
		x := new(big.Int).SetBytes(b)
		if tag == tagBigNeg {
			x.Not(x)
		}
		return Int(x), nil
	case tag == tagObject && major == majorArray && n == 3:
		return p.handle()
	case tag == tagObject && major == majorArray && n == 2:
		return p.secret()
	default:
		return nil, p.fail("an unknown tag")
	}
}

func (p *cborParser) handle() (Value, error) {
	var parts [3]string
	for i := range parts {
		major, n, err := p.head()
		if err != nil {
			return nil, err
		}
		if major != majorText {
			return nil, p.fail("a handle is three texts")
		}
		if parts[i], err = p.text(n); err != nil {
			return nil, err
		}
	}
	if parts[0] != handleName {
		return nil, p.fail("an unknown object")
	}
	return Handle{Kind: parts[1], ID: parts[2]}, nil
}

func (p *cborParser) secret() (Value, error) {
	major, n, err := p.head()
	if err != nil {
		return nil, err
	}
	if major != majorText {
		return nil, p.fail("an unknown object")
	}
	name, err := p.text(n)
	if err != nil {
		return nil, err
	}
	if major, n, err = p.head(); err != nil {
		return nil, err
	}
	if name != secretName || major != majorBytes || p.open == nil {
		return nil, p.fail("an unknown object")
	}
	sealed, err := p.take(n)
	if err != nil {
		return nil, err
	}
	text, err := p.open(sealed)
	if err != nil {
		return nil, casare.Errorf(casare.CodeInvalid, "open a sealed secret: %w", err)
	}
	return NewSecret(text), nil
}
