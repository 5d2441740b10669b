package pyre

import (
	"sync"
	"unicode"
)

// capitalLetters lists every code point that has another small form, in order; those of ASCII come first.
var capitalLetters = sync.OnceValue(func() []rune {
	var out []rune
	for _, r := range unicode.CaseRanges {
		for c := rune(r.Lo); c <= rune(r.Hi); c++ {
			if unicode.ToLower(c) != c {
				out = append(out, c)
			}
		}
	}
	return out
})
