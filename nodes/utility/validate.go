package utility

import (
	"context"
	"math/big"
	"slices"
	"strings"
	"unicode/utf8"

	"casare/node"
	"casare/value"
	"casare/workflow/pyre"
)

func init() { node.Register("ValidateNode", func() node.Node { return new(validate) }) }

// The ports by which a ValidateNode is left.
const (
	portValid   = "valid"
	portInvalid = "invalid"
)

type validate struct {
	value, param node.Value
	kind, unused string

	valid   bool
	message string
}

// check says what is wrong with a value, "" for nothing; an error is a check that cannot be made.
type check func(v, param node.Value) (string, error)

// checks are the kinds of validation.
var checks = map[string]check{
	"not_empty":     notEmpty,
	"is_string":     ofType("string", "str"),
	"is_number":     ofType("number", "int", "float", "bool"),
	"is_integer":    ofType("integer", "int"),
	"is_boolean":    ofType("boolean", "bool"),
	"is_list":       ofType("list", "list"),
	"is_dict":       ofType("dict", "dict"),
	"matches_regex": given("Regex pattern required", matchesRegex),
	"min_length":    given("Minimum length required", bounded(length, "Value has no length", "Length", "<", "minimum")),
	"max_length":    given("Maximum length required", bounded(length, "Value has no length", "Length", ">", "maximum")),
	"min_value":     given("Minimum value required", bounded(number, "Value must be numeric", "Value", "<", "minimum")),
	"max_value":     given("Maximum value required", bounded(number, "Value must be numeric", "Value", ">", "maximum")),
	"in_list":       given("List of allowed values required", inList),
	"is_email":      formatted(`^[a-zA-Z0-9._%+-]+@[a-zA-Z0-9.-]+\.[a-zA-Z]{2,}$`, "Invalid email format"),
	"is_url":        formatted(`^https?://[^\s/$.?#].[^\s]*$`, "Invalid URL format"),
}

// Spec describes the type.
func (n *validate) Spec(s *node.Spec) {
	s.Describe("Validate", "Checks a value and goes on at valid or invalid. A check that cannot be made, for example against a faulty "+
		"regular expression, fails the step, or goes on at invalid where that is wired.")
	s.Category("utility")
	s.Any(node.In, &n.value, "value").Shown(node.Essential).Says("The value.")
	s.Choice(node.Param, &n.kind, "validation_type", "not_empty", "is_string", "is_number", "is_integer", "is_boolean", "is_list", "is_dict",
		"matches_regex", "min_length", "max_length", "min_value", "max_value", "in_list", "is_email", "is_url", "custom").
		Or("not_empty").Shown(node.Essential).Says("What to check; custom is none that can be made.")
	s.Any(node.Param, &n.param, "validation_param").Shown(node.Essential).
		Says("The regular expression, which the beginning of the value must match, the bound, or the list.")
	s.String(node.Param, &n.unused, "error_message").Or("Validation failed").Shown(node.Advanced).
		Says("Kept for old documents: the output of this name always says what is wrong.")
	s.Bool(node.Out, &n.valid, "is_valid").Says("Whether the value is as it should be.")
	s.String(node.Out, &n.message, "error_message").Says("What is wrong with it; empty for nothing.")
	s.Branch(portValid, portInvalid)
	s.Effect(node.Pure)
	s.Example(node.Example{
		Name: "an address", Given: node.Values{"value": "a.b@example.org", "validation_type": "is_email"},
		Wanted: node.Values{"is_valid": true, "error_message": ""}, Next: []string{portValid},
	})
	s.Example(node.Example{
		Name: "too short", Given: node.Values{"value": "ab", "validation_type": "min_length", "validation_param": 3},
		Wanted: node.Values{"is_valid": false, "error_message": "Length 2 < minimum 3"}, Next: []string{portInvalid},
	})
}

// Run checks.
func (n *validate) Run(_ context.Context, r *node.Run) error {
	param := n.param
	if param == "" {
		param = nil
	}
	message, err := n.check(param)
	if err != nil {
		failed := node.Fail("", "Validation error: %w", err).Via(portInvalid)
		n.message = failed.Message
		return failed
	}
	n.valid, n.message = message == "", message
	if n.valid {
		r.Take(portValid)
		return nil
	}
	r.Take(portInvalid)
	return nil
}

func (n *validate) check(param node.Value) (string, error) {
	if n.kind == "custom" {
		return "Validation type not implemented: custom", nil
	}
	do, ok := checks[n.kind]
	if !ok {
		return "Unknown validation type: " + n.kind, nil
	}
	return do(n.value, param)
}

func notEmpty(v, _ node.Value) (string, error) {
	empty := v == nil || v == ""
	switch x := v.(type) {
	case value.List:
		empty = len(x) == 0
	case *value.Dict:
		empty = x.Len() == 0
	}
	if empty {
		return "Value is empty", nil
	}
	return "", nil
}

// ofType demands one of Python's types.
func ofType(what string, types ...string) check {
	return func(v, _ node.Value) (string, error) {
		if name := value.TypeName(v); !slices.Contains(types, name) {
			return "Expected " + what + ", got " + name, nil
		}
		return "", nil
	}
}

// given demands a parameter.
func given(missing string, do check) check {
	return func(v, param node.Value) (string, error) {
		if param == nil {
			return missing, nil
		}
		return do(v, param)
	}
}

func matchesRegex(v, param node.Value) (string, error) {
	s, ok := v.(string)
	if !ok {
		return "Value must be string for regex match", nil
	}
	pattern, ok := param.(string)
	if !ok {
		return "", node.Fail("", "first argument must be string or compiled pattern")
	}
	matches, err := matchesStart(pattern, s)
	if err != nil || matches {
		return "", err
	}
	return "Value does not match pattern: " + pattern, nil
}

// matchesStart is Python's re.match.
func matchesStart(pattern, s string) (bool, error) {
	re, err := pyre.Compile(pattern, 0)
	if err != nil {
		return false, err
	}
	m, err := re.Match(s)
	return m != nil, err
}

// formatted demands a text of a form.
func formatted(pattern, message string) check {
	return func(v, _ node.Value) (string, error) {
		s, ok := v.(string)
		if !ok {
			return "Value must be string", nil
		}
		matches, err := matchesStart(pattern, s)
		if err != nil || matches {
			return "", err
		}
		return message, nil
	}
}

// length is Python's len(v).
func length(v node.Value) (node.Value, bool) {
	switch x := v.(type) {
	case string:
		return int64(utf8.RuneCountInString(x)), true
	case value.Bytes:
		return int64(len(x)), true
	case value.List:
		return int64(len(x)), true
	case *value.Dict:
		return int64(x.Len()), true
	}
	return nil, false
}

func number(v node.Value) (node.Value, bool) {
	switch v.(type) {
	case bool, int64, *big.Int, float64:
		return v, true
	}
	return nil, false
}

// bounded compares a measure of the value with the parameter: wrong is the relation that must not hold.
func bounded(measure func(node.Value) (node.Value, bool), none, what, wrong, bound string) check {
	return func(v, param node.Value) (string, error) {
		size, ok := measure(v)
		if !ok {
			return none, nil
		}
		order, err := value.Compare(size, param)
		if err != nil { // Compare words the error for <
			return "", node.Fail("", "'%s' not supported between instances of '%s' and '%s'", wrong, value.TypeName(size), value.TypeName(param))
		}
		if wrong == "<" && order == -1 || wrong == ">" && order == 1 {
			return what + " " + value.Str(size) + " " + wrong + " " + bound + " " + value.Str(param), nil
		}
		return "", nil
	}
}

func inList(v, param node.Value) (string, error) {
	var in bool
	switch x := param.(type) {
	case value.List:
		in = slices.ContainsFunc(x, func(item node.Value) bool { return value.Equal(item, v) })
	case *value.Dict:
		_, in = x.Get(v)
	case string:
		s, ok := v.(string)
		if !ok {
			return "", node.Fail("", "'in <string>' requires string as left operand, not %s", value.TypeName(v))
		}
		in = strings.Contains(x, s)
	default:
		return "", node.Fail("", "argument of type '%s' is not iterable", value.TypeName(param))
	}
	if !in {
		return "Value not in allowed list: " + value.Str(param), nil
	}
	return "", nil
}
