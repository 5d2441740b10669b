package trigger

import "casare/node"

func init() { node.Register("FileWatchTriggerNode", newTrigger[fileWatch]) }

type fileWatch struct{}

// about implements about.
func (fileWatch) about() about {
	return about{
		title: "File Watch Trigger",
		doc:   "Begins a run when a file in a folder changes.",
		params: []param{
			{name: "watch_path", help: "The folder to watch."},
			{name: "patterns", help: "The file names that count, separated by commas.", or: "*"},
			{name: "events", help: "The changes that count, separated by commas.", or: "created,modified"},
			{name: "recursive", help: "Folders inside count too.", kind: node.KindBool, or: true},
			{name: "ignore_patterns", help: "The file names that do not count, separated by commas.", or: "*.tmp,~*"},
			{name: "debounce_ms", help: "Milliseconds without a change before the trigger fires.", kind: node.KindInt, or: 500},
			{name: "include_hidden", help: "Hidden files count too.", kind: node.KindBool, or: false},
		},
		outputs: []output{
			{"file_path", node.KindText, "Path of the file."},
			{"file_name", node.KindText, "Name of the file."},
			{"event_type", node.KindText, "What happened."},
			{"directory", node.KindText, "The folder it lies in."},
			{"old_path", node.KindText, "Its path before it was moved."},
		},
	}
}
