package trigger

import "casare/node"

func init() { node.Register("WhatsAppTriggerNode", newTrigger[whatsApp]) }

type whatsApp struct{}

// about implements about.
func (whatsApp) about() about {
	return about{
		title: "WhatsApp Trigger",
		doc:   "Begins a run when a WhatsApp message arrives.",
		params: []param{
			{name: "access_token", help: "The access token.", kind: node.KindSecret},
			{name: "phone_number_id", help: "The id of the phone number.", or: ""},
			{name: "credential_name", help: "The credential to log in with, by its name.", or: ""},
			{name: "verify_token", help: "The token that proves the webhook.", kind: node.KindSecret},
			{name: "webhook_path", help: "The path of the webhook.", or: "/whatsapp/webhook"},
			{name: "filter_phone_numbers", help: "The numbers that count, separated by commas; empty for all.", or: ""},
			{name: "message_types", help: "The kinds of message that count, separated by commas.", or: "text,image,document,audio,video,location"},
			{name: "include_status_updates", help: "Status updates count too.", kind: node.KindBool, or: false},
		},
		outputs: []output{
			{"message_id", node.KindText, "The message, by id."},
			{"from_number", node.KindText, "Number of the sender."},
			{"to_number", node.KindText, "Number it was sent to."},
			{"timestamp", node.KindText, "When it happened."},
			{"text", node.KindText, "The text."},
			{"message_type", node.KindText, "What kind of message it is."},
			{"media_id", node.KindText, "The attachment, by id."},
			{"media_url", node.KindText, "Where the attachment can be fetched."},
			{"caption", node.KindText, "Text beside the attachment."},
			{"contact_name", node.KindText, "Name of the sender."},
			{"raw_message", node.KindDict, "The message as it came."},
		},
	}
}
