package control

import (
	"context"

	"casare/node"
	"casare/workflow"
)

func init() { node.Register("FinallyNode", func() node.Node { return new(finally) }) }

const portFinally = "finally_body"

type finally struct {
	try      string
	hadError bool
}

// Spec describes the type.
func (n *finally) Spec(s *node.Spec) {
	s.Describe("Finally", "Its body runs when its Try is over, in every case: after an error, handled or not, and also when a break leaves the try. "+
		"What is wired to exec_out runs only when no error is left. Where no Try is open, control passes through.")
	s.Category("control_flow")
	s.String(node.Param, &n.try, keyTry).Shown(node.Advanced).Says("The id of the Try; the one the wires tell when empty.")
	s.Bool(node.Out, &n.hadError, "had_error").Says("Whether a step failed, also when the error was handled.")
	s.Branch(portFinally, workflow.PortOut)
	s.PartOf(workflow.PartFinally, keyTry, portFinally)
	s.Effect(node.Pure)
	s.Example(node.Example{Name: "without an open try", Wanted: node.Values{"had_error": false}, Next: []string{portFinally}})
}

// Run begins the cleanup. What comes after it is the try's to decide.
func (n *finally) Run(_ context.Context, r *node.Run) error {
	n.hadError = r.Fault() != nil
	if r.Within() {
		r.Take(portFinally)
		return nil
	}
	through(r, portFinally)
	return nil
}
