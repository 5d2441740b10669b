package data

import (
	"context"
	"strings"

	"casare/node"
	"casare/value"
)

func init() { node.Register("ListFilterNode", func() node.Node { return new(listFilter) }) }

type listFilter struct {
	list, value        node.Value
	condition, keyPath string
	result, removed    value.List
}

// Spec describes the type.
func (n *listFilter) Spec(s *node.Spec) {
	s.Describe("List Filter", "Divides a list into the items that meet a condition and the rest. Null is neither greater nor less than anything; "+
		"the conditions on texts look at the printed value, and what is empty or null meets none of them.")
	s.Category("data")
	listInput(s, &n.list)
	s.Choice(node.In, &n.condition, "condition", "equals", "not_equals", "contains", "starts_with", "ends_with", "greater_than", "less_than",
		"is_not_none", "is_none", "is_truthy", "is_falsy").Or("is_not_none").ExactNameOfVariable().
		Shown(node.Essential).Says("What an item must meet; every item meets a condition that does not exist.")
	s.Any(node.In, &n.value, "value").ExactNameOfVariable().Shown(node.Essential).Says("What to compare with, or the name of a variable that holds it.")
	keyPathInput(s, &n.keyPath)
	s.List(node.Out, &n.result, "result").Says("The items that meet the condition.")
	s.List(node.Out, &n.removed, "removed").Says("The other items.")
	s.Effect(node.Pure)
	s.Example(node.Example{
		Name: "adults",
		Given: node.Values{
			"list": []any{node.Values{"age": 30}, node.Values{"age": 10}, node.Values{}}, "condition": "greater_than", "value": 18, "key_path": "age",
		},
		Wanted: node.Values{"result": []any{node.Values{"age": 30}}, "removed": []any{node.Values{"age": 10}, node.Values{}}},
	})
	s.Example(node.Example{
		Name: "without null", Given: node.Values{"list": []any{1, nil, 0}}, Wanted: node.Values{"result": []any{1, 0}, "removed": []any{nil}},
	})
}

// Run filters.
func (n *listFilter) Run(context.Context, *node.Run) error {
	list, err := asList(n.list)
	if err != nil {
		return err
	}
	n.result, n.removed = value.List{}, value.List{}
	for _, item := range list {
		ok, err := n.meets(follow(item, n.keyPath))
		switch {
		case err != nil:
			return err
		case ok:
			n.result = append(n.result, item)
		default:
			n.removed = append(n.removed, item)
		}
	}
	return nil
}

func (n *listFilter) meets(v node.Value) (bool, error) {
	switch n.condition {
	case "equals":
		return value.Equal(v, n.value), nil
	case "not_equals":
		return !value.Equal(v, n.value), nil
	case "contains":
		if !value.Truth(v) {
			return false, nil
		}
		part, ok := n.value.(string)
		if !ok {
			return false, node.Fail("", "'in <string>' requires string as left operand, not %s", value.TypeName(n.value))
		}
		return strings.Contains(value.Str(v), part), nil
	case "starts_with":
		return value.Truth(v) && strings.HasPrefix(value.Str(v), value.Str(n.value)), nil
	case "ends_with":
		return value.Truth(v) && strings.HasSuffix(value.Str(v), value.Str(n.value)), nil
	case "greater_than":
		if v == nil {
			return false, nil
		}
		return compare(">", v, n.value)
	case "less_than":
		if v == nil {
			return false, nil
		}
		return compare("<", v, n.value)
	case "is_not_none":
		return v != nil, nil
	case "is_none":
		return v == nil, nil
	case "is_truthy":
		return value.Truth(v), nil
	case "is_falsy":
		return !value.Truth(v), nil
	}
	return true, nil
}
