package expr

import (
	"unicode"

	"casare/value"
)

// each is a method that asks the same of every code point; of an empty text the answer is no.
func each(is func(r rune) bool) textMethod {
	return func(_ *machine, s string, a *args) (any, error) {
		if err := a.check(0, 0); err != nil {
			return nil, err
		}
		for _, r := range s {
			if !is(r) {
				return false, nil
			}
		}
		return s != "", nil
	}
}

// cased is isupper and islower: at least one letter of the case, none of the other.
func cased(is, not func(r rune) bool) textMethod {
	return func(_ *machine, s string, a *args) (any, error) {
		if err := a.check(0, 0); err != nil {
			return nil, err
		}
		found := false
		for _, r := range s {
			if not(r) || value.IsTitle(r) {
				return false, nil
			}
			found = found || is(r)
		}
		return found, nil
	}
}

func isTitle(_ *machine, s string, a *args) (any, error) {
	if err := a.check(0, 0); err != nil {
		return nil, err
	}
	found, inWord := false, false
	for _, r := range s {
		switch {
		case value.IsUpper(r) || value.IsTitle(r):
			if inWord {
				return false, nil
			}
			found, inWord = true, true
		case value.IsLower(r):
			if !inWord {
				return false, nil
			}
		default:
			inWord = false
		}
	}
	return found, nil
}

func isPrintable(s string) bool {
	for _, r := range s {
		if !unicode.IsPrint(r) {
			return false
		}
	}
	return true
}

func isIdentifier(_ *machine, s string, a *args) (any, error) {
	l := lexer{src: s}
	return s != "" && l.nameEnd(0) == len(s), a.check(0, 0)
}
