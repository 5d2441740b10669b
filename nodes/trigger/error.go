package trigger

import "casare/node"

func init() { node.Register("ErrorTriggerNode", newTrigger[errorEvent]) }

type errorEvent struct{}

// about implements about.
func (errorEvent) about() about {
	return about{
		title: "Error Trigger",
		doc:   "Begins a run when a run of another workflow fails.",
		params: []param{
			{name: "error_types", help: "The types of error that count, separated by commas; * for all.", or: "*"},
			{name: "workflow_filter", help: "The workflows that count; empty for all.", or: ""},
			{name: "severity", help: "How bad the error must be.", or: "all", choices: []string{"all", "critical", "error", "warning"}},
			{name: "error_pattern", help: "What the error text must be like; empty for any.", or: ""},
			{name: "include_warnings", help: "Warnings count too.", kind: node.KindBool, or: false},
		},
		outputs: []output{
			{"error", node.KindDict, "All that is known of the error."},
			{"error_type", node.KindText, "Type of the error."},
			{"error_message", node.KindText, "Text of the error."},
			{"workflow_id", node.KindText, "The workflow that failed."},
			{"node_id", node.KindText, "The step that failed."},
			{"stack_trace", node.KindText, "Where it failed."},
			{"timestamp", node.KindText, "When it happened."},
		},
	}
}
