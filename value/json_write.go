package value

import (
	"encoding/base64"
	"math"
	"math/big"
	"strconv"
	"unicode/utf8"

	"casare"
)

func appendJSON(dst []byte, v Value, depth int) ([]byte, error) {
	switch x := v.(type) {
	case nil:
		return append(dst, "null"...), nil
	case bool:
		return strconv.AppendBool(dst, x), nil
	case int64:
		return strconv.AppendInt(dst, x, 10), nil
	case *big.Int:
		return x.Append(dst, 10), nil
	case float64:
		if math.IsNaN(x) || math.IsInf(x, 0) {
			dst = append(dst, `{"$float":"`...)
			return append(AppendFloat(dst, x), `"}`...), nil
		}
		return AppendFloat(dst, x), nil
	case string:
		return appendJSONText(dst, x), nil
	case Secret:
		return append(dst, `"***"`...), nil
	case Bytes:
		dst = append(dst, `{"$bytes":"`...)
		dst = base64.StdEncoding.AppendEncode(dst, []byte(x))
		return append(dst, `"}`...), nil
	case Handle:
		dst = append(dst, `{"$handle":{"kind":`...)
		dst = append(appendJSONText(dst, x.Kind), `,"id":`...)
		return append(appendJSONText(dst, x.ID), `}}`...), nil
	case List:
		return appendJSONList(dst, x, depth+1)
	case *Dict:
		return appendJSONDict(dst, x, depth+1)
	default:
		return nil, casare.Errorf(casare.CodeInternal, "a %T is not a value", v)
	}
}

func appendJSONList(dst []byte, list List, depth int) (_ []byte, err error) {
	if depth > MaxDepth {
		return nil, errDepth()
	}
	dst = append(dst, '[')
	for i, item := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		if dst, err = appendJSON(dst, item, depth); err != nil {
			return nil, err
		}
	}
	return append(dst, ']'), nil
}

func appendJSONDict(dst []byte, d *Dict, depth int) (_ []byte, err error) {
	if depth > MaxDepth {
		return nil, errDepth()
	}
	dst = append(dst, '{')
	first := true
	for k, v := range d.All() {
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = append(appendJSONText(dst, Str(k)), ':')
		if dst, err = appendJSON(dst, v, depth); err != nil {
			return nil, err
		}
	}
	return append(dst, '}'), nil
}

func appendJSONText(dst []byte, s string) []byte {
	dst = append(dst, '"')
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		if c < utf8.RuneSelf {
			dst = append(dst, s[from:i]...)
			dst = appendJSONEscape(dst, c)
			i++
			from = i
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 {
			dst = append(append(dst, s[from:i]...), "\uFFFD"...)
			from = i + 1
		}
		i += size
	}
	return append(append(dst, s[from:]...), '"')
}

func appendJSONEscape(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\n':
		return append(dst, `\n`...)
	case '\r':
		return append(dst, `\r`...)
	case '\t':
		return append(dst, `\t`...)
	default:
		return append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
	}
}
