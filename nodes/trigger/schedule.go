package trigger

import "casare/node"

func init() { node.Register("ScheduleTriggerNode", newTrigger[schedule]) }

type schedule struct{}

// about implements about.
func (schedule) about() about {
	return about{
		title: "Schedule Trigger",
		doc:   "Begins a run at set times.",
		params: []param{
			{name: "frequency", help: "How often.", or: "daily", choices: []string{"once", "interval", "hourly", "daily", "weekly", "monthly", "cron"}},
			{name: "time_hour", help: "The hour, 0 to 23.", kind: node.KindInt, or: 9},
			{name: "time_minute", help: "The minute, 0 to 59.", kind: node.KindInt, or: 0},
			{name: "interval_seconds", help: "Seconds between two runs.", kind: node.KindInt, or: 60},
			{name: "day_of_week", help: "The day of the week.", or: "mon", choices: []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}},
			{name: "day_of_month", help: "The day of the month.", kind: node.KindInt, or: 1},
			{name: "cron_expression", help: "The times as a cron expression.", or: "0 9 * * *"},
			{name: "timezone", help: "The time zone, by its IANA name.", or: "UTC"},
			{name: "max_runs", help: "Most runs in all; 0 for no end.", kind: node.KindInt, or: 0},
			{name: "start_time", help: "When to run once, or begin.", or: ""},
		},
		outputs: []output{
			{"trigger_time", node.KindText, "When the trigger fired."},
			{"run_number", node.KindInt, "Which run it is, from 1."},
			{"scheduled_time", node.KindText, "When it was due."},
		},
	}
}
