package prompt

import (
	"casare/node"
	"casare/value"
)

// template is what is known of a prompt: what it is for, what must be filled in, and what the model is told beforehand.
type template struct {
	id, name, category, description string
	system, format                  string
	tags                            []string
	variables                       []variable
}

// variable is a place to fill in. value is what stands there when nobody fills it.
type variable struct {
	name, says string
	required   bool
	value      node.Value
	examples   []string
}

// version is that of all templates so far.
const version = "1.0"

func texts(list []string) value.List {
	out := make(value.List, len(list))
	for i, s := range list {
		out[i] = s
	}
	return out
}

// entry is what a list shows of the template.
func (t *template) entry() *value.Dict {
	names := make(value.List, len(t.variables))
	for i, v := range t.variables {
		names[i] = v.name
	}
	return value.DictOf(
		value.Pair{Key: "id", Value: t.id},
		value.Pair{Key: "name", Value: t.name},
		value.Pair{Key: "category", Value: t.category},
		value.Pair{Key: "description", Value: t.description},
		value.Pair{Key: "builtin", Value: true},
		value.Pair{Key: "variables", Value: names},
		value.Pair{Key: "tags", Value: texts(t.tags)},
	)
}

// info is what the template says of itself.
func (t *template) info() *value.Dict {
	return value.DictOf(
		value.Pair{Key: "id", Value: t.id},
		value.Pair{Key: "name", Value: t.name},
		value.Pair{Key: "category", Value: t.category},
		value.Pair{Key: "description", Value: t.description},
		value.Pair{Key: "version", Value: version},
		value.Pair{Key: "tags", Value: texts(t.tags)},
		value.Pair{Key: "output_format", Value: t.format},
	)
}

// places describes the variables.
func (t *template) places() value.List {
	out := make(value.List, len(t.variables))
	for i, v := range t.variables {
		out[i] = value.DictOf(
			value.Pair{Key: "name", Value: v.name},
			value.Pair{Key: "description", Value: v.says},
			value.Pair{Key: "data_type", Value: "string"},
			value.Pair{Key: "required", Value: v.required},
			value.Pair{Key: "default", Value: v.value},
			value.Pair{Key: "examples", Value: texts(v.examples)},
		)
	}
	return out
}
