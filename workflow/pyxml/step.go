package pyxml

import "strings"

// match says which tags a tag of a path means: itself, or with wildcards {*}tag, {uri}*, {}* (of no namespace), {*}* and *.
func match(tag string) func(string) bool {
	switch {
	case tag == "*", tag == "{*}*":
		return func(string) bool { return true }
	case tag == "{}*":
		return func(t string) bool { return !strings.HasPrefix(t, "{") }
	case strings.HasPrefix(tag, "{*}"):
		return func(t string) bool { return t == tag[3:] || strings.HasSuffix(t, tag[2:]) }
	case strings.HasSuffix(tag, "}*"):
		return func(t string) bool { return strings.HasPrefix(t, tag[:len(tag)-1]) }
	}
	tag = strings.TrimPrefix(tag, "{}")
	return func(t string) bool { return t == tag }
}

// child goes to the children with a tag. Without wildcards the tag stands for itself alone.
func child(tag string, wildcards bool) step {
	fits := func(t string) bool { return t == tag }
	if wildcards {
		fits = match(tag)
	}
	return func(c *search, in []*Element) ([]*Element, error) {
		var out []*Element
		for _, e := range in {
			for _, child := range e.Children {
				if fits(child.Tag) {
					out = append(out, child)
				}
			}
			if err := c.count(len(e.Children)); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
}

// descendants goes to all below with a tag.
func descendants(tag string) step {
	fits := match(tag)
	return func(c *search, in []*Element) ([]*Element, error) {
		var (
			out []*Element
			err error
		)
		for _, e := range in {
			ok := e.walk(func(below *Element) bool {
				if below != e && fits(below.Tag) {
					out = append(out, below)
				}
				err = c.count(1)
				return err == nil
			})
			if !ok {
				return nil, err
			}
		}
		return out, nil
	}
}

// parents goes up, to each parent once.
func parents(c *search, in []*Element) ([]*Element, error) {
	seen := map[*Element]bool{}
	var out []*Element
	for _, e := range in {
		if p := c.parent(e); p != nil && !seen[p] {
			seen[p] = true
			out = append(out, p)
		}
	}
	return out, nil
}

// only keeps the elements that pass a test.
func only(test func(c *search, e *Element) (bool, error)) step {
	return func(c *search, in []*Element) ([]*Element, error) {
		var out []*Element
		for _, e := range in {
			ok, err := test(c, e)
			if err != nil {
				return nil, err
			}
			if ok {
				out = append(out, e)
			}
		}
		return out, nil
	}
}

// saysExactly says whether all the text of an element and below it is this. It reads no further than it must.
func saysExactly(e *Element, text string) bool {
	rest, same := text, true
	take := func(piece string) {
		if same {
			rest, same = strings.CutPrefix(rest, piece)
		}
	}
	var read func(e *Element)
	read = func(e *Element) {
		take(e.Text)
		for _, child := range e.Children {
			if !same {
				return
			}
			read(child)
			take(child.Tail)
		}
	}
	read(e)
	return same && rest == ""
}
