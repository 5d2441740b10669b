package value

import (
	"strings"
	"unicode"

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
	return strings.Map(cherokee, cases.Fold().String(s))
}

// cherokee makes large letters of small ones: in this script alone the large ones came first, and folding keeps them.
func cherokee(r rune) rune {
	switch {
	case 0xab70 <= r && r <= 0xabbf:
		return r - 0xab70 + 0x13a0
	case 0x13f8 <= r && r <= 0x13fd:
		return r - 0x13f8 + 0x13f0
	default:
		return r
	}
}

// Title is Python's str.title: a letter behind a letter is small, any other is a capital ("they're" gives "They'Re").
func Title(s string) string {
	runes := []rune(s)
	var b strings.Builder
	b.Grow(len(s))
	inWord := false
	for i, r := range runes {
		if inWord {
			writeLower(&b, runes, i)
		} else {
			writeTitle(&b, r)
		}
		inWord = isCased(r)
	}
	return b.String()
}

// Capitalize is Python's str.capitalize: the first letter large, the rest small.
func Capitalize(s string) string {
	runes := []rune(s)
	var b strings.Builder
	b.Grow(len(s))
	for i, r := range runes {
		if i == 0 {
			writeTitle(&b, r)
			continue
		}
		writeLower(&b, runes, i)
	}
	return b.String()
}

// SwapCase is Python's str.swapcase.
func SwapCase(s string) string {
	runes := []rune(s)
	var b strings.Builder
	b.Grow(len(s))
	for i, r := range runes {
		switch {
		case IsUpper(r):
			writeLower(&b, runes, i)
		case IsLower(r):
			b.WriteString(Upper(string(r)))
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// writeLower writes the small form of the letter at i. That of the Greek sigma depends on what stands around it.
func writeLower(b *strings.Builder, runes []rune, i int) {
	switch r := runes[i]; r {
	case 'Σ':
		if endsWord(runes, i) {
			b.WriteRune('ς')
			return
		}
		b.WriteRune('σ')
	case 'İ':
		b.WriteString("i\u0307")
	default:
		b.WriteRune(unicode.ToLower(r))
	}
}

// endsWord says whether the letter at i is the last one of a word of more than one.
func endsWord(runes []rune, i int) bool {
	before := i - 1
	for before >= 0 && isPassed(runes[before]) {
		before--
	}
	if before < 0 || !isCased(runes[before]) {
		return false
	}
	after := i + 1
	for after < len(runes) && isPassed(runes[after]) {
		after++
	}
	return after == len(runes) || !isCased(runes[after])
}

// writeTitle writes the form in which a letter begins a word: of ß it is Ss.
func writeTitle(b *strings.Builder, r rune) {
	upper := []rune(Upper(string(r)))
	if len(upper) < 2 || IsTitle(r) || unicode.ToTitle(r) != r {
		b.WriteRune(unicode.ToTitle(r))
		return
	}
	// Of several letters the first is the capital, after a sign that is no letter perhaps; an iota goes below it.
	began := false
	for _, u := range upper {
		switch {
		case !began:
			b.WriteRune(u)
			began = isCased(u)
		case u == 'Ι' && 0x1f00 <= r && r <= 0x1fff:
			b.WriteRune(0x345)
		default:
			b.WriteRune(unicode.ToLower(u))
		}
	}
}
