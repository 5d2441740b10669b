package value

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/language"
)

// Upper is Python's str.upper: letters that become several do (ß gives SS).
func Upper(s string) string {
	if isPlain(s) {
		return strings.ToUpper(s)
	}
	return cases.Upper(language.Und).String(s)
}

// Lower is Python's str.lower, with the Greek sigma at the end of a word.
func Lower(s string) string {
	if isPlain(s) {
		return strings.ToLower(s)
	}
	return cases.Lower(language.Und, cases.HandleFinalSigma(true)).String(s)
}

// CaseFold is Python's str.casefold.
func CaseFold(s string) string {
	if isPlain(s) {
		return strings.ToLower(s)
	}
	return cases.Fold().String(s)
}

// Title is Python's str.title: a letter behind a letter is small, any other is a capital ("they're" gives "They'Re").
func Title(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	from, inWord := 0, false
	for i, r := range s {
		letter := isCased(r)
		if letter && !inWord {
			b.WriteString(Lower(s[from:i]))
			b.WriteString(titleLetter(r))
			from = i + len(string(r))
		}
		inWord = letter
	}
	b.WriteString(Lower(s[min(from, len(s)):]))
	return b.String()
}

// Capitalize is Python's str.capitalize: the first letter large, the rest small.
func Capitalize(s string) string {
	if s == "" {
		return s
	}
	r, size := utf8.DecodeRuneInString(s)
	return titleLetter(r) + Lower(s[size:])
}

// SwapCase is Python's str.swapcase.
func SwapCase(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	for _, r := range s {
		switch {
		case unicode.IsUpper(r):
			b.WriteString(Lower(string(r)))
		case unicode.IsLower(r):
			b.WriteString(Upper(string(r)))
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// IsDigit is Python's str.isdigit for one code point: decimal digits and those set above or below a line or in circles.
func IsDigit(r rune) bool {
	return unicode.IsDigit(r) || strings.ContainsRune("²³¹", r) || 0x2070 <= r && r <= 0x2079 && r != 0x2071 || 0x2080 <= r && r <= 0x2089 ||
		0x2460 <= r && r <= 0x2468 || 0x2474 <= r && r <= 0x247c || 0x2488 <= r && r <= 0x2490
}

func isPlain(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

func isCased(r rune) bool { return unicode.IsUpper(r) || unicode.IsLower(r) || unicode.IsTitle(r) }

// titleLetter returns the capital that begins a word: of ß it is Ss.
func titleLetter(r rune) string {
	if t := unicode.ToTitle(r); t != r || r < 0x80 {
		return string(t)
	}
	upper := []rune(Upper(string(r)))
	if len(upper) < 2 {
		return string(upper)
	}
	return string(upper[:1]) + Lower(string(upper[1:]))
}
