package prompt

import (
	"context"
	"slices"
	"strings"

	"casare/node"
	"casare/value"
)

func init() { node.Register("ListTemplatesNode", func() node.Node { return new(list) }) }

type list struct {
	category, search string
	builtin          bool

	templates value.List
	count     int64
	success   bool
	err       string
}

// Spec describes the type.
func (n *list) Spec(s *node.Spec) {
	s.Describe("List Templates", "Lists the prompt templates there are, all or some of them.")
	s.Category("llm")
	s.String(node.In, &n.category, "category").Says("Only those of a category: extraction, classification, summarization, translation, generation, " +
		"analysis or conversion. One that does not exist counts as none.")
	s.String(node.In, &n.search, "search").Says("Only those with this in their name, description or tags, in large or small letters.")
	s.Bool(node.In, &n.builtin, "include_builtin").Or(true).Says("Whether to list those that every robot has. There are no others yet.")
	s.List(node.Out, &n.templates, "templates").Says("The templates, each as a dict of id, name, category, description, builtin, variables and tags.")
	s.Int(node.Out, &n.count, "count").Says("How many they are.")
	s.Bool(node.Out, &n.success, "success").Says("Whether they could be listed.")
	s.String(node.Out, &n.err, "error").Says("Why not.")
	s.Effect(node.Pure)
	s.Example(node.Example{Name: "of a category", Given: node.Values{"category": "Extraction"}, Wanted: node.Values{"count": 2, "success": true}})
	s.Example(node.Example{Name: "by a word", Given: node.Values{"search": "MEETING"}, Wanted: node.Values{"count": 1}})
	s.Example(node.Example{Name: "no own ones", Given: node.Values{"include_builtin": false}, Wanted: node.Values{"templates": []any{}, "count": 0}})
}

// Run lists.
func (n *list) Run(context.Context, *node.Run) error {
	all := builtin()
	if !n.builtin {
		all = nil
	}
	category, search := value.Lower(n.category), value.Lower(n.search)
	if !slices.ContainsFunc(all, func(t template) bool { return t.category == category }) {
		category = ""
	}
	for i := range all {
		t := &all[i]
		said := value.Lower(strings.Join(append([]string{t.name, t.description}, t.tags...), " "))
		if (category == "" || t.category == category) && strings.Contains(said, search) {
			n.templates = append(n.templates, t.entry())
		}
	}
	n.count, n.success = int64(len(n.templates)), true
	return nil
}
