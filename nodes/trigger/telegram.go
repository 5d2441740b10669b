package trigger

import "casare/node"

func init() { node.Register("TelegramTriggerNode", newTrigger[telegram]) }

type telegram struct{}

// about implements about.
func (telegram) about() about {
	return about{
		title: "Telegram Trigger",
		doc:   "Begins a run when a Telegram bot is written to.",
		params: []param{
			{name: "bot_token", help: "The token of the bot.", kind: node.KindSecret},
			{name: "credential_name", help: "The credential to log in with, by its name.", or: ""},
			{name: "mode", help: "How updates are fetched.", or: "auto", choices: []string{"auto", "webhook", "polling"}},
			{name: "webhook_url", help: "The address Telegram sends updates to.", or: ""},
			{name: "polling_interval", help: "Seconds between two looks.", kind: node.KindInt, or: 2},
			{name: "filter_chat_ids", help: "The chats that count, separated by commas; empty for all.", or: ""},
			{name: "filter_user_ids", help: "The users that count, separated by commas; empty for all.", or: ""},
			{name: "commands_only", help: "Only commands count.", kind: node.KindBool, or: false},
			{name: "filter_commands", help: "The commands that count, separated by commas; empty for all.", or: ""},
			{name: "allowed_updates", help: "The kinds of update that count, separated by commas.", or: "message"},
		},
		outputs: []output{
			{"message_id", node.KindInt, "The message, by id."},
			{"chat_id", node.KindInt, "The chat, by id."},
			{"user_id", node.KindInt, "Who it was, by id."},
			{"username", node.KindText, "Who wrote it."},
			{"first_name", node.KindText, "First name of who wrote it."},
			{"text", node.KindText, "The text."},
			{"is_command", node.KindBool, "Whether it is a command."},
			{"command", node.KindText, "The command."},
			{"command_args", node.KindText, "What follows the command."},
			{"message_type", node.KindText, "What kind of message it is."},
			{"raw_update", node.KindDict, "The update as it came."},
		},
	}
}
