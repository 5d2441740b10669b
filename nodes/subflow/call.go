package subflow

import (
	"context"
	"time"

	"casare/node"
	"casare/value"
	"casare/workflow"
)

func init() { node.Register("CallSubworkflowNode", func() node.Node { return new(call) }) }

type call struct {
	id, path, mode string
	seconds, poll  int64
	wait           bool

	job     string
	success bool
	took    int64
}

// callState is what the step remembers while the workflow runs.
type callState struct {
	ID    string `cbor:"1,keyasint"`
	Begun int64  `cbor:"2,keyasint"` // in milliseconds
}

const modeAsync = "async"

// Spec describes the type.
func (n *call) Spec(s *node.Spec) {
	s.Describe("Call Subworkflow", "Runs another workflow as a part of this one. It begins with the variables as they are and changes none; "+
		"what it declares as inputs and outputs, or else its variables, are ports of this step.")
	s.Category(categoryFlow)
	s.String(node.Param, &n.id, "subworkflow_id").Or("").Shown(node.Essential).Says("The workflow's id.")
	s.String(node.Param, &n.path, "subworkflow_path").Or("").Widget("file").Says("The workflow's file, where it has no id.")
	s.Choice(node.Param, &n.mode, "execution_mode", "sync", modeAsync).Or("sync").
		Says("Whether this step waits for the workflow, or it runs beside the steps that follow; the run waits for it at the end.")
	s.Int(node.Param, &n.seconds, "timeout_seconds").Or(300).Min(1).Max(86400).Says("How long it may take, in seconds.")
	s.Bool(node.Param, &n.wait, "wait_for_result").Or(true).Says("Off: as the mode async.")
	s.Int(node.Param, &n.poll, "poll_interval").Or(5).Min(1).Max(60).Shown(node.Advanced).
		Says("Not needed here: the step goes on at the moment the workflow ends.")
	s.String(node.Out, &n.job, "job_id").Says("The id of the workflow's run.")
	s.Bool(node.Out, &n.success, "success").Says("Whether it came to its end; of one that is not waited for, whether it was begun.")
	s.Int(node.Out, &n.took, "execution_time_ms").Says("How long it took, in milliseconds.")
	s.Branch(workflow.PortOut, portError)
	s.PortsOf(func(ctx context.Context, config *value.Dict, docs node.Documents) (in, out []string, err error) {
		m := call{id: config.GetText("subworkflow_id"), path: config.GetText("subworkflow_path")}
		return ports(ctx, docs, m.reference())
	})
	// Of one that waits, each step inside has its own effect. One that is only started must not be started twice.
	s.Effect(node.Pure)
	s.When("execution_mode", modeAsync).Effect(node.Once)
	s.When("wait_for_result", false).Effect(node.Once)
	s.Example(node.Example{Name: "which one", Fails: "names no workflow"})
}

func (n *call) reference() workflow.Reference {
	return workflow.Reference{Kind: workflow.RefersToWorkflow, ID: n.id, Path: n.path}
}

// Run starts the workflow.
func (n *call) Run(ctx context.Context, r *node.Run) error {
	if n.id == "" && n.path == "" {
		return failed(node.NoEffect(node.Fail(node.TypeInput, "step %s names no workflow", r.Step())))
	}
	doc, err := r.Document(ctx, n.reference())
	if err != nil {
		return failed(node.NoEffect(err))
	}
	d := of(doc)
	variables, err := d.variables(r, doc)
	if err != nil {
		return failed(node.NoEffect(err))
	}
	c := node.Call{
		Kind: node.CallWorkflow, Reference: n.reference(), Variables: variables, Settings: d.settings(r, doc),
		Timeout: time.Duration(max(n.seconds, 0)) * time.Second, Detached: n.mode == modeAsync || !n.wait,
	}
	if n.job, err = r.Call(ctx, c); err != nil {
		return failed(node.NoEffect(err))
	}
	n.success = c.Detached
	return r.State(&callState{ID: n.job, Begun: r.Now().UnixMilli()})
}

// Resume hands out what the workflow gives back.
func (n *call) Resume(ctx context.Context, r *node.Run, e node.Event) error {
	var state callState
	if err := r.State(&state); err != nil {
		return err
	}
	n.job, n.took = state.ID, r.Now().UnixMilli()-state.Begun
	for _, b := range e.Branches {
		if b.Err != nil {
			return failed(b.Err)
		}
		doc, err := r.Document(ctx, n.reference())
		if err != nil {
			return failed(node.NoEffect(err))
		}
		d := of(doc)
		if len(d.outputs) == 0 {
			for _, v := range doc.Variables {
				d.outputs = append(d.outputs, port{name: v.Name})
			}
		}
		d.give(r, b)
	}
	n.success = true
	return nil
}
