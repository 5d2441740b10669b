package fault

import (
	"context"

	"casare/node"
	"casare/workflow"
)

func init() { node.Register("RetrySuccessNode", func() node.Node { return new(retrySuccess) }) }

type retrySuccess struct{}

// Spec describes the type.
func (n *retrySuccess) Spec(s *node.Spec) {
	s.Describe("Retry Success", "Ends the attempt of the Retry around at once: it has succeeded. Control goes on behind this step and at the retry's success. "+
		"Without a retry around control passes through.")
	s.Category("error_handling")
	s.Effect(node.Pure)
	s.Example(node.Example{Name: "outside a retry", Next: []string{workflow.PortOut}})
}

// Run ends the attempt.
func (n *retrySuccess) Run(_ context.Context, r *node.Run) error {
	r.Leave(node.ExitSucceed, "")
	return nil
}
