package trigger

import "casare/node"

func init() { node.Register("EmailTriggerNode", newTrigger[email]) }

type email struct{}

// about implements about.
func (email) about() about {
	return about{
		title: "E-mail Trigger",
		doc:   "Begins a run when an e-mail arrives.",
		params: []param{
			{name: "provider", help: "Who keeps the mailbox.", or: "imap", choices: []string{"imap", "gmail", "outlook"}},
			{name: "server", help: "Host name of the mail server.", or: ""},
			{name: "port", help: "Port of the mail server.", kind: node.KindInt, or: 993},
			{name: "username", help: "Who logs in.", or: ""},
			{name: "password", help: "The password.", kind: node.KindSecret},
			{name: "use_ssl", help: "Use TLS.", kind: node.KindBool, or: true},
			{name: "folder", help: "The mailbox folder.", or: "INBOX"},
			{name: "filter_subject", help: "What the subject must contain; empty for any.", or: ""},
			{name: "filter_from", help: "What the sender must contain; empty for any.", or: ""},
			{name: "unread_only", help: "Only unread messages count.", kind: node.KindBool, or: true},
			{name: "mark_as_read", help: "Mark the message as read.", kind: node.KindBool, or: true},
			{name: "poll_interval_seconds", help: "Seconds between two looks.", kind: node.KindInt, or: 60},
			{name: "download_attachments", help: "Save the attachments.", kind: node.KindBool, or: false},
			{name: "attachment_dir", help: "The folder attachments are saved in.", or: ""},
		},
		outputs: []output{
			{"email", node.KindDict, "The whole message."},
			{"subject", node.KindText, "Its subject."},
			{"sender", node.KindText, "Who sent it."},
			{"body", node.KindText, "Its text."},
			{"html_body", node.KindText, "Its text as HTML."},
			{"attachments", node.KindList, "Its attachments."},
			{"received_at", node.KindText, "When it came."},
		},
	}
}
