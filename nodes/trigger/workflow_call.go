package trigger

import "casare/node"

func init() { node.Register("WorkflowCallTriggerNode", newTrigger[workflowCall]) }

type workflowCall struct{}

// about implements about.
func (workflowCall) about() about {
	return about{
		title: "Workflow Call Trigger",
		doc:   "Begins a run when another workflow calls this one.",
		params: []param{
			{name: "call_alias", help: "The name that callers use."},
			{name: "input_schema", help: "What callers must give, as a JSON schema.", or: "{}"},
			{name: "output_schema", help: "What callers get, as a JSON schema.", or: "{}"},
			{name: "wait_for_completion", help: "The caller waits for the end.", kind: node.KindBool, or: true},
			{name: "timeout_seconds", help: "Seconds to wait; 0 for no end.", kind: node.KindInt, or: 300},
		},
		outputs: []output{
			{"params", node.KindDict, "What the caller gave."},
			{"caller_workflow_id", node.KindText, "The workflow that called."},
			{"caller_node_id", node.KindText, "The step that called."},
			{"call_id", node.KindText, "The call, by id."},
		},
	}
}
