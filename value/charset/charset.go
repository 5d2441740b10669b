// Package charset turns bytes into text and back as Python's codecs do, under the names and with the error handlers that Python's open()
// knows: "utf-8", "utf-8-sig", "latin-1", "cp1252", "utf-16" … and "strict", "ignore", "replace", "backslashreplace", "xmlcharrefreplace".
package charset

//go:generate python3 tables.py

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"

	"casare/value"
)

// Codec is one way to write text as bytes.
type Codec struct {
	name   string
	decode decoder
	encode encoder
	mark   []byte // stands before a text
	bom    bool   // a mark decides the order of bytes when reading
}

// Lookup finds a codec by any name that Python knows it by; a LookupError as Python's when there is none.
func Lookup(name string) (*Codec, error) {
	key := canonical(name)
	if target, ok := aliases()[key]; ok {
		key = target
	}
	if c := wide(key); c != nil {
		return c, nil
	}
	if t, ok := tables()[key]; ok {
		return &Codec{name: "charmap", decode: t.decode, encode: t.encode}, nil
	}
	if c := multibyte(key); c != nil {
		return c, nil
	}
	return nil, value.Faultf("LookupError", "unknown encoding: %s", name)
}

// canonical is a name as the tables have it: lower case, other signs as one underscore.
func canonical(name string) string {
	var b strings.Builder
	gap := false
	for _, r := range name {
		if r != '.' && !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			gap = b.Len() > 0
			continue
		}
		if gap {
			b.WriteByte('_')
			gap = false
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// Decode reads text. Errors are the ValueErrors of Python's UnicodeDecodeError.
func (c *Codec) Decode(data []byte, handler string) (string, error) {
	at := 0
	switch {
	case c.bom:
		c, at = c.ordered(data)
	case len(c.mark) > 0 && bytes.HasPrefix(data, c.mark):
		data = data[len(c.mark):]
	}
	if c.name == "utf-8" && utf8.Valid(data) {
		return string(data), nil
	}
	var out strings.Builder
	out.Grow(len(data))
	for at < len(data) {
		r, n, reason := c.decode(data[at:])
		if reason == "" {
			out.WriteRune(r)
			at += n
			continue
		}
		text, err := c.undecodable(data, at, n, reason, handler)
		if err != nil {
			return "", err
		}
		out.WriteString(text)
		at += n
	}
	return out.String(), nil
}

// Encode writes text. start says that nothing stands before it: only then comes a mark, where the codec has one. Errors are the
// ValueErrors of Python's UnicodeEncodeError.
func (c *Codec) Encode(text, handler string, start bool) ([]byte, error) {
	out := make([]byte, 0, len(text)+len(c.mark))
	if start {
		out = append(out, c.mark...)
	}
	if c.name == "utf-8" {
		return append(out, text...), nil
	}
	position := 0
	runes := []rune(text)
	for position < len(runes) {
		var ok bool
		if out, ok = c.encode(out, runes[position]); ok {
			position++
			continue
		}
		end := position + 1
		for c.together() && end < len(runes) {
			if _, ok := c.encode(nil, runes[end]); ok {
				break
			}
			end++
		}
		instead, err := c.unencodable(runes, position, end, handler)
		if err != nil {
			return nil, err
		}
		for _, r := range instead {
			if out, ok = c.encode(out, r); !ok {
				return nil, c.encodeError(runes, position, end)
			}
		}
		position = end
	}
	return out, nil
}

// together says whether characters that follow one another fail as one.
func (c *Codec) together() bool {
	return c.name == "ascii" || c.name == "latin-1" || c.name == "charmap"
}
