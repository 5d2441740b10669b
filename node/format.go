package node

import (
	"context"
	"strings"
	"sync"

	"casare/value"
	"casare/workflow/expr"
)

// Format is Python's pattern.format(**variables), with the variables looked up by name. The error is the one format() raises;
// value.KindOf tells a name that lookup does not know (KeyError) from the rest. The result is a text, or a secret when one was put in.
func Format(ctx context.Context, pattern string, lookup func(name string) (Value, bool)) (Value, error) {
	if !strings.ContainsAny(pattern, "{}") {
		return pattern, nil
	}
	call, err := formatCall()
	if err != nil {
		return nil, err
	}
	return call.Eval(ctx, formatEnv{pattern: pattern, values: fieldValues(pattern, lookup)})
}

// formatCall is parsed once: the expression language has format(), with its limits on what a pattern may cost.
var formatCall = sync.OnceValues(func() (*expr.Expr, error) { return expr.Parse("pattern.format(**values)") })

// formatEnv holds what one call of format() works on.
type formatEnv struct {
	pattern string
	values  *value.Dict
}

// Lookup returns the pattern or the values.
func (e formatEnv) Lookup(name string) (Value, bool) {
	if name == "pattern" {
		return e.pattern, true
	}
	return e.values, name == "values"
}

// fieldValues collects what stands under the names at the heads of the pattern's fields. It may find a name too many, after {{; it
// finds none too few.
func fieldValues(pattern string, lookup func(name string) (Value, bool)) *value.Dict {
	values := value.NewDict()
	for {
		_, rest, found := strings.Cut(pattern, "{")
		if !found {
			return values.Dict()
		}
		pattern = rest
		name := rest
		if end := strings.IndexAny(rest, ".[!:{}"); end >= 0 {
			name = rest[:end]
		}
		if v, ok := lookup(name); ok && name != "" {
			values.Set(name, v)
		}
	}
}
