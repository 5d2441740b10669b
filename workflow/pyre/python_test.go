package pyre_test

import (
	"encoding/json"
	"errors"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"casare/workflow/pyre"
)

// recorded is what CPython answered; see testdata/record.py.
type recorded struct {
	Pattern  string `json:"pattern"`
	Flags    string `json:"flags"`
	Text     string `json:"text"`
	Template string `json:"template"`

	Error     string         `json:"error"`
	Groups    int            `json:"groups"`
	Names     map[string]int `json:"names"`
	Search    spans          `json:"search"`
	Match     spans          `json:"match"`
	FullMatch spans          `json:"fullmatch"`
	FindIter  []spans        `json:"finditer"`
	FindAll   [][]string     `json:"findall"`
	Split     []*string      `json:"split"`
	Split2    []*string      `json:"split2"`
	Sub       subbed         `json:"sub"`
	Sub1      subbed         `json:"sub1"`
}

// spans are the places of all groups of a match.
type spans [][2]int

// subbed is (text, number) or {error}.
type subbed struct {
	text  string
	n     int
	error string
}

func (s *subbed) UnmarshalJSON(raw []byte) error {
	var failed struct {
		Error string `json:"error"`
	}
	if json.Unmarshal(raw, &failed) == nil {
		s.error = failed.Error
		return nil
	}
	return json.Unmarshal(raw, &[]any{&s.text, &s.n})
}

func spansOf(re *pyre.Regexp, m *pyre.Match) spans {
	if m == nil {
		return nil
	}
	out := make(spans, re.Groups()+1)
	for i := range out {
		out[i] = [2]int{m.Start(i), m.End(i)}
	}
	return out
}

func flagsOf(letters string) pyre.Flags {
	var f pyre.Flags
	for _, c := range letters {
		f |= map[rune]pyre.Flags{
			'i': pyre.IgnoreCase, 'm': pyre.Multiline, 's': pyre.DotAll, 'x': pyre.Verbose, 'a': pyre.ASCII,
		}[c]
	}
	return f
}

func TestAnswersAsCPythonDoes(t *testing.T) {
	t.Parallel()
	file := os.Getenv("CASARE_PYRE_CASES") // made-up cases for a comparison that is not kept
	if file == "" {
		file = "testdata/python_re.json"
	}
	raw, err := os.ReadFile(file)
	require.NoError(t, err)
	var cases []recorded
	require.NoError(t, json.Unmarshal(raw, &cases))
	require.GreaterOrEqual(t, len(cases), 300)
	for i := range cases {
		c := &cases[i]
		t.Run(c.Flags+"/"+c.Pattern, func(t *testing.T) {
			t.Parallel()
			compare(t, c)
		})
	}
}

func compare(t *testing.T, c *recorded) {
	t.Helper()
	re, err := pyre.Compile(c.Pattern, flagsOf(c.Flags))
	if c.Error != "" {
		require.EqualError(t, err, c.Error)
		var syntax *pyre.SyntaxError
		require.ErrorAs(t, err, &syntax)
		return
	}
	require.NoError(t, err)
	require.Equal(t, c.Groups, re.Groups())
	require.Len(t, re.Names(), len(c.Names))
	for name, n := range c.Names {
		got, ok := re.Group(name)
		require.True(t, ok)
		require.Equal(t, n, got)
	}
	for _, m := range []struct {
		name string
		find func(string) (*pyre.Match, error)
		want spans
	}{{"search", re.Search, c.Search}, {"match", re.Match, c.Match}, {"fullmatch", re.FullMatch, c.FullMatch}} {
		got, err := m.find(c.Text)
		require.NoError(t, err)
		require.Equal(t, m.want, spansOf(re, got), "%s %q %q", m.name, c.Pattern, c.Text)
	}
	compareMany(t, c, re)
}

func compareMany(t *testing.T, c *recorded, re *pyre.Regexp) {
	t.Helper()
	all := []spans{}
	for m, err := range re.FindIter(t.Context(), c.Text) {
		require.NoError(t, err)
		all = append(all, spansOf(re, m))
	}
	require.Equal(t, c.FindIter, all, "finditer %q %q", c.Pattern, c.Text)
	found, err := re.FindAll(t.Context(), c.Text)
	require.NoError(t, err)
	require.Len(t, found, len(c.FindAll))
	for i := range found {
		require.Equal(t, c.FindAll[i], found[i])
	}
	for most, want := range map[int][]*string{0: c.Split, 2: c.Split2} {
		parts, err := re.Split(t.Context(), c.Text, most)
		require.NoError(t, err)
		got := make([]*string, len(parts))
		for i := range parts {
			if parts[i].Set {
				got[i] = &parts[i].Text
			}
		}
		require.Equal(t, want, got, "split %d", most)
	}
	for most, want := range map[int]subbed{0: c.Sub, 1: c.Sub1} {
		text, n, err := re.Sub(t.Context(), c.Template, c.Text, most)
		if want.error != "" {
			require.Equal(t, want.error, errorText(err), "template %q", c.Template)
			continue
		}
		require.NoError(t, err)
		require.Equal(t, want.text, text, "sub %d", most)
		require.Equal(t, want.n, n)
	}
}

// errorText is what Python's str() of the error is: that of a KeyError or IndexError is its text too.
func errorText(err error) string {
	if syntax, ok := errors.AsType[*pyre.SyntaxError](err); ok {
		return syntax.Error()
	}
	return ""
}
