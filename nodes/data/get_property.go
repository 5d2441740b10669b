package data

import (
	"context"
	"strings"

	"casare/node"
)

func init() { node.Register("GetPropertyNode", func() node.Node { return new(getProperty) }) }

type getProperty struct {
	object, value node.Value
	path          string
}

// Spec describes the type.
func (n *getProperty) Spec(s *node.Spec) {
	s.Describe("Get Property", "Follows a path of keys through dicts inside a dict. A path that leads nowhere gives null; places in lists cannot be named.")
	s.Category("data")
	dictInput(s, &n.object, "object").Says("The dict to begin with.")
	s.String(node.In, &n.path, "property_path").Or("").Shown(node.Essential).Says("Keys between dots, as user.name; empty for the whole dict.")
	s.Any(node.Out, &n.value, "value").Says("What the path leads to.")
	s.Effect(node.Pure)
	s.Example(node.Example{
		Name: "two keys", Given: node.Values{"object": node.Values{"user": node.Values{"name": "Ann"}}, "property_path": "user.name"},
		Wanted: node.Values{"value": "Ann"},
	})
}

// Run follows the path.
func (n *getProperty) Run(context.Context, *node.Run) error {
	dict, err := asDict(n.object)
	if err != nil {
		return err
	}
	keys := strings.FieldsFunc(n.path, func(c rune) bool { return c == '.' }) // dots too many do not count
	n.value = follow(dict, strings.Join(keys, "."))
	return nil
}
