package trigger

import "casare/node"

func init() { node.Register("AppEventTriggerNode", newTrigger[appEvent]) }

type appEvent struct{}

// about implements about.
func (appEvent) about() about {
	return about{
		title: "App Event Trigger",
		doc:   "Begins a run when a window, a browser or another workflow does something.",
		params: []param{
			{name: "event_source", help: "Where the event comes from.", or: "windows", choices: []string{"windows", "browser", "rpa"}},
			{name: "window_event", help: "What happens to the window.", or: "focus", choices: []string{"focus", "open", "close", "minimize", "maximize"}},
			{name: "window_title_pattern", help: "What the window title must be like; empty for any.", or: ""},
			{name: "process_name", help: "The program the window belongs to; empty for any.", or: ""},
			{name: "browser_event", help: "What happens in the browser.", or: "tab_open", choices: []string{"tab_open", "tab_close", "url_change", "page_load"}},
			{name: "url_pattern", help: "What the address must be like; empty for any.", or: ""},
			{name: "rpa_event", help: "What happens to a workflow.", or: "workflow_complete", choices: []string{"workflow_complete", "workflow_error", "node_error", "custom"}},
			{name: "custom_event_name", help: "The name of a custom event.", or: ""},
		},
		outputs: []output{
			{"event_data", node.KindDict, "All that is known of the event."},
			{"event_type", node.KindText, "What happened."},
			{"window_title", node.KindText, "Title of the window."},
			{"process_name", node.KindText, "The program."},
			{"url", node.KindText, "The address."},
			{"timestamp", node.KindText, "When it happened."},
		},
	}
}
