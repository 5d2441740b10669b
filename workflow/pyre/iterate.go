package pyre

import (
	"context"
	"iter"
	"strings"

	"casare"
)

// FindIter walks the matches from left to right. After an error, which comes with a nil match, it ends; a context that ends is one.
func (re *Regexp) FindIter(ctx context.Context, text string) iter.Seq2[*Match, error] {
	return func(yield func(*Match, error) bool) {
		s, err := newSubject(text)
		if err != nil {
			yield(nil, err)
			return
		}
		re.walk(ctx, s, yield)
	}
}

// walk yields every match in the subject.
func (re *Regexp) walk(ctx context.Context, s *subject, yield func(*Match, error) bool) {
	next, from := &re.search, 0
	for n := 0; from <= len(s.runes); n++ {
		if ctx.Err() != nil {
			yield(nil, casare.Errorf(casare.CodeTimeout, "regular expression: %w", context.Cause(ctx)))
			return
		}
		if n >= MaxMatches {
			yield(nil, tooLarge("there are too many matches", MaxMatches))
			return
		}
		m, err := re.find(s, from, next)
		if err != nil {
			yield(nil, err)
			return
		}
		if m == nil || !yield(m, nil) {
			return
		}
		from, next = m.End(0), &re.search
		if m.Start(0) == from {
			next = &re.longer
		}
	}
}

// FindAll returns Python's findall: of each match the whole, or the one group, or all groups where there are several. A group that took
// no part counts as empty.
func (re *Regexp) FindAll(ctx context.Context, text string) ([][]string, error) {
	var out [][]string
	for m, err := range re.FindIter(ctx, text) {
		if err != nil {
			return nil, err
		}
		if re.groups == 0 {
			out = append(out, []string{m.Text()})
			continue
		}
		row := make([]string, re.groups)
		for i := range row {
			row[i] = m.Group(i + 1).Text
		}
		out = append(out, row)
	}
	return out, nil
}

// Split returns Python's split: what stands between the matches, and between those what the groups have matched. most is the largest
// number of matches to split at, 0 for no bound.
func (re *Regexp) Split(ctx context.Context, text string, most int) ([]Text, error) {
	var out []Text
	at, n := 0, 0
	for m, err := range re.FindIter(ctx, text) {
		if err != nil {
			return nil, err
		}
		start, end, _ := m.Bytes(0)
		out = append(out, Text{Text: text[at:start], Set: true})
		out = append(out, m.Groups()...)
		at = end
		if n++; n == most {
			break
		}
	}
	return append(out, Text{Text: text[at:], Set: true}), nil
}

// Sub replaces matches by the template, at most so many, 0 for no bound, and returns how many it has replaced. It fails with a
// SyntaxError when the template is wrong for the pattern.
func (re *Regexp) Sub(ctx context.Context, template, text string, most int) (string, int, error) {
	t, err := re.template(template)
	if err != nil {
		return "", 0, outward(err)
	}
	return re.SubFunc(ctx, text, most, t.expand)
}

// SubFunc is Sub with a function that writes the replacement of a match.
func (re *Regexp) SubFunc(ctx context.Context, text string, most int, replace func(b *strings.Builder, m *Match)) (string, int, error) {
	var b strings.Builder
	at, n := 0, 0
	for m, err := range re.FindIter(ctx, text) {
		if err != nil {
			return "", 0, err
		}
		start, end, _ := m.Bytes(0)
		b.WriteString(text[at:start])
		replace(&b, m)
		if b.Len() > MaxResult {
			return "", 0, tooLarge("the result is too long", MaxResult)
		}
		at = end
		if n++; n == most {
			break
		}
	}
	if b.Len()+len(text)-at > MaxResult {
		return "", 0, tooLarge("the result is too long", MaxResult)
	}
	b.WriteString(text[at:])
	return b.String(), n, nil
}
