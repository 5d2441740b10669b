package trigger

import "casare/node"

func init() { node.Register("GmailTriggerNode", newTrigger[gmail]) }

type gmail struct{}

// about implements about.
func (gmail) about() about {
	return about{
		title: "Gmail Trigger",
		doc:   "Begins a run when an e-mail arrives in Gmail.",
		params: []param{
			{name: "credential_name", help: "The credential to log in with, by its name.", or: "google"},
			{name: "polling_interval", help: "Seconds between two looks.", kind: node.KindInt, or: 60},
			{name: "label_ids", help: "The labels that count, separated by commas.", or: "INBOX"},
			{name: "query", help: "A Gmail search that messages must match.", or: "is:unread"},
			{name: "from_filter", help: "What the sender must contain; empty for any.", or: ""},
			{name: "subject_contains", help: "What the subject must contain; empty for any.", or: ""},
			{name: "mark_as_read", help: "Mark the message as read.", kind: node.KindBool, or: true},
			{name: "include_attachments", help: "Attachments come along.", kind: node.KindBool, or: true},
			{name: "max_results", help: "Most messages at one look.", kind: node.KindInt, or: 10},
		},
		outputs: []output{
			{"message_id", node.KindText, "The message, by id."},
			{"thread_id", node.KindText, "The conversation, by id."},
			{"subject", node.KindText, "Its subject."},
			{"from_email", node.KindText, "Address of the sender."},
			{"from_name", node.KindText, "Name of the sender."},
			{"to_email", node.KindText, "Who it was sent to."},
			{"date", node.KindText, "Its date."},
			{"snippet", node.KindText, "Its beginning."},
			{"body_text", node.KindText, "Its text."},
			{"body_html", node.KindText, "Its text as HTML."},
			{"labels", node.KindList, "Its labels."},
			{"has_attachments", node.KindBool, "Whether it has attachments."},
			{"attachments", node.KindList, "Its attachments."},
			{"raw_message", node.KindDict, "The message as it came."},
		},
	}
}
