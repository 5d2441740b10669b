package data

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"casare/node"
	"casare/value"
)

func init() { node.Register("DataCompareNode", func() node.Node { return new(dataCompare) }) }

type dataCompare struct {
	a, b               node.Value
	keys               string
	allColumns, strict bool

	onlyA, onlyB, matched value.List
	summary               *value.Dict
	different             bool
}

// Spec describes the type.
func (n *dataCompare) Spec(s *node.Spec) {
	s.Describe("Data Compare", "Compares two tables, lists of dicts: which rows only one of them has, which both have, and in which columns these differ. "+
		"Rows belong together when their key columns are equal, or without key columns when they stand at the same place. What is no dict is no row.")
	s.Category("data_operation")
	s.Any(node.In, &n.a, "data_a").OnlyNameOfVariable().Port(node.KindList).Shown(node.Essential).Says("The first table, or the name of a variable that holds it.")
	s.Any(node.In, &n.b, "data_b").OnlyNameOfVariable().Port(node.KindList).Shown(node.Essential).Says("The second table, or the name of a variable that holds it.")
	s.String(node.In, &n.keys, "key_columns").Or("").Shown(node.Essential).Says("The columns that say which rows belong together, between commas.")
	s.Bool(node.Param, &n.allColumns, "compare_all_columns").Or(true).Says("Whether the other columns are compared; else only which rows there are.")
	s.Bool(node.Param, &n.strict, "case_sensitive").Or(true).Says("Whether large and small letters differ.")
	s.List(node.Out, &n.onlyA, "only_in_a").Says("The rows that only the first table has.")
	s.List(node.Out, &n.onlyB, "only_in_b").Says("The rows that only the second table has.")
	s.List(node.Out, &n.matched, "matched").Says("The pairs of rows: key, row_a, row_b, is_modified, different_columns.")
	s.Dict(node.Out, &n.summary, "diff_summary").Says("How many: added_count (only in the second), removed_count, modified_count, matched_count, total_a, total_b; and key_columns.")
	s.Bool(node.Out, &n.different, "has_differences").Says("Whether the tables differ at all.")
	s.Effect(node.Pure)
	s.Example(node.Example{
		Name: "one changed, one gone, one new",
		Given: node.Values{
			"data_a":      []any{node.Values{"id": 1, "n": "Ann"}, node.Values{"id": 2, "n": "Bob"}},
			"data_b":      []any{node.Values{"id": 1, "n": "Anna"}, node.Values{"id": 3, "n": "Cem"}},
			"key_columns": "id",
		},
		Wanted: node.Values{
			"only_in_a": []any{node.Values{"id": 2, "n": "Bob"}},
			"only_in_b": []any{node.Values{"id": 3, "n": "Cem"}},
			"matched": []any{node.Values{
				"key": node.Values{"id": 1}, "row_a": node.Values{"id": 1, "n": "Ann"}, "row_b": node.Values{"id": 1, "n": "Anna"},
				"is_modified": true, "different_columns": []any{"n"},
			}},
			"has_differences": true,
		},
	})
}

// row is a row with its place in the list it came from.
type row struct {
	place int
	cells *value.Dict
}

func rows(v node.Value) []row {
	list, _ := v.(value.List)
	var out []row
	for i, item := range list {
		if cells, ok := item.(*value.Dict); ok {
			out = append(out, row{place: i, cells: cells})
		}
	}
	return out
}

// Run compares.
func (n *dataCompare) Run(context.Context, *node.Run) error {
	a, b, columns := rows(n.a), rows(n.b), n.columns()
	waiting := map[string][]row{} // rows of b that no row of a has taken yet, by key
	for _, r := range b {
		key, ok, err := n.rowKey(r, columns)
		if err != nil {
			return err
		}
		if ok {
			waiting[key] = append(waiting[key], r)
		}
	}
	n.onlyA, n.onlyB, n.matched = value.List{}, value.List{}, value.List{}
	taken, modified := map[int]bool{}, 0
	for _, r := range a {
		key, ok, err := n.rowKey(r, columns)
		if err != nil {
			return err
		}
		partners := waiting[key]
		if !ok || len(partners) == 0 {
			n.onlyA = append(n.onlyA, r.cells)
			continue
		}
		taken[partners[0].place], waiting[key] = true, partners[1:]
		different := n.differentColumns(r.cells, partners[0].cells, columns)
		if len(different) > 0 {
			modified++
		}
		n.matched = append(n.matched, match(r, partners[0], columns, different))
	}
	for _, r := range b {
		if !taken[r.place] {
			n.onlyB = append(n.onlyB, r.cells)
		}
	}
	n.different = len(n.onlyA)+len(n.onlyB)+modified > 0
	n.summary = value.DictOf(
		value.Pair{Key: "added_count", Value: int64(len(n.onlyB))}, value.Pair{Key: "removed_count", Value: int64(len(n.onlyA))},
		value.Pair{Key: "modified_count", Value: int64(modified)}, value.Pair{Key: "matched_count", Value: int64(len(n.matched))},
		value.Pair{Key: "total_a", Value: int64(len(a))}, value.Pair{Key: "total_b", Value: int64(len(b))},
		value.Pair{Key: "key_columns", Value: columns},
	)
	return nil
}

// columns lists the key columns.
func (n *dataCompare) columns() value.List {
	out := value.List{}
	for column := range strings.SplitSeq(n.keys, ",") {
		if column = strings.TrimFunc(column, value.IsSpace); column != "" {
			out = append(out, column)
		}
	}
	return out
}

// rowKey is the same for rows that belong together. ok is false for a row that belongs to none, with a NaN in its key.
func (n *dataCompare) rowKey(r row, columns value.List) (key string, ok bool, err error) {
	if len(columns) == 0 {
		return strconv.Itoa(r.place), true, nil
	}
	cells := make(value.List, len(columns))
	for i, column := range columns {
		v, _ := r.cells.Get(column)
		switch v.(type) {
		case value.List, *value.Dict:
			return "", false, node.Fail("", "unhashable type: '%s'", value.TypeName(v))
		}
		cells[i] = n.normal(v)
	}
	text, ok := sameKey(nil, cells)
	return string(text), ok, nil
}

// normal is what of a value is compared.
func (n *dataCompare) normal(v node.Value) node.Value {
	if text, ok := v.(string); ok && !n.strict {
		return value.Lower(text)
	}
	return v
}

// differentColumns lists the columns in which two rows differ, in the order of the rows. A column that a row lacks counts as null.
func (n *dataCompare) differentColumns(a, b *value.Dict, keys value.List) value.List {
	out := value.List{}
	if !n.allColumns {
		return out
	}
	for column := range merge(a, b).All() {
		x, _ := a.Get(column)
		y, _ := b.Get(column)
		if !slices.Contains(keys, column) && !value.Equal(n.normal(x), n.normal(y)) {
			out = append(out, column)
		}
	}
	return out
}

// match describes two rows that belong together.
func match(a, b row, columns, different value.List) *value.Dict {
	key := value.NewDict()
	for _, column := range columns {
		v, _ := a.cells.Get(column)
		key.Set(column, v)
	}
	if len(columns) == 0 {
		key.Set("index", int64(a.place))
	}
	return value.DictOf(
		value.Pair{Key: "key", Value: key.Dict()}, value.Pair{Key: "row_a", Value: a.cells}, value.Pair{Key: "row_b", Value: b.cells},
		value.Pair{Key: "is_modified", Value: len(different) > 0}, value.Pair{Key: "different_columns", Value: different},
	)
}
