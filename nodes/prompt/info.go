package prompt

import (
	"context"
	"slices"

	"casare/node"
	"casare/value"
)

func init() { node.Register("GetTemplateInfoNode", func() node.Node { return new(info) }) }

type info struct {
	id string

	info      *value.Dict
	variables value.List
	system    string
	found     bool
	success   bool
	err       string
}

// Spec describes the type.
func (n *info) Spec(s *node.Spec) {
	s.Describe("Get Template Info", "Tells what a prompt template is for and what must be filled in. That there is none is no error.")
	s.Category("llm")
	s.String(node.In, &n.id, "template_id").Shown(node.Essential).Says("The id of the template, as List Templates gives it.")
	s.Dict(node.Out, &n.info, "template_info").Says("id, name, category, description, version, tags and output_format.")
	s.List(node.Out, &n.variables, "variables").Says("What must be filled in, each as a dict of name, description, data_type, required, default and examples.")
	s.String(node.Out, &n.system, "system_prompt").Says("What the model is told before the prompt.")
	s.Bool(node.Out, &n.found, "found").Says("Whether there is such a template.")
	s.Bool(node.Out, &n.success, "success").Says("Whether an id was given.")
	s.String(node.Out, &n.err, "error").Says("Why not.")
	s.Effect(node.Pure)
	s.Example(node.Example{
		Name: "a template", Given: node.Values{"template_id": "analyze_sentiment"}, Wanted: node.Values{
			"found": true, "success": true, "template_info": node.Values{
				"id": "analyze_sentiment", "name": "Analyze Sentiment", "category": "analysis", "version": "1.0", "output_format": "json",
				"description": "Tells the mood of a text and the feelings in it", "tags": []any{"sentiment", "analysis", "emotions"},
			},
		},
	})
	s.Example(node.Example{
		Name: "none", Given: node.Values{"template_id": "nope"}, Wanted: node.Values{"found": false, "success": true, "variables": []any{}},
	})
	s.Example(node.Example{Name: "no id", Fails: "Template ID required"})
}

// Run looks it up.
func (n *info) Run(context.Context, *node.Run) error {
	if n.id == "" {
		n.err = "Template ID is required"
		return node.Fail(node.TypeInput, "Template ID required")
	}
	n.success = true
	all := builtin()
	i := slices.IndexFunc(all, func(t template) bool { return t.id == n.id })
	if i < 0 {
		return nil
	}
	n.info, n.variables, n.system, n.found = all[i].info(), all[i].places(), all[i].system, true
	return nil
}
