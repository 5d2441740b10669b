package data

import (
	"strconv"
	"unicode/utf8"

	"casare/node"
	"casare/workflow/pyre"
)

// What a regular expression of these node types, and the text it searches, may have at most: CasareRPA's own limits.
const (
	maxRegexText    = 100_000
	maxRegexPattern = 1000
)

// regex is a regular expression with the text it is for.
type regex struct {
	text, pattern                 string
	ignoreCase, multiline, dotAll bool
}

// spec declares the fields.
func (x *regex) spec(s *node.Spec) {
	s.Text(node.In, &x.text, "text").Or("").Shown(node.Essential).Says("The text.")
	s.String(node.In, &x.pattern, "pattern").Or("").Shown(node.Essential).Says("The regular expression, in Python's syntax.")
	s.Bool(node.Param, &x.ignoreCase, "ignore_case").Or(false).Says("Whether large and small letters are the same.")
	s.Bool(node.Param, &x.multiline, "multiline").Or(false).Says("Whether ^ and $ are the ends of each line.")
	s.Bool(node.Param, &x.dotAll, "dotall").Or(false).Says("Whether . is a line break too.")
}

func (x *regex) compile() (*pyre.Regexp, error) {
	if err := atMost("Text", x.text, maxRegexText); err != nil {
		return nil, err
	}
	if err := atMost("Pattern", x.pattern, maxRegexPattern); err != nil {
		return nil, err
	}
	return pyre.Compile(x.pattern, pyre.FlagsOf(x.ignoreCase, x.multiline, x.dotAll))
}

func atMost(what, s string, most int) error {
	n := utf8.RuneCountInString(s)
	if n <= most {
		return nil
	}
	return node.Fail("", "%s length (%s chars) exceeds maximum allowed (%s chars) for regex operations", what, thousands(n), thousands(most))
}

// thousands writes a number with a comma before every three digits.
func thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
