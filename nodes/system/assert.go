package system

import (
	"context"

	"casare/node"
	"casare/value"
)

func init() { node.Register("AssertSystemNode", func() node.Node { return new(assert) }) }

type assert struct {
	condition, value node.Value
	text             string
	fails            bool

	passed  bool
	message string
}

// Spec describes the type.
func (n *assert) Spec(s *node.Spec) {
	s.Describe("Assert", "Looks whether a condition holds, and fails if not. A text is a comparison such as {{count}} >= 3 or value != done, "+
		"or any expression; another text holds unless it is empty, false, 0, none or null.")
	s.Category("system")
	s.Any(node.In, &n.condition, "condition").Raw().Shown(node.Essential).Says("The condition: a truth value or a text.")
	s.Any(node.In, &n.value, "value").Says("What the word value in the condition stands for.")
	s.String(node.Param, &n.text, "assert_message").Or("Assertion failed").Says("What to say when it does not hold.")
	s.Bool(node.Param, &n.fails, "fail_on_false").Or(true).Says("Whether the step fails then, or only tells.")
	s.Bool(node.Out, &n.passed, "passed").Says("Whether it held.")
	s.String(node.Out, &n.message, "message").Says("What there is to say.")
	s.Effect(node.Pure)
	s.Example(node.Example{
		Name: "of a value", Given: node.Values{"condition": "value > 3", "value": 5},
		Wanted: node.Values{"passed": true, "message": "Assertion passed"},
	})
	s.Example(node.Example{
		Name: "of a variable", Given: node.Values{"condition": "{{name}} == Ann", "fail_on_false": false}, Vars: node.Values{"name": "Bob"},
		Wanted: node.Values{"passed": false, "message": "Assertion failed"},
	})
	s.Example(node.Example{Name: "fails", Given: node.Values{"condition": false, "assert_message": "no bread"}, Fails: "no bread"})
}

// Run looks at the condition.
func (n *assert) Run(ctx context.Context, r *node.Run) error {
	ok, err := n.holds(ctx, r)
	if err != nil {
		n.message = err.Error()
		return err
	}
	if n.passed = ok; ok {
		n.message = "Assertion passed"
		return nil
	}
	n.message = n.text
	if n.fails {
		return node.Fail("", "%s", n.text)
	}
	return nil
}

func (n *assert) holds(ctx context.Context, r *node.Run) (bool, error) {
	env := surroundings{run: r, value: n.value}
	switch condition := resolve(n.condition, env).(type) {
	case nil:
		return false, node.Fail(node.TypeInput, "Condition is required")
	case string:
		source, _ := n.condition.(string)
		c := comparison{env: env, source: source}
		return c.holds(ctx, condition)
	default:
		return value.Truth(condition), nil
	}
}
