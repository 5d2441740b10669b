package workflow_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"casare/workflow"
)

func TestPairs(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		steps, wires string
		want         string // try: catches; finally
	}{
		"by name":              {"t:Try c:Catch=t f:Finally=t", "", "t: c; f"},
		"by the wire":          {"t:Try a:Log c:Catch b:Log", "t.try_body>a t>c c.catch_body>b", "t: c; "},
		"by the body":          {"t:Try a:Log c:Catch f:Finally", "t.try_body>a a>c c.catch_body>f", "t: c; f"},
		"as the canvas":        {"t:Try a:Log c:Catch b:Log f:Finally", "t.try_body>a t>c c.catch_body>b b>f", "t: c; f"},
		"finally by the wire":  {"t:Try a:Log f:Finally", "t.try_body>a t>f", "t: ; f"},
		"several":              {"t:Try c:Catch=t d:Catch=t", "", "t: c d; "},
		"named ones are taken": {"t:Try c:Catch=u u:Try a:Log", "t.try_body>a a>c", "u: c; "},
		"a name that is none":  {"t:Try c:Catch=nobody a:Log", "t.try_body>a a>c", "t: c; "},
		"one finally":          {"t:Try f:Finally=t g:Finally=t", "", "t: ; f"},
		"the inner first": {
			"o:Try i:Try a:Log ic:Catch oc:Catch", "o.try_body>i i.try_body>a a>ic ic>oc", "i: ic;  | o: oc; ",
		},
		"the next try has its own": {
			"t:Try a:Log c:Catch u:Try b:Log f:Finally", "t.try_body>a t>c c.catch_body>u u.try_body>b b>f", "t: c;  | u: ; f",
		},
		"by the wire before by the way": {
			"t:Try u:Try a:Log c:Catch", "t.try_body>u u.try_body>a a>c t>c", "t: c; ",
		},
		"none": {"t:Try a:Log", "t.try_body>a", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := draw(t, c.steps, c.wires)
			got := workflow.Pairs(workflow.NewGraph(d), portsOf)
			var words []string
			for _, id := range slices.Sorted(maps.Keys(got)) {
				words = append(words, id+": "+strings.Join(got[id].Catches, " ")+"; "+got[id].Finally)
			}
			require.Equal(t, c.want, strings.Join(words, " | "))
		})
	}
}

// portsOf adds what the config says to what the tests' types are.
func portsOf(s *workflow.Step) workflow.Ports {
	p, _ := fakeTypes{}.Ports(s)
	p.Parted = s.Type == "TryNode"
	p.Part.Pair = s.Config.GetText("paired_try_id")
	return p
}

func TestPairs_WhatIsSwitchedOffIsNoPart(t *testing.T) {
	t.Parallel()
	d := draw(t, "t:Try c:Catch=t f:Finally=t", "")
	d.Steps[1].Disabled = true
	require.Equal(t, map[string]workflow.Parts{"t": {Finally: "f"}}, workflow.Pairs(workflow.NewGraph(d), portsOf))
	d.Steps[0].Disabled = true
	require.Empty(t, workflow.Pairs(workflow.NewGraph(d), portsOf))
}
