package data

import (
	"strings"

	"casare/node"
	"casare/value"
)

func (n *dictSuper) create() {
	b := value.NewDict()
	for number, key := range n.keys.All() {
		v, _ := n.values.Get(number)
		b.Set(value.Str(key), v)
	}
	n.result = b.Dict()
	n.count = int64(n.result.Len())
}

// property follows the path through dicts and lists.
func (n *dictSuper) property(dict *value.Dict) error {
	n.value, n.found = dict, true
	if n.path == "" {
		return nil
	}
	if n.separator == "" {
		return node.Fail("", "empty separator")
	}
	for part := range strings.SplitSeq(n.path, n.separator) {
		if n.value, n.found = inside(n.value, part); !n.found {
			n.value = n.otherwise()
			return nil
		}
	}
	return nil
}

// inside returns what stands under a key of a dict or at a place of a list.
func inside(v node.Value, part string) (node.Value, bool) {
	switch v := v.(type) {
	case *value.Dict:
		return v.Get(part)
	case value.List:
		number, err := value.ToInt(part)
		i, small := number.(int64)
		if err != nil || !small {
			return nil, false
		}
		return itemAt(v, i)
	}
	return nil, false
}

// itemAt returns an item by its place, negative ones from the end.
func itemAt(list value.List, i int64) (node.Value, bool) {
	if i < 0 {
		i += int64(len(list))
	}
	if i < 0 || i >= int64(len(list)) {
		return nil, false
	}
	return list[i], true
}

func (n *dictSuper) remove(dict *value.Dict) error {
	n.previous, n.removed = n.look(dict)
	if !n.removed && !n.ignoreMissing {
		key := "None"
		if n.key.Set {
			key = n.key.V
		}
		return node.Fail("", "Key not found: %s", key)
	}
	n.result = dict
	if n.removed {
		n.result = dict.Without(n.key.V)
	}
	return nil
}

func (n *dictSuper) merge() {
	first, second := dictOr(n.first), dictOr(n.second)
	switch {
	case n.deep:
		n.result = mergeDeep(first, second, n.overwrite)
	case n.overwrite:
		n.result = merge(first, second)
	default:
		n.result = merge(second, first)
	}
	n.count = int64(n.result.Len())
}

// mergeDeep also merges the dicts that stand under one key in both.
func mergeDeep(first, second *value.Dict, overwrite bool) *value.Dict {
	b := first.Edit()
	for k, v := range second.All() {
		old, both := b.Get(k)
		a, isDict := old.(*value.Dict)
		c, areDicts := v.(*value.Dict)
		switch {
		case isDict && areDicts:
			b.Set(k, mergeDeep(a, c, overwrite))
		case !both || overwrite:
			b.Set(k, v)
		}
	}
	return b.Dict()
}

// parse reads JSON. A text that is none is told by the outputs.
func (n *dictSuper) parse() error {
	text := ""
	if n.source != nil {
		text = value.Str(n.source)
	}
	var err error
	n.data, err = value.Loads(text)
	n.success, n.problem = err == nil, node.Some("")
	if err != nil {
		if value.KindOf(err) != value.ValueError {
			return err
		}
		n.problem = node.Some(err.Error())
	}
	return nil
}

func (n *dictSuper) write() error {
	o := value.DumpOptions{SortKeys: n.sort, ASCII: n.ascii}
	if n.indent > 0 {
		o.Indent = &n.indent
	}
	text, err := value.Dumps(n.source, o)
	if err != nil {
		n.text = ""
		return err
	}
	n.text, n.success = text, true
	return nil
}

func (*dictSuper) examples() []node.Example {
	one := node.Values{"a": 1}
	examples := []node.Example{
		{
			Name:   dictCreate,
			Given:  node.Values{"key1": "name", "value1": "Ann", "key3": "age"},
			Wanted: node.Values{"dict": node.Values{"name": "Ann", "age": nil}, "count": 2},
		},
		{Name: dictGetValue, Given: node.Values{"dict": one, "key": "z", "default_value": "none"}, Wanted: node.Values{"value": "none", "found": false}},
		{
			Name:   dictGetProperty,
			Given:  node.Values{"dict": node.Values{"rows": []any{node.Values{"n": 7}}}, "path": "rows.0.n"},
			Wanted: node.Values{"value": 7, "found": true},
		},
		{Name: dictHas, Given: node.Values{"dict": one, "key": "a"}, Wanted: node.Values{"has_key": true}},
		{Name: dictGetKeys, Given: node.Values{"dict": one}, Wanted: node.Values{"keys": []any{"a"}, "count": 1}},
		{Name: dictGetValues, Given: node.Values{"dict": one}, Wanted: node.Values{"values": []any{1}, "count": 1}},
		{Name: dictGetItems, Given: node.Values{"dict": one}, Wanted: node.Values{"items": []any{node.Values{"key": "a", "value": 1}}, "count": 1}},
		{
			Name:   dictSetValue,
			Given:  node.Values{"dict": one, "key": "a", "value": 2},
			Wanted: node.Values{"dict": node.Values{"a": 2}, "previous": 1, "was_update": true},
		},
		{
			Name:   dictRemoveKey,
			Given:  node.Values{"dict": node.Values{"a": 1, "b": 2}, "key": "b"},
			Wanted: node.Values{"dict": one, "removed_value": 2, "was_removed": true},
		},
		{
			Name:   dictMergeTwo,
			Given:  node.Values{"dict1": node.Values{"a": node.Values{"x": 1}}, "dict2": node.Values{"a": node.Values{"y": 2}}, "deep_merge": true},
			Wanted: node.Values{"merged": node.Values{"a": node.Values{"x": 1, "y": 2}}, "count": 1},
		},
		{
			Name:   dictParseJSON,
			Given:  node.Values{"json_string": "{bad"},
			Wanted: node.Values{"success": false, "error": "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"},
		},
		{Name: dictWriteJSON, Given: node.Values{"data": []any{1.0, nil}}, Wanted: node.Values{"json_string": "[1.0, null]", "success": true}},
	}
	for _, x := range examples {
		x.Given["action"] = x.Name
	}
	return examples
}
