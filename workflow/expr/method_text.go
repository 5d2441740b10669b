package expr

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"casare/value"
)

// textMethod is a method of str. The scan of the text itself has been charged.
type textMethod func(m *machine, s string, a *args) (any, error)

func textMethodNamed(name string) textMethod {
	library.once.Do(fillLibrary)
	return library.textMethods[name]
}

func textMethodTable() map[string]textMethod {
	return map[string]textMethod{
		"upper": mapped(value.Upper), "lower": mapped(value.Lower), "title": mapped(value.Title),
		"capitalize": mapped(value.Capitalize), "swapcase": mapped(value.SwapCase), "casefold": mapped(value.CaseFold),
		"strip": strip(true, true), "lstrip": strip(true, false), "rstrip": strip(false, true),
		"split": splitText, "rsplit": rsplitText, "splitlines": splitLines,
		"partition": partition(strings.Index), "rpartition": partition(strings.LastIndex),
		"join": joinText, "replace": replaceText, "format": func(m *machine, s string, a *args) (any, error) { return m.formatMethod(s, a) },
		"startswith": hasAffix(strings.HasPrefix), "endswith": hasAffix(strings.HasSuffix),
		"removeprefix": removeAffix(strings.TrimPrefix), "removesuffix": removeAffix(strings.TrimSuffix),
		"find": findText(strings.Index, false), "rfind": findText(strings.LastIndex, false),
		"index": findText(strings.Index, true), "rindex": findText(strings.LastIndex, true), "count": countText,
		"zfill": zfill, "center": padText('^'), "ljust": padText('<'), "rjust": padText('>'), "expandtabs": expandTabs,
		"encode":  encode,
		"isdigit": each(value.IsDigit), "isdecimal": each(unicode.IsDigit), "isnumeric": each(value.IsNumeric),
		"isalpha": each(unicode.IsLetter), "isalnum": each(func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }),
		"isspace": each(value.IsSpace), "isupper": cased(value.IsUpper, value.IsLower), "islower": cased(value.IsLower, value.IsUpper),
		"istitle": isTitle, "isascii": func(_ *machine, s string, a *args) (any, error) { return isASCII(s), a.check(0, 0) },
		"isprintable":  func(m *machine, s string, a *args) (any, error) { return isPrintable(s), a.check(0, 0) },
		"isidentifier": isIdentifier,
	}
}

// mapped is a method that changes the letters of a text. One letter can become three.
func mapped(f func(string) string) textMethod {
	return func(m *machine, s string, a *args) (any, error) {
		if err := a.check(0, 0); err != nil {
			return nil, err
		}
		if err := m.text(3 * len(s)); err != nil {
			return nil, err
		}
		if !isASCII(s) { // the tables of Unicode are slow
			if err := m.step(len(s) / 8); err != nil {
				return nil, err
			}
		}
		return f(s), nil
	}
}

func strip(left, right bool) textMethod {
	return func(m *machine, s string, a *args) (any, error) {
		if err := a.check(0, 1); err != nil {
			return nil, err
		}
		drop := value.IsSpace
		if chars := a.opt(0, "", nil); chars != nil {
			set, err := a.text(0, "", nil)
			if err != nil {
				return nil, err
			}
			if err := m.step(len(set)/16 + len(set)*len(s)/(16*scanPerStep)); err != nil {
				return nil, err
			}
			drop = func(r rune) bool { return strings.ContainsRune(set, r) }
		}
		if left {
			s = strings.TrimLeftFunc(s, drop)
		}
		if right {
			s = strings.TrimRightFunc(s, drop)
		}
		return s, nil
	}
}

func joinText(m *machine, s string, a *args) (any, error) {
	if err := a.check(1, 1); err != nil {
		return nil, err
	}
	b := builder{m: m}
	at := 0
	err := m.iterate(a.pos[0], func(item any) (bool, error) {
		if _, ok := item.(value.Secret); ok {
			b.secret = true
		}
		text, ok := reveal(item).(string)
		if !ok {
			return false, typeError("sequence item %d: expected str instance, %s found", at, typeName(item))
		}
		if at > 0 {
			if err := b.add(s); err != nil {
				return false, err
			}
		}
		at++
		return true, b.add(text)
	})
	return b.result(), err
}

func replaceText(m *machine, s string, a *args) (any, error) {
	if err := a.check(2, 3); err != nil {
		return nil, err
	}
	old, err := a.text(0, "", nil)
	if err != nil {
		return nil, err
	}
	now, err := a.text(1, "", nil)
	if err != nil {
		return nil, err
	}
	most, err := a.integer(2, "", int64(-1))
	if err != nil {
		return nil, err
	}
	n := strings.Count(s, old)
	if most >= 0 {
		n = min(n, most)
	}
	if err := m.text(len(s)); err != nil {
		return nil, err
	}
	if n > 0 && len(now) > (MaxBytes-m.bytes)/n {
		return nil, m.alloc(-1)
	}
	if err := m.text(n * len(now)); err != nil {
		return nil, err
	}
	return strings.Replace(s, old, now, n), nil
}

// hasAffix is startswith and endswith; the argument may be a tuple of texts.
func hasAffix(has func(s, affix string) bool) textMethod {
	return func(m *machine, s string, a *args) (any, error) {
		if err := a.check(1, 3); err != nil {
			return nil, err
		}
		s, _, ok, err := a.part(m, s)
		if err != nil || !ok {
			return false, err
		}
		affixes, isTuple := a.pos[0].(tuple)
		if !isTuple {
			affixes = tuple{a.pos[0]}
		}
		for _, affix := range affixes {
			text, isText := reveal(affix).(string)
			if !isText {
				return nil, typeError("%s first arg must be str or a tuple of str, not %s", a.name, typeName(affix))
			}
			if err := m.step(1); err != nil {
				return nil, err
			}
			if has(s, text) {
				return true, nil
			}
		}
		return false, nil
	}
}

func removeAffix(trim func(s, affix string) string) textMethod {
	return func(_ *machine, s string, a *args) (any, error) {
		if err := a.check(1, 1); err != nil {
			return nil, err
		}
		affix, err := a.text(0, "", nil)
		return trim(s, affix), err
	}
}

// part cuts s by arguments 1 and 2 (start and end, in code points) and returns the code points cut off in front. ok is false
// where start lies behind the end of the text.
func (a *args) part(m *machine, s string) (cutText string, before int, ok bool, err error) {
	from, to := a.opt(1, "", nil), a.opt(2, "", nil)
	if from == nil && to == nil {
		return s, 0, true, nil
	}
	n := utf8.RuneCountInString(s)
	if start, isInt := asInt64(from); isInt && start > int64(n) {
		return "", 0, false, nil
	}
	c, err := newCut([3]any{from, to, nil}, n)
	if err != nil {
		return "", 0, false, err
	}
	cutText, err = m.sliceText(s, [3]any{int64(c.start), int64(c.start + c.n), nil})
	return cutText, c.start, true, err
}

func findText(index func(s, part string) int, must bool) textMethod {
	return func(m *machine, s string, a *args) (any, error) {
		if err := a.check(1, 3); err != nil {
			return nil, err
		}
		part, err := a.text(0, "", nil)
		if err != nil {
			return nil, err
		}
		s, before, ok, err := a.part(m, s)
		if err != nil {
			return nil, err
		}
		at := -1
		if ok {
			at = index(s, part)
		}
		if at < 0 {
			if must {
				return nil, valueError("substring not found")
			}
			return int64(-1), nil
		}
		return int64(before + utf8.RuneCountInString(s[:at])), nil
	}
}

func countText(m *machine, s string, a *args) (any, error) {
	if err := a.check(1, 3); err != nil {
		return nil, err
	}
	part, err := a.text(0, "", nil)
	if err != nil {
		return nil, err
	}
	s, _, ok, err := a.part(m, s)
	if err != nil || !ok {
		return int64(0), err
	}
	return int64(strings.Count(s, part)), nil
}

func zfill(m *machine, s string, a *args) (any, error) {
	if err := a.check(1, 1); err != nil {
		return nil, err
	}
	width, err := a.integer(0, "", nil)
	if err != nil {
		return nil, err
	}
	if err := m.width(width, s); err != nil {
		return nil, err
	}
	sign, digits := "", s
	if s != "" && (s[0] == '+' || s[0] == '-') {
		sign, digits = s[:1], s[1:]
	}
	f := formatSpec{fill: "0", align: '=', width: width}
	return f.pad(sign, digits), nil
}

// width charges a text that is filled up to so many code points.
func (m *machine) width(n int, s string) error {
	if n > MaxWidth && n > len(s) {
		return limit("a text is filled up to more than %d characters", MaxWidth)
	}
	return m.text(4*min(max(n, 0), MaxWidth) + len(s))
}

func padText(align byte) textMethod {
	return func(m *machine, s string, a *args) (any, error) {
		if err := a.check(1, 2); err != nil {
			return nil, err
		}
		width, err := a.integer(0, "", nil)
		if err != nil {
			return nil, err
		}
		fill, err := a.text(1, "", " ")
		if err != nil {
			return nil, err
		}
		if utf8.RuneCountInString(fill) != 1 {
			return nil, typeError("The fill character must be exactly one character long")
		}
		if err := m.width(width, s); err != nil {
			return nil, err
		}
		f := formatSpec{fill: fill, align: align, width: width}
		if missing := width - utf8.RuneCountInString(s); align == '^' && missing > 0 && missing&1 == 1 && width&1 == 1 {
			// CPython centres an odd rest to the right where the width is odd, unlike its format()
			f.width--
			return fill + f.pad("", s), nil
		}
		return f.pad("", s), nil
	}
}

func expandTabs(m *machine, s string, a *args) (any, error) {
	if err := a.check(0, 1, "tabsize"); err != nil {
		return nil, err
	}
	size, err := a.integer(0, "tabsize", int64(8))
	if err != nil {
		return nil, err
	}
	size = max(size, 0)
	if size > MaxWidth {
		return nil, limit("a tab is wider than %d", MaxWidth)
	}
	if err := m.text(len(s) + strings.Count(s, "\t")*size); err != nil {
		return nil, err
	}
	var b strings.Builder
	column := 0
	for _, r := range s {
		switch {
		case r == '\t' && size > 0:
			n := size - column%size
			b.WriteString(strings.Repeat(" ", n))
			column += n
		case r == '\t':
		case r == '\n' || r == '\r':
			b.WriteRune(r)
			column = 0
		default:
			b.WriteRune(r)
			column++
		}
	}
	return b.String(), nil
}

func encode(m *machine, s string, a *args) (any, error) {
	if err := a.check(0, 1, "encoding"); err != nil {
		return nil, err
	}
	name, err := a.text(0, "encoding", "utf-8")
	if err != nil {
		return nil, err
	}
	if err := m.text(len(s)); err != nil {
		return nil, err
	}
	switch strings.ToLower(strings.ReplaceAll(name, "_", "-")) {
	case "utf-8", "utf8":
		return value.Bytes(s), nil
	case "ascii":
		if isASCII(s) {
			return value.Bytes(s), nil
		}
		return nil, valueError("'ascii' codec can't encode the text")
	default:
		return nil, valueError("unknown encoding: %s", name)
	}
}
