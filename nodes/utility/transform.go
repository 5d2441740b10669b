package utility

import (
	"context"
	"slices"
	"strings"

	"casare/node"
	"casare/value"
	"casare/value/pytext"
	"casare/workflow/pyre"
)

func init() { node.Register("TransformNode", func() node.Node { return new(transform) }) }

type transform struct {
	value, param, fixed node.Value
	kind, variable      string

	result  node.Value
	success bool
	error   string
}

// transforms does each kind to a value, with its parameter.
var transforms = map[string]func(v, param node.Value) (node.Value, error){
	"to_string":     toString,
	"to_integer":    func(v, _ node.Value) (node.Value, error) { return value.ToInt(v) },
	"to_float":      func(v, _ node.Value) (node.Value, error) { return value.ToFloat(v) },
	"to_boolean":    toBoolean,
	"to_list":       toList,
	"to_json":       toJSON,
	"from_json":     fromJSON,
	"uppercase":     func(v, _ node.Value) (node.Value, error) { return value.Upper(value.Str(v)), nil },
	"lowercase":     func(v, _ node.Value) (node.Value, error) { return value.Lower(value.Str(v)), nil },
	"trim":          func(v, _ node.Value) (node.Value, error) { return pytext.Strip(value.Str(v), "", true, true), nil },
	"split":         splitValue,
	"join":          joinValues,
	"replace":       replaceIn,
	"regex_extract": regexExtract,
	"get_key":       getKey,
	"get_index":     getIndex,
	"map_values":    mapValues,
	"filter_values": filterValues,
}

// Spec describes the type.
func (n *transform) Spec(s *node.Spec) {
	s.Describe("Transform", "Makes another value of one: a number of a text, a list of a dict, JSON, a part of a text or list. "+
		"What Python refuses to convert fails the step.")
	s.Category("utility")
	s.Any(node.In, &n.value, "value").Shown(node.Essential).Says("The value.")
	s.Choice(node.Param, &n.kind, "transform_type", "to_string", "to_integer", "to_float", "to_boolean", "to_list", "to_json", "from_json",
		"uppercase", "lowercase", "trim", "split", "join", "replace", "regex_extract", "get_key", "get_index", "map_values", "filter_values").
		Or("to_string").Shown(node.Essential).Says("What to make of it.")
	s.Any(node.In, &n.param, "param").Shown(node.Essential).
		Says("What split and join put between parts, the key or place to get, the regular expression, or {old, new} of replace.")
	s.Any(node.Param, &n.fixed, "transform_param").Says("The same, for when param is empty.")
	s.String(node.Param, &n.variable, "variable_name").Or("transformed").Says("The variable that gets the result too.")
	s.Any(node.Out, &n.result, "result").Says("The result.")
	s.Bool(node.Out, &n.success, "success").Says("Whether it went well.")
	s.String(node.Out, &n.error, "error").Says("What went wrong.")
	s.Effect(node.Pure)
	s.Example(node.Example{
		Name: "a number", Given: node.Values{"value": "42", "transform_type": "to_integer"},
		Wanted: node.Values{"result": 42, "success": true, "error": ""}, Sets: node.Values{"transformed": 42},
	})
	s.Example(node.Example{
		Name: "a column", Given: node.Values{"value": "{{rows}}", "transform_type": "map_values", "param": "id", "variable_name": "ids"},
		Vars: node.Values{"rows": []any{node.Values{"id": 1}, node.Values{"id": 2}}}, Wanted: node.Values{"result": []any{1, 2}},
		Sets: node.Values{"ids": []any{1, 2}},
	})
	s.Example(node.Example{
		Name: "no number", Given: node.Values{"value": "3.5", "transform_type": "to_integer"},
		Fails: "Transform error: invalid literal for int() with base 10: '3.5'",
	})
}

// Run transforms.
func (n *transform) Run(_ context.Context, r *node.Run) error {
	param := n.param
	if !value.Truth(param) {
		param = n.fixed
	}
	result, err := n.apply(param)
	if err != nil {
		failed := node.Fail("", "Transform error: %w", err)
		n.error = failed.Message
		return failed
	}
	n.result, n.success = result, true
	if n.variable != "" {
		r.SetVar(n.variable, result)
	}
	return nil
}

func (n *transform) apply(param node.Value) (node.Value, error) {
	do, ok := transforms[n.kind]
	if !ok {
		return nil, node.Fail("", "Unknown transform type: %s", n.kind)
	}
	return do(n.value, param)
}

func toString(v, _ node.Value) (node.Value, error) {
	if v == nil {
		return "", nil
	}
	return value.Str(v), nil
}

// toBoolean takes four words for yes, in any case; blanks around them are none of them.
func toBoolean(v, _ node.Value) (node.Value, error) {
	if s, ok := v.(string); ok {
		return slices.Contains([]string{"true", "1", "yes", "on"}, value.Lower(s)), nil
	}
	return value.Truth(v), nil
}

func toList(v, _ node.Value) (node.Value, error) {
	switch x := v.(type) {
	case value.List:
		return x, nil
	case string:
		return characters(x), nil
	case *value.Dict:
		out := make(value.List, 0, x.Len())
		for k, item := range x.All() {
			out = append(out, value.List{k, item})
		}
		return out, nil
	}
	return value.List{v}, nil
}

func characters(s string) value.List {
	out := value.List{}
	for _, c := range s {
		out = append(out, string(c))
	}
	return out
}

func toJSON(v, _ node.Value) (node.Value, error) {
	return value.Dumps(v, value.DumpOptions{ASCII: true, Strings: true})
}

func fromJSON(v, _ node.Value) (node.Value, error) {
	if s, ok := v.(string); ok {
		return value.Loads(s)
	}
	return v, nil
}

// comma is the parameter, or a comma where there is none.
func comma(param node.Value) node.Value {
	if !value.Truth(param) {
		return ","
	}
	return param
}

func splitValue(v, param node.Value) (node.Value, error) {
	separator, ok := comma(param).(string)
	if !ok {
		return nil, node.Fail("", "must be str or None, not %s", value.TypeName(param))
	}
	parts := strings.Split(value.Str(v), separator)
	out := make(value.List, len(parts))
	for i, s := range parts {
		out[i] = s
	}
	return out, nil
}

// longestText is how many bytes a text may get to have here.
const longestText = 64 << 20

func tooLong() error {
	return node.Fail(string(value.LimitError), "the text is longer than %d MiB", longestText>>20)
}

func joinValues(v, param node.Value) (node.Value, error) {
	separator, ok := comma(param).(string)
	if !ok {
		return nil, node.Fail("", "'%s' object has no attribute 'join'", value.TypeName(param))
	}
	var items value.List
	switch x := v.(type) {
	case value.List:
		items = x
	case string:
		items = characters(x)
	case *value.Dict:
		items = x.Keys()
	default:
		return nil, node.Fail("", "'%s' object is not iterable", value.TypeName(v))
	}
	var b strings.Builder
	for i, item := range items {
		if i > 0 {
			b.WriteString(separator)
		}
		b.WriteString(value.Str(item))
		if b.Len() > longestText {
			return nil, tooLong()
		}
	}
	return b.String(), nil
}

func replaceIn(v, param node.Value) (node.Value, error) {
	texts, ok := param.(*value.Dict)
	if !ok || texts.Len() == 0 {
		return nil, node.Fail("", "Replace requires param dict with 'old' and 'new' keys")
	}
	var args [2]string
	for i, key := range []string{"old", "new"} {
		arg, there := texts.Get(key)
		if args[i], ok = arg.(string); !ok && there {
			return nil, node.Fail("", "replace() argument %d must be str, not %s", i+1, argumentType(arg))
		}
	}
	s := value.Str(v)
	if n, grown := strings.Count(s, args[0]), len(args[1])-len(args[0]); grown > 0 && n > 0 && (longestText-len(s))/n < grown {
		return nil, tooLong()
	}
	return strings.ReplaceAll(s, args[0], args[1]), nil
}

// argumentType names a type as Python does where it refuses an argument.
func argumentType(v node.Value) string {
	if v == nil {
		return "None"
	}
	return value.TypeName(v)
}

func regexExtract(v, param node.Value) (node.Value, error) {
	if !value.Truth(param) {
		return nil, node.Fail("", "Regex pattern required")
	}
	pattern, ok := param.(string)
	if !ok {
		return nil, node.Fail("", "first argument must be string or compiled pattern")
	}
	re, err := pyre.Compile(pattern, 0)
	if err != nil {
		return nil, err
	}
	m, err := re.Search(value.Str(v))
	if err != nil || m == nil {
		return nil, err
	}
	return m.Text(), nil
}

func getKey(v, param node.Value) (node.Value, error) {
	dict, ok := v.(*value.Dict)
	if !ok {
		return nil, node.Fail("", "Value must be dict for get_key")
	}
	switch param.(type) {
	case value.List, *value.Dict:
		return nil, node.Fail("", "unhashable type: '%s'", value.TypeName(param))
	}
	item, _ := dict.Get(param)
	return item, nil
}

// getIndex takes an item of a list or a character of a text; a place that there is not gives nothing. As in CasareRPA that is so of
// the first place counted from the end too: of three items -2 is the second and -3 none.
func getIndex(v, param node.Value) (node.Value, error) {
	var items value.List
	switch x := v.(type) {
	case value.List:
		items = x
	case string:
		items = characters(x)
	default:
		return nil, node.Fail("", "Value must be list, tuple, or string for get_index")
	}
	if param == nil {
		param = int64(0)
	}
	whole, err := value.ToInt(param)
	if err != nil {
		return nil, err
	}
	i, ok := whole.(int64)
	size := int64(len(items))
	switch {
	case !ok || i >= size || i <= -size:
		return nil, nil //nolint:nilnil // nothing is a value
	case i < 0:
		return items[size+i], nil
	}
	return items[i], nil
}

func mapValues(v, param node.Value) (node.Value, error) {
	items, ok := v.(value.List)
	if !ok {
		return nil, node.Fail("", "Value must be list for map_values")
	}
	if !value.Truth(param) {
		return items, nil
	}
	out := make(value.List, len(items))
	for i, item := range items {
		out[i] = item
		if _, ok := item.(*value.Dict); ok {
			got, err := getKey(item, param)
			if err != nil {
				return nil, err
			}
			out[i] = got
		}
	}
	return out, nil
}

func filterValues(v, _ node.Value) (node.Value, error) {
	items, ok := v.(value.List)
	if !ok {
		return nil, node.Fail("", "Value must be list for filter_values")
	}
	out := value.List{}
	for _, item := range items {
		if item != nil && item != "" {
			out = append(out, item)
		}
	}
	return out, nil
}
