package expr

import (
	"context"
	"errors"
	"strings"

	"casare"
	"casare/value"
	"casare/workflow/template"
)

// Env gives an evaluation its variables.
type Env interface {
	Lookup(name string) (value.Value, bool)
}

// Randomizer is an Env that also has a source of randomness, in [0, 1). Without it rand() and randint() are refused, because a
// run that is resumed on another robot must take the same way again.
type Randomizer interface {
	Rand() float64
}

// Expr is a parsed expression. It never changes and may be evaluated by many goroutines at once.
type Expr struct {
	source string
	root   node
	names  []string
	flag   bool // a condition that is one template: the words for no are false
}

// Parse reads an expression in Python's syntax; &&, ||, !, ===, !==, true, false, null and none are understood as well. The error
// is a SyntaxError with the place.
func Parse(src string) (*Expr, error) { return parse(src, false) }

// ParseTemplated reads an expression that may also contain {{path}}, ${path} and %path%: outside quotes they stand for the value,
// inside quotes they are replaced by its text. A % where an operator can stand is the remainder.
func ParseTemplated(src string) (*Expr, error) { return parse(src, true) }

// ParseCondition reads an expression as ParseTemplated does, for a yes-or-no question: if it is one template and nothing else,
// the texts "false", "0", "no" and "" give false.
func ParseCondition(src string) (*Expr, error) {
	e, err := parse(src, true)
	if err != nil {
		return nil, err
	}
	_, e.flag = template.Whole(src)
	return e, nil
}

func parse(src string, templates bool) (*Expr, error) {
	if len(src) > MaxSource {
		return nil, outward(limit("the expression is longer than %d KiB", MaxSource>>10))
	}
	p := parser{templates: templates}
	root, err := p.whole(src)
	if err != nil {
		return nil, outward(err)
	}
	return &Expr{source: src, root: root, names: p.freeNames()}, nil
}

// Eval computes the expression with env's variables. It fails with the error Python would raise (value.KindOf tells which), with
// a LimitError when it would use more than an expression may, and with CodeTimeout when ctx ends first.
func (e *Expr) Eval(ctx context.Context, env Env) (value.Value, error) {
	v, _, err := e.EvalTyped(ctx, env)
	return v, err
}

// EvalTyped is Eval that also returns Python's name for the type of the result, which is that of the value unless the result was a
// kind that leaves an evaluation as a list: tuple, set, range and the like.
func (e *Expr) EvalTyped(ctx context.Context, env Env) (v value.Value, name string, err error) {
	m := machine{ctx: ctx, env: env}
	if err := m.check(); err != nil {
		return nil, "", outward(err)
	}
	result, err := m.eval(e.root)
	if err == nil {
		v, err = m.export(result)
	}
	if err != nil {
		return nil, "", outward(err)
	}
	if e.flag && isNo(v) {
		return false, "bool", nil
	}
	return v, typeName(result), nil
}

// Truth evaluates the expression and returns the truth of the result.
func (e *Expr) Truth(ctx context.Context, env Env) (bool, error) {
	v, err := e.Eval(ctx, env)
	return err == nil && value.Truth(v), err
}

// Names returns the variables the expression reads, each once, in order; names bound by its own comprehensions are left out.
func (e *Expr) Names() []string { return e.names }

// String returns the source.
func (e *Expr) String() string { return e.source }

func isNo(v value.Value) bool {
	s, ok := v.(string)
	if !ok {
		return false
	}
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "false", "0", "no", "":
		return true
	default:
		return false
	}
}

// outward gives an error the form in which it leaves the package.
func outward(err error) error {
	if _, ok := errors.AsType[*casare.Error](err); ok {
		return err
	}
	code := casare.CodeInvalid
	if value.KindOf(err) == value.LimitError {
		code = casare.CodeTooLarge
	}
	return casare.Errorf(code, "%w", err)
}
