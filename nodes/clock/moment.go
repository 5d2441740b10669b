package clock

import (
	"math/big"
	"strings"
	"time"

	"casare/node"
	"casare/value"
	"casare/workflow/pytime"
)

// moment reads what a workflow takes for a time: a number of seconds, or a text in ISO form.
func moment(v node.Value, loc *time.Location) (pytime.Time, error) {
	switch v := v.(type) {
	case bool, int64, float64, *big.Int:
		return pytime.FromTimestamp(v, loc)
	case string:
		return pytime.ParseISO(strings.ReplaceAll(v, "Z", "+00:00"))
	}
	return pytime.Time{}, node.Fail("", "Cannot parse datetime from: <class '%s'>", value.TypeName(v))
}

// guess tries formats in order, and ISO in the end.
func guess(text string, loc *time.Location, formats ...string) (pytime.Time, error) {
	for _, f := range formats {
		if t, err := pytime.Parse(text, f, loc); err == nil {
			return t, nil
		}
	}
	return moment(text, loc)
}

// components are the outputs that take a time apart.
type components struct{ year, month, day, hour, minute, second int64 }

func (c *components) spec(s *node.Spec) {
	s.Int(node.Out, &c.year, "year").Says("The year.")
	s.Int(node.Out, &c.month, "month").Says("The month, from 1 to 12.")
	s.Int(node.Out, &c.day, "day").Says("The day of the month.")
	s.Int(node.Out, &c.hour, "hour").Says("The hour, from 0 to 23.")
	s.Int(node.Out, &c.minute, "minute").Says("The minute.")
	s.Int(node.Out, &c.second, "second").Says("The second.")
}

func (c *components) take(t pytime.Time) {
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	*c = components{int64(year), int64(month), int64(day), int64(hour), int64(minute), int64(second)}
}
