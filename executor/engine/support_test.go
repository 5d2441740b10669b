package engine_test

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/stretchr/testify/require"

	"casare"
	"casare/executor/engine"
	"casare/value"
	"casare/workflow"
)

// document reads a small language: "id Type {config as JSON}" is a step, "a.port > b.port" a wire, whose ports are exec_out and exec_in
// where they are left out, "# …" a remark. "$name = JSON" is a variable.
func document(t tb, source string) *workflow.Document {
	t.Helper()
	doc := &workflow.Document{ID: "doc", Name: "doc", Raw: value.NewDict().Dict(), Settings: workflow.DefaultSettings()}
	for line := range strings.Lines(source) {
		line = strings.TrimSpace(line)
		from, to, wire := strings.Cut(line, " > ")
		name, def, variable := strings.Cut(line, " = ")
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case variable && strings.HasPrefix(name, "$"):
			v, err := value.ParseJSON([]byte(def))
			require.NoError(t, err)
			doc.Variables = append(doc.Variables, workflow.Variable{Name: name[1:], Type: "Any", Default: v})
		case wire:
			w := workflow.Wire{From: from, FromPort: workflow.PortOut, To: to, ToPort: workflow.PortIn}
			if a, b, ok := strings.Cut(from, "."); ok {
				w.From, w.FromPort = a, b
			}
			if a, b, ok := strings.Cut(to, "."); ok {
				w.To, w.ToPort = a, b
			}
			doc.Wires = append(doc.Wires, w)
		default:
			fields := strings.SplitN(line, " ", 3)
			s := &workflow.Step{ID: fields[0], Type: fields[1], Config: config()}
			if len(fields) == 3 {
				v, err := value.ParseJSON([]byte(fields[2]))
				require.NoError(t, err)
				s.Config, _ = v.(*value.Dict)
			}
			off, _ := s.Config.Get("_disabled")
			s.Disabled = off == true
			needs, _ := s.Config.Get("_requires")
			robot, _ := s.Config.Get("_robot")
			if text, ok := needs.(string); ok {
				s.Requires = []string{text}
			}
			s.Robot, _ = robot.(string)
			doc.Steps = append(doc.Steps, s)
		}
	}
	return doc
}

// run compiles and runs a document of the tests' own types.
func run(t tb, source string, o engine.Options) engine.Result {
	t.Helper()
	return compile(t, document(t, source)).Run(context.Background(), o)
}

// tape is a sink that keeps everything.
type tape struct {
	events []casare.StepEvent
	lines  []casare.LogLine
}

func (s *tape) StepEvent(e casare.StepEvent) { s.events = append(s.events, e) }
func (s *tape) LogLine(l casare.LogLine)     { s.lines = append(s.lines, l) }

// history prints the events as "step state".
func (s *tape) history() []string {
	out := make([]string, len(s.events))
	for i, e := range s.events {
		out[i] = e.Step + " " + string(e.State)
	}
	return out
}

// cut is a snapshot with all records there were when it was stored.
type cut struct {
	engine.Snapshot
	Records []engine.Record
}

// keeper stores checkpoints.
type keeper struct {
	cuts    []cut
	records map[string][]byte
}

func (k *keeper) keep(_ context.Context, s engine.Snapshot) error {
	if s.Whole {
		k.records = map[string][]byte{}
	}
	for _, r := range s.Changes {
		if r.Data == nil {
			delete(k.records, r.Key)
		} else {
			k.records[r.Key] = bytes.Clone(r.Data)
		}
	}
	c := cut{Snapshot: s}
	for _, key := range slices.Sorted(maps.Keys(k.records)) {
		c.Records = append(c.Records, engine.Record{Key: key, Data: k.records[key]})
	}
	k.cuts = append(k.cuts, c)
	return nil
}

func (k *keeper) last(t tb) cut {
	t.Helper()
	require.NotEmpty(t, k.cuts)
	return k.cuts[len(k.cuts)-1]
}

// variable returns a variable at the end of a run.
func variable(r engine.Result, name string) value.Value {
	v, _ := r.Variables.Get(name)
	return v
}
