package data

import (
	"context"
	"slices"

	"casare/node"
	"casare/value"
	"casare/workflow/expr"
)

func (n *listSuper) get(list value.List) {
	if n.index >= 0 || n.negative {
		n.value, n.found = itemAt(list, n.index)
	}
	if !n.found && value.Truth(n.fallback) {
		n.value = n.fallback
	}
}

func (n *listSuper) has(list value.List) {
	n.place = place(list, n.item)
	n.contains = n.place >= 0
	for _, item := range list {
		if value.Equal(item, n.item) {
			n.times++
		}
	}
}

// add makes the list with the new items at their position.
func (n *listSuper) add(list value.List) value.List {
	added := value.List{n.item}
	if inner, ok := n.item.(value.List); ok && n.extend {
		added = inner
	}
	switch n.position {
	case positionStart:
		return slices.Concat(added, list)
	case positionAt:
		out := slices.Clone(list)
		for i, item := range added {
			out = insert(out, n.insertAt+int64(i), item)
		}
		return out
	}
	return slices.Concat(list, added)
}

// insert is Python's list.insert: places beyond the ends mean the ends.
func insert(list value.List, at int64, item node.Value) value.List {
	length := int64(len(list))
	if at < 0 {
		at += length
	}
	return slices.Insert(list, int(min(max(at, 0), length)), item)
}

// order sorts by the key, or by the items where the keys have no order, or by what they are printed as where these have none.
func (n *listSuper) order(list value.List) (value.List, error) {
	if n.key != "" {
		byKey, err := sorted(list, n.sortKey, n.descending)
		if err == nil {
			return byKey, nil
		}
		return sorted(list, self, n.descending)
	}
	out, err := sorted(list, self, n.descending)
	if err == nil {
		return out, nil
	}
	return sorted(list, func(item value.Value) value.Value { return value.Str(item) }, n.descending)
}

// sortKey is what an item is sorted by; an item without the key comes where an empty text does.
func (n *listSuper) sortKey(item value.Value) value.Value {
	if dict, ok := item.(*value.Dict); ok {
		if v, ok := dict.Get(n.key); ok {
			return v
		}
	}
	return ""
}

// distinct keeps the first of equal items.
func (n *listSuper) distinct(list value.List) value.List {
	out := value.List{}
	have := seen{}
	sortable := !n.inOrder
	for _, item := range list {
		switch item.(type) {
		case value.List, *value.Dict:
			sortable = false
		}
		if have.add(item) {
			out = append(out, item)
		}
	}
	if !sortable {
		return out
	}
	if inOrder, err := sorted(out, self, false); err == nil {
		return inOrder
	}
	return out
}

func (n *listSuper) reduce(ctx context.Context, r *node.Run, list value.List) (node.Value, error) {
	if len(list) == 0 {
		return n.initial, nil
	}
	switch n.fold {
	case "sum":
		return compute(ctx, "sum(items, total)", orElse(n.initial, int64(0)), list)
	case "product":
		singles := make([]value.List, len(list))
		for i := range list {
			singles[i] = list[i : i+1]
		}
		return compute(ctx, "total * items[0]", orElse(n.initial, int64(1)), singles...)
	case "min":
		return extreme("<", list)
	case "max":
		return extreme(">", list)
	case "concat":
		return concat(list)
	case reduceToCustom:
		if n.expression.Set() {
			return n.custom(ctx, r, list)
		}
	}
	return list, nil
}

func orElse(v, otherwise node.Value) node.Value {
	if v == nil {
		return otherwise
	}
	return v
}

// operands are the names that compute knows.
type operands struct {
	items value.List
	total node.Value
}

// Lookup returns an operand.
func (o operands) Lookup(name string) (value.Value, bool) {
	if name == "items" {
		return o.items, true
	}
	return o.total, name == "total"
}

// compute does Python's arithmetic, which adds lists and repeats texts, within the limits of expressions: once for each list of items, the
// total being the result before.
func compute(ctx context.Context, source string, total node.Value, lists ...value.List) (node.Value, error) {
	e, err := expr.Parse(source)
	if err != nil {
		return nil, err
	}
	for _, items := range lists {
		if total, err = e.Eval(ctx, operands{items: items, total: total}); err != nil {
			return nil, err
		}
	}
	return total, nil
}

// concat makes one text of texts, or one list of lists and other items.
func concat(list value.List) (node.Value, error) {
	if _, ok := list[0].(string); ok {
		for i, item := range list {
			if _, ok := item.(string); !ok {
				return nil, node.Fail("", "sequence item %d: expected str instance, %s found", i, value.TypeName(item))
			}
		}
		return join(list, "")
	}
	return flatten(value.List{}, list, 1), nil
}

// custom computes the expression item by item. One it cannot be computed for changes nothing.
func (n *listSuper) custom(ctx context.Context, r *node.Run, list value.List) (node.Value, error) {
	total := n.initial
	if total == nil {
		total, list = list[0], list[1:]
	}
	e := itemExpression{expr: n.expression.Deref(r)}
	for i, item := range list {
		names := itemNames(item, i).Edit()
		names.Set("acc", total)
		names.Set("accumulator", total)
		v, failed, err := e.eval(ctx, r, names.Dict())
		if err != nil {
			return nil, err
		}
		if !failed {
			total = v
		}
	}
	e.report(ctx, r)
	return total, nil
}

func (*listSuper) examples() []node.Example {
	numbers := []any{3, 1, 2}
	examples := []node.Example{
		{Name: listCreate, Given: node.Values{"item1": "a", "item2": 2}, Wanted: node.Values{"list": []any{"a", 2}, "length": 2}},
		{Name: listGet, Given: node.Values{"list": numbers, "index": -1}, Wanted: node.Values{"item": 2, "found": true}},
		{Name: listCount, Given: node.Values{"list": numbers}, Wanted: node.Values{"length": 3, "is_empty": false}},
		{Name: listHas, Given: node.Values{"list": []any{1, 2, 1}, "item": 1}, Wanted: node.Values{"contains": true, "index": 0, "count": 2}},
		{
			Name: listAdd, Given: node.Values{"list": []any{1, 4}, "item": []any{2, 3}, "extend": true, "position": "index", "insert_index": 1},
			Wanted: node.Values{"list": []any{1, 2, 3, 4}, "length": 4},
		},
		{Name: listPart, Given: node.Values{"list": numbers, "step": -2}, Wanted: node.Values{"slice": []any{2, 3}, "length": 2}},
		{Name: listOrder, Given: node.Values{"list": numbers, "descending": true}, Wanted: node.Values{"sorted": []any{3, 2, 1}, "length": 3}},
		{Name: listTurn, Given: node.Values{"list": numbers}, Wanted: node.Values{"reversed": []any{2, 1, 3}, "length": 3}},
		{
			Name: listDistinct, Given: node.Values{"list": []any{1, 1.0, "1"}},
			Wanted: node.Values{"unique": []any{1, "1"}, "length": 2, "duplicates_removed": 1},
		},
		{
			Name: listSelect, Given: node.Values{"list": numbers, "expression": "x > {{limit}}"}, Vars: node.Values{"limit": 1},
			Wanted: node.Values{"filtered": []any{3, 2}, "rejected": []any{1}, "length": 2},
		},
		{Name: listTransform, Given: node.Values{"list": numbers, "expression": "f'{i}: {x}'"}, Wanted: node.Values{"mapped": []any{"0: 3", "1: 1", "2: 2"}}},
		{Name: listFold, Given: node.Values{"list": numbers, "reduce_operation": reduceToCustom, "expression": "acc * 10 + x"}, Wanted: node.Values{"result": 312}},
		{Name: listFlat, Given: node.Values{"list": []any{1, []any{2, []any{3}}}}, Wanted: node.Values{"flattened": []any{1, 2, 3}, "length": 3}},
		{Name: listText, Given: node.Values{"list": []any{"a", 1, nil}}, Wanted: node.Values{"result": "a, 1, None"}},
	}
	for _, x := range examples {
		x.Given["action"] = x.Name
	}
	return examples
}
