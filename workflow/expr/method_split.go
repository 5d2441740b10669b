package expr

import (
	"slices"
	"strings"

	"casare/value"
	"casare/value/pytext"
)

// pieces makes a list of texts, charged.
func (m *machine) pieces(parts []string) (any, error) {
	list := make(value.List, len(parts))
	for i, part := range parts {
		list[i] = part
	}
	return list, nil
}

// splitArgs reads (sep=None, maxsplit=-1).
func (a *args) splitArgs() (sep string, hasSep bool, most int, err error) {
	if err := a.check(0, 2, "sep", "maxsplit"); err != nil {
		return "", false, 0, err
	}
	if most, err = a.integer(1, "maxsplit", int64(-1)); err != nil {
		return "", false, 0, err
	}
	if a.opt(0, "sep", nil) == nil {
		return "", false, most, nil
	}
	if sep, err = a.text(0, "sep", nil); err != nil {
		return "", false, 0, err
	}
	if sep == "" {
		return "", false, 0, valueError("empty separator")
	}
	return sep, true, most, nil
}

func splitText(m *machine, s string, a *args) (any, error) {
	sep, hasSep, most, err := a.splitArgs()
	if err != nil {
		return nil, err
	}
	if !hasSep {
		return m.splitSpace(s, most)
	}
	n := strings.Count(s, sep)
	if most >= 0 {
		n = min(n, most)
	}
	if err := m.slots(3 * (n + 1)); err != nil {
		return nil, err
	}
	if err := m.step(n/8 + 1); err != nil {
		return nil, err
	}
	return m.pieces(strings.SplitN(s, sep, n+1))
}

// countWords counts the runs of what is not white space.
func countWords(s string) (n int) {
	inWord := false
	for _, r := range s {
		space := value.IsSpace(r)
		if !space && !inWord {
			n++
		}
		inWord = !space
	}
	return n
}

// splitSpace splits at runs of white space.
func (m *machine) splitSpace(s string, most int) (any, error) {
	if err := m.step(len(s)/32 + 1); err != nil {
		return nil, err
	}
	if err := m.slots(3 * (countWords(s) + 1)); err != nil {
		return nil, err
	}
	return m.pieces(slices.Collect(pytext.Words(s, most)))
}

func rsplitText(m *machine, s string, a *args) (any, error) {
	sep, hasSep, most, err := a.splitArgs()
	if err != nil {
		return nil, err
	}
	if most < 0 {
		return splitText(m, s, a)
	}
	most = min(most, len(s))
	if err := m.slots(3 * (most + 1)); err != nil {
		return nil, err
	}
	if err := m.step(most + len(s)/32 + 1); err != nil {
		return nil, err
	}
	var parts []string
	if hasSep {
		for at := strings.LastIndex(s, sep); at >= 0 && len(parts) < most; at = strings.LastIndex(s, sep) {
			parts = append(parts, s[at+len(sep):])
			s = s[:at]
		}
		parts = append(parts, s)
	} else {
		for s = strings.TrimRightFunc(s, value.IsSpace); s != ""; s = strings.TrimRightFunc(s, value.IsSpace) {
			at := strings.LastIndexFunc(s, value.IsSpace)
			if at < 0 || len(parts) == most {
				parts = append(parts, s)
				break
			}
			word := strings.TrimLeftFunc(s[at:], value.IsSpace)
			parts = append(parts, word)
			s = s[:at]
		}
	}
	slices.Reverse(parts)
	return m.pieces(parts)
}

// splitLines splits where Python sees the end of a line.
func splitLines(m *machine, s string, a *args) (any, error) {
	if err := a.check(0, 1, "keepends"); err != nil {
		return nil, err
	}
	keep := truth(a.opt(0, "keepends", false))
	var parts []string
	for line := range pytext.Lines(s, keep) {
		if err := m.slots(4); err != nil {
			return nil, err
		}
		if err := m.step(1); err != nil {
			return nil, err
		}
		parts = append(parts, line)
	}
	return m.pieces(parts)
}

func partition(index func(s, sep string) int) textMethod {
	return func(m *machine, s string, a *args) (any, error) {
		if err := a.check(1, 1); err != nil {
			return nil, err
		}
		sep, err := a.text(0, "", nil)
		if err != nil {
			return nil, err
		}
		if sep == "" {
			return nil, valueError("empty separator")
		}
		if err := m.slots(6); err != nil {
			return nil, err
		}
		at := index(s, sep)
		switch {
		case at >= 0:
			return tuple{s[:at], sep, s[at+len(sep):]}, nil
		case a.name == "rpartition":
			return tuple{"", "", s}, nil
		default:
			return tuple{s, "", ""}, nil
		}
	}
}
