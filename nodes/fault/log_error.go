package fault

import (
	"context"
	"strings"

	"casare/node"
	"casare/value"
)

func init() { node.Register("LogErrorNode", func() node.Node { return new(logError) }) }

type logError struct {
	message, typ node.Value
	level        string
	context      node.Value
	stack        bool
	entry        *value.Dict
}

// Spec describes the type.
func (n *logError) Spec(s *node.Spec) {
	s.Describe("Log Error", "Writes an error to the log of the robot and hands it on as a dict.")
	s.Category("error_handling")
	s.Any(node.In, &n.message, "error_message").Port(node.KindText).Or("Unknown error").Shown(node.Essential).Says("What went wrong.")
	s.Any(node.In, &n.typ, "error_type").Port(node.KindText).Or("Error").Shown(node.Essential).Says("The type of the error.")
	s.Any(node.In, &n.context, "context").Port(node.KindDict).Says("What else to note.")
	s.Choice(node.Param, &n.level, "level", "debug", "info", "warning", "error", "critical").Or("error").Says("How bad it is.")
	s.Bool(node.Param, &n.stack, "include_stack_trace").Or(false).Says("Adds where the error of the try around happened.")
	s.Dict(node.Out, &n.entry, "log_entry").Says("The error with its time, level and workflow.")
	s.Effect(node.Pure)
	s.Example(node.Example{
		Name: "with a reason", Given: node.Values{"error_message": "no bread", "level": "warning"},
		Wanted: node.Values{"log_entry": node.Values{
			"timestamp": "2024-03-15T10:00:00", "level": "warning", "error_type": "Error", "error_message": "no bread",
			"workflow": "t", "context": node.Values{},
		}},
	})
}

// Run writes the error down.
func (n *logError) Run(_ context.Context, r *node.Run) error {
	noted := n.context
	if !value.Truth(n.message) {
		n.message = "Unknown error"
	}
	if !value.Truth(n.typ) {
		n.typ = "Error"
	}
	if !value.Truth(noted) {
		noted = value.DictOf()
	}
	entry := value.NewDict()
	entry.Set("timestamp", isoTime(r))
	entry.Set("level", n.level)
	entry.Set("error_type", n.typ)
	entry.Set("error_message", n.message)
	entry.Set("workflow", r.Workflow())
	entry.Set("context", noted)
	if n.stack {
		stack := "NoneType: None\n" // what Python says where nothing has failed
		if e := r.Fault(); e != nil {
			stack = e.Stack
		}
		entry.Set("stack_trace", stack)
	}
	n.entry = entry.Dict()
	r.Notice(strings.ToUpper(n.level), "["+value.Str(n.typ)+"] "+value.Str(n.message))
	return nil
}

// isoTime is the time as Python's isoformat prints it: no fraction when there is none.
func isoTime(r *node.Run) string {
	now := r.Now()
	if now.Nanosecond()/1000 == 0 {
		return now.Format("2006-01-02T15:04:05")
	}
	return now.Format("2006-01-02T15:04:05.000000")
}
