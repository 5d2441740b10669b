package node

import (
	"context"
	"fmt"

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

// compiled is a source read both ways, once per bound step.
type compiled struct {
	value     *expr.Expr
	condition *expr.Expr
	err       error
}

func compile(source string) *compiled {
	code := &compiled{}
	if code.value, code.err = expr.ParseTemplated(source); code.err == nil {
		code.condition, code.err = expr.ParseCondition(source)
	}
	return code
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

// EvalWith is Eval with names of its own, which hide the variables of the run. It also returns Python's name for the type of the
// result: a tuple or a set, which leave an expression as lists, are still told apart by it.
func (e *Expr) EvalWith(ctx context.Context, r *Run, names *value.Dict) (v Value, typeName string, err error) {
	if e.code == nil {
		return e.plain, value.TypeName(e.plain), nil
	}
	if e.code.err != nil {
		return nil, "", e.wrap(e.code.err)
	}
	v, typeName, err = e.code.value.EvalTyped(ctx, localEnv{names: names, outer: r.host})
	if err != nil {
		return nil, "", e.wrap(err)
	}
	return v, typeName, nil
}

// Deref returns the expression that e stands for: that of the text in a variable, where e is one template and nothing else that
// leads to a text; else e itself.
func (e *Expr) Deref(r *Run) Expr {
	if whole, ok := template.Whole(e.source); ok && e.code != nil {
		v, _ := whole.Path.Text(r.host)
		if text, ok := v.(string); ok && text != "" {
			return given(text, compile(text))
		}
	}
	return *e
}

// localEnv has names before those of the run.
type localEnv struct {
	names *value.Dict
	outer Host
}

// Lookup looks at the own names first.
func (e localEnv) Lookup(name string) (Value, bool) {
	if v, ok := e.names.Get(name); ok {
		return v, true
	}
	return e.outer.Lookup(name)
}

// Eval returns the value. A source that is exactly one template gives the value it names, of whatever kind.
func (e *Expr) Eval(ctx context.Context, r *Run) (Value, error) {
	if e.code == nil {
		return e.plain, nil
	}
	if e.code.err != nil {
		return nil, e.wrap(e.code.err)
	}
	v, err := e.code.value.Eval(ctx, r.host)
	if err != nil {
		return nil, e.wrap(err)
	}
	return v, nil
}

// Truth returns whether the value counts as true. A source that is exactly one template counts as false when it names "false",
// "0", "no" or "".
func (e *Expr) Truth(ctx context.Context, r *Run) (bool, error) {
	if e.code == nil {
		return value.Truth(e.plain), nil
	}
	if e.code.err != nil {
		return false, e.wrap(e.code.err)
	}
	ok, err := e.code.condition.Truth(ctx, r.host)
	if err != nil {
		return false, e.wrap(err)
	}
	return ok, nil
}

func (e *Expr) wrap(err error) error { return fmt.Errorf("expression %q: %w", e.source, err) }
