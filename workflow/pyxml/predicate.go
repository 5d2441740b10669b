package pyxml

import (
	"strings"
	"unicode"

	"casare/value"
)

// predicate reads what stands in brackets.
func (r *pathReader) predicate() (step, error) {
	var (
		signature strings.Builder
		words     []string
	)
	for {
		t, ok := r.next()
		if !ok {
			return nil, syntaxError("invalid path")
		}
		if t.sign == "]" {
			break
		}
		switch {
		case t == token{}:
			continue // white space
		case t.sign != "" && (t.sign[0] == '\'' || t.sign[0] == '"'):
			signature.WriteByte('\'')
			words = append(words, t.sign[1:len(t.sign)-1])
		case t.sign != "":
			signature.WriteString(t.sign)
			words = append(words, t.tag)
		default:
			signature.WriteByte('-')
			words = append(words, t.tag)
		}
	}
	return condition(signature.String(), words)
}

// condition finds out what a predicate asks by the signs in it: - is a word, ' a text in quotes.
func condition(signature string, words []string) (step, error) {
	switch signature {
	case "@-":
		return only(func(_ *search, e *Element) (bool, error) {
			_, has := e.Attr(words[1])
			return has, nil
		}), nil
	case "@-='", "@-!='":
		return attributeIs(words[1], words[len(words)-1], signature == "@-='"), nil
	case "-":
		if !isInteger(words[0]) {
			return has(words[0])
		}
		n, err := value.ParseInt(words[0], 10)
		if err != nil {
			return nil, err
		}
		index, small := n.(int64)
		if index < 1 && small {
			return nil, syntaxError("XPath position >= 1 expected")
		}
		return position(index-1, small), nil
	case ".='", ".!='":
		return textIs(words[len(words)-1], signature == ".='"), nil
	case "-='", "-!='":
		if isInteger(words[0]) {
			return nil, syntaxError("invalid predicate")
		}
		return childIs(words[0], words[len(words)-1], signature == "-='")
	case "-()", "-()-":
		return last(words)
	}
	return nil, syntaxError("invalid predicate")
}

// isInteger is Python's re.match(r"\-?\d+$").
func isInteger(word string) bool {
	digits := strings.TrimPrefix(word, "-")
	return digits != "" && strings.IndexFunc(digits, func(r rune) bool { return !unicode.IsDigit(r) }) < 0
}

func attributeIs(name, want string, equal bool) step {
	return only(func(_ *search, e *Element) (bool, error) {
		got, has := e.Attr(name)
		return has && (got == want) == equal, nil
	})
}

// has asks for a child.
func has(tag string) (step, error) {
	path, err := compile(tag)
	if err != nil {
		return nil, err
	}
	return only(func(c *search, e *Element) (bool, error) {
		found, err := path.from(e)
		if err == nil {
			err = c.count(len(e.Children))
		}
		return len(found) > 0, err
	}), nil
}

func textIs(want string, equal bool) step {
	return only(func(_ *search, e *Element) (bool, error) { return saysExactly(e, want) == equal, nil })
}

// childIs asks for a child with a text, or with another one.
func childIs(tag, want string, equal bool) (step, error) {
	path, err := compile(tag)
	if err != nil {
		return nil, err
	}
	return only(func(c *search, e *Element) (bool, error) {
		children, err := path.from(e)
		if err == nil {
			err = c.count(len(e.Children))
		}
		for _, child := range children {
			if saysExactly(child, want) == equal {
				return true, err
			}
		}
		return false, err
	}), nil
}

// last reads [last()] and [last()-n].
func last(words []string) (step, error) {
	if words[0] != "last" {
		return nil, syntaxError("unsupported function")
	}
	if len(words) < 3 {
		return position(-1, true), nil
	}
	n, err := value.ParseInt(words[2], 10)
	if err != nil {
		return nil, syntaxError("unsupported expression")
	}
	index, small := n.(int64)
	if index--; small && index > -2 || !small && value.Str(n)[0] != '-' {
		return nil, syntaxError("XPath offset from last() must be negative")
	}
	return position(index, small), nil
}

// position asks which of the children with its tag an element is, from 0, or from -1 at the end. One that no number holds is none.
func position(index int64, small bool) step {
	type family struct {
		parent *Element
		tag    string
	}
	var (
		of     *search
		chosen map[family]*Element // of the search under way
	)
	return only(func(c *search, e *Element) (bool, error) {
		parent := c.parent(e)
		if parent == nil || !small {
			return false, nil
		}
		if of != c {
			of, chosen = c, map[family]*Element{}
		}
		f := family{parent, e.Tag}
		one, known := chosen[f]
		if !known {
			one = pick(parent, e.Tag, index)
			chosen[f] = one
		}
		return one == e, nil
	})
}

// pick returns one of the children with a tag, counted from either end; nil when there is none.
func pick(parent *Element, tag string, index int64) *Element {
	fits := match(tag)
	var same []*Element
	for _, child := range parent.Children {
		if fits(child.Tag) {
			same = append(same, child)
		}
	}
	if index < 0 {
		index += int64(len(same))
	}
	if index < 0 || index >= int64(len(same)) {
		return nil
	}
	return same[index]
}
