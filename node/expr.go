package node

import (
	"context"
	"regexp"

	"casare/value"
	"casare/workflow/expr"
	"casare/workflow/template"
)

// Expr is an expression as a step is given it: the source in its config, or a value that came by wire and stands for itself.
type Expr struct {
	source string
	plain  Value
	code   *compiled
}

// compiled is made once per bound step.
type compiled struct {
	expr  *expr.Expr
	err   error
	whole bool // the source is one template and nothing else
}

// wholeTemplate matches a text that is exactly one reference.
var wholeTemplate = regexp.MustCompile(`^\s*(?:\{\{\s*[^{}]+?\s*\}\}|\$\{\s*[^{}]+?\s*\}|%[^%{}\s]+%)\s*$`)

func compile(source string) *compiled {
	code, err := expr.ParseCondition(source)
	return &compiled{expr: code, err: err, whole: wholeTemplate.MatchString(source)}
}

// given turns what a field is given into an Expr.
func given(v Value, code *compiled) Expr {
	if text, ok := v.(string); ok && code != nil {
		return Expr{source: text, code: code}
	}
	return Expr{plain: v}
}

// Set says whether there is an expression at all.
func (e *Expr) Set() bool { return e.plain != nil || e.code != nil }

// Source returns the text as it was written; "" for a value that stands for itself.
func (e *Expr) Source() string { return e.source }

// Eval returns the value. A source that is exactly one template gives the value it names, of whatever kind.
func (e *Expr) Eval(ctx context.Context, r *Run) (Value, error) {
	if e.code == nil {
		return e.plain, nil
	}
	if e.code.whole {
		v := template.Resolve(e.source, r.host)
		if text, ok := v.(string); ok && text == e.source {
			return nil, Fail("", "%s does not exist", text)
		}
		return v, nil
	}
	return e.condition(ctx, r)
}

// Truth returns whether the value counts as true. A source that is exactly one template counts as false when it names "false",
// "0", "no" or "".
func (e *Expr) Truth(ctx context.Context, r *Run) (bool, error) {
	if e.code == nil {
		return value.Truth(e.plain), nil
	}
	v, err := e.condition(ctx, r)
	if err != nil {
		return false, err
	}
	return value.Truth(v), nil
}

func (e *Expr) condition(ctx context.Context, r *Run) (Value, error) {
	if e.code.err != nil {
		return nil, Fail("", "expression %q: %w", e.source, e.code.err)
	}
	v, err := e.code.expr.Eval(ctx, r.host)
	if err != nil {
		return nil, Fail("", "expression %q: %w", e.source, err)
	}
	return v, nil
}
