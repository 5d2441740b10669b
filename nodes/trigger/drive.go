package trigger

import "casare/node"

func init() { node.Register("DriveTriggerNode", newTrigger[drive]) }

type drive struct{}

// about implements about.
func (drive) about() about {
	return about{
		title: "Drive Trigger",
		doc:   "Begins a run when a file in Google Drive changes.",
		params: []param{
			{name: "credential_name", help: "The credential to log in with, by its name.", or: "google"},
			{name: "polling_interval", help: "Seconds between two looks.", kind: node.KindInt, or: 60},
			{name: "folder_id", help: "The folder; empty for all of them.", or: ""},
			{name: "include_subfolders", help: "Folders inside count too.", kind: node.KindBool, or: true},
			{name: "event_types", help: "The kinds of event that count, separated by commas.", or: "created,modified"},
			{name: "file_types", help: "The kinds of file that count, separated by commas; empty for all.", or: ""},
			{name: "mime_types", help: "The MIME types that count, separated by commas; empty for all.", or: ""},
			{name: "name_pattern", help: "What the file name must be like; empty for any.", or: ""},
			{name: "ignore_own_changes", help: "Changes by the own account do not count.", kind: node.KindBool, or: true},
		},
		outputs: []output{
			{"file_id", node.KindText, "The file, by id."},
			{"file_name", node.KindText, "Name of the file."},
			{"mime_type", node.KindText, "Its MIME type."},
			{"event_type", node.KindText, "What happened."},
			{"modified_time", node.KindText, "When it was changed."},
			{"size", node.KindInt, "Its size in bytes."},
			{"parent_id", node.KindText, "The folder, by id."},
			{"parent_name", node.KindText, "Name of the folder."},
			{"web_view_link", node.KindText, "Where it can be looked at."},
			{"download_url", node.KindText, "Where it can be fetched."},
			{"changed_by", node.KindText, "Who changed it."},
			{"raw_change", node.KindDict, "The change as it came."},
		},
	}
}
