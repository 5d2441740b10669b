package node

import (
	"casare/value"
)

// A secret reaches a node as plain text, because what the node does with texts it must also do with a secret's. What comes out of that
// execution then counts as secret as a whole: every text in its outputs and in the variables it sets. Only a field declared
// Secret gets the secret itself, and hides nothing else.

// Hider is a Host that keeps texts out of every log line, event and error of its run.
type Hider interface {
	// Hides says whether the run has met a secret yet; while it has not, nothing is looked through for one.
	Hides() bool
	// Hide is told of a text that a step works with and nobody may read.
	Hide(text string)
}

// plain is what a field's node gets of a value: the text of every secret in it, unless the field is for secrets.
func (r *Run) plain(f *Field, v Value) Value {
	if f.kind == KindSecret {
		return v
	}
	if h, ok := r.host.(Hider); ok && !h.Hides() {
		return v
	}
	out, found := r.reveal(v)
	r.tainted = r.tainted || found
	return out
}

// reveal returns v with each secret in it as its text, and whether there was any.
func (r *Run) reveal(v Value) (Value, bool) {
	switch x := v.(type) {
	case value.Secret:
		text := x.Reveal()
		if h, ok := r.host.(Hider); ok {
			h.Hide(text)
		}
		return text, true
	case value.List:
		for i := range x {
			plain, found := r.reveal(x[i])
			if !found {
				continue
			}
			out := append(value.List(nil), x...)
			out[i] = plain
			for j := i + 1; j < len(x); j++ {
				out[j], _ = r.reveal(x[j])
			}
			return out, true
		}
	case *value.Dict:
		var edit *value.DictBuilder
		for k, item := range x.All() {
			if plain, found := r.reveal(item); found {
				if edit == nil {
					edit = x.Edit()
				}
				edit.Set(k, plain)
			}
		}
		if edit != nil {
			return edit.Dict(), true
		}
	}
	return v, false
}

// conceal returns the outputs of an execution as others may have them.
func (r *Run) conceal(outputs *value.Dict) *value.Dict {
	if !r.tainted || outputs == nil {
		return outputs
	}
	hidden, _ := value.Conceal(outputs).(*value.Dict)
	return hidden
}
