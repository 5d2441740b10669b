package file

import (
	"context"
	"strings"

	"casare/node"
)

func init() {
	node.Register("StructuredDataSuperNode", func() node.Node { return new(structuredData) })
}

// structuredData does what the types for single actions do, with slightly other words in errors.
type structuredData struct {
	action string

	readCSV   readCSV
	writeCSV  writeCSV
	readJSON  readJSON
	writeJSON writeJSON
	pack      pack
	unpack    unpack
	convert   convert
}

// actions lists them. The parts are told that they are parts, each time: they are zeroed between executions.
func (n *structuredData) actions() []fileAction {
	n.readCSV.action, n.writeCSV.action, n.writeJSON.action, n.pack.action = true, true, true, true
	return []fileAction{
		{"Read CSV", &n.readCSV},
		{"Write CSV", &n.writeCSV},
		{"Read JSON", &n.readJSON},
		{"Write JSON", &n.writeJSON},
		{"Zip Files", &n.pack},
		{"Unzip Files", &n.unpack},
		{"Image Convert", &n.convert},
	}
}

// Spec describes the type.
func (n *structuredData) Spec(s *node.Spec) {
	s.Describe("Structured Data", "Reads or writes tables, JSON, archives and images.")
	s.Category("file")
	actions := n.actions()
	names := make([]string, len(actions))
	for i, a := range actions {
		names[i] = a.name
	}
	s.Choice(node.Param, &n.action, "action", names...).Or(names[0]).Shown(node.Essential).Says("What to do.")
	for _, a := range actions {
		a.part.fields(s.When("action", a.name))
	}
	files := map[string]string{
		"d.csv": "a;b\n1;2\n", "d.json": `{"a": 1}`, "p.bmp": pixel, "empty.zip": "PK\x05\x06" + strings.Repeat("\x00", 18),
	}
	for _, x := range []node.Example{
		{
			Name: "Read CSV", Given: node.Values{"file_path": "d.csv", "delimiter": ";"},
			Wanted: node.Values{"data": []any{map[string]any{"a": "1", "b": "2"}}, "headers": []any{"a", "b"}, "row_count": 1},
		},
		{
			Name: "Write CSV", Given: node.Values{"file_path": "o.csv"}, Wired: node.Values{"data": []any{map[string]any{"a": 1}}},
			Wanted: node.Values{"file_path": "<any>/o.csv", "row_count": 1},
		},
		{Name: "Read JSON", Given: node.Values{"file_path": "d.json"}, Wanted: node.Values{"data": map[string]any{"a": 1}}},
		{Name: "Write JSON", Given: node.Values{"file_path": "o.json"}, Wired: node.Values{"data": 5}, Wanted: node.Values{"success": true}},
		{Name: "Zip Files", Given: node.Values{"zip_path": "o.zip", "source_path": "*.json"}, Wanted: node.Values{"file_count": 1}},
		{Name: "Unzip Files", Given: node.Values{"zip_path": "empty.zip", "extract_to": "out"}, Wanted: node.Values{"file_count": 0}},
		{
			Name: "Image Convert", Given: node.Values{"source_path": "p.bmp", "output_format": "WEBP"},
			Wanted: node.Values{"output_path": "<any>/p.webp", "format": "WEBP", "file_count": 1},
		},
	} {
		x.Given["action"], x.Files = x.Name, files
		s.Example(x)
	}
}

// Run does it.
func (n *structuredData) Run(ctx context.Context, r *node.Run) error {
	for _, a := range n.actions() {
		if a.name == n.action {
			return a.part.Run(ctx, r)
		}
	}
	return node.Fail("", "Unknown action: %s", n.action)
}
