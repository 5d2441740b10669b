package pytime

import (
	"fmt"
	"math/big"
	"time"

	"casare/value"
)

// Time is Python's datetime: a date and a time of day to the microsecond, from year 1 to 9999, with or without an offset from UTC.
type Time struct {
	wall time.Time // its fields are those of the clock, whatever its offset: always in UTC
	fold bool      // the second of two equal readings, when the clock was set back
	zone *zone     // nil: naive
}

// zone is a fixed distance from UTC. Without a name it prints as Python names it.
type zone struct {
	offset time.Duration
	name   string
}

// The first and the last second a Time can show.
var (
	first = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)
	last  = time.Date(9999, 12, 31, 23, 59, 59, 999_999_000, time.UTC)
)

// Local returns the naive Time a clock in t's location shows.
func Local(t time.Time) Time {
	y, m, d := t.Date()
	wall := time.Date(y, m, d, t.Hour(), t.Minute(), t.Second(), t.Nanosecond()/1000*1000, time.UTC)
	return Time{wall: wall, fold: isSecond(wall.Unix(), t.Unix(), t.Location())}
}

// In returns the aware Time of the moment t in a location.
func In(t time.Time, loc *time.Location) Time {
	name, offset := t.In(loc).Zone()
	out := Local(t.In(loc))
	out.zone = &zone{offset: time.Duration(offset) * time.Second, name: name}
	return out
}

// newTime checks the fields as Python's constructor does.
func newTime(year, month, day int, clock clock, z *zone) (Time, error) {
	if err := checkDate(year, month, day); err != nil {
		return Time{}, err
	}
	switch {
	case clock.hour > 23:
		return Time{}, value.Faultf(value.ValueError, "hour must be in 0..23")
	case clock.minute > 59:
		return Time{}, value.Faultf(value.ValueError, "minute must be in 0..59")
	case clock.second > 59:
		return Time{}, value.Faultf(value.ValueError, "second must be in 0..59")
	}
	wall := time.Date(year, time.Month(month), day, clock.hour, clock.minute, clock.second, clock.micro*1000, time.UTC)
	return Time{wall: wall, zone: z}, nil
}

// clock is a time of day.
type clock struct{ hour, minute, second, micro int }

func checkDate(year, month, day int) error {
	switch {
	case year < 1 || year > 9999:
		return value.Faultf(value.ValueError, "year %d is out of range", year)
	case month < 1 || month > 12:
		return value.Faultf(value.ValueError, "month must be in 1..12")
	case day < 1 || day > daysIn(year, month):
		return value.Faultf(value.ValueError, "day is out of range for month")
	}
	return nil
}

func daysIn(year, month int) int {
	return time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// newZone refuses a day or more, as Python's timezone does.
func newZone(offset time.Duration, name string) (*zone, error) {
	if offset <= -24*time.Hour || offset >= 24*time.Hour {
		return nil, value.Faultf(value.ValueError, "offset must be strictly between -24 hours and 24 hours, not %s", offset)
	}
	return &zone{offset: offset, name: name}, nil
}

// Date returns year, month and day.
func (t Time) Date() (year, month, day int) {
	y, m, d := t.wall.Date()
	return y, int(m), d
}

// Clock returns hour, minute and second.
func (t Time) Clock() (hour, minute, second int) { return t.wall.Clock() }

// Weekday returns the English name of the day.
func (t Time) Weekday() string { return t.wall.Weekday().String() }

// micro returns the microseconds within the second.
func (t Time) micro() int { return t.wall.Nanosecond() / 1000 }

// ISO prints the time as Python's isoformat() does.
func (t Time) ISO() string {
	y, m, d := t.Date()
	hour, minute, second := t.Clock()
	text := fmt.Sprintf("%04d-%02d-%02dT%02d:%02d:%02d", y, m, d, hour, minute, second)
	if us := t.micro(); us != 0 {
		text += fmt.Sprintf(".%06d", us)
	}
	if t.zone != nil {
		text += t.zone.print(":")
	}
	return text
}

// print gives the offset as ±hh:mm, with seconds and microseconds only where there are some.
func (z *zone) print(between string) string {
	sign, rest := '+', z.offset
	if rest < 0 {
		sign, rest = '-', -rest
	}
	minutes, us := int(rest/time.Minute), rest%time.Minute/time.Microsecond
	text := fmt.Sprintf("%c%02d%s%02d", sign, minutes/60, between, minutes%60)
	switch {
	case us%1_000_000 != 0:
		text += fmt.Sprintf("%s%02d.%06d", between, us/1_000_000, us%1_000_000)
	case us != 0:
		text += fmt.Sprintf("%s%02d", between, us/1_000_000)
	}
	return text
}

// title is what %Z prints.
func (z *zone) title() string {
	switch {
	case z == nil:
		return ""
	case z.name != "":
		return z.name
	case z.offset == 0:
		return "UTC"
	}
	return "UTC" + z.print(":")
}

// Add returns the time so many microseconds later. Before year 1 and after year 9999 there is none: an OverflowError.
func (t Time) Add(micros *big.Int) (Time, error) {
	sum := new(big.Int).Add(big.NewInt(t.wall.UnixMicro()), micros)
	if !sum.IsInt64() || sum.Int64() < first.UnixMicro() || sum.Int64() > last.UnixMicro() {
		return Time{}, value.Faultf(value.OverflowError, "date value out of range")
	}
	return Time{wall: time.UnixMicro(sum.Int64()).UTC(), zone: t.zone}, nil
}

// Sub returns t - u in microseconds. Of a naive and an aware time there is no difference: a TypeError.
func (t Time) Sub(u Time) (int64, error) {
	if (t.zone == nil) != (u.zone == nil) {
		return 0, value.Faultf(value.TypeError, "can't subtract offset-naive and offset-aware datetimes")
	}
	return t.absolute() - u.absolute(), nil
}

// Compare orders two times: -1, 0 or 1. A naive and an aware time have no order: a TypeError.
func (t Time) Compare(u Time) (int, error) {
	if (t.zone == nil) != (u.zone == nil) {
		return 0, value.Faultf(value.TypeError, "can't compare offset-naive and offset-aware datetimes")
	}
	switch a, b := t.absolute(), u.absolute(); {
	case a < b:
		return -1, nil
	case a > b:
		return 1, nil
	}
	return 0, nil
}

// absolute counts microseconds so that those of two times of a sort can be compared.
func (t Time) absolute() int64 {
	micros := t.wall.UnixMicro()
	if t.zone != nil {
		micros -= t.zone.offset.Microseconds()
	}
	return micros
}
