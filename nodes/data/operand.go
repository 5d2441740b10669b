package data

import (
	"strings"

	"casare/node"
	"casare/value"
)

// listInput binds the list a step works on. Anything is let in, because the step itself says what is no list.
func listInput(s *node.Spec, p *node.Value) {
	s.Any(node.In, p, "list").OnlyNameOfVariable().Was("items").Port(node.KindList).Shown(node.Essential).
		Says("The list, or the name of a variable that holds it; a name of nothing is an empty list.")
}

// asList is the list a step was given; nothing counts as an empty one.
func asList(v node.Value) (value.List, error) {
	if v == nil {
		return value.List{}, nil
	}
	list, ok := v.(value.List)
	if !ok {
		return nil, node.Fail("", "Input is not a list")
	}
	return list, nil
}

// dictInput binds the dict a step works on.
func dictInput(s *node.Spec, p *node.Value, name string) *node.Field {
	return s.Any(node.In, p, name).Port(node.KindDict).Shown(node.Essential)
}

// asDict is the dict a step was given; whatever is empty counts as an empty one.
func asDict(v node.Value) (*value.Dict, error) {
	if !value.Truth(v) {
		return value.DictOf(), nil
	}
	dict, ok := v.(*value.Dict)
	if !ok {
		return nil, node.Fail("", "Input is not a dictionary")
	}
	return dict, nil
}

// keyPathInput binds the path to what counts of each item.
func keyPathInput(s *node.Spec, p *string) {
	s.String(node.In, p, "key_path").Or("").ExactNameOfVariable().
		Says("Keys between dots that lead to the value that counts in each item, where items are dicts; empty for the item itself.")
}

// follow returns what a dotted path leads to through dicts, null where it leads nowhere. An empty path is the value itself.
func follow(v node.Value, path string) node.Value {
	if path == "" {
		return v
	}
	for key := range strings.SplitSeq(path, ".") {
		dict, ok := v.(*value.Dict)
		if !ok {
			return nil
		}
		if v, ok = dict.Get(key); !ok {
			return nil
		}
	}
	return v
}

// findKey looks a key up as Python does; a number that is no key of the dict stands for the text it is printed as, because dicts that
// came as JSON have texts for keys only.
func findKey(d *value.Dict, key node.Value) (name, v node.Value, found bool, err error) {
	name, err = dictKey(key)
	if err != nil || name == nil {
		return nil, nil, false, err
	}
	if v, found = d.Get(name); found {
		return name, v, true, nil
	}
	name = value.Str(key)
	v, found = d.Get(name)
	return name, v, found, nil
}

// dictKey is the form in which Python's dicts hold a key: True is 1 and 2.0 is 2. It is nil for what could be a key in Python but is
// none here.
func dictKey(key node.Value) (node.Value, error) {
	switch key.(type) {
	case value.List, *value.Dict:
		return nil, value.Faultf(value.TypeError, "unhashable type: '%s'", value.TypeName(key))
	case bool, float64:
		whole, err := value.ToInt(key)
		if err != nil || !value.Equal(whole, key) {
			return nil, nil //nolint:nilerr,nilnil // a number that is not whole is simply no key
		}
		key = whole
	}
	name, ok := value.Key(key)
	if !ok {
		return nil, nil //nolint:nilnil // see above
	}
	return name, nil
}
