package text

import (
	"context"

	"casare/node"
)

func init() { node.Register("TextCaseNode", func() node.Node { return new(caseNode) }) }

type caseNode struct {
	text   node.Value
	to     string
	result string
}

// Spec describes the type.
func (n *caseNode) Spec(s *node.Spec) {
	s.Describe("Text Case", "Changes the case of a text by Python's rules: ß becomes SS, a title has a capital after everything that is no letter.")
	s.Category("text")
	textInput(s, &n.text, "text").Says("The text.")
	s.Choice(node.Param, &n.to, "case", caseUpper, caseLower, caseTitle, caseCapitalize, caseSwap).Or(caseLower).Shown(node.Essential).
		Says("The case; any other word leaves the text as it is.")
	s.String(node.Out, &n.result, "result").Says("The text in that case.")
	s.Effect(node.Pure)
	s.Example(node.Example{
		Name: "a title", Given: node.Values{"text": "they're here", "case": caseTitle}, Wanted: node.Values{"result": "They'Re Here"},
	})
	s.Example(node.Example{
		Name: "capitals", Given: node.Values{"text": "{{street}}", "case": caseUpper}, Vars: node.Values{"street": "Hauptstraße 5"},
		Wanted: node.Values{"result": "HAUPTSTRASSE 5"},
	})
}

// Run changes the case.
func (n *caseNode) Run(context.Context, *node.Run) error {
	n.result = inCase(text(n.text), n.to)
	return nil
}
