package pytime

import (
	"slices"
	"strings"
	"unicode"

	"casare/value"
)

// numbers gives the texts a numeric directive takes, in the order in which they are tried. Each pair of signs is one character: from
// the first to the second, or any digit of any script for dd.
var numbers = map[rune][]string{
	'd': {"3301", "12dd", "0019", "19", "  19"},
	'f': {"090909090909", "0909090909", "09090909", "090909", "0909", "09"},
	'G': {"dddddddd"},
	'H': {"2203", "01dd", "dd"},
	'I': {"1102", "0019", "19"},
	'j': {"336606", "3305dd", "12dddd", "0019dd", "000019", "19dd", "0019", "19"},
	'm': {"1102", "0019", "19"},
	'M': {"05dd", "dd"},
	'S': {"6601", "05dd", "dd"},
	'u': {"17"},
	'U': {"5503", "04dd", "dd"},
	'V': {"5503", "0019", "14dd", "dd"},
	'w': {"06"},
	'W': {"5503", "04dd", "dd"},
	'y': {"dddd"},
	'Y': {"dddddddd"},
}

// composites are short for several directives.
var composites = map[rune]string{'c': "%a %b %d %H:%M:%S %Y", 'x': "%m/%d/%y", 'X': "%H:%M:%S"}

// part is what one piece of a format takes: white space, one character, a number or one of some words.
type part struct {
	space bool
	char  rune
	key   rune     // the directive's letter; 0 for none
	words []string // small letters, the longest first
}

// pattern is a format taken apart.
type pattern struct {
	parts []part
	seen  map[rune]bool
}

// compile takes a format apart. zones are the names %Z knows.
func compile(format string, zones []string) (*pattern, error) {
	p := &pattern{seen: map[rune]bool{}}
	return p, p.add(format, []rune(format), zones)
}

func (p *pattern) add(whole string, format []rune, zones []string) error {
	for i := 0; i < len(format); i++ {
		c := format[i]
		switch {
		case value.IsSpace(c):
			for i+1 < len(format) && value.IsSpace(format[i+1]) {
				i++
			}
			p.parts = append(p.parts, part{space: true})
		case c != '%':
			p.parts = append(p.parts, part{char: c})
		case i+1 == len(format):
			return value.Faultf(value.ValueError, "stray %% in format '%s'", whole)
		default:
			i++
			if err := p.directive(whole, format[i], zones); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *pattern) directive(whole string, key rune, zones []string) error {
	if key == '%' {
		p.parts = append(p.parts, part{char: '%'})
		return nil
	}
	if format, ok := composites[key]; ok {
		return p.add(whole, []rune(format), zones)
	}
	words := map[rune][]string{
		'a': weekdays(3), 'A': weekdays(0), 'b': months(3), 'B': months(0), 'p': {"am", "pm"}, 'Z': zones,
	}[key]
	if _, number := numbers[key]; !number && words == nil && key != 'z' {
		if value.IsSpace(key) || strings.ContainsRune(`\.^$*+?(){}[]|`, key) {
			key = '%'
		}
		return value.Faultf(value.ValueError, "'%c' is a bad directive in format '%s'", key, whole)
	}
	if p.seen[key] {
		return value.Faultf(value.ValueError, "the directive %%%c stands twice in format '%s'", key, whole)
	}
	p.seen[key] = true
	p.parts = append(p.parts, part{key: key, words: words})
	return nil
}

// weekdays lists the days from Monday on, in small letters, cut after so many; 0 is not cut.
func weekdays(letters int) []string {
	return cut([]string{"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"}, letters)
}

func months(letters int) []string {
	return cut([]string{
		"january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december",
	}, letters)
}

func cut(words []string, letters int) []string {
	if letters > 0 {
		for i, w := range words {
			words[i] = w[:letters]
		}
	}
	return words
}

// matcher tries a pattern on a text, as a regular expression that goes back when it is stuck.
type matcher struct {
	parts []part
	text  []rune
	dead  []bool // by part and place: from here it cannot go on
	found map[rune]string
	end   int
}

// match returns what each directive took and where the text it took ends; nil when the text does not match.
func (p *pattern) match(text []rune) (found map[rune]string, end int) {
	m := &matcher{parts: p.parts, text: text, dead: make([]bool, (len(p.parts)+1)*(len(text)+1)), found: map[rune]string{}}
	if !m.try(0, 0) {
		return nil, 0
	}
	return m.found, m.end
}

func (m *matcher) try(i, at int) bool {
	if i == len(m.parts) {
		m.end = at
		return true
	}
	place := i*(len(m.text)+1) + at
	if m.dead[place] {
		return false
	}
	p := m.parts[i]
	for _, n := range m.lengths(p, m.text[at:]) {
		if m.try(i+1, at+n) {
			if p.key != 0 {
				m.found[p.key] = string(m.text[at : at+n])
			}
			return true
		}
	}
	m.dead[place] = true
	return false
}

// lengths lists how much of the text a part may take, in the order in which it is tried.
func (m *matcher) lengths(p part, text []rune) []int {
	var out []int
	switch {
	case p.space:
		n := 0
		for n < len(text) && value.IsSpace(text[n]) {
			n++
		}
		for ; n > 0; n-- {
			out = append(out, n)
		}
	case p.key == 0:
		if len(text) > 0 && sameLetter(p.char, text[0]) {
			out = append(out, 1)
		}
	case p.key == 'z':
		return offsets(text)
	case p.words != nil:
		words := slices.Clone(p.words)
		slices.SortStableFunc(words, func(a, b string) int { return len([]rune(b)) - len([]rune(a)) })
		for _, w := range words {
			if n := len([]rune(w)); n <= len(text) && slices.EqualFunc([]rune(w), text[:n], sameLetter) {
				out = append(out, n)
			}
		}
	default:
		for _, alternative := range numbers[p.key] {
			if digits(alternative, text) {
				out = append(out, len(alternative)/2)
			}
		}
	}
	return out
}

func digits(pairs string, text []rune) bool {
	if len(text) < len(pairs)/2 {
		return false
	}
	for i := 0; i < len(pairs); i += 2 {
		c := text[i/2]
		if pairs[i] == 'd' {
			if !unicode.IsDigit(c) {
				return false
			}
		} else if c < rune(pairs[i]) || c > rune(pairs[i+1]) {
			return false
		}
	}
	return true
}

// offsets lists what %z may take: ±hh[:]mm[[:]ss[.ffffff]] or Z.
func offsets(text []rune) []int {
	if len(text) > 0 && text[0] == 'Z' {
		return []int{1}
	}
	if len(text) == 0 || text[0] != '+' && text[0] != '-' || !digits("dddd", text[1:]) {
		return nil
	}
	minute, ok := pair(text, 3)
	if !ok {
		return nil
	}
	second, ok := pair(text, minute)
	if !ok {
		return []int{minute}
	}
	var out []int
	if second < len(text) && text[second] == '.' {
		n := 0
		for n < 6 && second+1+n < len(text) && unicode.IsDigit(text[second+1+n]) {
			n++
		}
		for ; n > 0; n-- {
			out = append(out, second+1+n)
		}
	}
	return append(out, second, minute)
}

// pair reads :?[0-5]d at i and returns where it ends.
func pair(text []rune, i int) (end int, ok bool) {
	if i < len(text) && text[i] == ':' {
		i++
	}
	if i > len(text) || !digits("05dd", text[i:]) {
		return 0, false
	}
	return i + 2, true
}

// sameLetter says whether two characters are the same letter, large or small.
func sameLetter(a, b rune) bool {
	a, b = plain(a), plain(b)
	if a == b {
		return true
	}
	for f := unicode.SimpleFold(a); f != a; f = unicode.SimpleFold(f) {
		if f == b {
			return true
		}
	}
	return false
}

// plain returns the small letter; those of Turkish count as i, as in Python's re.
func plain(r rune) rune {
	if r = unicode.ToLower(r); r == 'ı' {
		return 'i'
	}
	return r
}
