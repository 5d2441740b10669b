package fault

import (
	"cmp"
	"context"

	"casare/node"
	"casare/workflow"
)

func init() { node.Register("RetryFailNode", func() node.Node { return new(retryFail) }) }

type retryFail struct{ message string }

// Spec describes the type.
func (n *retryFail) Spec(s *node.Spec) {
	s.Describe("Retry Fail", "Ends the attempt of the Retry around at once: it has failed, whatever catches errors in between. Without a retry around control passes through.")
	s.Category("error_handling")
	s.Text(node.In, &n.message, "error_message").Shown(node.Essential).Says("Why the attempt has failed.")
	s.Effect(node.Pure)
	s.Example(node.Example{Name: "outside a retry", Given: node.Values{"error_message": "not yet"}, Next: []string{workflow.PortOut}})
}

// Run ends the attempt.
func (n *retryFail) Run(_ context.Context, r *node.Run) error {
	r.GiveUp(node.Fail("", "%s", cmp.Or(n.message, "Retry failed")))
	return nil
}
