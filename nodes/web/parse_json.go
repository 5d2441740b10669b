package web

import (
	"context"
	"strings"

	"casare/node"
	"casare/value"
)

func init() { node.Register("ParseJsonResponseNode", func() node.Node { return new(parseJSON) }) }

type parseJSON struct {
	data, fallback node.Value
	path           string

	value   node.Value
	success bool
	err     string
}

// Spec describes the type.
func (n *parseJSON) Spec(s *node.Spec) {
	s.Describe("Parse JSON Response", "Takes a part out of an answer. Where the path leads nowhere the default is given, and without one the step fails.")
	s.Category("http")
	s.Any(node.In, &n.data, "json_data").Was("response").Widget("json").Shown(node.Essential).Says("The answer: JSON text, or what was read from it.")
	s.String(node.In, &n.path, "path").Shown(node.Essential).Says("Where the part is, as data.users[0].name; a list counts from 0, or from -1 at its end. Empty is all of it.")
	s.Any(node.In, &n.fallback, "default").Says("What to give when it is not there.")
	s.Any(node.Out, &n.value, "value").Says("The part.")
	s.Bool(node.Out, &n.success, "success").Says("Whether something could be given.")
	s.String(node.Out, &n.err, "error").Says("Why not.")
	s.Effect(node.Pure)
	s.Example(node.Example{
		Name: "in a list", Given: node.Values{"json_data": `{"users": [{"name": "Ann"}]}`, "path": "users[0].name"},
		Wanted: node.Values{"value": "Ann", "success": true, "error": ""},
	})
	s.Example(node.Example{
		Name: "not there", Given: node.Values{"json_data": node.Values{"a": 1}, "path": "b", "default": "none"}, Wanted: node.Values{"value": "none"},
	})
	s.Example(node.Example{
		Name: "no default", Given: node.Values{"json_data": node.Values{"a": 1}, "path": "b"}, Fails: `JSON parse error: "Key 'b' not found"`,
	})
}

// Run reads.
func (n *parseJSON) Run(context.Context, *node.Run) error {
	v, err := n.read()
	if err != nil {
		err := node.Fail("", "JSON parse error: %w", err)
		n.err = err.Message
		return err
	}
	n.value, n.success = v, true
	return nil
}

func (n *parseJSON) read() (node.Value, error) {
	data := n.data
	if text, ok := data.(string); ok {
		var err error
		if data, err = value.Loads(text); err != nil {
			return nil, node.Fail("", "Invalid JSON: %w", err)
		}
	}
	if data == nil {
		return nil, node.Fail(node.TypeInput, "No JSON data provided")
	}
	v, err := follow(data, n.path)
	if err != nil && n.fallback != nil && n.fallback != "" {
		return n.fallback, nil
	}
	return v, err
}

// follow walks down a path.
func follow(v node.Value, path string) (node.Value, error) {
	path = strings.ReplaceAll(strings.ReplaceAll(path, "[", "."), "]", "")
	for part := range strings.SplitSeq(path, ".") {
		if part == "" {
			continue
		}
		switch at := v.(type) {
		case *value.Dict:
			found, ok := at.Get(part)
			if !ok {
				return nil, node.Fail("", "%s", value.Repr("Key '"+part+"' not found"))
			}
			v = found
		case value.List:
			n, err := value.ParseInt(part, 10)
			index, small := n.(int64)
			if index < 0 {
				index += int64(len(at))
			}
			if err != nil || !small || index < 0 || index >= int64(len(at)) {
				return nil, node.Fail("", "Invalid list index '%s'", part)
			}
			v = at[index]
		default:
			return nil, node.Fail("", "Cannot access '%s' on %s", part, value.TypeName(v))
		}
	}
	return v, nil
}
