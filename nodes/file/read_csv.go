package file

import (
	"context"
	"strings"

	"casare/node"
	"casare/value"
)

func init() { node.Register("ReadCSVNode", func() node.Node { return new(readCSV) }) }

type readCSV struct {
	path, encoding, delimiter, quote, escape string
	hasHeader, strict, doubled, dangerous    bool
	skipRows, maxRows                        int64
	action                                   bool // part of StructuredDataSuperNode

	data, headers node.Opt[value.List]
	count         node.Opt[int64]
	success       bool
}

// extra is the key of what a row has beyond the header.
const extra = "None"

// Spec describes the type.
func (n *readCSV) Spec(s *node.Spec) {
	s.Describe("Read CSV", "Reads a table: a dict for each row, by the names in the first, or a list for each row. Values stay texts.")
	s.Category("file")
	n.fields(s)
	s.Example(node.Example{
		Name: "with names", Files: map[string]string{"d.csv": "name,age\nAnn,30\n\"Bo, Jr\",25\n"}, Given: node.Values{"file_path": "d.csv"},
		Wanted: node.Values{
			"data":    []any{map[string]any{"name": "Ann", "age": "30"}, map[string]any{"name": "Bo, Jr", "age": "25"}},
			"headers": []any{"name", "age"}, "row_count": 2,
		},
	})
	s.Example(node.Example{
		Name: "without", Files: map[string]string{"d.csv": "a;b\n1;2\n"},
		Given:  node.Values{"file_path": "d.csv", "has_header": false, "delimiter": ";", "skip_rows": 1},
		Wanted: node.Values{"data": []any{[]any{"1", "2"}}, "headers": []any{}},
	})
}

func (n *readCSV) fields(s *node.Spec) {
	s.String(node.In, &n.path, "file_path").Must("file_path is required").Widget("file").Shown(node.Essential).
		Says("The CSV file; a relative path lies in the job's workspace.")
	s.String(node.Param, &n.delimiter, "delimiter").Or(",").Says(`What stands between values; \t is a tab.`)
	s.Bool(node.Param, &n.hasHeader, "has_header").Or(true).Says("The first row holds names.")
	encodingField(s, &n.encoding)
	s.Int(node.Param, &n.skipRows, "skip_rows").Or(0).Says("How many lines to leave out at the start.")
	s.Int(node.Param, &n.maxRows, "max_rows").Or(0).Says("How many rows to read; 0 for all.")
	if !n.action {
		s.String(node.Param, &n.quote, "quotechar").Or(`"`).Shown(node.Advanced).Says("What stands around values that hold a delimiter.")
		s.Bool(node.Param, &n.doubled, "doublequote").Or(true).Shown(node.Advanced).Says("A quote within quotes is written twice.")
		s.String(node.Param, &n.escape, "escapechar").Or("").Shown(node.Advanced).Says("What takes the meaning from the next character.")
		s.Bool(node.Param, &n.strict, "strict").Or(false).Shown(node.Advanced).Says("Fail over bad quotes.")
	}
	dangerousField(s, &n.dangerous)
	node.Maybe(s, node.Out, &n.data, "data").Says("The rows.")
	node.Maybe(s, node.Out, &n.headers, "headers").Says("The names, when the first row holds them.")
	node.Maybe(s, node.Out, &n.count, "row_count").Says("How many rows there are.")
	successField(s, &n.success)
	s.Effect(node.Read)
}

// Run reads.
func (n *readCSV) Run(_ context.Context, r *node.Run) error {
	if n.action {
		n.quote, n.doubled = `"`, true
	}
	d, err := newDialect(n.delimiter, n.quote, n.escape, n.doubled, n.strict)
	if err != nil {
		return err
	}
	p, err := locate(r, n.path, n.dangerous)
	if err != nil {
		return err
	}
	if _, err := existing(r, p, "CSV file"); err != nil {
		return err
	}
	text, err := readText(r, p.abs, n.encoding, "strict")
	if err != nil {
		return err
	}
	for range n.skipRows {
		_, rest, more := strings.Cut(text, "\n")
		if text = rest; !more {
			break
		}
	}
	rows := &csvReader{dialect: d, text: text}
	headers, data := value.List{}, value.List{}
	if n.hasHeader {
		first, _, err := rows.next()
		if err != nil {
			return err
		}
		headers = append(headers, first...)
	}
	for n.maxRows <= 0 || int64(len(data)) < n.maxRows {
		row, more, err := rows.next()
		if err != nil {
			return err
		}
		if !more {
			break
		}
		if !n.hasHeader {
			data = append(data, row)
		} else if len(row) > 0 { // empty lines are no rows then
			data = append(data, named(headers, row))
		}
	}
	n.data, n.headers, n.count, n.success = node.Some(data), node.Some(headers), node.Some(int64(len(data))), true
	return nil
}

// named makes a dict of a row: null for a value it lacks; what it has beyond the names is a list under "None", as Python prints that key.
func named(headers, row value.List) *value.Dict {
	b := value.NewDict()
	for i, name := range headers {
		if i < len(row) {
			b.Set(name, row[i])
		} else if _, set := b.Get(name); !set {
			b.Set(name, nil)
		}
	}
	if len(row) > len(headers) {
		b.Set(extra, row[len(headers):])
	}
	return b.Dict()
}
