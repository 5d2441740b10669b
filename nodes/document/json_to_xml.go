package document

import (
	"context"
	"strings"

	"casare/node"
	"casare/value"
	"casare/workflow/pyxml"
)

func init() { node.Register("JsonToXMLNode", func() node.Node { return new(jsonToXML) }) }

type jsonToXML struct {
	data   node.Value
	root   string
	pretty bool

	text    string
	success bool
}

// Spec describes the type.
func (n *jsonToXML) Spec(s *node.Spec) {
	s.Describe("JSON to XML", "Turns dicts and lists into an XML document: a key becomes an element, a list several of them; #text is the text of "+
		"an element, @attributes a dict of its attributes. A key that is no name is refused.")
	s.Category("document")
	s.Any(node.In, &n.data, "json_data").Must("json_data is required").Widget("json").Shown(node.Essential).Says("What to turn; a text is read as JSON.")
	s.String(node.Param, &n.root, "root_tag").Or("root").Says("The tag of the root.")
	s.Bool(node.Param, &n.pretty, "pretty_print").Or(true).Says("Whether each element gets a line of its own, and the document a declaration.")
	s.String(node.Out, &n.text, "xml_string").Says("The document.")
	s.Bool(node.Out, &n.success, "success").Says("Whether it could be made.")
	s.Effect(node.Pure)
	s.Example(node.Example{
		Name: "pretty", Given: node.Values{"json_data": node.Values{"a": []any{1, true}}},
		Wanted: node.Values{"xml_string": "<?xml version=\"1.0\" ?>\n<root>\n  <a>1</a>\n  <a>True</a>\n</root>", "success": true},
	})
	s.Example(node.Example{
		Name:   "on one line",
		Given:  node.Values{"json_data": `{"@attributes": {"id": 7}, "b": null, "#text": "a < b"}`, "root_tag": "doc", "pretty_print": false},
		Wanted: node.Values{"xml_string": `<doc id="7">a &lt; b<b /></doc>`},
	})
	s.Example(node.Example{Name: "no name", Given: node.Values{"json_data": node.Values{"two words": 1}}, Fails: "'two words'"})
}

// Run converts.
func (n *jsonToXML) Run(context.Context, *node.Run) error {
	data := n.data
	if text, ok := data.(string); ok {
		var err error
		if data, err = value.Loads(text); err != nil {
			return err
		}
	}
	root, err := element(n.root)
	if err != nil {
		return err
	}
	if err := fill(root, data); err != nil {
		return err
	}
	if n.text, err = root.Write(); err != nil {
		return err
	}
	if n.pretty {
		n.text = layOut(n.text)
	}
	n.success = true
	return nil
}

// layOut gives each element a line. What cannot be read again, as a prefix that is declared nowhere, stays on its one line.
func layOut(text string) string {
	pretty, err := pyxml.Pretty(text, "  ")
	if err != nil {
		return text
	}
	var lines []string
	for line := range strings.SplitSeq(pretty, "\n") {
		if strip(line) != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}

// element makes one, if its tag is a name.
func element(tag node.Value) (*pyxml.Element, error) {
	name, err := nameOf(tag)
	return &pyxml.Element{Tag: name}, err
}

// nameOf refuses what no element or attribute can be called.
func nameOf(v node.Value) (string, error) {
	name, ok := v.(string)
	local := name
	if strings.HasPrefix(name, "{") {
		local = name[strings.LastIndexByte(name, '}')+1:]
	}
	if !ok || !pyxml.IsName(local) {
		return "", node.Fail("", "%s cannot be the name of an element or an attribute of XML", value.Repr(v))
	}
	return name, nil
}

// fill puts a value into an element.
func fill(e *pyxml.Element, v node.Value) error {
	switch v := v.(type) {
	case *value.Dict:
		for key, content := range v.All() {
			if err := put(e, key, content); err != nil {
				return err
			}
		}
	case value.List:
		return children(e, "item", v)
	case nil:
	default:
		e.Text = value.Str(v)
	}
	return nil
}

// put adds one entry of a dict.
func put(e *pyxml.Element, key, content node.Value) error {
	switch key {
	case "@attributes":
		d, ok := content.(*value.Dict)
		if !ok {
			return node.Fail("", "@attributes must be a dict, not %s", value.TypeName(content))
		}
		for name, v := range d.All() {
			text, err := nameOf(name)
			if err != nil {
				return err
			}
			setAttr(e, text, value.Str(v))
		}
		return nil
	case "#text":
		e.Text = value.Str(content)
		return nil
	}
	list, ok := content.(value.List)
	if !ok {
		list = value.List{content}
	}
	return children(e, key, list)
}

func setAttr(e *pyxml.Element, name, text string) {
	for i := range e.Attrs {
		if e.Attrs[i].Name == name {
			e.Attrs[i].Value = text
			return
		}
	}
	e.Attrs = append(e.Attrs, pyxml.Attr{Name: name, Value: text})
}

// children adds one element for each of a list.
func children(e *pyxml.Element, tag node.Value, list value.List) error {
	for _, v := range list {
		child, err := element(tag)
		if err != nil {
			return err
		}
		e.Children = append(e.Children, child)
		if err := fill(child, v); err != nil {
			return err
		}
	}
	return nil
}
