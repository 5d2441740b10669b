package data

import (
	"context"
	"math"

	"casare/node"
	"casare/value"
)

func init() { node.Register("ListSuperNode", func() node.Node { return new(listSuper) }) }

// The actions of a ListSuperNode.
const (
	listCreate     = "Create List"
	listGet        = "Get Item"
	listCount      = "Length"
	listHas        = "Contains"
	listAdd        = "Append"
	listPart       = "Slice"
	listOrder      = "Sort"
	listTurn       = "Reverse"
	listDistinct   = "Unique"
	listSelect     = "Filter"
	listTransform  = "Map"
	listFold       = "Reduce"
	listFlat       = "Flatten"
	listText       = "Join"
	positionStart  = "start"
	positionAt     = "index"
	positionEnd    = "end"
	reduceToCustom = "custom"
)

type listSuper struct {
	action                          string
	items                           value.List
	list, item, fallback, initial   node.Value
	index, step, insertAt, depth    int64
	start, end                      node.Opt[int64]
	negative, extend, descending    bool
	inOrder                         bool
	position, key, fold, separator  string
	expression                      node.Expr
	out, rejected                   value.List
	found, empty, contains          bool
	place, length, times, duplicate int64
	value                           node.Value
	text                            string
}

// Spec describes the type.
func (n *listSuper) Spec(s *node.Spec) {
	s.Describe("List", "Works with lists: makes one, takes, finds and adds items, cuts, sorts, filters, computes. What is no list counts as an empty one. "+
		"In expressions x is the item and i its place.")
	s.Category("data")
	s.Choice(node.Param, &n.action, "action", listCreate, listGet, listCount, listHas, listAdd, listPart, listOrder, listTurn, listDistinct,
		listSelect, listTransform, listFold, listFlat, listText).
		Or(listGet).Shown(node.Essential).Says("What to do.")
	s.When("action", listCreate).List(node.In, &n.items, "item").Each(3, most).Port(node.KindAny).Says("An item; one that is null is left out.")
	s.When("action", listGet, listCount, listHas, listAdd, listPart, listOrder, listTurn, listDistinct, listSelect, listTransform, listFold, listFlat, listText).
		Any(node.In, &n.list, "list").OnlyNameOfVariable().Port(node.KindList).Shown(node.Essential).
		Says("The list, or the name of a variable that holds it; it stays as it is.")
	n.specItems(s)
	n.specParts(s)
	n.specExpressions(s)
	n.specTexts(s)
	s.When("action", listCreate, listCount, listAdd, listPart, listOrder, listTurn, listDistinct, listSelect, listTransform, listFlat).
		Int(node.Out, &n.length, "length").Says("How many items the resulting list has.")
	s.Effect(node.Pure)
	s.Examples(n.examples)
}

func (n *listSuper) specItems(s *node.Spec) {
	s.When("action", listCreate, listAdd).List(node.Out, &n.out, "list").Says("The new list.")

	get := s.When("action", listGet)
	get.Int(node.In, &n.index, "index").ExactNameOfVariable().Shown(node.Essential).Says("The place, from 0; the first if it is not given.")
	get.Any(node.Param, &n.fallback, "default_value").Or("").Says("The item when the list does not have the place; nothing for an empty text.")
	get.Bool(node.Param, &n.negative, "negative_index").Or(true).Says("Whether negative places count from the end.")
	get.Any(node.Out, &n.value, "item").Says("The item.")
	get.Bool(node.Out, &n.found, "found").Says("Whether the list has the place.")

	s.When("action", listCount).Bool(node.Out, &n.empty, "is_empty").Says("Whether there are no items.")

	has := s.When("action", listHas)
	s.When("action", listHas, listAdd).Any(node.In, &n.item, "item").Shown(node.Essential).Says("The item.")
	has.Bool(node.Out, &n.contains, "contains").Says("Whether the list has it.")
	has.Int(node.Out, &n.place, "index").Says("The first place of it, from 0; -1 if it is not there.")
	has.Int(node.Out, &n.times, "count").Says("How often it is there.")

	add := s.When("action", listAdd)
	add.Bool(node.Param, &n.extend, "extend").Or(false).Says("Whether the items of a list are added one by one.")
	add.Choice(node.Param, &n.position, "position", positionEnd, positionStart, positionAt).Or(positionEnd).Says("Where to add.")
	add.Int(node.Param, &n.insertAt, "insert_index").Or(0).Says("The place to add at, when position is index; negative ones count from the end.")
}

func (n *listSuper) specParts(s *node.Spec) {
	part := s.When("action", listPart)
	node.Maybe(part, node.In, &n.start, "start").ExactNameOfVariable().Shown(node.Essential).
		Says("The first place, from 0; negative ones count from the end.")
	node.Maybe(part, node.In, &n.end, "end").ExactNameOfVariable().Shown(node.Essential).Says("The place before which the part ends.")
	part.Int(node.Param, &n.step, "step").Or(1).Says("From one place to the next; negative to go backwards, 0 counts as 1.")
	part.List(node.Out, &n.out, "slice").Says("The part.")

	order := s.When("action", listOrder)
	order.Bool(node.Param, &n.descending, "descending").Or(false).Says("Whether the largest comes first.")
	order.String(node.Param, &n.key, "sort_key").Or("").
		Says("The key of the value to sort by, where items are dicts. Items without order are sorted by what they are printed as.")
	order.List(node.Out, &n.out, "sorted").Says("The sorted list.")

	s.When("action", listTurn).List(node.Out, &n.out, "reversed").Says("The items, last one first.")

	distinct := s.When("action", listDistinct)
	distinct.Bool(node.Param, &n.inOrder, "preserve_order").Or(true).Says("Whether the items keep their order; else they are sorted where they can be.")
	distinct.List(node.Out, &n.out, "unique").Says("The first of equal items each.")
	distinct.Int(node.Out, &n.duplicate, "duplicates_removed").Says("How many were left out.")

	flat := s.When("action", listFlat)
	flat.Int(node.Param, &n.depth, "depth").Or(-1).Says("How many levels of lists to take away; all for -1.")
	flat.List(node.Out, &n.out, "flattened").Says("The flat list.")
}

func (n *listSuper) specExpressions(s *node.Spec) {
	s.When("action", listSelect, listTransform, listFold).Expr(node.Param, &n.expression, "expression").Shown(node.Essential).
		Says("What to compute, as x > 0 or x['status'] == 'active'. An item it cannot be computed for is rejected, or stays as it is.")

	chosen := s.When("action", listSelect)
	chosen.List(node.Out, &n.out, "filtered").Says("The items for which the expression is true.")
	chosen.List(node.Out, &n.rejected, "rejected").Says("The other items.")

	s.When("action", listTransform).List(node.Out, &n.out, "mapped").Says("The results.")

	fold := s.When("action", listFold)
	fold.Any(node.In, &n.initial, "initial").Says("What sum, product and custom begin with, and the result for an empty list.")
	fold.Choice(node.Param, &n.fold, "reduce_operation", "sum", "product", "min", "max", "concat", reduceToCustom).Or("sum").
		Says("How to reduce; custom computes the expression, in which acc is the result so far.")
	fold.Any(node.Out, &n.value, "result").Says("The value.")
}

func (n *listSuper) specTexts(s *node.Spec) {
	text := s.When("action", listText)
	text.String(node.Param, &n.separator, "separator").Or(", ").Says("What stands between two items.")
	text.String(node.Out, &n.text, "result").Says("The items as one text.")
}

// Run does what the action says.
func (n *listSuper) Run(ctx context.Context, r *node.Run) (err error) {
	list, _ := n.list.(value.List)
	switch n.action {
	case listCreate:
		n.out = n.items
	case listGet:
		n.get(list)
	case listCount:
		n.out = list
		n.empty = len(list) == 0
	case listHas:
		n.has(list)
	case listAdd:
		n.out = n.add(list)
	case listPart:
		step := n.step
		if step == 0 {
			step = 1
		}
		n.out = slice(list, n.start, n.end, step)
	case listOrder:
		n.out, err = n.order(list)
	case listTurn:
		n.out = reversed(list)
	case listDistinct:
		n.out = n.distinct(list)
		n.duplicate = int64(len(list) - len(n.out))
	case listSelect:
		n.out, n.rejected, err = filterItems(ctx, r, &n.expression, list)
	case listTransform:
		n.out, err = mapItems(ctx, r, &n.expression, list)
	case listFold:
		n.value, err = n.reduce(ctx, r, list)
	case listFlat:
		depth := n.depth
		if depth < 0 {
			depth = math.MaxInt64
		}
		n.out = flatten(value.List{}, list, depth)
	case listText:
		n.text, err = join(list, n.separator)
	default:
		return node.Fail("", "Unknown action: %s", n.action)
	}
	n.length = int64(len(n.out))
	return err
}
