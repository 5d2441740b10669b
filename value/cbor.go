package value

import (
	"encoding/binary"
	"math"
	"math/big"
	"strings"
	"unicode/utf8"

	"casare"
)

// The wire form is plain CBOR (RFC 8949), so any tool shows it: integers as integers, floats always in eight bytes, texts, byte
// strings, arrays, maps in the order of the dict, big integers as tags 2 and 3. A Handle is tag 27 ("object": type name and
// arguments) around ["casare.handle", kind, id]. It is written here and not by a CBOR module because those decode a map into a
// Go map, which loses its order.
const (
	majorUint  = 0
	majorNeg   = 1
	majorBytes = 2
	majorText  = 3
	majorArray = 4
	majorMap   = 5
	majorTag   = 6

	tagBigPos = 2
	tagBigNeg = 3
	tagObject = 27

	cborFalse = 0xf4
	cborTrue  = 0xf5
	cborNull  = 0xf6
	cborFloat = 0xfb

	handleName = "casare.handle"
	secretName = "casare.secret"
)

// cborWriter writes values. Without seal, secrets are refused.
type cborWriter struct {
	seal func(text string) ([]byte, error)
}

func (w cborWriter) append(dst []byte, v Value, depth int) ([]byte, error) {
	switch x := v.(type) {
	case nil:
		return append(dst, cborNull), nil
	case bool:
		if x {
			return append(dst, cborTrue), nil
		}
		return append(dst, cborFalse), nil
	case int64:
		return appendCBORInt(dst, x), nil
	case *big.Int:
		return appendCBORBig(dst, x), nil
	case float64:
		return binary.BigEndian.AppendUint64(append(dst, cborFloat), math.Float64bits(x)), nil
	case string:
		return appendCBORText(dst, x), nil
	case Bytes:
		return append(appendHead(dst, majorBytes, uint64(len(x))), x...), nil
	case Handle:
		dst = appendHead(appendHead(dst, majorTag, tagObject), majorArray, 3)
		return appendCBORText(appendCBORText(appendCBORText(dst, handleName), x.Kind), x.ID), nil
	case List:
		return w.list(dst, x, depth+1)
	case *Dict:
		return w.dict(dst, x, depth+1)
	case Secret:
		return w.secret(dst, x)
	default:
		return nil, casare.Errorf(casare.CodeInternal, "a %T is not a value", v)
	}
}

func appendHead(dst []byte, major byte, n uint64) []byte {
	major <<= 5
	switch {
	case n < 24:
		return append(dst, major|byte(n))
	case n <= math.MaxUint8:
		return append(dst, major|24, byte(n))
	case n <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(dst, major|25), uint16(n))
	case n <= math.MaxUint32:
		return binary.BigEndian.AppendUint32(append(dst, major|26), uint32(n))
	default:
		return binary.BigEndian.AppendUint64(append(dst, major|27), n)
	}
}

func appendCBORInt(dst []byte, i int64) []byte {
	if i < 0 {
		return appendHead(dst, majorNeg, uint64(^i)) //nolint:gosec // -1-i of a negative i is not negative
	}
	return appendHead(dst, majorUint, uint64(i))
}

func appendCBORBig(dst []byte, x *big.Int) []byte {
	tag, magnitude := uint64(tagBigPos), x
	if x.Sign() < 0 {
		tag, magnitude = tagBigNeg, new(big.Int).Not(x)
	}
	b := magnitude.Bytes()
	return append(appendHead(appendHead(dst, majorTag, tag), majorBytes, uint64(len(b))), b...)
}

func appendCBORText(dst []byte, s string) []byte {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	return append(appendHead(dst, majorText, uint64(len(s))), s...)
}

// secret writes a secret as tag 27 around ["casare.secret", sealed text].
func (w cborWriter) secret(dst []byte, s Secret) ([]byte, error) {
	if w.seal == nil {
		return nil, errSecret
	}
	sealed, err := w.seal(s.Reveal())
	if err != nil {
		return nil, casare.Errorf(casare.CodeInternal, "seal a secret: %w", err)
	}
	dst = appendHead(appendHead(dst, majorTag, tagObject), majorArray, 2)
	return append(appendHead(appendCBORText(dst, secretName), majorBytes, uint64(len(sealed))), sealed...), nil
}

func (w cborWriter) list(dst []byte, list List, depth int) (_ []byte, err error) {
	if depth > MaxDepth {
		return nil, errDepth()
	}
	dst = appendHead(dst, majorArray, uint64(len(list)))
	for _, item := range list {
		if dst, err = w.append(dst, item, depth); err != nil {
			return nil, err
		}
	}
	return dst, nil
}

func (w cborWriter) dict(dst []byte, d *Dict, depth int) (_ []byte, err error) {
	if depth > MaxDepth {
		return nil, errDepth()
	}
	dst = appendHead(dst, majorMap, uint64(d.Len())) //nolint:gosec // a length is not negative
	for k, v := range d.All() {
		if i, ok := k.(int64); ok {
			dst = appendCBORInt(dst, i)
		} else {
			dst = appendCBORText(dst, Str(k))
		}
		if dst, err = w.append(dst, v, depth); err != nil {
			return nil, err
		}
	}
	return dst, nil
}
