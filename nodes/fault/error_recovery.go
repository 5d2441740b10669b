package fault

import (
	"context"
	"slices"

	"casare/node"
)

func init() { node.Register("ErrorRecoveryNode", func() node.Node { return new(errorRecovery) }) }

const portFallback = "fallback"

type errorRecovery struct {
	strategy string
	most     int64
}

// Spec describes the type.
func (n *errorRecovery) Spec(s *node.Spec) {
	strategies := []string{"stop", "continue", "retry", "restart", portFallback}
	s.Describe("Error Recovery", "Notes how the workflow wants to deal with errors, in the variables _error_recovery_strategy and _error_recovery_max_retries, for the steps that follow to look at.")
	s.Category("error_handling")
	s.Choice(node.In, &n.strategy, "strategy", strategies...).Or("stop").Shown(node.Essential).Says("What to do; anything unknown is stop.")
	s.Int(node.In, &n.most, "max_retries").Or(3).Min(0).Says("How often to try again.")
	s.Branch("exec_out", portFallback)
	s.Effect(node.Pure)
	s.Example(node.Example{
		Name: "retry", Given: node.Values{"strategy": "retry", "max_retries": 5},
		Sets: node.Values{"_error_recovery_strategy": "retry", "_error_recovery_max_retries": 5}, Next: []string{"exec_out"},
	})
}

// Run notes it.
func (n *errorRecovery) Run(_ context.Context, r *node.Run) error {
	if !slices.Contains([]string{"stop", "continue", "retry", "restart", portFallback}, n.strategy) {
		n.strategy = "stop"
	}
	r.SetVar("_error_recovery_strategy", n.strategy)
	r.SetVar("_error_recovery_max_retries", n.most)
	return nil
}
