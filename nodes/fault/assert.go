package fault

import (
	"context"
	"strings"

	"casare/node"
	"casare/value"
	"casare/workflow"
)

func init() { node.Register("AssertNode", func() node.Node { return new(assert) }) }

type assert struct {
	condition node.Value
	message   string
	passed    bool
}

// Spec describes the type.
func (n *assert) Spec(s *node.Spec) {
	s.Describe("Assert", "Fails unless its condition is true. A text is true when it says true, 1 or yes.")
	s.Category("error_handling")
	s.Any(node.In, &n.condition, "condition").Or(true).Blank().Port(node.KindBool).Shown(node.Essential).Says("What must hold.")
	s.Text(node.In, &n.message, "message").Or("Assertion failed").Says("What to say when it does not.")
	s.Bool(node.Out, &n.passed, "passed").Says("Whether it held.")
	s.Effect(node.Pure)
	s.Example(node.Example{
		Name: "holds", Given: node.Values{"condition": "{{ready}}"}, Vars: node.Values{"ready": true}, Wanted: node.Values{"passed": true},
		Next: []string{workflow.PortOut},
	})
	s.Example(node.Example{Name: "nothing said", Given: node.Values{"condition": ""}, Wanted: node.Values{"passed": true}})
	s.Example(node.Example{Name: "does not hold", Given: node.Values{"condition": "no", "message": "no bread"}, Fails: "Assertion failed: no bread"})
}

// Run looks at the condition.
func (n *assert) Run(context.Context, *node.Run) error {
	if text, ok := n.condition.(string); ok {
		switch strings.ToLower(strings.TrimSpace(text)) {
		case "true", "1", "yes":
			n.passed = true
		}
	} else {
		n.passed = value.Truth(n.condition)
	}
	if !n.passed {
		return node.Fail("", "Assertion failed: %s", n.message)
	}
	return nil
}
