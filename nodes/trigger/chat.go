package trigger

import "casare/node"

func init() { node.Register("ChatTriggerNode", newTrigger[chat]) }

type chat struct{}

// about implements about.
func (chat) about() about {
	return about{
		title: "Chat Trigger",
		doc:   "Begins a run when somebody writes in a chat.",
		params: []param{
			{name: "welcome_message", help: "What the chat says first.", or: "Hello! How can I help you?"},
			{name: "input_placeholder", help: "What the empty input line shows.", or: "Type your message..."},
			{name: "platform", help: "Where the chat is.", or: "web", choices: []string{"web", "slack", "teams", "discord", "telegram"}},
			{name: "channel_id", help: "The channel; empty for any.", or: ""},
			{name: "bot_token", help: "The token of the bot.", kind: node.KindSecret},
			{name: "message_pattern", help: "What the message must be like; empty for any.", or: ""},
			{name: "allow_dm", help: "Direct messages count.", kind: node.KindBool, or: true},
			{name: "allow_mentions", help: "Mentions count.", kind: node.KindBool, or: true},
		},
		outputs: []output{
			{"message", node.KindText, "The text of the message."},
			{"user_id", node.KindText, "Who it was, by id."},
			{"user_name", node.KindText, "Who it was, by name."},
			{"channel_id", node.KindText, "The channel."},
			{"platform", node.KindText, "Where the chat is."},
			{"timestamp", node.KindText, "When it happened."},
			{"reply_to", node.KindText, "The message that is answered."},
		},
	}
}
