package text

import (
	"math"
	"math/big"
	"slices"
	"strings"
	"unicode/utf8"

	"casare/node"
	"casare/value"
	"casare/value/pytext"
)

// longest is how many bytes a text may get to have in a step.
const longest = 64 << 20

func tooLong() error {
	return node.Fail(string(value.LimitError), "the text is longer than %d MiB", longest>>20)
}

// text is what a step works with when it is given v.
func text(v node.Value) string {
	if !value.Truth(v) {
		return ""
	}
	return value.Str(v)
}

// integer is Python's int(v), or otherwise where v is nothing or no number. Numbers beyond 64 bits count as the last ones within.
func integer(v node.Value, otherwise int64) (int, error) {
	if v == nil || v == "" {
		return int(otherwise), nil
	}
	n, err := value.ToInt(v)
	if value.KindOf(err) == value.OverflowError {
		return 0, err
	}
	switch x := n.(type) {
	case int64:
		return int(x), nil
	case *big.Int:
		if x.Sign() > 0 {
			return math.MaxInt64, nil
		}
		return math.MinInt64, nil
	default: // an error that int() answers with a TypeError or ValueError
		return int(otherwise), nil
	}
}

// list makes a value of texts.
func list(texts []string) value.List {
	out := make(value.List, len(texts))
	for i, s := range texts {
		out[i] = s
	}
	return out
}

// split cuts at a separator, or at white space when there is none.
func split(s, separator string, most node.Value) (value.List, error) {
	n, err := integer(most, -1)
	if err != nil {
		return nil, err
	}
	if separator == "" {
		return list(slices.Collect(pytext.Words(s, max(n, -1)))), nil
	}
	return list(pytext.Split(s, separator, n)), nil
}

// replace puts a text in the place of another and returns how often.
func replace(s, old, now string, most node.Value) (string, int, error) {
	limit, err := integer(most, -1)
	if err != nil {
		return "", 0, err
	}
	n := strings.Count(s, old)
	if limit >= 0 {
		n = min(n, limit)
	}
	if grown := len(now) - len(old); grown > 0 && n > 0 && (longest-len(s))/n < grown {
		return "", 0, tooLong()
	}
	return strings.Replace(s, old, now, n), n, nil
}

// The sides that trimming and padding know.
const (
	sideBoth   = "both"
	sideLeft   = "left"
	sideRight  = "right"
	sideCenter = "center"
)

func trim(s, mode, characters string) string {
	return pytext.Strip(s, characters, mode != sideRight, mode != sideLeft)
}

// The cases.
const (
	caseUpper      = "upper"
	caseLower      = "lower"
	caseTitle      = "title"
	caseCapitalize = "capitalize"
	caseSwap       = "swapcase"
)

// inCase changes the case; an unknown one changes nothing.
func inCase(s, to string) string {
	switch to {
	case caseUpper:
		return value.Upper(s)
	case caseLower:
		return value.Lower(s)
	case caseTitle:
		return value.Title(s)
	case caseCapitalize:
		return value.Capitalize(s)
	case caseSwap:
		return value.SwapCase(s)
	default:
		return s
	}
}

// pad fills up to a number of code points; what is no single character fills as a blank.
func pad(s string, length node.Value, mode, fill string) (string, error) {
	width, err := integer(length, 0)
	if err != nil {
		return "", err
	}
	c, size := utf8.DecodeRuneInString(fill)
	if size != len(fill) || size == 0 {
		c = ' '
	}
	if width > longest/utf8.UTFMax {
		return "", tooLong()
	}
	switch mode {
	case sideRight:
		return pytext.Left(s, width, c), nil
	case sideCenter:
		return pytext.Center(s, width, c), nil
	default:
		return pytext.Right(s, width, c), nil
	}
}

// substring cuts out a part; places count from 0, from the end when they are negative.
func substring(s string, start, end node.Value) (string, int, error) {
	from, err := integer(start, 0)
	if err != nil {
		return "", 0, err
	}
	var to *int
	if end != nil {
		n, err := integer(end, 0)
		if err != nil {
			return "", 0, err
		}
		to = &n
	}
	part := pytext.Slice(s, from, to)
	return part, utf8.RuneCountInString(part), nil
}

// found is what a search has found.
type found struct {
	contains        bool
	position, count int64
}

func find(s, part string, caseSensitive bool) found {
	s, part = sameCase(s, part, caseSensitive)
	position := pytext.Find(s, part)
	return found{contains: position >= 0, position: int64(position), count: int64(strings.Count(s, part))}
}

func sameCase(s, part string, caseSensitive bool) (string, string) {
	if caseSensitive {
		return s, part
	}
	return value.Lower(s), value.Lower(part)
}

func startsWith(s, prefix string, caseSensitive bool) bool {
	return strings.HasPrefix(sameCase(s, prefix, caseSensitive))
}

func endsWith(s, suffix string, caseSensitive bool) bool {
	return strings.HasSuffix(sameCase(s, suffix, caseSensitive))
}

// The directions of TextLinesNode.
const (
	linesSplit = "split"
	linesJoin  = "join"
)

// The separators of lines.
const (
	separatorNewline = "newline"
	separatorCRLF    = "crlf"
	separatorComma   = "comma"
)

// lines splits a text into lines, or joins them; the direction tells which of the results there is.
func lines(mode, s string, given node.Value, separator string, removeEmpty bool) (node.Opt[value.List], node.Opt[string], int64, error) {
	if mode == linesSplit {
		parts := slices.Collect(pytext.Lines(s, false))
		if removeEmpty {
			parts = slices.DeleteFunc(parts, func(line string) bool { return line == "" })
		}
		return node.Some(list(parts)), node.Opt[string]{}, int64(len(parts)), nil
	}
	items, _ := given.(value.List)
	between := map[string]string{separatorCRLF: "\r\n", separatorComma: ","}[separator]
	if between == "" {
		between = "\n"
	}
	joined, err := join(items, between)
	return node.Opt[value.List]{}, node.Some(joined), int64(len(items)), err
}

// join makes one text of a list; anything else counts as the only item of one.
func join(items node.Value, separator string) (string, error) {
	all, ok := items.(value.List)
	if !ok && items != nil {
		all = value.List{items}
	}
	var b strings.Builder
	for i, item := range all {
		if i > 0 {
			b.WriteString(separator)
		}
		b.WriteString(value.Str(item))
		if b.Len() > longest {
			return "", tooLong()
		}
	}
	return b.String(), nil
}

// What TextCountNode counts.
const (
	countCharacters = "characters"
	countWords      = "words"
	countLines      = "lines"
)

func count(s, mode string, excludeWhitespace bool) int64 {
	n := 0
	switch {
	case mode == countWords:
		for range pytext.Words(s, -1) {
			n++
		}
	case mode == countLines:
		for range pytext.Lines(s, false) {
			n++
		}
	case excludeWhitespace:
		for word := range pytext.Words(s, -1) {
			n += utf8.RuneCountInString(word)
		}
	default:
		n = utf8.RuneCountInString(s)
	}
	return int64(n)
}
