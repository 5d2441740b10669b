// Package pytext takes texts apart and fills them up as the methods of Python's str do. Letters (upper, title …) are in package value;
// what is here has no limits, so callers charge or cap beforehand what a workflow could make too long.
package pytext

import (
	"iter"
	"strings"
	"unicode/utf8"

	"casare/value"
)

// Words is str.split(None, most): what stands between runs of white space. After most splits, none when most is negative, the rest
// comes as it is, white space at its end included.
func Words(s string, most int) iter.Seq[string] {
	return func(yield func(string) bool) {
		s := strings.TrimLeftFunc(s, value.IsSpace)
		for n := 0; s != ""; n++ {
			end := strings.IndexFunc(s, value.IsSpace)
			if end < 0 || n == most {
				yield(s)
				return
			}
			if !yield(s[:end]) {
				return
			}
			s = strings.TrimLeftFunc(s[end:], value.IsSpace)
		}
	}
}

// Split is str.split(sep, most) with a separator that is not empty; a negative most is no bound.
func Split(s, sep string, most int) []string {
	if most < 0 || most > len(s) {
		return strings.Split(s, sep)
	}
	return strings.SplitN(s, sep, most+1)
}

// lineEnds are the code points that end a line.
const lineEnds = "\n\r\v\f\x1c\x1d\x1e\u0085\u2028\u2029"

// Lines is str.splitlines(keep): the lines without, or with, what ends them.
func Lines(s string, keep bool) iter.Seq[string] {
	return func(yield func(string) bool) {
		for s := s; s != ""; {
			at := strings.IndexAny(s, lineEnds)
			if at < 0 {
				yield(s)
				return
			}
			_, size := utf8.DecodeRuneInString(s[at:])
			end := at + size
			if strings.HasPrefix(s[at:], "\r\n") {
				end++
			}
			if keep {
				at = end
			}
			if !yield(s[:at]) {
				return
			}
			s = s[end:]
		}
	}
}

// Strip is str.strip(chars), at the sides that are asked for; empty chars are white space.
func Strip(s, chars string, left, right bool) string {
	drop := value.IsSpace
	if chars != "" {
		drop = func(r rune) bool { return strings.ContainsRune(chars, r) }
	}
	if left {
		s = strings.TrimLeftFunc(s, drop)
	}
	if right {
		s = strings.TrimRightFunc(s, drop)
	}
	return s
}

// Left is str.ljust: the text at the left of a field of so many code points.
func Left(s string, width int, fill rune) string {
	return s + repeat(fill, width-utf8.RuneCountInString(s))
}

// Right is str.rjust.
func Right(s string, width int, fill rune) string {
	return repeat(fill, width-utf8.RuneCountInString(s)) + s
}

// Center is str.center: of an odd number of characters to add the larger half goes to the right, or in a field of odd width to the left.
func Center(s string, width int, fill rune) string {
	missing := max(width-utf8.RuneCountInString(s), 0)
	left := missing/2 + missing&width&1
	return repeat(fill, left) + s + repeat(fill, missing-left)
}

func repeat(fill rune, n int) string { return strings.Repeat(string(fill), max(n, 0)) }

// Slice is s[start:end] in code points; negative places count from the end, and places outside the text are its ends. A nil end is the
// end of the text.
func Slice(s string, start int, end *int) string {
	n := utf8.RuneCountInString(s)
	from, to := place(start, n), n
	if end != nil {
		to = place(*end, n)
	}
	if from >= to {
		return ""
	}
	from, to = byteOf(s, from), byteOf(s, to)
	return s[from:to]
}

func place(i, n int) int {
	if i < 0 {
		i += n
	}
	return min(max(i, 0), n)
}

// byteOf returns the byte at which a code point begins.
func byteOf(s string, i int) int {
	at := 0
	for range i {
		_, size := utf8.DecodeRuneInString(s[at:])
		at += size
	}
	return at
}

// Reverse is s[::-1]: the code points from the last to the first.
func Reverse(s string) string {
	out := make([]byte, len(s))
	for at := len(s); s != ""; {
		_, size := utf8.DecodeRuneInString(s)
		at -= size
		copy(out[at:], s[:size])
		s = s[size:]
	}
	return string(out)
}

// Find is str.find: the code point at which part first stands in s, -1 when it does not.
func Find(s, part string) int {
	before, _, ok := strings.Cut(s, part)
	if !ok {
		return -1
	}
	return utf8.RuneCountInString(before)
}
