package value

import (
	"math"
	"math/big"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Str returns Python's str(v). A secret prints as ***.
func Str(v Value) string {
	switch x := v.(type) {
	case string:
		return x
	case Secret:
		return masked
	default:
		return Repr(v)
	}
}

// Repr returns Python's repr(v). A secret prints as '***'.
func Repr(v Value) string { return string(AppendRepr(nil, v)) }

// AppendRepr appends Python's repr(v) to dst.
func AppendRepr(dst []byte, v Value) []byte {
	switch x := v.(type) {
	case nil:
		return append(dst, "None"...)
	case bool:
		if x {
			return append(dst, "True"...)
		}
		return append(dst, "False"...)
	case int64:
		return strconv.AppendInt(dst, x, 10)
	case *big.Int:
		return x.Append(dst, 10)
	case float64:
		return AppendFloat(dst, x)
	case string:
		return appendText(dst, x)
	case Bytes:
		return appendBytes(dst, string(x))
	case Secret:
		return append(dst, "'***'"...)
	case List:
		dst = append(dst, '[')
		for i, item := range x {
			if i > 0 {
				dst = append(dst, ", "...)
			}
			dst = AppendRepr(dst, item)
		}
		return append(dst, ']')
	case *Dict:
		return appendDict(dst, x)
	case Handle:
		dst = append(dst, '<')
		dst = append(dst, x.Kind...)
		dst = append(dst, ' ')
		dst = append(dst, x.ID...)
		return append(dst, '>')
	default:
		return append(dst, "<"+TypeName(v)+">"...)
	}
}

func appendDict(dst []byte, d *Dict) []byte {
	dst = append(dst, '{')
	first := true
	for k, v := range d.All() {
		if !first {
			dst = append(dst, ", "...)
		}
		first = false
		dst = AppendRepr(dst, k)
		dst = append(dst, ": "...)
		dst = AppendRepr(dst, v)
	}
	return append(dst, '}')
}

// AppendFloat appends repr(f): the shortest digits that read back as f, with an exponent below 1e-4 and from 1e16 on.
func AppendFloat(dst []byte, f float64) []byte {
	switch {
	case math.IsNaN(f):
		return append(dst, "nan"...)
	case math.IsInf(f, 1):
		return append(dst, "inf"...)
	case math.IsInf(f, -1):
		return append(dst, "-inf"...)
	}
	if a := math.Abs(f); a != 0 && (a < 1e-4 || a >= 1e16) {
		return strconv.AppendFloat(dst, f, 'e', -1, 64)
	}
	from := len(dst)
	dst = strconv.AppendFloat(dst, f, 'f', -1, 64)
	if !strings.Contains(string(dst[from:]), ".") {
		dst = append(dst, ".0"...)
	}
	return dst
}

const hexDigits = "0123456789abcdef"

// quoteFor returns the quote Python chooses: ' unless the text has a ' and no ".
func quoteFor(s string) byte {
	if strings.IndexByte(s, '\'') >= 0 && strings.IndexByte(s, '"') < 0 {
		return '"'
	}
	return '\''
}

func appendText(dst []byte, s string) []byte {
	quote := quoteFor(s)
	dst = append(dst, quote)
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1: // not UTF-8: Python would hold a lone surrogate here
			dst = append(dst, `\udc`...)
			dst = append(dst, hexDigits[s[i]>>4], hexDigits[s[i]&15])
		case r < utf8.RuneSelf:
			dst = appendASCII(dst, s[i], quote)
		case unicode.IsPrint(r):
			dst = append(dst, s[i:i+size]...)
		default:
			dst = AppendEscaped(dst, r)
		}
		i += size
	}
	return append(dst, quote)
}

// AppendEscaped appends r as the escape Python writes for it: \xhh, \uhhhh or \Uhhhhhhhh.
func AppendEscaped(dst []byte, r rune) []byte {
	letter, digits := byte('x'), 2
	switch {
	case r > 0xffff:
		letter, digits = 'U', 8
	case r > 0xff:
		letter, digits = 'u', 4
	}
	dst = append(dst, '\\', letter)
	for shift := 4 * (digits - 1); shift >= 0; shift -= 4 {
		dst = append(dst, hexDigits[r>>shift&15])
	}
	return dst
}

func appendBytes(dst []byte, s string) []byte {
	quote := quoteFor(s)
	dst = append(dst, 'b', quote)
	for i := range len(s) {
		if s[i] < utf8.RuneSelf {
			dst = appendASCII(dst, s[i], quote)
			continue
		}
		dst = append(dst, '\\', 'x', hexDigits[s[i]>>4], hexDigits[s[i]&15])
	}
	return append(dst, quote)
}

func appendASCII(dst []byte, c, quote byte) []byte {
	switch {
	case c == quote || c == '\\':
		return append(dst, '\\', c)
	case c == '\n':
		return append(dst, `\n`...)
	case c == '\r':
		return append(dst, `\r`...)
	case c == '\t':
		return append(dst, `\t`...)
	case c < ' ' || c == 0x7f:
		return append(dst, '\\', 'x', hexDigits[c>>4], hexDigits[c&15])
	default:
		return append(dst, c)
	}
}
