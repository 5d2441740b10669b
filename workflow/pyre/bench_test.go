package pyre_test

import (
	"strings"
	"testing"

	"casare/workflow/pyre"
)

func BenchmarkSearch(b *testing.B) {
	text := strings.Repeat("lorem ipsum dolor ", 50) + "mail a.b@example.org"
	for _, pattern := range []string{`[\w.]+@[\w.]+`, `(?i)EXAMPLE`, `\bmail\b`} {
		b.Run(pattern, func(b *testing.B) {
			for b.Loop() {
				re, err := pyre.Compile(pattern, 0)
				if err != nil {
					b.Fatal(err)
				}
				if m, err := re.Search(text); m == nil || err != nil {
					b.Fatal(m, err)
				}
			}
		})
	}
}
