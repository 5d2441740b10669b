package trigger

import "casare/node"

func init() { node.Register("SSETriggerNode", newTrigger[sse]) }

type sse struct{}

// about implements about.
func (sse) about() about {
	return about{
		title: "SSE Trigger",
		doc:   "Begins a run when a server sends an event.",
		params: []param{
			{name: "sse_url", help: "The address of the stream."},
			{name: "event_types", help: "The kinds of event that count, separated by commas.", or: ""},
			{name: "headers", help: "Headers of the request, as a JSON object.", or: "{}"},
			{name: "reconnect_delay_seconds", help: "Seconds before connecting again.", kind: node.KindInt, or: 5},
			{name: "max_reconnect_attempts", help: "Most tries to connect again.", kind: node.KindInt, or: 10},
			{name: "timeout_seconds", help: "Seconds to wait; 0 for no end.", kind: node.KindInt, or: 0},
		},
		outputs: []output{
			{"event_type", node.KindText, "What happened."},
			{"data", node.KindAny, "What came with the event."},
			{"raw_data", node.KindText, "The event as it came."},
			{"event_id", node.KindText, "The event, by id."},
			{"retry", node.KindInt, "Milliseconds before connecting again, as the server asks."},
			{"timestamp", node.KindText, "When it happened."},
		},
	}
}
