package document

import (
	"context"

	"casare/node"
	"casare/value"
)

func init() { node.Register("XPathQueryNode", func() node.Node { return new(xpathQuery) }) }

type xpathQuery struct {
	text, path string

	results value.List
	count   int64
	first   string
	success bool
}

// Spec describes the type.
func (n *xpathQuery) Spec(s *node.Spec) {
	s.Describe("XPath Query", "Finds elements of an XML document by a path: tag, {uri}tag, *, ., .., // and conditions in brackets: [@name], "+
		"[@name='value'], [tag], [tag='text'], [.='text'], != likewise, [2], [last()], [last()-1].")
	s.Category("document")
	s.Text(node.In, &n.text, "xml_string").Shown(node.Essential).Says("The document; without one it is what Parse XML read last.")
	s.String(node.In, &n.path, "xpath").Was("query").Must("xpath is required").Shown(node.Essential).Says("The path, from the root on: .//item finds all of them.")
	s.List(node.Out, &n.results, "results").Says("What was found, each as a dict of tag, text, attrib and tail.")
	s.Int(node.Out, &n.count, "count").Says("How much was found.")
	s.String(node.Out, &n.first, "first_text").Says("The text of the first.")
	s.Bool(node.Out, &n.success, "success").Says("Whether there was a document and a path.")
	s.Effect(node.Pure)
	s.Example(node.Example{
		Name: "by an attribute", Given: node.Values{"xml_string": `<r><a i="1">x</a><a i="2">y</a>z</r>`, "xpath": "a[@i='2']"},
		Wanted: node.Values{
			"count": 1, "first_text": "y",
			"results": []any{node.Values{"tag": "a", "text": "y", "attrib": node.Values{"i": "2"}, "tail": "z"}.Dict()},
		},
	})
	s.Example(node.Example{
		Name: "in the last document", Given: node.Values{"xpath": ".//b"}, Vars: node.Values{"_xml_root": "<r><a><b/></a></r>"},
		Wanted: node.Values{"count": 1, "first_text": "", "success": true},
	})
	s.Example(node.Example{
		Name: "from the outside", Given: node.Values{"xml_string": "<r/>", "xpath": "//r"}, Fails: "cannot use absolute path on element",
	})
}

// Run looks.
func (n *xpathQuery) Run(_ context.Context, r *node.Run) error {
	root, err := parsed(r, n.text, "No XML available. Parse XML first or provide xml_string.")
	if err != nil {
		return err
	}
	found, err := root.FindAll(n.path)
	if err != nil {
		return err
	}
	n.results = make(value.List, len(found))
	for i, e := range found {
		n.results[i] = value.DictOf(
			value.Pair{Key: "tag", Value: e.Tag},
			value.Pair{Key: "text", Value: e.Text},
			value.Pair{Key: "attrib", Value: attributes(e)},
			value.Pair{Key: "tail", Value: e.Tail},
		)
	}
	n.count, n.success = int64(len(found)), true
	if len(found) > 0 {
		n.first = found[0].Text
	}
	return nil
}
