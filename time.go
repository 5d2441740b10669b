package casare

import (
	"encoding/json"
	"fmt"
	"time"
)

// Time is a moment in microseconds since 1970-01-01 UTC; 0 means "never". It is what the replicated state stores: an integer
// has one encoding and no zone. The leader reads the clock and puts the Time into the command; applying a command never does.
type Time int64

// TimeOf converts t, dropping what is finer than a microsecond. The zero time.Time gives 0.
func TimeOf(t time.Time) Time {
	if t.IsZero() {
		return 0
	}
	return Time(t.UnixMicro())
}

// Std returns t in UTC; 0 gives the zero time.Time.
func (t Time) Std() time.Time {
	if t == 0 {
		return time.Time{}
	}
	return time.UnixMicro(int64(t)).UTC()
}

// String returns t as RFC 3339 with microseconds and "Z", or "" for 0.
func (t Time) String() string {
	if t == 0 {
		return ""
	}
	return t.Std().Format("2006-01-02T15:04:05.000000Z")
}

// MarshalJSON writes the text of String, or null for 0.
func (t Time) MarshalJSON() ([]byte, error) {
	if t == 0 {
		return []byte("null"), nil
	}
	return []byte(`"` + t.String() + `"`), nil
}

// UnmarshalJSON reads null or an RFC 3339 text with any offset.
func (t *Time) UnmarshalJSON(b []byte) error {
	var text *string
	if err := json.Unmarshal(b, &text); err != nil {
		return fmt.Errorf("time: %w", err)
	}
	if text == nil || *text == "" {
		*t = 0
		return nil
	}
	std, err := time.Parse(time.RFC3339Nano, *text)
	if err != nil {
		return fmt.Errorf("time: %w", err)
	}
	*t = TimeOf(std)
	return nil
}
