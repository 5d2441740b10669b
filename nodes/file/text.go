package file

import (
	"strings"
	"unicode/utf8"

	"casare/node"
	"casare/value"
	"casare/value/charset"
)

// The fields for encodings that several types share.
func encodingField(s *node.Spec, p *string) {
	s.String(node.Param, p, "encoding").Or("utf-8").Says("How text is written as bytes, by Python's names: utf-8, utf-8-sig, latin-1, cp1252, utf-16 …")
}

func errorsField(s *node.Spec, p *string) {
	s.Choice(node.Param, p, "errors", "strict", "ignore", "replace", "backslashreplace", "xmlcharrefreplace").Or("strict").
		Shown(node.Advanced).Says("What to do about bytes or characters that the encoding has no meaning for.")
}

// decode reads text with universal newlines.
func decode(data []byte, encoding, handler string) (string, error) {
	codec, err := charset.Lookup(encoding)
	if err != nil {
		return "", node.Fail("", "%w", err)
	}
	text, err := codec.Decode(data, handler)
	if err != nil {
		return "", node.Fail("", "%w", err)
	}
	return newlines(text), nil
}

// newlines makes every end of a line a \n.
func newlines(text string) string {
	if !strings.Contains(text, "\r") {
		return text
	}
	return strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
}

// encode writes text as bytes; start says that it begins a file.
func encode(text, encoding, handler string, start bool) ([]byte, error) {
	codec, err := charset.Lookup(encoding)
	if err != nil {
		return nil, node.Fail("", "%w", err)
	}
	data, err := codec.Encode(text, handler, start)
	if err != nil {
		return nil, node.Fail("", "%w", err)
	}
	return data, nil
}

// readText reads a text file.
func readText(r *node.Run, abs, encoding, handler string) (string, error) {
	data, err := r.Files().ReadFile(abs)
	if err != nil {
		return "", failed(err, abs)
	}
	return decode(data, encoding, handler)
}

// writeText writes a text file and counts its characters, as Python does.
func writeText(r *node.Run, abs, text, encoding, handler string) (int64, error) {
	data, err := encode(text, encoding, handler, true)
	if err != nil {
		return 0, err
	}
	if err := r.Files().WriteFile(abs, data); err != nil {
		return 0, failed(err, abs)
	}
	return int64(utf8.RuneCountInString(text)), nil
}

// appendText adds to a text file, made if need be, and counts the characters.
func appendText(r *node.Run, abs, text, encoding, handler string) (int64, error) {
	info, err := look(r, abs)
	if err != nil {
		return 0, err
	}
	data, err := encode(text, encoding, handler, info == nil || info.Size() == 0)
	if err != nil {
		return 0, err
	}
	if err := r.Files().AppendFile(abs, data); err != nil {
		return 0, failed(err, abs)
	}
	return int64(utf8.RuneCountInString(text)), nil
}

// printed is the text of a value; what counts as false is none, as in CasareRPA.
func printed(v node.Value) string {
	if !value.Truth(v) {
		return ""
	}
	return value.Str(v)
}

// masked is a value with *** in place of secrets.
func masked(v node.Value) node.Value {
	switch x := v.(type) {
	case value.Secret:
		return value.Str(x)
	case value.List:
		out := make(value.List, len(x))
		for i, item := range x {
			out[i] = masked(item)
		}
		return out
	case *value.Dict:
		b := value.NewDict()
		for k, item := range x.All() {
			b.Set(k, masked(item))
		}
		return b.Dict()
	default:
		return v
	}
}
