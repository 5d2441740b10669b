package charset

import (
	"fmt"
	"strconv"
	"strings"

	"casare/value"
)

// undecodable is what stands for n bytes that mean nothing.
func (c *Codec) undecodable(data []byte, at, n int, reason, handler string) (string, error) {
	switch handler {
	case "", "strict":
		where := fmt.Sprintf("byte 0x%02x in position %d", data[at], at)
		if n > 1 {
			where = fmt.Sprintf("bytes in position %d-%d", at, at+n-1)
		}
		return "", value.Faultf(value.ValueError, "'%s' codec can't decode %s: %s", c.name, where, reason)
	case "ignore":
		return "", nil
	case "replace":
		return "\uFFFD", nil
	case "backslashreplace":
		var b strings.Builder
		for _, x := range data[at : at+n] {
			fmt.Fprintf(&b, `\x%02x`, x)
		}
		return b.String(), nil
	case "xmlcharrefreplace":
		return "", value.Faultf(value.TypeError, "don't know how to handle UnicodeDecodeError in error callback")
	}
	return "", unknownHandler(handler)
}

func unknownHandler(name string) error {
	return value.Faultf("LookupError", "unknown error handler name '%s'", name)
}

// unencodable is what stands for characters that the codec has no bytes for.
func (c *Codec) unencodable(text []rune, from, to int, handler string) ([]rune, error) {
	switch handler {
	case "", "strict":
		return nil, c.encodeError(text, from, to)
	case "ignore":
		return nil, nil
	case "replace":
		return []rune(strings.Repeat("?", to-from)), nil
	case "backslashreplace":
		var b []byte
		for _, r := range text[from:to] {
			b = value.AppendEscaped(b, r)
		}
		return []rune(string(b)), nil
	case "xmlcharrefreplace":
		var b strings.Builder
		for _, r := range text[from:to] {
			b.WriteString("&#" + strconv.Itoa(int(r)) + ";")
		}
		return []rune(b.String()), nil
	}
	return nil, unknownHandler(handler)
}

func (c *Codec) encodeError(text []rune, from, to int) error {
	where := fmt.Sprintf("character '%s' in position %d", value.AppendEscaped(nil, text[from]), from)
	if to-from > 1 {
		where = fmt.Sprintf("characters in position %d-%d", from, to-1)
	}
	return value.Faultf(value.ValueError, "'%s' codec can't encode %s: %s", c.name, where, c.reason())
}

func (c *Codec) reason() string {
	switch c.name {
	case "ascii":
		return "ordinal not in range(128)"
	case "latin-1":
		return "ordinal not in range(256)"
	case "charmap":
		return "character maps to <undefined>"
	}
	return "illegal multibyte sequence"
}
