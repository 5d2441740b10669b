package pyre

import (
	"slices"
	"unicode"
	"unicode/utf8"
)

// category is \d \s \w or the opposite of one.
type category int

const (
	categoryDigit category = 1 << iota
	categorySpace
	categoryWord
	categoryNot
)

// item is one thing in a class: a category, or the characters from lo to hi.
type item struct {
	category category
	lo, hi   rune
}

// class is what one character of the text may be.
type class struct {
	items  []item
	negate bool
}

// span is a run of code points, both ends in it.
type span struct{ lo, hi rune }

// spans is a set of code points: sorted, apart from one another.
type spans []span

// unite sorts and joins.
func unite(s spans) spans {
	slices.SortFunc(s, func(a, b span) int { return int(a.lo - b.lo) })
	out := s[:0]
	for _, x := range s {
		if n := len(out); n > 0 && x.lo <= out[n-1].hi+1 {
			out[n-1].hi = max(out[n-1].hi, x.hi)
			continue
		}
		out = append(out, x)
	}
	return out
}

func (s spans) has(c rune) bool {
	_, found := slices.BinarySearchFunc(s, c, func(x span, c rune) int {
		switch {
		case x.hi < c:
			return -1
		case x.lo > c:
			return 1
		}
		return 0
	})
	return found
}

// complement is every code point that is not in the set.
func (s spans) complement() spans {
	var out spans
	next := rune(0)
	for _, x := range s {
		if next < x.lo {
			out = append(out, span{lo: next, hi: x.lo - 1})
		}
		next = x.hi + 1
	}
	if next <= utf8.MaxRune {
		out = append(out, span{lo: next, hi: utf8.MaxRune})
	}
	return out
}

var (
	asciiDigits = spans{{'0', '9'}}
	asciiWord   = spans{{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}}
	asciiSpace  = spans{{'\t', '\r'}, {' ', ' '}}
	wideSpace   = spans{
		{'\t', '\r'},
		{0x1c, ' '},
		{0x85, 0x85},
		{0xa0, 0xa0},
		{0x1680, 0x1680},
		{0x2000, 0x200a},
		{0x2028, 0x2029},
		{0x202f, 0x202f},
		{0x205f, 0x205f},
		{0x3000, 0x3000},
	}
)

// members lists what belongs to a category: code points, and the general categories of Unicode (as \p{…} of the engine) that are
// too many to list.
func (c category) members(flags Flags) (spans, string) {
	ascii := flags&ASCII != 0
	switch {
	case c&categoryDigit != 0 && ascii:
		return asciiDigits, ""
	case c&categoryDigit != 0:
		return asciiDigits, `\p{Nd}`
	case c&categorySpace != 0 && ascii:
		return asciiSpace, ""
	case c&categorySpace != 0:
		return wideSpace, ""
	case ascii:
		return asciiWord, ""
	default:
		return asciiWord, `\p{L}\p{N}`
	}
}

// lowered is the small form of a letter that Python compares: without language, one code point.
func lowered(c rune, ascii bool) rune {
	switch {
	case c < utf8.RuneSelf:
		if 'A' <= c && c <= 'Z' {
			return c + 'a' - 'A'
		}
		return c
	case ascii:
		return c
	default:
		return unicode.ToLower(c)
	}
}

// alike lists small letters that count as one when case does not matter, because they have the same capital.
var alike = [][]rune{
	{'i', 'ı'},
	{'s', 'ſ'},
	{'µ', 'μ'},
	{0x345, 'ι', 0x1fbe},
	{0x390, 0x1fd3},
	{0x3b0, 0x1fe3},
	{'β', 'ϐ'},
	{'ε', 'ϵ'},
	{'θ', 'ϑ'},
	{'κ', 'ϰ'},
	{'π', 'ϖ'},
	{'ρ', 'ϱ'},
	{'ς', 'σ'},
	{'φ', 'ϕ'},
	{'в', 0x1c80},
	{'д', 0x1c81},
	{'о', 0x1c82},
	{'с', 0x1c83},
	{'т', 0x1c84, 0x1c85},
	{'ъ', 0x1c86},
	{'ѣ', 0x1c87},
	{0x1c88, 0xa64b},
	{'ṡ', 'ẛ'},
	{0xfb05, 0xfb06},
}

// foldCase returns every code point whose small form is that of one in the set, or like it.
func foldCase(s spans, ascii bool) spans {
	capitals := capitalLetters()
	if ascii {
		capitals = capitals[:'Z'-'A'+1]
	}
	small := slices.Clone(s)
	isCapital := make(spans, 0, len(capitals))
	for _, c := range capitals {
		isCapital = append(isCapital, span{lo: c, hi: c})
		if s.has(c) {
			l := lowered(c, ascii)
			small = append(small, span{lo: l, hi: l})
		}
	}
	small = minus(unite(small), unite(isCapital))
	if !ascii {
		for _, group := range alike {
			if slices.ContainsFunc(group, small.has) {
				for _, c := range group {
					small = append(small, span{lo: c, hi: c})
				}
				small = unite(small)
			}
		}
	}
	out := slices.Clone(small)
	for _, c := range capitals {
		if small.has(lowered(c, ascii)) {
			out = append(out, span{lo: c, hi: c})
		}
	}
	return unite(out)
}

// minus returns what is in s and not in other.
func minus(s, other spans) spans {
	var out spans
	keep := other.complement()
	for _, x := range s {
		for _, k := range keep {
			if lo, hi := max(x.lo, k.lo), min(x.hi, k.hi); lo <= hi {
				out = append(out, span{lo: lo, hi: hi})
			}
		}
	}
	return unite(out)
}
