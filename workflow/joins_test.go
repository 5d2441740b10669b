package workflow_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"casare/value"
	"casare/workflow"
)

// forkPorts are the ports of a Fork, a Join, a ParallelForEach and what may stand between.
func forkPorts(s *workflow.Step) workflow.Ports {
	pair := func(key string) *workflow.End {
		id := s.Config.GetText(key)
		return &workflow.End{Pair: id}
	}
	switch s.Type {
	case "ForkNode":
		bodies := []string{"branch_1", "branch_2"}
		return workflow.Ports{Bodies: bodies, Isolated: bodies, Fork: pair("paired_join_id")}
	case "JoinNode":
		return workflow.Ports{Branches: []string{"exec_out"}, Join: pair("paired_fork_id")}
	case "ParallelForEachNode":
		return workflow.Ports{Branches: []string{"completed"}, Bodies: []string{"body"}, Isolated: []string{"body"}}
	}
	return fakePorts[s.Type]
}

func TestJoins(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		steps, wires string
		config       map[string][2]string // step -> key, value
		want         map[string]string
	}{
		"both branches": {
			"f:Fork a:Log b:Log j:Join", "f.branch_1>a f.branch_2>b a>j b>j", nil, map[string]string{"f": "j"},
		},
		"one branch has no wire":  {"f:Fork a:Log j:Join", "f.branch_1>a a>j", nil, map[string]string{"f": "j"}},
		"only one leads there":    {"f:Fork a:Log b:Log j:Join", "f.branch_1>a f.branch_2>b a>j", nil, map[string]string{}},
		"the join names its fork": {"f:Fork a:Log j:Join", "f.branch_1>a", map[string][2]string{"j": {"paired_fork_id", "f"}}, map[string]string{"f": "j"}},
		"the fork names its join": {"f:Fork a:Log j:Join", "f.branch_1>a", map[string][2]string{"f": {"paired_join_id", "j"}}, map[string]string{"f": "j"}},
		"one inside the other": {
			"f:Fork g:Fork a:Log b:Log i:Join c:Log j:Join",
			"f.branch_1>g g.branch_1>a g.branch_2>b a>i b>i i>j f.branch_2>c c>j", nil,
			map[string]string{"f": "j", "g": "i"},
		},
		"one inside the only branch": {
			"f:Fork g:Fork a:Log b:Log i:Join j:Join", "f.branch_1>g g.branch_1>a g.branch_2>b a>i b>i i>j", nil, map[string]string{"f": "j", "g": "i"},
		},
		"one after the other": {
			"f:Fork j:Join g:Fork k:Join", "f.branch_1>j f.branch_2>j j>g g.branch_1>k g.branch_2>k", nil, map[string]string{"f": "j", "g": "k"},
		},
		"two forks and one join": {
			"f:Fork g:Fork a:Log j:Join", "f.branch_1>g f.branch_2>a a>j g.branch_1>j g.branch_2>j", nil, map[string]string{"f": "j"},
		},
		"two joins": {
			"f:Fork a:Log j:Join k:Join", "f.branch_1>a f.branch_2>j a>j j>k", nil, map[string]string{"f": "j"},
		},
		"none": {"f:Fork a:Log", "f.branch_1>a", nil, map[string]string{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := draw(t, c.steps, c.wires)
			for id, pair := range c.config {
				s := d.Step(id)
				s.Config = s.Config.With(pair[0], pair[1])
			}
			require.Equal(t, c.want, workflow.Joins(workflow.NewGraph(d), forkPorts))
		})
	}
	off := draw(t, "f:Fork a:Log j:Join", "f.branch_1>a a>j")
	off.Step("j").Disabled = true
	require.Empty(t, workflow.Joins(workflow.NewGraph(off), forkPorts))
}

// forkTypes are the types of forkPorts.
type forkTypes struct{}

func (forkTypes) Known(typ string) (string, bool) { return typ, true }

func (forkTypes) Ports(s *workflow.Step) (workflow.Ports, bool) { return forkPorts(s), true }

func TestCheck_CrossesBranch(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		steps, wires string
		want         bool
	}{
		"in a branch":        {"l:ForLoopStart f:Fork x:Break", "l.body>f f.branch_1>x", true},
		"deeper":             {"l:ForLoopStart f:Fork a:Log x:Continue", "l.body>f f.branch_1>a a>x", true},
		"in a parallel loop": {"l:ForLoopStart p:ParallelForEach x:Break", "l.body>p p.body>x", true},
		"behind the join":    {"l:ForLoopStart f:Fork j:Join x:Break", "l.body>f f.branch_1>j f.branch_2>j j>x", false},
		"loop inside":        {"l:ForLoopStart f:Fork x:Break", "f.branch_1>l l.body>x", false},
		"no branch":          {"l:ForLoopStart x:Break", "l.body>x", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := draw(t, c.steps, c.wires)
			d.Step("x").Config = d.Step("x").Config.With("paired_loop_start_id", "l")
			found := false
			for _, p := range d.Check(forkTypes{}) {
				if p.Code == workflow.CodeCrossesBranch {
					found = true
					require.Equal(t, "x", p.Step)
					require.False(t, p.Warning)
				}
			}
			require.Equal(t, c.want, found)
		})
	}
}

func TestReferences(t *testing.T) {
	t.Parallel()
	doc, _ := workflow.Read([]byte(`{"nodes": {
		"a": {"node_type": "SubflowNode", "config": {"subflow_path": "C:\\flows\\a.json", "subflow_id": " x "}},
		"b": {"node_type": "CallSubworkflowNode", "config": {"subworkflow_id": 7}},
		"c": {"node_type": "ExecuteWorkflowNode", "config": {"workflow_path": "{{dir}}/c.json"}},
		"d": {"node_type": "ExecuteWorkflowNode", "config": {}},
		"e": {"node_type": "SubflowNode", "config": {"subflow_id": "y", "_disabled": true}},
		"f": {"node_type": "LogNode", "config": {"subflow_id": "y"}}}, "connections": []}`))
	require.Equal(t, []workflow.Reference{
		{Kind: workflow.RefersToSubflow, Step: "a", Field: "config.subflow_path", ID: "x", Path: `C:\flows\a.json`},
		{Kind: workflow.RefersToWorkflow, Step: "b", Field: "config.subworkflow_id", ID: "7"},
		{Kind: workflow.RefersToWorkflow, Step: "c", Field: "config.workflow_path", Path: "{{dir}}/c.json", Template: true},
	}, doc.References())
	require.Equal(t, "a.json", doc.References()[0].File())
	require.Equal(t, "7", doc.References()[1].Name())
}

func TestReference_Where(t *testing.T) {
	t.Parallel()
	for want, r := range map[string]workflow.Reference{
		"":               {ID: "x", From: "lib/a.json"},
		"lib/b.json":     {Path: "b.json", From: "lib/a.json"},
		"b.json":         {Path: "../b.json", From: "lib/a.json"},
		"x/b.json":       {Path: `x\b.json`},
		"/abs/b.json":    {Path: "/abs/b.json", From: "lib/a.json"},
		"C:/flows/b":     {Path: `C:\flows\b`, From: "lib/a.json"},
		"/abs/sub/b.txt": {Path: "sub/b.txt", From: "/abs/a.json"},
	} {
		require.Equal(t, want, r.Where())
	}
}

// A subflow file as CasareRPA wrote some: an empty config beside the properties that count.
func TestRead_PropertiesBesideAnEmptyConfig(t *testing.T) {
	t.Parallel()
	doc, problems := workflow.Read([]byte(`{"nodes": {"n": {"node_id": "n", "type": "SetVariableNode", "config": {}, "properties": {"variable_name": "x"}}}, "connections": []}`))
	require.Empty(t, workflow.Errors(problems))
	require.Equal(t, "x", doc.Step("n").Config.GetText("variable_name"))
	doc, _ = workflow.Read([]byte(`{"nodes": {"n": {"type": "SetVariableNode", "config": {"variable_name": "y"}, "properties": {"variable_name": "x"}}}, "connections": []}`))
	require.Equal(t, value.Value("y"), doc.Step("n").Config.GetText("variable_name"))
}
