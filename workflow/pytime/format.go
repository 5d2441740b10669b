package pytime

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"casare/value"
)

// Format prints the time as Python's strftime does on Linux: the directives of C with their flags and widths (%-d, %_H, %^a, %010Y),
// those of GNU (%k, %l, %P, %s), and %f, %z and %Z of datetime. A directive that does not exist stays as it is. loc is where %s reads
// a clock without an offset.
func (t Time) Format(format string, loc *time.Location) (string, error) {
	if strings.ContainsRune(format, 0) {
		return "", value.Faultf(value.ValueError, "embedded null character")
	}
	format = t.expand(format)
	p := printer{t: t, loc: loc, room: room(format)}
	p.print(format, false)
	if p.size >= p.room {
		return "", nil // so does CPython, when the buffer it is willing to make does not do
	}
	return p.out.String(), nil
}

// room is the largest buffer CPython makes for a format.
func room(format string) int {
	size := 1024
	for size < 256*utf8.RuneCountInString(format) {
		size *= 2
	}
	return size
}

// expand fills in what C does not know or knows less of.
func (t Time) expand(format string) string {
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(format, "%")
		out.WriteString(before)
		if !found {
			return out.String()
		}
		if rest == "" {
			out.WriteByte('%')
			return out.String()
		}
		_, size := utf8.DecodeRuneInString(rest)
		switch rest[:size] {
		case "f":
			out.WriteString(pad(t.micro(), 6))
		case "z":
			if t.zone != nil {
				out.WriteString(t.zone.print(""))
			}
		case "Z":
			out.WriteString(strings.ReplaceAll(t.zone.title(), "%", "%%"))
		default:
			out.WriteString("%" + rest[:size])
		}
		format = rest[size:]
	}
}

func pad(n, digits int) string {
	text := strconv.Itoa(n)
	return strings.Repeat("0", max(0, digits-len(text))) + text
}

// printer is C's strftime.
type printer struct {
	t    Time
	loc  *time.Location
	out  strings.Builder
	size int // characters so far
	room int
}

// directive is one %… of a format.
type directive struct {
	source string // as it is written
	pad    byte   // '_', '-', '0' or 0
	upper  bool   // ^
	swap   bool   // #
	width  int
	alt    byte // E or O
	what   byte // 0 at the end of the format
}

func (p *printer) print(format string, upper bool) {
	for format != "" && p.size < p.room {
		before, rest, found := strings.Cut(format, "%")
		p.write(before)
		if !found {
			return
		}
		var d directive
		d, format = read(rest)
		d.upper = d.upper || upper
		p.directive(d)
	}
}

func (p *printer) write(text string) {
	p.out.WriteString(text)
	p.size += utf8.RuneCountInString(text)
}

// read splits off the directive behind a %.
func read(format string) (d directive, rest string) {
	i := 0
	for ; i < len(format); i++ {
		switch c := format[i]; c {
		case '_', '-', '0':
			d.pad = c
			continue
		case '^':
			d.upper = true
			continue
		case '#':
			d.swap = true
			continue
		}
		break
	}
	for ; i < len(format) && '0' <= format[i] && format[i] <= '9'; i++ {
		d.width = min(d.width*10+int(format[i]-'0'), 1<<30)
	}
	if i < len(format) && (format[i] == 'E' || format[i] == 'O') {
		d.alt = format[i]
		i++
	}
	size := 0
	if i < len(format) {
		if size = 1; format[i] >= utf8.RuneSelf {
			_, size = utf8.DecodeRuneInString(format[i:])
		}
		d.what = format[i]
	}
	d.source = "%" + format[:i+size]
	return d, format[i+size:]
}

// add writes text, filled up to the width.
func (p *printer) add(d directive, text string) {
	missing := min(d.width-utf8.RuneCountInString(text), p.room)
	if missing > 0 {
		fill := " "
		if d.pad == '0' {
			fill = "0"
		}
		p.write(strings.Repeat(fill, missing))
	}
	p.write(text)
}

// bad writes a directive that does not exist as it stands.
func (p *printer) bad(d directive) {
	if d.upper {
		d.source = strings.ToUpper(d.source)
	}
	p.add(d, d.source)
}

// text writes a name, in the letters the flags ask for.
func (p *printer) text(d directive, text string, swapped func(string) string) {
	switch {
	case d.swap:
		text = swapped(text)
	case d.upper:
		text = strings.ToUpper(text)
	}
	p.add(d, text)
}

// number writes a number of at least so many digits.
func (p *printer) number(d directive, n int64, digits int) {
	if d.alt == 'E' {
		p.bad(d)
		return
	}
	text, sign := strconv.FormatInt(n, 10), ""
	if n < 0 {
		text, sign = text[1:], "-"
	}
	if digits < d.width {
		digits = d.width
	}
	missing := min(digits-len(text)-len(sign), p.room)
	switch {
	case missing <= 0 || d.pad == '-':
		text = sign + text
	case d.pad == '_':
		p.write(strings.Repeat(" ", missing))
		text, d.width = sign+text, max(0, d.width-missing)
	default:
		text = sign + strings.Repeat("0", missing) + text
	}
	p.add(d, text)
}

// spaced is number for the directives that fill up with spaces unless told otherwise.
func (p *printer) spaced(d directive, n int64) {
	if d.pad != '0' && d.pad != '-' {
		d.pad = '_'
	}
	p.number(d, n, 2)
}

// sub writes what a directive stands for that is short for others.
func (p *printer) sub(d directive, format string) {
	inner := printer{t: p.t, loc: p.loc, room: p.room}
	inner.print(format, d.upper)
	p.add(d, inner.out.String())
}
