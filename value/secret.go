package value

import (
	"encoding/json"
	"iter"
	"log/slog"
)

// masked is what a secret shows of itself, everywhere.
const masked = "***"

// Secret is a text that no printer, log, result or JSON shows: all of them give ***. Only Reveal gives the text, and only the
// field that needs it (a password typed, a header sent) calls it. A text built with a secret is a secret too.
//
// The text is behind a pointer, because fmt prints the fields of a struct it may not ask: a secret in an unexported field would
// show. Secrets are compared with Equal, not with ==.
type Secret struct{ text *string }

// NewSecret returns text as a secret.
func NewSecret(text string) Secret { return Secret{text: &text} }

// Reveal returns the text. Whatever it is put into must not be logged, printed or stored.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// String returns ***.
func (Secret) String() string { return masked }

// GoString returns ***, so that %#v does not show the text either.
func (Secret) GoString() string { return masked }

// LogValue returns ***.
func (Secret) LogValue() slog.Value { return slog.StringValue(masked) }

// MarshalText returns ***, for every encoder that asks.
func (Secret) MarshalText() ([]byte, error) { return []byte(masked), nil }

// MarshalJSON returns "***".
func (Secret) MarshalJSON() ([]byte, error) { return json.Marshal(masked) }

// MarshalCBOR refuses: a secret leaves the process sealed or not at all.
func (Secret) MarshalCBOR() ([]byte, error) { return nil, errSecret }

// Conceal returns v with every text in it as a secret. Keys of dicts, numbers and the empty text stay as they are.
func Conceal(v Value) Value {
	switch x := v.(type) {
	case string:
		if x != "" {
			return NewSecret(x)
		}
	case List:
		out := make(List, len(x))
		for i := range x {
			out[i] = Conceal(x[i])
		}
		return out
	case *Dict:
		b := NewDict()
		for k, item := range x.All() {
			b.Set(k, Conceal(item))
		}
		return b.Dict()
	}
	return v
}

// Texts yields every text in v, those of lists and dicts too, but neither keys nor secrets.
func Texts(v Value) iter.Seq[string] {
	return func(yield func(string) bool) { eachText(v, yield) }
}

func eachText(v Value, yield func(string) bool) bool {
	switch x := v.(type) {
	case string:
		return yield(x)
	case List:
		for _, item := range x {
			if !eachText(item, yield) {
				return false
			}
		}
	case *Dict:
		for _, item := range x.All() {
			if !eachText(item, yield) {
				return false
			}
		}
	}
	return true
}
