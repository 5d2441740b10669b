package text

import (
	"context"

	"casare/node"
	"casare/value"
	"casare/workflow/pyre"
)

// regex is a regular expression with the fields that say how it is read.
type regex struct{ ignoreCase, multiline, dotAll bool }

// spec declares the fields.
func (x *regex) spec(s *node.Spec) {
	s.Bool(node.Param, &x.ignoreCase, "ignore_case").Or(false).Says("Whether a regular expression takes large and small letters for the same.")
	s.Bool(node.Param, &x.multiline, "multiline").Or(false).Says("Whether ^ and $ of a regular expression are the ends of each line.")
	s.Bool(node.Param, &x.dotAll, "dotall").Or(false).Says("Whether . of a regular expression is a line break too.")
}

func (x *regex) compile(pattern string) (*pyre.Regexp, error) {
	return pyre.Compile(pattern, pyre.FlagsOf(x.ignoreCase, x.multiline, x.dotAll))
}

// sub replaces what the pattern matches; a negative most, and 0, is no bound.
func (x *regex) sub(ctx context.Context, s, pattern, template string, most node.Value) (string, int, error) {
	n, err := integer(most, -1)
	if err != nil {
		return "", 0, err
	}
	re, err := x.compile(pattern)
	if err != nil {
		return "", 0, err
	}
	return re.Sub(ctx, template, s, max(n, 0))
}

// extract returns what the pattern matches and its groups: of the first match, or lists of all.
func (x *regex) extract(ctx context.Context, s, pattern string, all bool) (match node.Value, groups value.List, found bool, err error) {
	if pattern == "" {
		return nil, nil, false, node.Fail("", "Regex pattern is required")
	}
	re, err := x.compile(pattern)
	if err != nil {
		return nil, nil, false, err
	}
	if !all {
		m, err := re.Search(s)
		if err != nil || m == nil {
			return "", value.List{}, false, err
		}
		return m.Text(), groupsOf(m), true, nil
	}
	matches, groups := value.List{}, value.List{}
	for m, err := range re.FindIter(ctx, s) {
		if err != nil {
			return nil, nil, false, err
		}
		matches, groups = append(matches, m.Text()), append(groups, groupsOf(m))
	}
	return matches, groups, len(matches) > 0, nil
}

// groupsOf lists the groups of a match; one that took no part is null.
func groupsOf(m *pyre.Match) value.List {
	out := value.List{}
	for _, g := range m.Groups() {
		if g.Set {
			out = append(out, g.Text)
			continue
		}
		out = append(out, nil)
	}
	return out
}
