package value

import (
	"cmp"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// MaxDump is the size of the longest JSON text that Dumps writes.
const MaxDump = 256 << 20

// DumpOptions are the arguments of Python's json.dumps.
type DumpOptions struct {
	Indent   *int64 // nil is one line; 0 and less are line breaks without indentation
	SortKeys bool
	ASCII    bool // ensure_ascii, which Python has on unless told
	Strings  bool // default=str: what JSON has no form for is written as its str()
}

// Dumps writes v as Python's json.dumps does, character for character: ", " and ": " between things on one line, NaN and Infinity
// for what JSON has no number for. A text with a secret in it is a secret. Bytes and handles are a TypeError without Strings,
// keys of two kinds are one with SortKeys; nesting deeper than MaxDepth and texts longer than MaxDump are refused.
func Dumps(v Value, o DumpOptions) (Value, error) {
	d := dumper{DumpOptions: o, comma: ", "}
	if o.Indent != nil {
		d.comma = ","
	}
	if err := d.value(v, 0); err != nil {
		return nil, err
	}
	if d.hidden {
		return NewSecret(string(d.out)), nil
	}
	return string(d.out), nil
}

type dumper struct {
	DumpOptions
	out    []byte
	comma  string
	hidden bool
}

func (d *dumper) value(v Value, depth int) error {
	switch x := v.(type) {
	case nil:
		d.out = append(d.out, "null"...)
	case bool:
		d.out = strconv.AppendBool(d.out, x)
	case int64:
		d.out = strconv.AppendInt(d.out, x, 10)
	case *big.Int:
		d.out = x.Append(d.out, 10)
	case float64:
		d.float(x)
	case string:
		return d.text(x)
	case Secret:
		d.hidden = true
		return d.text(x.Reveal())
	case List:
		return d.list(x, depth+1)
	case *Dict:
		return d.dict(x, depth+1)
	default:
		if !d.Strings {
			return refused(Faultf(TypeError, "Object of type %s is not JSON serializable", TypeName(v)))
		}
		return d.text(Str(v))
	}
	return nil
}

func (d *dumper) float(f float64) {
	switch {
	case math.IsNaN(f):
		d.out = append(d.out, "NaN"...)
	case math.IsInf(f, 1):
		d.out = append(d.out, "Infinity"...)
	case math.IsInf(f, -1):
		d.out = append(d.out, "-Infinity"...)
	default:
		d.out = AppendFloat(d.out, f)
	}
}

// line starts a new line at the depth, where there are lines at all.
func (d *dumper) line(depth int) error {
	if d.Indent == nil {
		return d.room(0)
	}
	width := max(*d.Indent, 0)
	if width > MaxDump {
		return d.room(MaxDump)
	}
	blanks := int(width) * depth
	if err := d.room(blanks); err != nil {
		return err
	}
	d.out = append(d.out, '\n')
	d.out = append(d.out, strings.Repeat(" ", blanks)...)
	return nil
}

// room refuses to write more than a text may have.
func (d *dumper) room(n int) error {
	if len(d.out)+n >= MaxDump {
		return refused(Faultf(LimitError, "the JSON text is longer than %d MiB", MaxDump>>20))
	}
	return nil
}

func (d *dumper) list(list List, depth int) error {
	if depth > MaxDepth {
		return errDepth()
	}
	if len(list) == 0 {
		d.out = append(d.out, "[]"...)
		return nil
	}
	d.out = append(d.out, '[')
	for i, item := range list {
		if err := d.between(i, depth); err != nil {
			return err
		}
		if err := d.value(item, depth); err != nil {
			return err
		}
	}
	if err := d.line(depth - 1); err != nil {
		return err
	}
	d.out = append(d.out, ']')
	return nil
}

// between writes what stands before element i.
func (d *dumper) between(i, depth int) error {
	if i > 0 {
		d.out = append(d.out, d.comma...)
	}
	return d.line(depth)
}

func (d *dumper) dict(dict *Dict, depth int) error {
	if depth > MaxDepth {
		return errDepth()
	}
	if dict.Len() == 0 {
		d.out = append(d.out, "{}"...)
		return nil
	}
	pairs, err := d.pairs(dict)
	if err != nil {
		return err
	}
	d.out = append(d.out, '{')
	for i, p := range pairs {
		if err := d.between(i, depth); err != nil {
			return err
		}
		if err := d.text(Str(p.Key)); err != nil {
			return err
		}
		d.out = append(d.out, ": "...)
		if err := d.value(p.Value, depth); err != nil {
			return err
		}
	}
	if err := d.line(depth - 1); err != nil {
		return err
	}
	d.out = append(d.out, '}')
	return nil
}

// pairs returns the entries in the order in which they are written.
func (d *dumper) pairs(dict *Dict) ([]Pair, error) {
	if !d.SortKeys {
		return dict.pairs, nil
	}
	var err error
	pairs := slices.SortedFunc(slices.Values(dict.pairs), func(a, b Pair) int {
		c, failed := Compare(a.Key, b.Key)
		err = cmp.Or(err, failed)
		return c
	})
	return pairs, err
}

func (d *dumper) text(s string) error {
	if err := d.room(len(s)); err != nil {
		return err
	}
	d.out = append(d.out, '"')
	for _, r := range s { // what is no UTF-8 becomes U+FFFD
		switch {
		case r == '"' || r == '\\':
			d.out = append(d.out, '\\', byte(r))
		case r == '\n':
			d.out = append(d.out, `\n`...)
		case r == '\r':
			d.out = append(d.out, `\r`...)
		case r == '\t':
			d.out = append(d.out, `\t`...)
		case r == '\b':
			d.out = append(d.out, `\b`...)
		case r == '\f':
			d.out = append(d.out, `\f`...)
		case r < ' ' || d.ASCII && r > '~':
			d.escape(r)
		default:
			d.out = utf8.AppendRune(d.out, r)
		}
	}
	d.out = append(d.out, '"')
	return nil
}

// escape writes \uXXXX, twice for what does not fit four digits.
func (d *dumper) escape(r rune) {
	if r > 0xffff {
		r -= 0x10000
		d.escape(0xd800 | r>>10)
		r = 0xdc00 | r&0x3ff
	}
	d.out = append(d.out, '\\', 'u', hexDigits[r>>12&15], hexDigits[r>>8&15], hexDigits[r>>4&15], hexDigits[r&15])
}
