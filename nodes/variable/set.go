package variable

import (
	"context"
	"log/slog"
	"strings"

	"casare/node"
	"casare/value"
	"casare/workflow/template"
)

func init() { node.Register("SetVariableNode", func() node.Node { return new(set) }) }

type set struct {
	name, kind           string
	value, fallback, out node.Value
}

// Spec describes the type.
func (n *set) Spec(s *node.Spec) {
	s.Describe("Set Variable", "Gives a variable a value, converted to the type if that is possible and as it is if not. "+
		"The type String converts nothing. A text that a template put in is itself resolved once more.")
	s.Category("variable")
	s.String(node.In, &n.name, "variable_name").Must(nameRequired).Shown(node.Essential).Says("The variable to set.")
	s.Any(node.In, &n.value, "value").Shown(node.Essential).Says("Its new value.")
	s.Any(node.Param, &n.fallback, "default_value").Says("The value when no other is given.")
	s.Choice(node.Param, &n.kind, "variable_type",
		"String", "Boolean", "Int32", "Float", "Object", "Array", "List", "Dict", "FilePath", "DataTable").
		Or("String").Says("What to convert the value to.")
	s.Any(node.Out, &n.out, "value").Says("The value as it was stored.")
	s.Effect(node.Pure)
	s.Example(node.Example{
		Name:   "a list from a text",
		Given:  node.Values{"variable_name": "names", "value": "Ann, Bob", "variable_type": "List"},
		Wanted: node.Values{"value": []any{"Ann", "Bob"}},
		Sets:   node.Values{"names": []any{"Ann", "Bob"}},
	})
}

// Run converts and stores the value.
func (n *set) Run(ctx context.Context, r *node.Run) error {
	v := n.value
	if v == nil {
		v = n.fallback
	}
	if text, ok := v.(string); ok {
		v = template.Resolve(text, r)
	}
	if v != nil {
		converted, err := convert(v, n.kind)
		if err != nil {
			r.Log().WarnContext(ctx, "variable keeps its unconverted value",
				slog.String("variable", n.name), slog.String("type", n.kind), slog.Any("error", err))
		} else {
			v = converted
		}
	}
	r.SetVar(n.name, v)
	n.out = v
	return nil
}

func convert(v node.Value, kind string) (node.Value, error) {
	switch kind {
	case "Boolean":
		return value.ToBool(v), nil
	case "Int32":
		return value.ToInt(v)
	case "Float":
		return value.ToFloat(v)
	case "Object", "Dict":
		return toDict(v)
	case "Array", "List":
		return toList(v), nil
	case "FilePath":
		return value.Str(v), nil
	case "DataTable":
		if text, ok := v.(string); ok {
			return value.Loads(text)
		}
	}
	return v, nil
}

func toDict(v node.Value) (node.Value, error) {
	switch v := v.(type) {
	case *value.Dict:
		return v, nil
	case string:
		return value.Loads(v)
	default:
		return value.DictOf(value.Pair{Key: "value", Value: v}), nil
	}
}

// toList reads a text as JSON, whatever that holds, or else as items between commas. Another value becomes the only item.
func toList(v node.Value) node.Value {
	switch v := v.(type) {
	case value.List:
		return v
	case string:
		parsed, err := value.Loads(v)
		if err != nil {
			return split(v)
		}
		return parsed
	default:
		return value.List{v}
	}
}

func split(text string) value.List {
	list := value.List{}
	for item := range strings.SplitSeq(text, ",") {
		if item = strings.TrimSpace(item); item != "" {
			list = append(list, item)
		}
	}
	return list
}
