package file

import (
	"context"
	"strings"

	"casare/node"
)

func init() { node.Register("LogToFileNode", func() node.Node { return new(logLine) }) }

type logLine struct {
	path, level   string
	message       node.Value
	append, stamp bool

	lines   int64
	success bool
}

// Spec describes the type.
func (n *logLine) Spec(s *node.Spec) {
	s.Describe("Log to File", "Writes lines to a log file of its own. After the loss of a robot a line may stand there twice.")
	s.Category("system")
	s.String(node.Param, &n.path, "log_file_path").Must("File path is required").Widget("file").Shown(node.Essential).
		Says("The file; a relative path lies in the job's workspace.")
	s.Any(node.In, &n.message, "log_message").Port(node.KindText).Widget("text").Shown(node.Essential).
		Says("What to write; each of its lines becomes one.")
	s.Choice(node.Param, &n.level, "level", "DEBUG", "INFO", "WARNING", "ERROR").Or("INFO").Says("How important it is.")
	s.Bool(node.Param, &n.append, "append").Or(true).Says("Add to the file; otherwise begin it anew.")
	s.Bool(node.Param, &n.stamp, "add_timestamp").Or(true).Says("Begin each line with the time.")
	successField(s, &n.success)
	s.Int(node.Out, &n.lines, "lines_written").Says("How many lines were written.")
	s.Effect(node.Idempotent)
	s.Example(node.Example{
		Name: "two lines", Given: node.Values{"log_file_path": "logs/a.log", "log_message": "one\ntwo", "level": "ERROR"},
		Wanted: node.Values{"success": true, "lines_written": 2},
	})
	s.Example(node.Example{Name: "nothing", Given: node.Values{"log_file_path": "a.log", "log_message": ""}, Fails: "Message is required"})
}

// Run writes.
func (n *logLine) Run(_ context.Context, r *node.Run) error {
	message := printed(n.message)
	if message == "" {
		return node.Fail(node.TypeInput, "Message is required")
	}
	abs, err := r.Files().Path(n.path)
	if err != nil {
		return err
	}
	prefix := "[" + n.level + "] "
	if n.stamp {
		prefix = "[" + r.Now().Local().Format("2006-01-02 15:04:05") + "] " + prefix
	}
	var b strings.Builder
	lines := int64(0)
	for line := range strings.SplitSeq(message, "\n") {
		b.WriteString(prefix + line + "\n")
		lines++
	}
	if err := makeParents(r, abs); err != nil {
		return err
	}
	if n.append {
		_, err = appendText(r, abs, b.String(), "utf-8", "strict")
	} else {
		_, err = writeText(r, abs, b.String(), "utf-8", "strict")
	}
	if err != nil {
		return err
	}
	n.success, n.lines = true, lines
	return nil
}
