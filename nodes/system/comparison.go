package system

import (
	"context"
	"slices"
	"strings"

	"casare/node"
	"casare/value"
	"casare/workflow/expr"
	"casare/workflow/template"
)

// surroundings is what a condition can name: the variables, and the step's value.
type surroundings struct {
	run   *node.Run
	value node.Value
}

// Lookup finds a name.
func (s surroundings) Lookup(name string) (node.Value, bool) {
	if name == "value" && s.value != nil {
		return s.value, true
	}
	return s.run.Lookup(name)
}

// resolve fills templates in.
func resolve(v node.Value, env surroundings) node.Value { return template.Resolve(v, env) }

// comparison decides about a text. The original compares what stands left and right of the first operator it knows, as numbers or as
// texts; nobody has to write quotes then. What is more than that is an expression.
type comparison struct {
	env    surroundings
	source string // the condition with its templates
}

// holds decides; text is the condition with its templates filled in.
func (c *comparison) holds(ctx context.Context, text string) (bool, error) {
	switch value.Lower(text) {
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	left, operator, right := split(text)
	if operator != "" && simple(left) && simple(right) {
		return compare(c.operand(left), operator, c.operand(right))
	}
	if word := strings.TrimSpace(text); operator != "" || !simple(word) || word == "value" && c.env.value != nil {
		if ok, err := c.evaluate(ctx); err == nil {
			return ok, nil
		}
	}
	if operator != "" {
		return compare(c.operand(left), operator, c.operand(right))
	}
	return !slices.Contains([]string{"", "0", "none", "null"}, value.Lower(text)), nil
}

func (c *comparison) evaluate(ctx context.Context) (bool, error) {
	e, err := expr.ParseCondition(c.source)
	if err != nil {
		return false, err
	}
	return e.Truth(ctx, c.env)
}

// split finds the operator, in the original's order.
func split(text string) (left, operator, right string) {
	for _, op := range []string{">=", "<=", "!=", "==", ">", "<"} {
		if left, right, found := strings.Cut(text, op); found {
			return strings.TrimFunc(left, value.IsSpace), op, strings.TrimFunc(right, value.IsSpace)
		}
	}
	return "", "", ""
}

// simple says whether a text is no expression but a word, a number, or some text.
func simple(text string) bool {
	if _, quoted := unquote(text); quoted {
		return true
	}
	return !strings.ContainsAny(text, "()[]{}<>=!&|+*/%,'\"") &&
		!slices.ContainsFunc(strings.Fields(text), func(word string) bool { return slices.Contains([]string{"and", "or", "not", "in", "is"}, word) })
}

// unquote takes the quotes off a text that is in quotes.
func unquote(text string) (string, bool) {
	if n := len(text); n >= 2 && (text[0] == '"' || text[0] == '\'') && text[n-1] == text[0] && strings.Count(text, text[:1]) == 2 {
		return text[1 : n-1], true
	}
	return text, false
}

// operand is what a side of a comparison stands for: a text in quotes, a number, a name, or itself.
func (c *comparison) operand(text string) node.Value {
	if plain, quoted := unquote(text); quoted {
		return plain
	}
	if f, err := value.ToFloat(text); err == nil {
		return f
	}
	v, found := c.env.Lookup(text)
	if !found {
		return text
	}
	if said, ok := v.(string); ok {
		if f, err := value.ToFloat(said); err == nil {
			return f
		}
	}
	return v
}

func compare(left node.Value, operator string, right node.Value) (bool, error) {
	if operator == "==" || operator == "!=" {
		return value.Equal(left, right) == (operator == "=="), nil
	}
	order, err := value.Compare(left, right)
	if err != nil || order == value.Unordered {
		return false, err
	}
	switch operator {
	case ">":
		return order > 0, nil
	case ">=":
		return order >= 0, nil
	case "<":
		return order < 0, nil
	}
	return order <= 0, nil
}
