package document

import (
	"context"

	"casare/node"
	"casare/value"
	"casare/workflow/pyxml"
)

func init() { node.Register("XMLToJsonNode", func() node.Node { return new(xmlToJSON) }) }

type xmlToJSON struct {
	text    string
	attrs   bool
	textKey string

	data    *value.Dict
	json    string
	success bool
}

// Spec describes the type.
func (n *xmlToJSON) Spec(s *node.Spec) {
	s.Describe("XML to JSON", "Turns an XML document into dicts and lists: an element is a dict of its children by tag, of its text and of its "+
		"attributes; several of one tag are a list; one that has only text is that text.")
	s.Category("document")
	s.Text(node.In, &n.text, "xml_string").Must("xml_string is required").Shown(node.Essential).Says("The document.")
	s.Bool(node.Param, &n.attrs, "include_attributes").Or(true).Says("Whether attributes are kept, as a dict under @attributes.")
	s.String(node.Param, &n.textKey, "text_key").Or("#text").Says("The key of an element's text, where it has more than text.")
	s.Dict(node.Out, &n.data, "json_data").Says("The result: one key, the root's tag.")
	s.String(node.Out, &n.json, "json_string").Says("The same as JSON text.")
	s.Bool(node.Out, &n.success, "success").Says("Whether it was a document.")
	s.Effect(node.Pure)
	s.Example(node.Example{
		Name: "all there is", Given: node.Values{"xml_string": "<r k='v'>t<a>1</a><a/><b> x </b></r>"},
		Wanted: node.Values{"json_data": node.Values{"r": node.Values{
			"@attributes": node.Values{"k": "v"}, "#text": "t", "a": []any{"1", ""}, "b": "x",
		}}, "success": true},
	})
	s.Example(node.Example{
		Name: "no attributes", Given: node.Values{"xml_string": "<r k='v'>t</r>", "include_attributes": false},
		Wanted: node.Values{"json_data": node.Values{"r": "t"}, "json_string": "{\n  \"r\": \"t\"\n}"},
	})
}

// Run converts.
func (n *xmlToJSON) Run(context.Context, *node.Run) error {
	root, err := pyxml.Parse(n.text)
	if err != nil {
		return err
	}
	content, err := n.element(root, 2)
	if err != nil {
		return err
	}
	data := value.DictOf(value.Pair{Key: root.Tag, Value: content})
	indent := int64(2)
	text, err := value.Dumps(data, value.DumpOptions{Indent: &indent})
	if err != nil {
		return err
	}
	n.data, n.json, n.success = data, value.Str(text), true
	return nil
}

// element returns what an element is. depth counts dicts and lists around and of it.
func (n *xmlToJSON) element(e *pyxml.Element, depth int) (node.Value, error) {
	if depth > value.MaxDepth {
		return nil, node.Fail("", "the elements of the document are nested more deeply than %d levels of a value", value.MaxDepth)
	}
	out := value.NewDict()
	if n.attrs && len(e.Attrs) > 0 {
		out.Set("@attributes", attributes(e))
	}
	if text := strip(e.Text); text != "" {
		if len(e.Children) == 0 && out.Len() == 0 {
			return text, nil
		}
		out.Set(n.textKey, text)
	}
	lists := map[string]value.List{}
	for _, child := range e.Children {
		content, err := n.element(child, depth+2)
		if err != nil {
			return nil, err
		}
		first, several := out.Get(child.Tag)
		switch {
		case !several:
			out.Set(child.Tag, content)
			continue
		case lists[child.Tag] == nil:
			lists[child.Tag] = value.List{first}
			out.Set(child.Tag, value.List(nil)) // its place; the list comes when it is whole
		}
		lists[child.Tag] = append(lists[child.Tag], content)
	}
	for tag, list := range lists {
		out.Set(tag, list)
	}
	if out.Len() == 0 {
		return "", nil
	}
	return out.Dict(), nil
}
