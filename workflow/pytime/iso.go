package pytime

import (
	"time"

	"casare/value"
)

// ParseISO reads what Python's datetime.fromisoformat of CPython 3.11 reads: all forms of ISO 8601 but the day of the year and
// fractions of anything but a second, and any one character between date and time.
func ParseISO(text string) (Time, error) {
	fail := func() (Time, error) {
		return Time{}, value.Faultf(value.ValueError, "Invalid isoformat string: %s", value.Repr(text))
	}
	r := isoReader{text: text}
	split := r.separator()
	if len(text) < 7 || split < 0 {
		return fail()
	}
	year, month, day, err := r.date(split)
	switch {
	case err != nil:
		return Time{}, err
	case r.bad:
		return fail()
	}
	var (
		c clock
		z *zone
	)
	if len(text) > split {
		if c, z, err = r.time(split + width(text[split])); err != nil {
			return Time{}, err
		}
	}
	if r.bad {
		return fail()
	}
	return newTime(year, month, day, c, z)
}

// width is how many bytes the character takes that begins with lead.
func width(lead byte) int {
	switch {
	case lead&0x80 == 0:
		return 1
	case lead&0xf0 == 0xe0:
		return 3
	case lead&0xf0 == 0xf0:
		return 4
	}
	return 2
}

// isoReader walks over the text; bad is set when it is none of the forms.
type isoReader struct {
	text string
	bad  bool
}

// at returns a byte of the text, 0 behind its end.
func (r *isoReader) at(i int) byte {
	if i < len(r.text) {
		return r.text[i]
	}
	return 0
}

func (r *isoReader) digit(i int) bool { return '0' <= r.at(i) && r.at(i) <= '9' }

// number reads n digits at i.
func (r *isoReader) number(i, n int) int {
	out := 0
	for k := i; k < i+n; k++ {
		if !r.digit(k) {
			r.bad = true
			return 0
		}
		out = out*10 + int(r.at(k)-'0')
	}
	return out
}

// separator finds the character between date and time by the form of the date; -1 when there can be none.
func (r *isoReader) separator() int {
	n := len(r.text)
	switch {
	case n == 7:
		return 7
	case r.at(4) == '-' && r.at(5) != 'W':
		return 10
	case r.at(4) == '-':
		switch {
		case n < 8 || n == 9 && r.at(8) == '-':
			return -1
		case r.at(8) == '-' && !r.digit(10):
			return 10
		}
		return 8 // 2020-W01-12 may be a day and a digit between; Python takes the hyphen for what stands between
	case r.at(4) == 'W':
		end := 7
		for r.digit(end) {
			end++
		}
		if end < 9 {
			return end
		}
		return 7 + end%2 // times have pairs of digits
	}
	return 8
}

// date reads the date that ends at end.
func (r *isoReader) date(end int) (year, month, day int, err error) {
	year = r.number(0, 4)
	pos, dashes := 4, r.at(4) == '-'
	if dashes {
		pos++
	}
	if r.at(pos) == 'W' {
		week, weekday := r.number(pos+1, 2), 1
		if pos += 3; pos < end {
			if dashes {
				r.bad = r.bad || r.at(pos) != '-'
				pos++
			}
			weekday = r.number(pos, 1)
		}
		if r.bad {
			return 0, 0, 0, nil
		}
		return isoWeek(year, week, weekday)
	}
	month = r.number(pos, 2)
	if pos += 2; dashes {
		r.bad = r.bad || r.at(pos) != '-'
		pos++
	}
	return year, month, r.number(pos, 2), nil
}

// isoWeek turns a year of weeks into a date.
func isoWeek(year, week, weekday int) (y, m, d int, err error) {
	if year < 1 {
		return 0, 0, 0, value.Faultf(value.ValueError, "Year is out of range: %d", year)
	}
	first := firstWeek(year)
	weeks := int(firstWeek(year+1).Sub(first) / (7 * 24 * time.Hour))
	if week < 1 || week > weeks {
		return 0, 0, 0, value.Faultf(value.ValueError, "Invalid week: %d", week)
	}
	if weekday < 1 || weekday > 7 {
		return 0, 0, 0, value.Faultf(value.ValueError, "Invalid weekday: %d (range is [1, 7])", weekday)
	}
	at := first.AddDate(0, 0, 7*(week-1)+weekday-1)
	return at.Year(), int(at.Month()), at.Day(), nil
}

// firstWeek is the Monday of the week that has the year's first Thursday.
func firstWeek(year int) time.Time {
	fourth := time.Date(year, 1, 4, 0, 0, 0, 0, time.UTC)
	return fourth.AddDate(0, 0, -(int(fourth.Weekday())+6)%7)
}

// time reads the time of day and the offset from i to the end of the text.
func (r *isoReader) time(i int) (clock, *zone, error) {
	end := i + 1
	for end < len(r.text) && r.text[end] != '+' && r.text[end] != '-' && r.text[end] != 'Z' {
		end++
	}
	if c := r.at(i); c == '+' || c == '-' || c == 'Z' {
		end = i
	}
	out, rest := r.clock(i, end)
	switch {
	case r.bad:
		return out, nil, nil
	case end >= len(r.text):
		r.bad = rest
		return out, nil, nil
	case r.at(end) == 'Z':
		r.bad = end+1 != len(r.text)
		return out, &zone{}, nil
	}
	offset, rest := r.clock(end+1, len(r.text))
	if r.bad = r.bad || rest; r.bad {
		return out, nil, nil
	}
	east := time.Duration(offset.hour)*time.Hour + time.Duration(offset.minute)*time.Minute +
		time.Duration(offset.second)*time.Second + time.Duration(offset.micro)*time.Microsecond
	if r.at(end) == '-' {
		east = -east
	}
	z, err := newZone(east, "")
	return out, z, err
}

// clock reads HH[:?MM[:?SS[.ffffff]]] from i to end; rest says that something is left behind it.
func (r *isoReader) clock(i, end int) (out clock, rest bool) {
	colons := true
	for n, field := range []*int{&out.hour, &out.minute, &out.second} {
		if *field = r.number(i, 2); r.bad {
			return out, false
		}
		c := r.at(i + 2)
		i += 3
		if n == 0 {
			colons = c == ':'
		}
		if i >= end {
			return out, c != 0
		}
		switch {
		case colons && c == ':':
			continue
		case c == '.' || c == ',':
		case !colons:
			i--
			continue
		default:
			r.bad = true
			return out, false
		}
		break
	}
	size := min(end-i, 6)
	out.micro = r.number(i, size)
	for k := size; k < 6; k++ {
		out.micro *= 10
	}
	i += size
	for r.digit(i) {
		i++
	}
	return out, i < len(r.text)
}
