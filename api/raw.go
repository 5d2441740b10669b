package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"casare"
)

// Raw is JSON kept byte for byte: documents, variables and results keep 15.0, big integers and the order of their keys.
type Raw []byte

// UnmarshalJSON implements json.Unmarshaler.
func (r *Raw) UnmarshalJSON(b []byte) error {
	*r = nil
	if !bytes.Equal(b, []byte("null")) {
		*r = bytes.Clone(b)
	}
	return nil
}

// MarshalJSON implements json.Marshaler.
func (r Raw) MarshalJSON() ([]byte, error) {
	if len(r) == 0 {
		return []byte("null"), nil
	}
	return r, nil
}

// Schema implements huma.SchemaProvider: anything.
func (Raw) Schema(huma.Registry) *huma.Schema { return &huma.Schema{} }

// object returns r if it is an object, and nil if nothing was given. A text that holds an object, as some clients send
// documents, counts as the object.
func (r Raw) object(field string) ([]byte, error) {
	if len(r) == 0 {
		return nil, nil
	}
	b := []byte(r)
	if b[0] == '"' {
		var text string
		if err := json.Unmarshal(b, &text); err != nil {
			return nil, casare.Errorf(casare.CodeInvalid, "%s is not readable text: %w", field, err).On(field)
		}
		b = bytes.TrimSpace([]byte(text))
		if err := checkDepth(b); err != nil {
			return nil, err
		}
		if len(b) == 0 || !json.Valid(b) {
			return nil, casare.Errorf(casare.CodeInvalid, "%s is a text that holds no JSON", field).On(field)
		}
	}
	if b[0] != '{' {
		return nil, casare.Errorf(casare.CodeValidation, "%s must be an object", field).On(field)
	}
	return b, nil
}

// Priority is a name or a number as the client sent it; "" when it sent none.
type Priority string

// UnmarshalJSON implements json.Unmarshaler.
func (p *Priority) UnmarshalJSON(b []byte) error {
	*p = ""
	if bytes.Equal(b, []byte("null")) {
		return nil
	}
	text := string(b)
	if b[0] == '"' {
		if err := json.Unmarshal(b, &text); err != nil {
			return err //nolint:wrapcheck // the decoder around us says where
		}
	}
	*p = Priority(strings.TrimSuffix(text, ".0"))
	return nil
}

// Schema implements huma.SchemaProvider.
func (Priority) Schema(huma.Registry) *huma.Schema {
	low, high := float64(casare.PriorityHighest), float64(casare.PriorityLowest)
	return &huma.Schema{
		Description: "0 is served first, 20 last; or CRITICAL (0), HIGH (5), NORMAL (10), LOW (15)",
		OneOf: []*huma.Schema{
			{Type: huma.TypeInteger, Minimum: &low, Maximum: &high},
			{Type: huma.TypeString, Enum: []any{"CRITICAL", "HIGH", "NORMAL", "LOW"}},
		},
	}
}

// maxDepth is how deep JSON may nest. It protects every decoder behind it.
const maxDepth = 64

// checkDepth refuses JSON that nests deeper than maxDepth, without decoding it.
func checkDepth(b []byte) error {
	depth, inText := 0, false
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case inText:
			switch c {
			case '\\':
				i++ // what follows is escaped
			case '"':
				inText = false
			}
		case c == '"':
			inText = true
		case c == '{' || c == '[':
			if depth++; depth > maxDepth {
				return casare.Errorf(casare.CodeInvalid, "the JSON nests deeper than %d levels", maxDepth)
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return nil
}

// decode reads a JSON object into v. Field names in errors are those of the JSON.
func decode(b []byte, v any) error {
	if len(bytes.TrimSpace(b)) == 0 {
		return casare.Errorf(casare.CodeInvalid, "the request has no body; a JSON object is expected")
	}
	err := json.Unmarshal(b, v)
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		if e.Field == "" {
			return casare.Errorf(casare.CodeInvalid, "the body is a JSON %s; an object is expected", e.Value)
		}
		return invalidField(e.Field, "is a "+e.Value+", which it cannot be")
	}
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		return casare.Errorf(casare.CodeInvalid, "the body is not JSON: %w (at byte %d)", e, e.Offset)
	}
	return casare.Errorf(casare.CodeInvalid, "the body cannot be read: %w", err)
}

// invalidField is the error for one field that breaks a rule.
func invalidField(field, message string) *casare.Error {
	e := casare.Errorf(casare.CodeValidation, "%s %s", field, message).On(field)
	e.Problems = []casare.Problem{{Field: "body." + field, Message: message}}
	return e
}
