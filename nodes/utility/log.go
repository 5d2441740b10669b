package utility

import (
	"context"
	"slices"
	"strings"

	"casare/node"
	"casare/value"
)

func init() { node.Register("LogNode", func() node.Node { return new(logLine) }) }

type logLine struct {
	message, data  node.Value
	level          string
	withID, withTS bool
}

// Spec describes the type.
func (n *logLine) Spec(s *node.Spec) {
	s.Describe("Log", "Writes one line to the workflow's log. After templates, {name} is replaced by the variable of that name, "+
		"with Python's formats ({price:.2f}); if that cannot be done the message is written as it is.")
	s.Category("utility")
	s.Alias("LogMessageNode")
	s.Any(node.In, &n.message, "message").Or("").Port(node.KindText).Widget("text").Shown(node.Essential).
		Says("What to write; a value that is empty or 0 by itself writes nothing.")
	s.Any(node.In, &n.data, "data").Says("A value to write after the message.")
	s.Choice(node.Param, &n.level, "level", "debug", "info", "warning", "error", "critical").Or("critical").
		Same("warn", "warning").Says("How much it matters.")
	s.Bool(node.Param, &n.withTS, "include_timestamp").Or(true).Shown(node.Advanced).
		Says("Kept for old documents: every line of the log has its time anyway.")
	s.Bool(node.Param, &n.withID, "include_node_id").Or(true).Shown(node.Advanced).
		Says("Whether the line begins with the step's id in brackets.")
	s.Effect(node.Pure)
	s.Example(node.Example{Name: "a brace that names no place", Given: node.Values{"message": "{}"}, Fails: "Log error: "})
	s.Example(node.Example{Name: "a formatted variable", Given: node.Values{"message": "total {sum:.2f}"}, Vars: node.Values{"sum": 2.5}})
}

// Run writes the line.
func (n *logLine) Run(ctx context.Context, r *node.Run) error {
	text := ""
	if value.Truth(n.message) { // as recorded: 0, false and an empty list are no message
		text = value.Str(n.message)
	}
	formatted, err := node.Format(ctx, text, r.Lookup)
	switch kind := value.KindOf(err); {
	case err == nil:
		text = value.Str(formatted)
	case kind == value.KeyError || kind == value.ValueError:
		// An unknown name or a brace that is no field is taken for text, as in "json {"a": 1}".
	default:
		return node.Fail("", "Log error: %w", err)
	}
	if n.withID {
		text = "[" + r.Step() + "] " + text
	}
	if n.data != nil {
		text += " | Data: " + value.Str(n.data)
	}
	r.Line(n.levelName(), text)
	return nil
}

// levelName is the level in the log's spelling; one that does not exist counts as INFO.
func (n *logLine) levelName() string {
	level := strings.ToUpper(n.level)
	if slices.Contains([]string{"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"}, level) {
		return level
	}
	return "INFO"
}
