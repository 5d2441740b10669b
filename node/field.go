package node

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"casare/value"
)

// Visibility says where the form shows a field.
type Visibility string

// The places of a field in the form.
const (
	Essential Visibility = "essential"
	Normal    Visibility = "normal"
	Advanced  Visibility = "advanced"
	Internal  Visibility = "internal"
)

// Field is one input, parameter or output of a node type. Its methods return the field itself, to be chained.
type Field struct {
	name string
	role Role
	kind Kind
	set  func(Value) // takes a coerced value
	get  func() (Value, bool)
	when []condition

	def        Value
	must       bool
	missing    string // what the step fails with
	strict     bool
	raw        bool
	blank      bool
	naming     naming
	choices    []string // as oneOf, of a Choice
	oneOf      []Value
	lo, hi     *float64
	was        []string
	same       []spelling
	each       *variadic
	portKind   Kind
	label      string
	help       string
	group      string
	widget     string
	visibility Visibility
}

type spelling struct{ old, now Value }

// naming says how a text in the config may name a variable.
type naming int

const (
	noName naming = iota
	nameOrText
	exactNameOrText
	onlyName
	nameOrNumber
)

// variadic is a field that stands for several ports: prefix followed by 1…max.
type variadic struct{ shown, max int }

// Or gives the default: what a missing or null value means, and "" too where the field is no text.
func (f *Field) Or(v any) *Field { f.def = literal(v); return f }

// Must keeps Run from being called without a value; "" is none. The step then fails with this sentence, if one is given.
func (f *Field) Must(sentence ...string) *Field {
	f.must = true
	f.missing = strings.Join(sentence, " ")
	return f
}

// OneOf advises which values make sense; with Strict others are refused.
func (f *Field) OneOf(values ...any) *Field {
	for _, v := range values {
		f.oneOf = append(f.oneOf, literal(v))
	}
	return f
}

// Min advises the smallest sensible number; with Strict smaller ones are refused.
func (f *Field) Min(v float64) *Field { f.lo = &v; return f }

// Max advises the largest sensible number; with Strict larger ones are refused.
func (f *Field) Max(v float64) *Field { f.hi = &v; return f }

// Strict makes OneOf, Min and Max errors at run time.
func (f *Field) Strict() *Field { f.strict = true; return f }

// Was lists other config keys and ports, read in order after the own name.
func (f *Field) Was(keys ...string) *Field { f.was = append(f.was, keys...); return f }

// Same accepts another spelling of a value.
func (f *Field) Same(old string, now any) *Field {
	f.same = append(f.same, spelling{old: old, now: literal(now)})
	return f
}

// NameOfVariable makes a text in the config stand for the variable of that name, if there is one; blanks around it do not count,
// and {{name}} that was not resolved counts as name. A text that arrives by wire is a text.
func (f *Field) NameOfVariable() *Field { f.naming = nameOrText; return f }

// ExactNameOfVariable is NameOfVariable for fields whose blanks matter: " x " is not the variable x.
func (f *Field) ExactNameOfVariable() *Field { f.naming = exactNameOrText; return f }

// OnlyNameOfVariable is NameOfVariable for fields that have no use for a text: one that names no variable counts as not given.
func (f *Field) OnlyNameOfVariable() *Field { f.naming = onlyName; return f }

// NameOfNumber is NameOfVariable for fields that need a number: a text that is none and names no variable counts as not given.
func (f *Field) NameOfNumber() *Field { f.naming = nameOrNumber; return f }

// Each makes the name a prefix: the field collects name1 … name<most>, gaps allowed, nulls left out. A List gets the values in
// order, a Dict by their number. The designer shows the first few.
func (f *Field) Each(shown, most int) *Field {
	if f.kind != KindList && f.kind != KindDict {
		panic(fmt.Sprintf("node: field %q: Each is for a list or a dict", f.name))
	}
	f.each = &variadic{shown: shown, max: most}
	return f
}

// Blank makes an empty text in the config count as not given, for a field of any kind whose form is no text; those of other kinds
// do so anyway.
func (f *Field) Blank() *Field { f.blank = true; return f }

// Raw keeps templates in the config as they are.
func (f *Field) Raw() *Field { f.raw = true; return f }

// Port gives the kind of the port where it differs from the field's.
func (f *Field) Port(k Kind) *Field { f.portKind = k; return f }

// Says gives the help text.
func (f *Field) Says(help string) *Field { f.help = help; return f }

// Label gives the text the form shows instead of the name.
func (f *Field) Label(label string) *Field { f.label = label; return f }

// Group gives the heading the form shows the field under.
func (f *Field) Group(group string) *Field { f.group = group; return f }

// Shown says where the form shows the field; Normal unless said.
func (f *Field) Shown(v Visibility) *Field { f.visibility = v; return f }

// Widget names the editor the form uses.
func (f *Field) Widget(name string) *Field { f.widget = name; return f }

// names lists the config keys and ports the field is read from, in order.
func (f *Field) names() []string { return append([]string{f.name}, f.was...) }

// ports lists the names a wire may use to reach or leave the field.
func (f *Field) ports() []string {
	if f.each == nil {
		return f.names()
	}
	var out []string
	for _, name := range f.names() {
		for i := 1; i <= f.each.max; i++ {
			out = append(out, name+strconv.Itoa(i))
		}
	}
	return out
}

// wired says whether a wire may end at the field.
func (f *Field) wired() bool { return f.role == In || f.role == Wire }

// configured says whether the field is read from the config.
func (f *Field) configured() bool { return f.role == In || f.role == Param }

// accept turns a value as it arrives into one the bound field can hold: spelling, default, kind, and the rules of Strict. nil means
// unset.
func (f *Field) accept(v Value) (Value, error) {
	if text, ok := v.(string); ok {
		for _, s := range f.same {
			if s.old == text {
				v = s.now
				break
			}
		}
		if text == "" && (f.kind != KindText && f.kind != KindAny || len(f.choices) > 0) {
			v = nil
		}
	}
	if v == nil {
		v = f.def
	}
	if v == nil {
		return nil, nil //nolint:nilnil // unset is a value of its own
	}
	out, err := coerce(f.kind, v)
	if err != nil {
		return nil, Fail(TypeInput, "input '%s': %w", f.name, err)
	}
	if f.strict {
		if reason := f.advise(out); reason != "" {
			return nil, Fail(TypeInput, "input '%s': %s", f.name, reason)
		}
	}
	return out, nil
}

// advise says what OneOf, Min and Max have against a coerced value; "" is nothing.
func (f *Field) advise(v Value) string {
	text, _ := v.(string)
	if len(f.choices) > 0 && !slices.Contains(f.choices, text) ||
		len(f.oneOf) > 0 && !slices.ContainsFunc(f.oneOf, func(o Value) bool { return value.Equal(o, v) }) {
		return value.Repr(v) + " is none of the known choices"
	}
	if f.lo == nil && f.hi == nil {
		return ""
	}
	number, err := coerce(KindFloat, v)
	if err != nil {
		return ""
	}
	x, _ := number.(float64)
	if f.lo != nil && x < *f.lo {
		return fmt.Sprintf("%s is less than %s", value.Str(v), value.Str(*f.lo))
	}
	if f.hi != nil && x > *f.hi {
		return fmt.Sprintf("%s is more than %s", value.Str(v), value.Str(*f.hi))
	}
	return ""
}
