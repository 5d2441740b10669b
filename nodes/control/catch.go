package control

import (
	"context"
	"strings"

	"casare/node"
	"casare/workflow"
)

func init() { node.Register("CatchNode", func() node.Node { return new(catch) }) }

const (
	portCatch = "catch_body"
	keyTry    = "paired_try_id"
)

type catch struct {
	try, types          string
	message, typ, stack node.Opt[string]
	failedStep          node.Opt[string]
}

// Spec describes the type.
func (n *catch) Spec(s *node.Spec) {
	s.Describe("Catch", "Handles the error of its Try: its body runs when a step in the try's body has failed with one of the error types. "+
		"Where no Try is open, control passes through.")
	s.Category("control_flow")
	s.Control()
	s.String(node.Param, &n.try, keyTry).Shown(node.Advanced).Says("The id of the Try; the one the wires tell when empty.")
	s.String(node.Param, &n.types, "error_types").
		Says("The types of errors to handle, separated by commas, as TimeoutError; all when empty. ExecutionError is every failure of a step but its time-out.")
	node.Maybe(s, node.Out, &n.message, "error_message").Says("What went wrong.")
	node.Maybe(s, node.Out, &n.typ, "error_type").Says("The type of the error.")
	node.Maybe(s, node.Out, &n.stack, "stack_trace").Says("Where it happened.")
	node.Maybe(s, node.Out, &n.failedStep, "error_node").Says("The id of the step that failed.")
	s.Branch(portCatch, workflow.PortOut)
	s.PartOf(workflow.PartCatch, keyTry, portCatch)
	s.Effect(node.Pure)
	s.Example(node.Example{Name: "without an open try", Next: []string{portCatch}})
}

// Run handles the error, or declines to.
func (n *catch) Run(_ context.Context, r *node.Run) error {
	if e := r.Fault(); e != nil {
		var names []string
		for name := range strings.SplitSeq(n.types, ",") {
			if name = strings.TrimSpace(name); name != "" {
				names = append(names, name)
			}
		}
		if !matches(names, e.Type) {
			r.Leave(node.ExitDecline, "")
			return nil
		}
		n.message, n.typ, n.stack = node.Some(e.Message), node.Some(e.Type), node.Some(e.Stack)
		n.failedStep = node.Some(e.Step)
	}
	through(r, portCatch)
	return nil
}

// through takes the port of a part's own steps, or passes control on where there are none.
func through(r *node.Run, port string) {
	if r.Wired(port) {
		r.Take(port)
	} else {
		r.Take(workflow.PortOut)
	}
}
