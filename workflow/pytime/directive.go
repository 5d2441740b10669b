package pytime

import (
	"strconv"
	"strings"
	"time"
)

// directive prints one %…
func (p *printer) directive(d directive) {
	switch {
	case p.name(d):
	case p.composed(d):
	case p.date(d):
	case p.clock(d):
	default:
		p.bad(d)
	}
}

// name prints the directives that give words and signs.
func (p *printer) name(d directive) bool {
	w := &p.t.wall
	if d.alt == 'E' && strings.IndexByte("aAbBh", d.what) >= 0 || d.alt == 'O' && (d.what == 'a' || d.what == 'A') {
		d.upper = d.upper || d.swap && (d.what == 'b' || d.what == 'h')
		p.bad(d)
		return true
	}
	half := "AM"
	if w.Hour() > 11 {
		half = "PM"
	}
	switch d.what {
	case 'a':
		p.text(d, w.Weekday().String()[:3], strings.ToUpper)
	case 'A':
		p.text(d, w.Weekday().String(), strings.ToUpper)
	case 'b', 'h':
		p.text(d, w.Month().String()[:3], strings.ToUpper)
	case 'B':
		p.text(d, w.Month().String(), strings.ToUpper)
	case 'p':
		p.text(d, half, strings.ToLower)
	case 'P':
		p.add(d, strings.ToLower(half))
	case 'n':
		p.add(d, "\n")
	case 't':
		p.add(d, "\t")
	case '%':
		p.add(d, "%")
	default:
		return false
	}
	return true
}

// composed prints the directives that stand for several.
func (p *printer) composed(d directive) bool {
	format := map[byte]string{
		'c': "%a %b %e %H:%M:%S %Y", 'x': "%m/%d/%y", 'X': "%H:%M:%S",
		'D': "%m/%d/%y", 'F': "%Y-%m-%d", 'T': "%H:%M:%S", 'R': "%H:%M", 'r': "%I:%M:%S %p",
	}[d.what]
	switch {
	case format == "":
		return false
	case d.alt != 0 && (d.what == 'D' || d.what == 'F') || d.alt == 'O' && strings.IndexByte("cxX", d.what) >= 0:
		p.bad(d)
	default:
		p.sub(d, format)
	}
	return true
}

// date prints the directives of the calendar that give numbers.
func (p *printer) date(d directive) bool {
	w := &p.t.wall
	isoYear, isoWeek := w.ISOWeek()
	weekday, yearDay := int64(w.Weekday()), int64(w.YearDay()-1)
	switch {
	case d.alt == 'E' && (d.what == 'C' || d.what == 'y' || d.what == 'Y'):
		d.alt = 0 // eras, which English does not have
	case d.alt == 'O' && d.what == 'Y':
		d.alt = 'E' // the one number of the calendar that C has no other digits for
	}
	switch d.what {
	case 'C':
		p.number(d, int64(w.Year()/100), 1)
	case 'd':
		p.number(d, int64(w.Day()), 2)
	case 'e':
		p.spaced(d, int64(w.Day()))
	case 'g':
		p.number(d, int64(isoYear%100), 2)
	case 'G':
		p.number(d, int64(isoYear), 1)
	case 'j':
		p.number(d, yearDay+1, 3)
	case 'm':
		p.number(d, int64(w.Month()), 2)
	case 'u':
		d.alt = 0
		p.number(d, (weekday+6)%7+1, 1)
	case 'U':
		p.number(d, (yearDay-weekday+7)/7, 2)
	case 'V':
		p.number(d, int64(isoWeek), 2)
	case 'w':
		p.number(d, weekday, 1)
	case 'W':
		p.number(d, (yearDay-(weekday+6)%7+7)/7, 2)
	case 'y':
		p.number(d, int64(w.Year()%100), 2)
	case 'Y':
		p.number(d, int64(w.Year()), 1)
	default:
		return false
	}
	return true
}

// clock prints the directives of the time of day that give numbers.
func (p *printer) clock(d directive) bool {
	w := &p.t.wall
	hour := int64(w.Hour())
	half := (hour+11)%12 + 1
	switch d.what {
	case 'H':
		p.number(d, hour, 2)
	case 'I':
		p.number(d, half, 2)
	case 'k':
		p.spaced(d, hour)
	case 'l':
		p.spaced(d, half)
	case 'M':
		p.number(d, int64(w.Minute()), 2)
	case 'S':
		p.number(d, int64(w.Second()), 2)
	case 's':
		p.add(d, strconv.FormatInt(p.seconds(), 10))
	default:
		return false
	}
	return true
}

// seconds is what %s prints: C reads the fields off a clock in the local zone, whatever the offset.
func (p *printer) seconds() int64 {
	naive := Time{wall: p.t.wall}
	sec, err := naive.moment(p.loc)
	if err != nil {
		return time.Date(naive.wall.Year(), naive.wall.Month(), naive.wall.Day(),
			naive.wall.Hour(), naive.wall.Minute(), naive.wall.Second(), 0, p.loc).Unix()
	}
	return sec
}
