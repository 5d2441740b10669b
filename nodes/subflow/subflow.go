package subflow

import (
	"context"

	"casare/node"
	"casare/value"
	"casare/workflow"
)

func init() { node.Register("SubflowNode", func() node.Node { return new(subflow) }) }

type subflow struct{ id, path string }

// Spec describes the type.
func (n *subflow) Spec(s *node.Spec) {
	s.Describe("Subflow", "Runs a subflow: a part of a workflow that stands in a file of its own. It sees the variables as they are and changes none; "+
		"its inputs, outputs and parameters are ports and settings of this step.")
	s.Category("General")
	s.String(node.Param, &n.id, "subflow_id").Or("").Says("The subflow's id, where it is known by one.")
	s.String(node.Param, &n.path, "subflow_path").Or("").Widget("file").Shown(node.Essential).Says("The subflow's file.")
	s.Branch(workflow.PortOut, portError)
	s.PortsOf(func(ctx context.Context, config *value.Dict, docs node.Documents) (in, out []string, err error) {
		m := subflow{id: config.GetText("subflow_id"), path: config.GetText("subflow_path")}
		return ports(ctx, docs, m.reference())
	})
	s.Effect(node.Pure)
	s.Example(node.Example{Name: "which one", Fails: "names no subflow"})
}

func (n *subflow) reference() workflow.Reference {
	return workflow.Reference{Kind: workflow.RefersToSubflow, ID: n.id, Path: n.path}
}

// Run starts the subflow.
func (n *subflow) Run(ctx context.Context, r *node.Run) error {
	if n.id == "" && n.path == "" {
		return failed(node.NoEffect(node.Fail(node.TypeInput, "step %s names no subflow", r.Step())))
	}
	doc, err := r.Document(ctx, n.reference())
	if err != nil {
		return failed(node.NoEffect(err))
	}
	d := of(doc)
	variables, err := d.variables(r, doc)
	if err == nil {
		_, err = r.Call(ctx, node.Call{
			Kind: node.CallSubflow, Reference: n.reference(), Variables: variables, Settings: d.settings(r, doc),
		})
	}
	if err != nil {
		return failed(node.NoEffect(err))
	}
	return nil
}

// Resume hands out what the subflow gives back.
func (n *subflow) Resume(ctx context.Context, r *node.Run, e node.Event) error {
	for _, b := range e.Branches {
		if b.Err != nil {
			return failed(b.Err)
		}
		doc, err := r.Document(ctx, n.reference())
		if err != nil {
			return failed(node.NoEffect(err))
		}
		d := of(doc)
		d.give(r, b)
	}
	return nil
}
