package control

import (
	"context"
	"log/slog"

	"casare/node"
)

// truth evaluates the condition, or else the expression. None, and one that cannot be evaluated, is false: a decision never fails.
func truth(ctx context.Context, r *node.Run, condition, expression *node.Expr) (bool, error) {
	chosen := condition
	if !condition.Set() {
		chosen = expression
	}
	if !chosen.Set() {
		return false, nil
	}
	ok, err := chosen.Truth(ctx, r)
	if err == nil {
		return ok, nil
	}
	if ctx.Err() != nil {
		// Stopped from outside, which says nothing about the condition.
		return false, err
	}
	r.Log().WarnContext(ctx, "condition cannot be evaluated and counts as false",
		slog.String("expression", chosen.Source()), slog.Any("error", err))
	return false, nil
}
