package pytime

import (
	"slices"
	"strings"
	"time"

	"casare/value"
)

// Parse reads a text by a format, as Python's datetime.strptime does, with English names. loc gives the names of the local zone that %Z
// knows besides UTC and GMT.
func Parse(text, format string, loc *time.Location) (Time, error) {
	p, err := compile(format, zoneNames(loc))
	if err != nil {
		return Time{}, err
	}
	runes := []rune(text)
	if len(runes)*len(p.parts) > maxWork {
		return Time{}, value.Faultf(value.LimitError, "text and format are too long to be a date: %d and %d characters", len(runes), len(format))
	}
	found, end := p.match(runes)
	switch {
	case found == nil:
		return Time{}, value.Faultf(value.ValueError, "time data %s does not match format %s", value.Repr(text), value.Repr(format))
	case end < len(runes):
		return Time{}, value.Faultf(value.ValueError, "unconverted data remains: %s", string(runes[end:]))
	}
	f := fields{month: 1, day: 1}
	if err := f.read(p, found); err != nil {
		return Time{}, err
	}
	if err := f.settle(); err != nil {
		return Time{}, err
	}
	var z *zone
	if f.offset.Set {
		if z, err = newZone(f.offset.V, found['Z']); err != nil {
			return Time{}, err
		}
	}
	return newTime(f.year.V, f.month, f.day, f.clock, z)
}

// maxWork bounds characters of the text times pieces of the format.
const maxWork = 1 << 22

// zoneNames lists the names of a location's zones, in winter and in summer.
func zoneNames(loc *time.Location) []string {
	names := []string{"utc", "gmt"}
	for _, month := range []time.Month{time.January, time.July} {
		name, _ := time.Date(2024, month, 1, 0, 0, 0, 0, loc).Zone()
		if name = strings.ToLower(name); name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// opt is a number that may be unknown.
type opt[T any] struct {
	V   T
	Set bool
}

func some[T any](v T) opt[T] { return opt[T]{V: v, Set: true} }

// fields is what the directives have said.
type fields struct {
	year, isoYear opt[int]
	month, day    int
	clock         clock
	weekday       opt[int] // 0 is Monday
	yearDay       opt[int]
	week          opt[int]
	fromMonday    bool // weeks begin on Monday, else on Sunday
	isoWeek       opt[int]
	offset        opt[time.Duration]
}

// read takes over what the directives took, in the order of the format.
func (f *fields) read(p *pattern, found map[rune]string) error {
	for _, part := range p.parts {
		text := found[part.key]
		switch part.key {
		case 0, 'p', 'Z':
		case 'a', 'A', 'b', 'B':
			i := slices.Index(part.words, value.Lower(text))
			switch {
			case i < 0:
				return value.Faultf(value.ValueError, "%s is not in list", value.Repr(text))
			case part.key == 'a' || part.key == 'A':
				f.weekday = some(i)
			default:
				f.month = i + 1
			}
		case 'f':
			f.clock.micro = number((text + "00000")[:6])
		case 'z':
			if err := f.readOffset(text); err != nil {
				return err
			}
		case 'I':
			f.clock.hour = number(text) % 12
			if strings.EqualFold(found['p'], "pm") {
				f.clock.hour += 12
			}
		default:
			f.readNumber(part.key, number(text))
		}
	}
	return nil
}

func (f *fields) readNumber(key rune, n int) {
	switch key {
	case 'd':
		f.day = n
	case 'G':
		f.isoYear = some(n)
	case 'H':
		f.clock.hour = n
	case 'j':
		f.yearDay = some(n)
	case 'm':
		f.month = n
	case 'M':
		f.clock.minute = n
	case 'S':
		f.clock.second = n
	case 'u':
		f.weekday = some(n - 1)
	case 'U', 'W':
		f.week, f.fromMonday = some(n), key == 'W'
	case 'V':
		f.isoWeek = some(n)
	case 'w':
		f.weekday = some((n + 6) % 7)
	case 'y':
		if n += 1900; n <= 1968 {
			n += 100
		}
		f.year = some(n)
	case 'Y':
		f.year = some(n)
	}
}

// number reads digits of any script that the pattern has accepted, perhaps behind a space.
func number(text string) int {
	v, err := value.ParseInt(text, 10)
	n, ok := v.(int64)
	if err != nil || !ok {
		return 0
	}
	return int(n)
}

// readOffset reads what %z took.
func (f *fields) readOffset(text string) error {
	if text == "Z" {
		f.offset = some(time.Duration(0))
		return nil
	}
	runes := []rune(text[1:])
	if runes[2] == ':' {
		runes = slices.Delete(runes, 2, 3)
		if len(runes) > 4 {
			if runes[4] != ':' {
				return value.Faultf(value.ValueError, "Inconsistent use of : in %s", text)
			}
			runes = slices.Delete(runes, 4, 5)
		}
	}
	at := func(i, end int) string { return string(runes[min(i, len(runes)):min(end, len(runes))]) }
	seconds := at(4, 6)
	if seconds == "" {
		seconds = "0"
	}
	if strings.Contains(seconds, ":") {
		return value.Faultf(value.ValueError, "invalid literal for int() with base 10: %s", value.Repr(seconds))
	}
	east := time.Duration(number(at(0, 2)))*time.Hour + time.Duration(number(at(2, 4)))*time.Minute +
		time.Duration(number(seconds))*time.Second + time.Duration(number((at(7, 13) + "000000")[:6]))*time.Microsecond
	if text[0] == '-' {
		east = -east
	}
	f.offset = some(east)
	return nil
}

// settle finds the date that was meant.
func (f *fields) settle() error {
	if err := f.conflict(); err != nil {
		return err
	}
	leapDay := !f.year.Set && f.month == 2 && f.day == 29
	if leapDay {
		f.year = some(1904) // to count in a year that has the day; below it is refused in 1900, as Python does
	} else if !f.year.Set {
		f.year = some(1900)
	}
	if err := f.weekDay(); err != nil {
		return err
	}
	if err := checkDate(f.year.V, 1, 1); err != nil {
		return err
	}
	if f.yearDay.Set {
		at := time.Date(f.year.V, 1, f.yearDay.V, 0, 0, 0, 0, time.UTC)
		f.year, f.month, f.day = some(at.Year()), int(at.Month()), at.Day()
	}
	if leapDay {
		f.year = some(1900)
	}
	return nil
}

// conflict refuses directives that make no date together.
func (f *fields) conflict() error {
	const days = "a weekday directive ('%A', '%a', '%w', or '%u')."
	switch {
	case !f.year.Set && f.isoYear.Set && (!f.isoWeek.Set || !f.weekday.Set):
		return value.Faultf(value.ValueError, "ISO year directive '%%G' must be used with the ISO week directive '%%V' and %s", days)
	case !f.year.Set && f.isoYear.Set && f.yearDay.Set:
		return value.Faultf(value.ValueError,
			"Day of the year directive '%%j' is not compatible with ISO year directive '%%G'. Use '%%Y' instead.")
	case !f.year.Set && f.isoYear.Set:
		return nil
	case !f.week.Set && f.isoWeek.Set && !f.weekday.Set:
		return value.Faultf(value.ValueError, "ISO week directive '%%V' must be used with the ISO year directive '%%G' and %s", days)
	case !f.week.Set && f.isoWeek.Set:
		return value.Faultf(value.ValueError,
			"ISO week directive '%%V' is incompatible with the year directive '%%Y'. Use the ISO year '%%G' instead.")
	}
	return nil
}

// weekDay turns a week and a day of it into a day of the year.
func (f *fields) weekDay() error {
	if f.yearDay.Set || !f.weekday.Set {
		return nil
	}
	switch {
	case f.week.Set:
		if err := checkDate(f.year.V, 1, 1); err != nil {
			return err
		}
		f.yearDay = some(dayOfWeek(f.year.V, f.week.V, f.weekday.V, f.fromMonday))
	case f.isoYear.Set && f.isoWeek.Set:
		if err := checkDate(f.isoYear.V, 1, 1); err != nil {
			return err
		}
		at := firstWeek(f.isoYear.V).AddDate(0, 0, 7*(f.isoWeek.V-1)+f.weekday.V)
		f.year, f.yearDay = some(at.Year()), some(at.YearDay())
	default:
		return nil
	}
	if f.yearDay.V <= 0 {
		f.year = some(f.year.V - 1)
		f.yearDay = some(f.yearDay.V + 365 + daysIn(f.year.V, 2) - 28)
	}
	return nil
}

// dayOfWeek returns the day of the year, which may lie before its first.
func dayOfWeek(year, week, weekday int, fromMonday bool) int {
	first := int(time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC).Weekday()) // 0 is Sunday
	if fromMonday {
		first = (first + 6) % 7
	} else {
		weekday = (weekday + 1) % 7
	}
	if week == 0 {
		return 1 + weekday - first
	}
	return 1 + (7-first)%7 + 7*(week-1) + weekday
}
