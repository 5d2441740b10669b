package pyre

import "unicode"

// Flags change how a pattern is read, as those of Python's re do.
type Flags int

// The flags, with Python's names.
const (
	IgnoreCase Flags = 1 << iota
	Multiline
	DotAll
	Verbose
	ASCII
	locale   // known by its letter only, to be refused
	unicoded // as locale: the default
	template // as locale: does nothing
)

// flagLetters are the letters of (?…).
var flagLetters = map[rune]Flags{
	'i': IgnoreCase, 'L': locale, 'm': Multiline, 's': DotAll, 'x': Verbose, 'a': ASCII, 't': template, 'u': unicoded,
}

const typeFlags = ASCII | locale | unicoded

// with adds and removes the flags of a group; a flag of the three that say what a letter is takes the place of the others.
func (f Flags) with(add, del Flags) Flags {
	if add&typeFlags != 0 {
		f &^= typeFlags
	}
	return (f | add) &^ del
}

// flagsOf reads the letters after "(?", the first of which is c and has been read. whole says that they are for the whole pattern.
func (p *parser) flagsOf(c rune) (add, del Flags, whole bool, err error) {
	if c != '-' {
		if add, c, err = p.addedFlags(c); err != nil {
			return 0, 0, false, err
		}
	}
	if c == ')' {
		p.flags |= add
		return 0, 0, true, nil
	}
	if add&template != 0 {
		return 0, 0, false, p.src.fault(1, "bad inline flags: cannot turn on global flag")
	}
	if c == '-' {
		if del, err = p.removedFlags(); err != nil {
			return 0, 0, false, err
		}
	}
	switch {
	case del&template != 0:
		return 0, 0, false, p.src.fault(1, "bad inline flags: cannot turn off global flag")
	case add&del != 0:
		return 0, 0, false, p.src.fault(1, "bad inline flags: flag turned on and off")
	}
	return add, del, false, nil
}

// addedFlags reads letters up to one of ) - : which it returns.
func (p *parser) addedFlags(c rune) (Flags, rune, error) {
	var add Flags
	for {
		flag := flagLetters[c]
		if flag == locale {
			return 0, 0, p.src.fault(0, "bad inline flags: cannot use 'L' flag with a str pattern")
		}
		add |= flag
		if flag&typeFlags != 0 && add&typeFlags != flag {
			return 0, 0, p.src.fault(0, "bad inline flags: flags 'a', 'u' and 'L' are incompatible")
		}
		next, err := p.flagLetter("missing -, : or )", ")-:")
		if err != nil {
			return 0, 0, err
		}
		if next == ')' || next == '-' || next == ':' {
			return add, next, nil
		}
		c = next
	}
}

// removedFlags reads the letters between - and :.
func (p *parser) removedFlags() (Flags, error) {
	c, err := p.flagLetter("missing flag", "")
	if err != nil {
		return 0, err
	}
	var del Flags
	for {
		flag := flagLetters[c]
		if flag&typeFlags != 0 {
			return 0, p.src.fault(0, "bad inline flags: cannot turn off flags 'a', 'u' and 'L'")
		}
		del |= flag
		if c, err = p.flagLetter("missing :", ":"); err != nil {
			return 0, err
		}
		if c == ':' {
			return del, nil
		}
	}
}

// flagLetter reads a letter of a flag, or one of the ends.
func (p *parser) flagLetter(missing, ends string) (rune, error) {
	t, err := p.src.get()
	if err != nil {
		return 0, err
	}
	if t.end {
		return 0, p.src.fault(0, "%s", missing)
	}
	for _, e := range ends {
		if t.is(e) {
			return e, nil
		}
	}
	if _, ok := flagLetters[t.c]; ok && !t.escaped {
		return t.c, nil
	}
	if unicode.IsLetter(t.c) && !t.escaped {
		return 0, p.src.fault(t.len(), "unknown flag")
	}
	return 0, p.src.fault(t.len(), "%s", missing)
}

// FlagsOf returns the flags that node types have fields for.
func FlagsOf(ignoreCase, multiline, dotAll bool) Flags {
	var f Flags
	if ignoreCase {
		f |= IgnoreCase
	}
	if multiline {
		f |= Multiline
	}
	if dotAll {
		f |= DotAll
	}
	return f
}
