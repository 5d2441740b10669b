package pyre

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// anything matches one character, whatever it is; nothing never matches.
const (
	anything = `(?s:.)`
	nothing  = `(?!)`
)

// emitter writes a tree as a pattern of the engine. Every group is written without a name, so the engine numbers them as Python does.
type emitter struct {
	out    strings.Builder
	widths []width
}

func emit(tree sequence, p *parser) (string, error) {
	e := emitter{widths: p.widths}
	err := e.sequence(tree, p.flags)
	return e.out.String(), err
}

func (e *emitter) write(parts ...string) {
	for _, p := range parts {
		e.out.WriteString(p)
	}
}

func (e *emitter) sequence(s sequence, f Flags) error {
	for i := range s {
		if err := e.node(&s[i], f); err != nil {
			return err
		}
	}
	return nil
}

// wrapped writes before, the sequence, after.
func (e *emitter) wrapped(before string, s sequence, after string, f Flags) error {
	e.write(before)
	err := e.sequence(s, f)
	e.write(after)
	return err
}

func (e *emitter) node(n *node, f Flags) error {
	switch n.kind {
	case kindLiteral:
		e.write(classText([]item{{lo: n.char, hi: n.char}}, false, f))
	case kindSet:
		e.write(classText(n.set.items, n.set.negate, f))
	case kindAny:
		if f&DotAll != 0 {
			e.write(anything)
			return nil
		}
		e.write(`[^\n]`)
	case kindAt:
		e.place(n.place, f)
	case kindBranch:
		return e.branch(n, f)
	case kindGroup:
		before := "(?:"
		if n.group > 0 {
			before = "("
		}
		return e.wrapped(before, n.parts[0], ")", f.with(n.add, n.del))
	case kindAtomic:
		return e.wrapped("(?>", n.parts[0], ")", f)
	case kindRepeat:
		return e.repeat(n, f)
	case kindRef:
		option := ""
		if f&IgnoreCase != 0 {
			option = "i"
		}
		e.write("(?", option, `:\`, strconv.Itoa(n.group), ")")
	case kindCondition:
		return e.condition(n, f)
	case kindLook:
		return e.look(n, f)
	}
	return nil
}

func (e *emitter) branch(n *node, f Flags) error {
	for i, part := range n.parts {
		before := "|"
		if i == 0 {
			before = "(?:"
		}
		if err := e.wrapped(before, part, "", f); err != nil {
			return err
		}
	}
	e.write(")")
	return nil
}

func (e *emitter) repeat(n *node, f Flags) error {
	before, after := "(?:", ")"
	if n.greed == possessive {
		before, after = "(?>(?:", ")"
	}
	if err := e.wrapped(before, n.parts[0], after, f); err != nil {
		return err
	}
	switch {
	case n.min == 0 && n.max == unlimited:
		e.write("*")
	case n.min == 1 && n.max == unlimited:
		e.write("+")
	case n.min == 0 && n.max == 1:
		e.write("?")
	case n.max == unlimited:
		e.write("{", strconv.Itoa(n.min), ",}")
	default:
		e.write("{", strconv.Itoa(n.min), ",", strconv.Itoa(n.max), "}")
	}
	switch n.greed {
	case greedy:
	case lazy:
		e.write("?")
	case possessive:
		e.write(")")
	}
	return nil
}

func (e *emitter) condition(n *node, f Flags) error {
	if err := e.wrapped("(?("+strconv.Itoa(n.group)+")(?:", n.parts[0], ")", f); err != nil {
		return err
	}
	var no sequence
	if len(n.parts) > 1 {
		no = n.parts[1]
	}
	return e.wrapped("|(?:", no, "))", f)
}

func (e *emitter) look(n *node, f Flags) error {
	before := "(?"
	if n.behind {
		if w := n.parts[0].widthOf(e.widths); w.min != w.max {
			return fault("look-behind requires fixed-width pattern")
		}
		before += "<"
	}
	if n.negative {
		return e.wrapped(before+"!", n.parts[0], ")", f)
	}
	return e.wrapped(before+"=", n.parts[0], ")", f)
}

// place writes ^ $ \A \Z \b \B.
func (e *emitter) place(at place, f Flags) {
	word := ""
	if at == atBoundary || at == atInside {
		word = classText([]item{{category: categoryWord}}, false, f)
	}
	switch at {
	case atLineStart:
		if f&Multiline != 0 {
			e.write("(?m:^)")
			return
		}
		e.write(`\A`)
	case atLineEnd:
		if f&Multiline != 0 {
			e.write("(?m:$)")
			return
		}
		e.write(`\Z`)
	case atStart:
		e.write(`\A`)
	case atEnd:
		e.write(`\z`)
	case atBoundary:
		e.write("(?:(?<=", word, ")(?!", word, ")|(?<!", word, ")(?=", word, "))")
	case atInside:
		// Python finds no inside in an empty text.
		e.write("(?:(?<=", word, ")(?=", word, ")|(?<!", word, ")(?!", word, ")(?:(?<=", anything, ")|(?=", anything, ")))")
	}
}

// classText writes one character that is, or with negate is not, one of the items. The engine has no way to say, in one class, "neither a letter nor …, or one of these", so that becomes
// a choice between classes.
func classText(items []item, negate bool, f Flags) string {
	var some spans
	var pieces []string
	var seen category
	var general strings.Builder
	for _, i := range items {
		if i.category == 0 {
			some = append(some, span{lo: i.lo, hi: i.hi})
		}
	}
	some = unite(some)
	if f&IgnoreCase != 0 && len(some) > 0 {
		some = foldCase(some, f&ASCII != 0)
	}
	for _, i := range items {
		members, text := i.category.members(f)
		switch {
		case i.category == 0 || seen&(1<<i.category) != 0:
			continue
		case i.category&categoryNot == 0:
			some = append(some, members...)
			general.WriteString(text)
		default:
			pieces = append(pieces, "[^"+spanText(members)+text+"]")
		}
		if seen |= 1 << i.category; seen&(1<<(i.category^categoryNot)) != 0 {
			return either(negate, nothing, anything) // \s and \S: everything
		}
	}
	some = unite(some)
	inside := spanText(some) + general.String()
	switch {
	case len(pieces) == 0 && inside == "":
		return either(negate, anything, nothing)
	case len(pieces) == 0 && general.Len() == 0 && !negate && len(some) == 1 && some[0].lo == some[0].hi:
		return charText(some[0].lo)
	case len(pieces) == 0:
		return "[" + either(negate, "^", "") + inside + "]"
	case len(pieces) == 1 && inside == "" && negate:
		return "[" + strings.TrimPrefix(pieces[0], "[^")
	case len(pieces) == 1 && inside == "":
		return pieces[0]
	}
	if inside != "" {
		pieces = append(pieces, "["+inside+"]")
	}
	union := strings.Join(pieces, "|")
	if negate {
		return "(?:(?!" + union + ")" + anything + ")"
	}
	return "(?:" + union + ")"
}

func either(choose bool, a, b string) string {
	if choose {
		return a
	}
	return b
}

// spanText writes a set as the inside of a class. Lone surrogates stand in no text of ours.
func spanText(s spans) string {
	var b strings.Builder
	for _, x := range minus(s, spans{{0xd800, 0xdfff}}) {
		b.WriteString(charText(x.lo))
		if x.hi > x.lo {
			b.WriteString("-")
			b.WriteString(charText(x.hi))
		}
	}
	return b.String()
}

// charText writes one character so that it means itself, in a class and outside.
func charText(c rune) string {
	switch {
	case utf16.IsSurrogate(c):
		return nothing
	case c >= utf8.RuneSelf || '0' <= c && c <= '9' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z':
		return string(c)
	default:
		return `\x` + string("0123456789abcdef"[c>>4]) + string("0123456789abcdef"[c&15])
	}
}
