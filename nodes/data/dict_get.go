package data

import (
	"context"

	"casare/node"
)

func init() { node.Register("DictGetNode", func() node.Node { return new(dictGet) }) }

type dictGet struct {
	dict, key, fallback, value node.Value
	found                      bool
}

// keyInput binds the key a step looks for. A number stays a number, because a dict may have one as key.
func keyInput(s *node.Spec, p *node.Value, help string) {
	s.Any(node.In, p, "key").Or("").Port(node.KindText).Shown(node.Essential).Says(help)
}

// Spec describes the type.
func (n *dictGet) Spec(s *node.Spec) {
	s.Describe("Dict Get", "Takes the value of a key out of a dict.")
	s.Category("data")
	dictInput(s, &n.dict, "dict").Says("The dict.")
	keyInput(s, &n.key, "The key.")
	s.Any(node.In, &n.fallback, "default").Says("The value when the dict does not have the key.")
	s.Any(node.Out, &n.value, "value").Says("The value.")
	s.Bool(node.Out, &n.found, "found").Says("Whether the dict has the key, with whatever value.")
	s.Effect(node.Pure)
	s.Example(node.Example{
		Name: "a name", Given: node.Values{"dict": "{{d}}", "key": "name"}, Vars: node.Values{"d": node.Values{"name": "Ann"}},
		Wanted: node.Values{"value": "Ann", "found": true},
	})
	s.Example(node.Example{
		Name: "not there", Given: node.Values{"dict": node.Values{}, "key": "name", "default": "nobody"}, Wanted: node.Values{"value": "nobody", "found": false},
	})
}

// Run looks the key up.
func (n *dictGet) Run(context.Context, *node.Run) error {
	dict, err := asDict(n.dict)
	if err != nil {
		return err
	}
	if _, n.value, n.found, err = findKey(dict, n.key); err != nil {
		return err
	}
	if !n.found {
		n.value = n.fallback
	}
	return nil
}
