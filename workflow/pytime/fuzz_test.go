package pytime_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"casare/workflow/pytime"
)

// What is read prints, in ISO form as what is read again.
func FuzzParse(f *testing.F) {
	for _, text := range []string{"2024-03-15T14:30:45.25+02:00", "2024W115", "+05:30:15.25", "29 Feb", "Fri Mar 15 14:30:45 2024"} {
		for _, format := range []string{"%c", "%Y-%m-%dT%H:%M:%S.%f%z", "%G-W%V-%u", "%d %b", "%-5d%^A%Ey%%%"} {
			f.Add(text, format)
		}
	}
	f.Fuzz(func(t *testing.T, text, format string) {
		read, err := pytime.Parse(text, format, time.UTC)
		if err != nil {
			read, err = pytime.ParseISO(text)
		}
		if err != nil {
			return
		}
		again, err := pytime.ParseISO(read.ISO())
		require.NoError(t, err)
		require.Equal(t, read.ISO(), again.ISO())
		_, _ = read.Format(format, time.UTC)
	})
}
