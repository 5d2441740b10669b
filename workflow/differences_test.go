package workflow_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"casare/workflow"
)

func TestDifferences(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		steps, wires string
		change       func(*workflow.Document)
		want         []string // RULE step
	}{
		"none":      {"s:Start l:Log", "s>l", nil, nil},
		"comment":   {"s:Start c:Comment l:Log", "s>c c>l", nil, []string{"DEAD_END c"}},
		"try":       {"s:Start t:Try l:Log", "s>t t.try_body>l", nil, []string{"CONSTRUCT t"}},
		"alias":     {"s:Start l:LogMessage", "s>l", nil, []string{"TYPE_NAME l"}},
		"computed":  {"s:Start m:Math l:Log", "s>l m.result>l.message", nil, []string{"COMPUTED m"}},
		"unneeded":  {"s:Start m:Math l:Log", "s>l", nil, nil},
		"condition": {"s:Start i:If l:Log", "s>i i.true>l", condition("{{x}} > 1"), []string{"CONDITION i"}},
		"plain":     {"s:Start i:If l:Log", "s>i i.true>l", condition("x > 1"), nil},
		"settings":  {"s:Start l:Log", "s>l", func(d *workflow.Document) { d.Settings.RetryCount = 2 }, []string{"SETTINGS "}},
		"variables": {"s:Start l:Log", "s>l", func(d *workflow.Document) {
			d.Variables = []workflow.Variable{{Name: "empty"}, {Name: "x", Default: int64(1)}}
		}, []string{"VARIABLES "}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := draw(t, c.steps, c.wires)
			if c.change != nil {
				c.change(d)
			}
			var got []string
			for _, found := range d.Differences([]byte(`{"nodes": {}}`), fakeTypes{}) {
				require.Regexp(t, `^CasareRPA.*here.*\.$`, found.Message)
				got = append(got, found.Rule+" "+found.Step)
			}
			require.Equal(t, c.want, got)
		})
	}
}

func condition(text string) func(*workflow.Document) {
	return func(d *workflow.Document) {
		for _, s := range d.Steps {
			if s.Type == "IfNode" {
				s.Config = s.Config.With("expression", text)
			}
		}
	}
}

func TestDifferences_OfTheForm(t *testing.T) {
	t.Parallel()
	for raw, refused := range map[string]bool{
		`{"nodes": {"s": {"node_id": "s", "node_type": "StartNode"}}, "connections": []}`:                                         false,
		`{"nodes": {"s": {"node_type": "StartNode"}}, "connections": []}`:                                                         true,
		`{"nodes": [{"node_id": "s", "node_type": "StartNode"}], "connections": []}`:                                              true,
		`{"nodes": {"s": {"node_id": "s", "node_type": "StartNode"}}, "connections": [{"source_node": "s", "target_node": "s"}]}`: true,
	} {
		doc, _ := workflow.Read([]byte(raw))
		require.NotNil(t, doc)
		found := doc.Differences([]byte(raw), fakeTypes{})
		require.Equal(t, refused, len(found) == 1 && found[0].Rule == "FORMAT", "%s: %v", raw, found)
	}
}
