package data

import (
	"context"
	"strings"
	"unicode/utf8"

	"casare/node"
	"casare/value"
)

func init() { node.Register("ListMapNode", func() node.Node { return new(listMap) }) }

type listMap struct {
	list               node.Value
	transform, keyPath string
	expression         node.Expr
	result             value.List
}

// Spec describes the type.
func (n *listMap) Spec(s *node.Spec) {
	s.Describe("List Map", "Transforms each item of a list. Null becomes an empty text, 0 or 0.0; an item that cannot be transformed fails the step.")
	s.Category("data")
	listInput(s, &n.list)
	s.Choice(node.In, &n.transform, "transform", "get_property", "to_string", "to_int", "to_float", "to_upper", "to_lower", "trim", "length").
		Or("to_string").ExactNameOfVariable().Shown(node.Essential).Says("What to do with each item; one that does not exist does nothing.")
	keyPathInput(s, &n.keyPath)
	s.Expr(node.Param, &n.expression, "expression").Shown(node.Advanced).
		Says("An expression to compute for each item instead: x is the item, i its place. Items it cannot be computed for stay as they are.")
	s.List(node.Out, &n.result, "result").Says("The transformed items.")
	s.Effect(node.Pure)
	s.Example(node.Example{
		Name: "numbers", Given: node.Values{"list": []any{"1.5", 2, nil}, "transform": "to_float"}, Wanted: node.Values{"result": []any{1.5, 2.0, 0.0}},
	})
	s.Example(node.Example{
		Name:   "one column",
		Given:  node.Values{"list": []any{node.Values{"n": "Ann"}, node.Values{}}, "transform": "get_property", "key_path": "n"},
		Wanted: node.Values{"result": []any{"Ann", nil}},
	})
	s.Example(node.Example{
		Name: "an expression", Given: node.Values{"list": []any{1, 2}, "expression": "x * 10 + i"}, Wanted: node.Values{"result": []any{10, 21}},
	})
}

// Run transforms.
func (n *listMap) Run(ctx context.Context, r *node.Run) error {
	list, err := asList(n.list)
	if err != nil {
		return err
	}
	values := make(value.List, len(list))
	for i, item := range list {
		values[i] = follow(item, n.keyPath)
	}
	if n.expression.Set() {
		n.result, err = mapItems(ctx, r, &n.expression, values)
		return err
	}
	for i, v := range values {
		if values[i], err = n.apply(v); err != nil {
			return err
		}
	}
	n.result = values
	return nil
}

func (n *listMap) apply(v node.Value) (node.Value, error) {
	switch n.transform {
	case "to_string":
		if v == nil {
			return "", nil
		}
		return value.Str(v), nil
	case "to_int":
		if v == nil {
			return int64(0), nil
		}
		return value.ToInt(v)
	case "to_float":
		if v == nil {
			return 0.0, nil
		}
		return value.ToFloat(v)
	case "to_upper":
		return value.Upper(textOf(v)), nil
	case "to_lower":
		return value.Lower(textOf(v)), nil
	case "trim":
		return strings.TrimFunc(textOf(v), value.IsSpace), nil
	case "length":
		if !value.Truth(v) {
			return int64(0), nil
		}
		return length(v)
	}
	return v, nil // get_property, and whatever does not exist
}

// textOf is str(v), but nothing for what is empty.
func textOf(v node.Value) string {
	if !value.Truth(v) {
		return ""
	}
	return value.Str(v)
}

// length is Python's len(v).
func length(v node.Value) (node.Value, error) {
	switch v := v.(type) {
	case string:
		return int64(utf8.RuneCountInString(v)), nil
	case value.Bytes:
		return int64(len(v)), nil
	case value.List:
		return int64(len(v)), nil
	case *value.Dict:
		return int64(v.Len()), nil
	}
	return nil, node.Fail("", "object of type '%s' has no len()", value.TypeName(v))
}
