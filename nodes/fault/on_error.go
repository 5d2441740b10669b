package fault

import (
	"context"

	"casare/node"
	"casare/workflow"
)

func init() { node.Register("OnErrorNode", func() node.Node { return new(onError) }) }

const (
	portProtected = "protected_body"
	portOnError   = "on_error"
	portFinally   = "finally"
)

type onError struct {
	message, typ, step, stack node.Opt[string]
}

// Spec describes the type.
func (n *onError) Spec(s *node.Spec) {
	s.Describe("On Error", "A try in one step: runs what is behind protected_body; when a step there fails, what is behind on_error; and in every case at the end what is behind finally. "+
		"Where on_error leads nowhere, the error is raised again after the cleanup.")
	s.Category("error_handling")
	node.Maybe(s, node.Out, &n.message, "error_message").Says("What went wrong.")
	node.Maybe(s, node.Out, &n.typ, "error_type").Says("The type of the error.")
	node.Maybe(s, node.Out, &n.step, "error_node").Says("The id of the step that failed.")
	node.Maybe(s, node.Out, &n.stack, "stack_trace").Says("Where it happened.")
	s.Body(portProtected, node.Try)
	s.Body(portOnError, node.Try)
	s.Body(portFinally, node.Finally)
	s.Branch(workflow.PortOut)
	s.Effect(node.Pure)
	s.Example(node.Example{Name: "begins with its body", Next: []string{portProtected}})
}

// Run begins with the body. Without one control passes through.
func (n *onError) Run(_ context.Context, r *node.Run) error {
	state := node.Guarded{}
	if err := r.State(&state); err != nil {
		return err
	}
	if !r.Wired(portProtected) {
		r.Take(workflow.PortOut)
		return nil
	}
	r.Open(portProtected)
	return nil
}

// Resume goes on to the next part.
func (n *onError) Resume(_ context.Context, r *node.Run, e node.Event) error {
	state := node.Guarded{}
	if err := r.State(&state); err != nil {
		return err
	}
	if e := r.Fault(); e != nil {
		n.message, n.typ, n.step, n.stack = node.Some(e.Message), node.Some(e.Type), node.Some(e.Step), node.Some(e.Stack)
	}
	open := func(port string) bool {
		if !r.Wired(port) {
			return false
		}
		r.Open(port)
		return true
	}
	return state.Resume(r, e, node.GuardedParts{
		Catch:   func(i int) bool { return i == 0 && open(portOnError) },
		Finally: func() bool { return open(portFinally) },
		After:   func() { r.Take(workflow.PortOut) },
	})
}
