package pytime

import (
	"math"
	"math/big"
	"time"

	"casare/value"
)

// longestFold is how far Python looks for a clock that was set back.
const longestFold = 24 * 60 * 60

// FromTimestamp returns the naive Time a clock in loc showed so many seconds after 1970 began in UTC: Python's
// datetime.fromtimestamp. The seconds are an int, a float or a bool.
func FromTimestamp(seconds value.Value, loc *time.Location) (Time, error) {
	sec, micro, err := split(seconds)
	if err != nil {
		return Time{}, err
	}
	if sec < first.Unix()-longestFold || sec > last.Unix()+longestFold {
		return Time{}, value.Faultf(value.ValueError, "timestamp %s is out of range", value.Str(seconds))
	}
	wall, err := local(sec, loc)
	if err != nil {
		return Time{}, err
	}
	return Time{wall: time.UnixMicro(wall*1_000_000 + micro).UTC(), fold: isSecond(wall, sec, loc)}, nil
}

// split returns whole seconds and microseconds, rounded half to even.
func split(seconds value.Value) (sec, micro int64, err error) {
	switch x := seconds.(type) {
	case bool:
		if x {
			return 1, 0, nil
		}
		return 0, 0, nil
	case int64:
		return x, 0, nil
	case *big.Int:
		return 0, 0, value.Faultf(value.OverflowError, "timestamp out of range for platform time_t")
	case float64:
		switch {
		case math.IsNaN(x):
			return 0, 0, value.Faultf(value.ValueError, "Invalid value NaN (not a number)")
		case math.Abs(x) >= math.MaxInt64:
			return 0, 0, value.Faultf(value.OverflowError, "timestamp out of range for platform time_t")
		}
		whole, rest := math.Modf(x)
		sec, micro = int64(whole), int64(math.RoundToEven(rest*1e6))
		switch {
		case micro >= 1_000_000:
			sec, micro = sec+1, micro-1_000_000
		case micro < 0:
			sec, micro = sec-1, micro+1_000_000
		}
		return sec, micro, nil
	}
	return 0, 0, value.Faultf(value.TypeError, "an integer is required (got type %s)", value.TypeName(seconds))
}

// local returns what the clock in loc showed at a moment, counted as if it were UTC.
func local(sec int64, loc *time.Location) (int64, error) {
	at := time.Unix(sec, 0).In(loc)
	if at.Year() < 1 || at.Year() > 9999 {
		return 0, value.Faultf(value.ValueError, "year %d is out of range", at.Year())
	}
	_, offset := at.Zone()
	return sec + int64(offset), nil
}

// isSecond says whether the clock in loc showed the same before, because it was set back.
func isSecond(wall, sec int64, loc *time.Location) bool {
	before, err := local(sec-longestFold, loc)
	if err != nil {
		return false
	}
	back := wall - before - longestFold
	if back >= 0 {
		return false
	}
	again, err := local(sec+back, loc)
	return err == nil && again == wall
}

// Timestamp returns the seconds since 1970 began in UTC: Python's timestamp(). A naive time is read off a clock in loc. So close to
// the ends of the calendar that Python cannot tell, it is a ValueError.
func (t Time) Timestamp(loc *time.Location) (float64, error) {
	if t.zone != nil {
		return float64(t.absolute()) / 1e6, nil
	}
	sec, err := t.moment(loc)
	if err != nil {
		return 0, err
	}
	return float64(sec) + float64(t.micro())/1e6, nil
}

// moment returns when a clock in loc showed the time, in seconds. Where it skipped the time, or showed it twice, fold decides as in
// Python.
func (t Time) moment(loc *time.Location) (int64, error) {
	wall := t.wall.Unix()
	at, err := local(wall, loc)
	if err != nil {
		return 0, err
	}
	a := at - wall
	u1 := wall - a
	t1, err := local(u1, loc)
	if err != nil {
		return 0, err
	}
	var b int64
	if t1 == wall {
		u2 := u1 - longestFold
		if t.fold {
			u2 = u1 + longestFold
		}
		t2, err := local(u2, loc)
		if err != nil {
			return 0, err
		}
		if b = t2 - u2; a == b {
			return u1, nil
		}
	} else {
		b = t1 - u1
	}
	u2 := wall - b
	t2, err := local(u2, loc)
	switch {
	case err != nil:
		return 0, err
	case t2 == wall:
		return u2, nil
	case t1 == wall:
		return u1, nil
	case t.fold:
		return min(u1, u2), nil
	}
	return max(u1, u2), nil
}
