package trigger

import "casare/node"

func init() { node.Register("SheetsTriggerNode", newTrigger[sheets]) }

type sheets struct{}

// about implements about.
func (sheets) about() about {
	return about{
		title: "Sheets Trigger",
		doc:   "Begins a run when a Google spreadsheet changes.",
		params: []param{
			{name: "credential_name", help: "The credential to log in with, by its name.", or: "google"},
			{name: "spreadsheet_id", help: "The spreadsheet.", or: ""},
			{name: "sheet_name", help: "The sheet in it.", or: "Sheet1"},
			{name: "range", help: "The cells to watch, as A1:B2; empty for all.", or: ""},
			{name: "polling_interval", help: "Seconds between two looks.", kind: node.KindInt, or: 30},
			{name: "trigger_on_new_row", help: "New rows count.", kind: node.KindBool, or: true},
			{name: "trigger_on_cell_change", help: "Changed cells count.", kind: node.KindBool, or: true},
			{name: "trigger_on_delete", help: "Deleted rows count.", kind: node.KindBool, or: false},
			{name: "watch_columns", help: "The columns that count, separated by commas; empty for all.", or: ""},
			{name: "ignore_empty_rows", help: "Empty rows do not count.", kind: node.KindBool, or: true},
		},
		outputs: []output{
			{"spreadsheet_id", node.KindText, "The spreadsheet."},
			{"sheet_name", node.KindText, "The sheet."},
			{"event_type", node.KindText, "What happened."},
			{"row_number", node.KindInt, "The row, from 1."},
			{"column", node.KindText, "The column."},
			{"old_value", node.KindAny, "What was there before."},
			{"new_value", node.KindAny, "What is there now."},
			{"row_data", node.KindList, "The cells of the row."},
			{"row_dict", node.KindDict, "The cells of the row by column name."},
			{"changed_cells", node.KindList, "The cells that changed."},
			{"timestamp", node.KindText, "When it happened."},
			{"raw_data", node.KindDict, "The event as it came."},
		},
	}
}
