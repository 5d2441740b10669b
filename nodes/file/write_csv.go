package file

import (
	"context"
	"strings"

	"casare/node"
	"casare/value"
)

func init() { node.Register("WriteCSVNode", func() node.Node { return new(writeCSV) }) }

type writeCSV struct {
	path, encoding, delimiter string
	data, headers             node.Value
	writeHeader, dangerous    bool
	action                    bool // part of StructuredDataSuperNode

	written    node.Opt[string]
	attachment node.Opt[value.List]
	count      node.Opt[int64]
	success    bool
}

// Spec describes the type.
func (n *writeCSV) Spec(s *node.Spec) {
	s.Describe("Write CSV", "Writes a table from a list of dicts or a list of lists. Lines end with CR LF; values are quoted where they must be.")
	s.Category("file")
	n.fields(s)
	s.Example(node.Example{
		Name: "dicts", Given: node.Values{"file_path": "o.csv", "data": []any{map[string]any{"a": 1, "b": "y,z"}}},
		Wanted: node.Values{"file_path": "<any>/o.csv", "row_count": 1, "success": true},
	})
	s.Example(node.Example{
		Name:   "lists",
		Given:  node.Values{"file_path": "o.csv", "data": []any{[]any{1, 2}, []any{3, 4}}, "headers": []any{"x", "y"}, "delimiter": ";"},
		Wanted: node.Values{"row_count": 2},
	})
	s.Example(node.Example{Name: "no rows", Given: node.Values{"file_path": "o.csv", "data": 5}, Fails: "data must be a list"})
}

func (n *writeCSV) fields(s *node.Spec) {
	s.String(node.In, &n.path, "file_path").Must("file_path is required").Widget("file").Shown(node.Essential).
		Says("The CSV file; a relative path lies in the job's workspace.")
	s.Any(node.In, &n.data, "data").Port(node.KindList).Shown(node.Essential).Says("The rows: a list of dicts, or a list of lists.")
	s.Any(node.In, &n.headers, "headers").Port(node.KindList).
		Says("The names for the first row; of dicts also which values to write, and in which order. All of them if left out.")
	s.String(node.Param, &n.delimiter, "delimiter").Or(",").Says(`What stands between values; \t is a tab.`)
	s.Bool(node.Param, &n.writeHeader, "write_header").Or(true).Says("Write the names as the first row.")
	encodingField(s, &n.encoding)
	dangerousField(s, &n.dangerous)
	node.Maybe(s, node.Out, &n.written, "file_path").Says("The file.")
	if !n.action {
		attachmentField(s, &n.attachment)
	}
	node.Maybe(s, node.Out, &n.count, "row_count").Says("How many rows were written, without the names.")
	successField(s, &n.success)
	s.Effect(node.Idempotent)
}

// Run writes.
func (n *writeCSV) Run(_ context.Context, r *node.Run) error {
	d, err := newDialect(n.delimiter, `"`, "", true, false)
	if err != nil {
		return err
	}
	rows, err := rowsOf(n.data)
	if err != nil {
		return err
	}
	headers, err := headersOf(n.headers)
	if err != nil {
		return err
	}
	text, err := table(rows, headers, d.delimiter, n.writeHeader)
	if err != nil {
		return err
	}
	p, err := locate(r, n.path, n.dangerous)
	if err != nil {
		return err
	}
	if err := makeParents(r, p.abs); err != nil {
		return err
	}
	if _, err := writeText(r, p.abs, text, n.encoding, "strict"); err != nil {
		return err
	}
	n.written, n.count, n.success = node.Some(p.abs), node.Some(int64(len(rows))), true
	n.attachment = node.Some(value.List{p.abs})
	return nil
}

// rowsOf is the table that a value means: nothing is none, one dict is one row, a text is JSON.
func rowsOf(data node.Value) (value.List, error) {
	if text, ok := data.(string); ok && strings.TrimSpace(text) != "" {
		parsed, err := value.Loads(text)
		if err != nil {
			return nil, node.Fail("", "data must be a list of rows, and this text is no JSON: %w", err)
		}
		data = parsed
	}
	switch x := data.(type) {
	case value.List:
		return x, nil
	case *value.Dict:
		if x.Len() > 0 {
			return value.List{x}, nil
		}
	}
	if !value.Truth(data) {
		return value.List{}, nil
	}
	return nil, node.Fail("", "data must be a list of rows, not %s", value.TypeName(data))
}

// headersOf is a list of names: a text lists them with commas.
func headersOf(headers node.Value) (value.List, error) {
	switch x := headers.(type) {
	case value.List:
		return x, nil
	case string:
		var list value.List
		for name := range strings.SplitSeq(x, ",") {
			if name = strings.TrimSpace(name); name != "" {
				list = append(list, name)
			}
		}
		return list, nil
	}
	if !value.Truth(headers) {
		return nil, nil
	}
	return nil, node.Fail("", "headers must be a list of names, not %s", value.TypeName(headers))
}

// table writes the text. The first row decides whether rows are dicts. Dicts without headers are written with every key that any
// of them has: Python refuses keys that the first lacks, and nobody means that.
func table(rows, headers value.List, delimiter rune, writeHeader bool) (string, error) {
	w := &csvWriter{delimiter: delimiter}
	dicts := false
	if len(rows) > 0 {
		_, dicts = rows[0].(*value.Dict)
	}
	if dicts && len(headers) == 0 {
		headers = keysOf(rows)
	}
	if writeHeader && (dicts || len(headers) > 0) {
		w.write(headers)
	}
	for i, row := range rows {
		cells, err := cellsOf(row, headers, dicts)
		if err != nil {
			return "", node.Fail("", "row %d: %w", i+1, err)
		}
		w.write(cells)
	}
	return w.out.String(), nil
}

// keysOf lists the keys of all dicts, each where it is first seen.
func keysOf(rows value.List) value.List {
	seen := value.NewDict()
	for _, row := range rows {
		if d, ok := row.(*value.Dict); ok {
			for _, k := range d.Keys() {
				seen.Set(k, nil)
			}
		}
	}
	return seen.Dict().Keys()
}

func cellsOf(row node.Value, headers value.List, dicts bool) (value.List, error) {
	switch x := row.(type) {
	case *value.Dict:
		cells := value.List{}
		if !dicts {
			for _, v := range x.All() {
				cells = append(cells, v)
			}
			return cells, nil
		}
		for _, name := range headers {
			v, _ := x.Get(name)
			cells = append(cells, v)
		}
		return cells, nil
	case value.List:
		return x, nil
	case string:
		cells := value.List{}
		for _, r := range x {
			cells = append(cells, string(r)) // Python goes through a text by its characters
		}
		return cells, nil
	}
	return nil, value.Faultf(value.TypeError, "iterable expected, not %s", value.TypeName(row))
}
