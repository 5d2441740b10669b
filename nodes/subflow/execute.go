package subflow

import (
	"context"

	"casare/node"
	"casare/workflow"
)

func init() { node.Register("ExecuteWorkflowNode", func() node.Node { return new(execute) }) }

type execute struct {
	path string
	wait bool
}

// Spec describes the type.
func (n *execute) Spec(s *node.Spec) {
	s.Describe("Execute Workflow", "Runs another workflow. It begins with the variables as they are and changes none.")
	s.Category(categoryFlow)
	s.String(node.Param, &n.path, "workflow_path").Or("").Widget("file").Shown(node.Essential).Says("The workflow's file.")
	s.Bool(node.Param, &n.wait, "wait_for_completion").Or(true).
		Says("Off: it runs beside the steps that follow, and the run waits for it at the end.")
	s.Branch(workflow.PortOut, portError)
	s.Effect(node.Pure)
	s.When("wait_for_completion", false).Effect(node.Once) // see CallSubworkflowNode
	s.Example(node.Example{Name: "which one", Fails: "names no workflow"})
}

// Run starts the workflow.
func (n *execute) Run(ctx context.Context, r *node.Run) error {
	if n.path == "" {
		return failed(node.NoEffect(node.Fail(node.TypeInput, "step %s names no workflow", r.Step())))
	}
	ref := workflow.Reference{Kind: workflow.RefersToWorkflow, Path: n.path}
	if _, err := r.Call(ctx, node.Call{Kind: node.CallWorkflow, Reference: ref, Detached: !n.wait}); err != nil {
		return failed(node.NoEffect(err))
	}
	return nil
}

// Resume goes on when the workflow has ended.
func (n *execute) Resume(_ context.Context, _ *node.Run, e node.Event) error {
	for _, b := range e.Branches {
		if b.Err != nil {
			return failed(b.Err)
		}
	}
	return nil
}
