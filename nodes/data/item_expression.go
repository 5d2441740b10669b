package data

import (
	"context"
	"log/slog"

	"casare/node"
	"casare/value"
)

// itemExpression computes something of each item of a list: x or item is the item, i or index its place; the variables of the run are
// there too.
type itemExpression struct {
	expr   node.Expr
	failed int
	first  error
}

// eval computes the expression for one item. failed says that it cannot be computed for this one, which is no error of the step; what
// would go wrong with every other item too, or has taken too much already, is.
func (e *itemExpression) eval(ctx context.Context, r *node.Run, names *value.Dict) (v node.Value, failed bool, err error) {
	v, _, err = e.expr.EvalWith(ctx, r, names)
	if err == nil {
		return v, false, nil
	}
	if ctx.Err() != nil || value.KindOf(err) == value.LimitError {
		return nil, true, err
	}
	e.failed++
	if e.first == nil {
		e.first = err
	}
	return nil, true, nil
}

// report tells the operator of the items that the expression could not be computed for.
func (e *itemExpression) report(ctx context.Context, r *node.Run) {
	if e.failed > 0 {
		r.Log().WarnContext(ctx, "expression cannot be computed for some items", slog.Int("items", e.failed), slog.Any("error", e.first))
	}
}

// itemNames are the names an expression has for an item.
func itemNames(item node.Value, i int) *value.Dict {
	return value.DictOf(
		value.Pair{Key: "x", Value: item}, value.Pair{Key: "item", Value: item},
		value.Pair{Key: "i", Value: int64(i)}, value.Pair{Key: "index", Value: int64(i)},
	)
}

// mapItems computes the expression for each item; an item it cannot be computed for stays as it is.
func mapItems(ctx context.Context, r *node.Run, expr *node.Expr, list value.List) (value.List, error) {
	out := append(value.List{}, list...)
	if !expr.Set() {
		return out, nil
	}
	e := itemExpression{expr: expr.Deref(r)}
	for i, item := range list {
		v, failed, err := e.eval(ctx, r, itemNames(item, i))
		if err != nil {
			return nil, err
		}
		if !failed {
			out[i] = v
		}
	}
	e.report(ctx, r)
	return out, nil
}

// filterItems divides a list by the truth of the expression; items it cannot be computed for are rejected.
func filterItems(ctx context.Context, r *node.Run, expr *node.Expr, list value.List) (kept, rejected value.List, err error) {
	kept, rejected = value.List{}, value.List{}
	if !expr.Set() {
		return append(kept, list...), rejected, nil
	}
	e := itemExpression{expr: expr.Deref(r)}
	for i, item := range list {
		v, failed, err := e.eval(ctx, r, itemNames(item, i))
		switch {
		case err != nil:
			return nil, nil, err
		case !failed && value.Truth(v):
			kept = append(kept, item)
		default:
			rejected = append(rejected, item)
		}
	}
	e.report(ctx, r)
	return kept, rejected, nil
}
