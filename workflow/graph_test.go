package workflow_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"casare/workflow"
)

func set(m map[string]bool) []string { return slices.Sorted(maps.Keys(m)) }

func TestStarts(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		steps, wires string
		want         []string
		auto         bool
	}{
		"first StartNode":      {"a:Log s:Start z:Start", "", []string{"s"}, false},
		"no StartNode":         {"a:Log b:Log c:Log", "b>a", []string{"b", "c"}, true},
		"a value is no entry":  {"a:SetVariable b:Log", "a.value>b.data", []string{"a", "b"}, true},
		"trigger":              {"t:ScheduleTrigger a:Log b:Log", "t>a a>b", []string{"a"}, true},
		"trigger in a chain":   {"t:ScheduleTrigger a:Log u:FileTrigger b:Log", "t>a a>u u>b", []string{"a", "b"}, true},
		"trigger beside start": {"t:ScheduleTrigger s:Start a:Log", "t>a", []string{"s"}, false},
		"nothing":              {"a:Log b:Log", "a>b b>a", nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, auto := workflow.NewGraph(draw(t, c.steps, c.wires)).Starts()
			require.Equal(t, c.want, got)
			require.Equal(t, c.auto, auto)
		})
	}
	require.Equal(t, []string{"s", "z"}, workflow.NewGraph(draw(t, "a:Log s:Start z:Start", "")).StartSteps())
}

func TestFollow(t *testing.T) {
	t.Parallel()
	g := workflow.NewGraph(draw(t, "i:If a:Log b:Log c:Log",
		"i.false>c i.true>b i.true>a i.true>b i.true>a.data i.exec_x>c i.value>a.data i>gone"))
	require.Equal(t, []string{"b", "a"}, g.Follow("i", "true"), "wire order, each once, control only")
	require.Equal(t, []string{"c", "b", "a"}, g.Follow("i", "false", "true"), "port order first")
	require.Empty(t, g.Follow("i", "nope"))
	require.Empty(t, g.Follow("nobody", "true"))
	require.Equal(t, []string{"c"}, g.FollowExec("i"))
	require.True(t, g.Wired("i", "true"))
	require.False(t, g.Wired("i", "value"), "a wire for a value does not lead control")

	data := g.Data("a")
	require.Equal(t, []string{"true", "value"}, []string{data[0].FromPort, data[1].FromPort})
	require.Len(t, data, 2)
	require.Len(t, g.Out("i"), 7, "a wire to nowhere is left out")
	require.True(t, g.HasFlow("a"))
	require.Equal(t, 1, g.Index("a"))
	require.Equal(t, -1, g.Index("gone"))
	require.Nil(t, g.Step("gone"))
	require.Equal(t, "IfNode", g.Step("i").Type)
	require.Equal(t, 4, g.Len())
}

func TestReach(t *testing.T) {
	t.Parallel()
	g := workflow.NewGraph(draw(t, "s:Start ls:ForLoopStart a:Log v:Math b:Log le:ForLoopEnd z:Log",
		"s>ls ls.body>a a>b b>le ls.completed>z v.result>b.data ls.body>v.a le>z"))
	require.Equal(t, []string{"a", "b", "le", "v"}, set(g.Body("ls", "body", "le")), "values too, not past the end")
	require.Equal(t, []string{"a", "b", "le", "v", "z"}, set(g.Body("ls", "body")))
	require.Equal(t, []string{"b", "le", "v", "z"}, set(g.After("v")))
	require.Equal(t, []string{"a", "b", "ls", "s", "v"}, set(g.Before("b")))
	require.NotContains(t, g.AfterFlow("s"), "v")

	steps, ok := g.Between([]string{"s"}, "b")
	require.True(t, ok)
	require.Equal(t, []string{"a", "b", "ls", "s", "v"}, set(steps))
	_, ok = g.Between([]string{"z"}, "b")
	require.False(t, ok)
}
