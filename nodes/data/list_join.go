package data

import (
	"context"
	"strings"

	"casare/node"
	"casare/value"
)

func init() { node.Register("ListJoinNode", func() node.Node { return new(listJoin) }) }

type listJoin struct {
	list              node.Value
	separator, result string
}

// Spec describes the type.
func (n *listJoin) Spec(s *node.Spec) {
	s.Describe("List Join", "Makes one text of the items of a list, each printed as Python prints it: 2.0, True, None, {'a': 1}.")
	s.Category("data")
	listInput(s, &n.list)
	s.String(node.In, &n.separator, "separator").Or(", ").ExactNameOfVariable().Shown(node.Essential).
		Says("What stands between two items, or the name of a variable that holds it.")
	s.String(node.Out, &n.result, "result").Says("The text.")
	s.Effect(node.Pure)
	s.Example(node.Example{Name: "names", Given: node.Values{"list": []any{"Ann", "Bob"}}, Wanted: node.Values{"result": "Ann, Bob"}})
	s.Example(node.Example{
		Name: "all kinds", Given: node.Values{"list": []any{1, 2.0, nil, true}, "separator": "-"}, Wanted: node.Values{"result": "1-2.0-None-True"},
	})
}

// Run joins.
func (n *listJoin) Run(context.Context, *node.Run) error {
	list, err := asList(n.list)
	if err != nil {
		return err
	}
	n.result, err = join(list, n.separator)
	return err
}

// join is separator.join(str(item) for item in list), no longer than a text may be.
func join(list value.List, separator string) (string, error) {
	var b strings.Builder
	for i, item := range list {
		if i > 0 {
			b.WriteString(separator)
		}
		b.WriteString(value.Str(item))
		if b.Len() > value.MaxDump {
			return "", node.Fail(string(value.LimitError), "the text is longer than %d MiB", value.MaxDump>>20)
		}
	}
	return b.String(), nil
}
