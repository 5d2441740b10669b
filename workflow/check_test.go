package workflow_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"casare"
	"casare/workflow"
)

// fakeTypes are the few node types these tests use.
type fakeTypes struct{}

var fakePorts = map[string]workflow.Ports{
	"StartNode":        {Branches: []string{"exec_out"}},
	"EndNode":          {Branches: []string{"exec_out"}},
	"CommentNode":      {Branches: []string{"exec_out"}},
	"LogNode":          {In: []string{"message", "data"}, Branches: []string{"exec_out"}},
	"SetVariableNode":  {In: []string{"value"}, Out: []string{"value"}, Branches: []string{"exec_out"}},
	"MathNode":         {In: []string{"a", "b"}, Out: []string{"result"}, Branches: []string{"exec_out"}, Pulled: true},
	"IfNode":           {In: []string{"condition"}, Branches: []string{"true", "false"}, Again: true},
	"SwitchNode":       {In: []string{"value"}, Branches: []string{"case_a", "case_b", "default"}, Again: true},
	"ForLoopStartNode": {Out: []string{"current_item"}, Branches: []string{"completed"}, Bodies: []string{"body"}, Again: true},
	"ForLoopEndNode":   {Branches: []string{"exec_out"}, Again: true},
	"TryNode":          {Branches: []string{"exec_out"}, Bodies: []string{"try_body"}, Again: true},
	"CatchNode":        {Out: []string{"error_message"}, Branches: []string{"catch_body", "exec_out"}, Again: true, Part: workflow.Part{Kind: workflow.PartCatch, Body: "catch_body"}},
	"FinallyNode":      {Branches: []string{"finally_body", "exec_out"}, Part: workflow.Part{Kind: workflow.PartFinally, Body: "finally_body"}},
	"OnErrorNode":      {Branches: []string{"exec_out"}, Bodies: []string{"protected_body", "on_error", "finally"}, Again: true},
}

func (fakeTypes) Known(typ string) (string, bool) {
	if typ == "LogMessageNode" {
		typ = "LogNode"
	}
	_, ok := fakePorts[typ]
	return typ, ok
}

func (fakeTypes) Ports(s *workflow.Step) (workflow.Ports, bool) {
	typ, _ := fakeTypes{}.Known(s.Type)
	p, ok := fakePorts[typ]
	return p, ok
}

// draw makes a document of "id:Type" (Node is added) and "a.port>b.port" (exec ports may be left out).
func draw(tb testing.TB, steps, wires string) *workflow.Document {
	tb.Helper()
	d := &workflow.Document{Name: "drawn", Settings: workflow.DefaultSettings()}
	for word := range strings.FieldsSeq(steps) {
		id, typ, _ := strings.Cut(word, ":")
		typ, pair, paired := strings.Cut(typ, "=")
		s := &workflow.Step{ID: id, Type: typ + "Node"}
		if paired {
			key := map[string]string{"ForLoopEnd": "paired_start_id", "Catch": "paired_try_id", "Finally": "paired_try_id"}[typ]
			s.Config = s.Config.With(key, pair)
		}
		d.Steps = append(d.Steps, s)
	}
	for word := range strings.FieldsSeq(wires) {
		from, to, ok := strings.Cut(word, ">")
		require.True(tb, ok)
		w := workflow.Wire{FromPort: workflow.PortOut, ToPort: workflow.PortIn}
		for _, e := range []struct {
			text       string
			step, port *string
		}{{from, &w.From, &w.FromPort}, {to, &w.To, &w.ToPort}} {
			id, port, has := strings.Cut(e.text, ".")
			*e.step = id
			if has {
				*e.port = port
			}
		}
		d.Wires = append(d.Wires, w)
	}
	return d
}

func TestCheck(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		steps, wires string
		want         []string
	}{
		"fine":          {"s:Start l:Log e:End", "s>l l>e", nil},
		"alias":         {"s:Start l:LogMessage", "s>l", nil},
		"empty":         {"", "", []string{"EMPTY_WORKFLOW nodes"}},
		"unknown":       {"s:Start l:NoSuchThingAtAll", "s>l", []string{"UNKNOWN_NODE_TYPE nodes.l.node_type"}},
		"not yet":       {"s:Start l:ReadFile", "s>l", []string{"UNSUPPORTED_NODE_TYPE nodes.l.node_type"}},
		"not yet alias": {"s:Start l:OCR", "s>l", []string{"UNSUPPORTED_NODE_TYPE nodes.l.node_type"}},
		"id twice":      {"s:Start s:Log", "", []string{"DUPLICATE_NODE_ID nodes.s.node_id"}},
		"orphan":        {"s:Start", "s>zz", []string{"ORPHANED_CONNECTION connections[0]"}},
		"orphan twice":  {"s:Start", "x>zz", []string{"ORPHANED_CONNECTION connections[0]", "ORPHANED_CONNECTION connections[0]"}},
		"self":          {"s:Start", "s>s", []string{"SELF_CONNECTION nodes.s.connections[0]"}},
		"wire twice":    {"s:Start l:Log", "s>l s>l", []string{"warn DUPLICATE_CONNECTION nodes.s.connections[1]"}},
		"circle":        {"s:Start a:Log b:Log", "s>a a>b b>a", []string{"CIRCULAR_DEPENDENCY nodes.a"}},
		"circle by loop": {
			"s:Start ls:ForLoopStart l:Log le:ForLoopEnd=ls", "s>ls ls.body>l l>le le>ls",
			[]string{"CIRCULAR_DEPENDENCY nodes.ls"},
		},
		"loop":         {"s:Start ls:ForLoopStart l:Log le:ForLoopEnd=ls", "s>ls ls.body>l l>le", nil},
		"circle by if": {"s:Start i:If a:Log", "s>i i.true>a a>i", []string{"CIRCULAR_DEPENDENCY nodes.i"}},
		"case back to an ordinary step": {
			"s:Start w:Switch a:Log", "s>w w.case_a>a a.case_a>w",
			[]string{"warn INVALID_SOURCE_PORT nodes.a.connections[2]", "warn CIRCULAR_DEPENDENCY nodes.w"},
		},
		"endless": {"s:Start w:Switch v:Switch", "s>w w.case_a>v v.case_b>w", []string{"CIRCULAR_DEPENDENCY nodes.w"}},
		"values in a circle": {
			"s:Start l:Log a:Math b:Math", "s>l a.result>b.a b.result>a.a a.result>l.data",
			[]string{"CIRCULAR_DEPENDENCY nodes.a"},
		},
		"value pulled":   {"s:Start l:Log a:Math b:Math", "s>l a.result>b.a b.result>l.data", nil},
		"value unused":   {"s:Start l:Log a:Math", "s>l", []string{"warn UNREACHABLE_NODES nodes.a"}},
		"unreachable":    {"s:Start a:Log b:Log", "s>a b>a", []string{"warn UNREACHABLE_NODES nodes.b"}},
		"comment":        {"s:Start a:Log c:Comment", "s>a", nil},
		"starts itself":  {"a:Log b:Log", "a>b", nil},
		"no entry":       {"i:Switch j:Log", "i.case_a>j j.default>i", []string{"warn INVALID_SOURCE_PORT nodes.j.connections[1]", "warn CIRCULAR_DEPENDENCY nodes.i", "warn NO_ENTRY_POINT nodes"}},
		"body":           {"s:Start ls:ForLoopStart", "s>ls", []string{"warn LOOP_BODY_NOT_CONNECTED nodes.ls.body"}},
		"try body":       {"s:Start t:Try", "s>t", []string{"warn TRY_BODY_NOT_CONNECTED nodes.t.try_body"}},
		"catch body":     {"s:Start t:Try a:Log c:Catch", "s>t t.try_body>a t>c", []string{"warn CATCH_BODY_NOT_CONNECTED nodes.c.catch_body"}},
		"finally body":   {"s:Start t:Try a:Log f:Finally", "s>t t.try_body>a t>f", []string{"warn FINALLY_BODY_NOT_CONNECTED nodes.f.finally_body"}},
		"one cleanup":    {"s:Start t:Try a:Log f:Finally b:Log", "s>t t.try_body>a t>f f.finally_body>b", nil},
		"rest behind it": {"s:Start t:Try a:Log f:Finally b:Log e:Log", "s>t t.try_body>a t>f f.finally_body>b b>e", []string{"warn FINALLY_BODY_ALWAYS_RUNS nodes.f.finally_body"}},
		"rest beside it": {"s:Start t:Try a:Log f:Finally b:Log d:Log e:Log", "s>t t.try_body>a t>f f.finally_body>b b>d f>e", nil},
		"on error":       {"s:Start o:OnError a:Log", "s>o o.protected_body>a", nil},
		"on error empty": {"s:Start o:OnError", "s>o", []string{"warn PROTECTED_BODY_NOT_CONNECTED nodes.o.protected_body"}},
		"catch by pair":  {"s:Start t:Try a:Log c:Catch=t b:Log", "s>t t.try_body>a c.catch_body>b", nil},
		"pair missing":   {"s:Start t:Try a:Log c:Catch=tt b:Log", "s>t t>c t.try_body>a c.catch_body>b", []string{"warn INVALID_PAIR nodes.c.config.paired_try_id"}},
		"if without":     {"s:Start i:If", "s>i", []string{"warn IF_TRUE_NOT_CONNECTED nodes.i.true", "warn IF_FALSE_NOT_CONNECTED nodes.i.false"}},
		"if with one":    {"s:Start i:If a:Log", "s>i i.true>a", nil},
		"no such output": {"s:Start v:SetVariable l:Log", "s>v v>l v.nope>l.data", []string{"warn INVALID_SOURCE_PORT nodes.v.connections[2]"}},
		"no such input":  {"s:Start v:SetVariable l:Log", "s>v v>l v.value>l.nope", []string{"warn INVALID_TARGET_PORT nodes.l.connections[2]"}},
		"no such branch": {"s:Start v:Switch l:Log", "s>v v.case_z>l", []string{"warn INVALID_SOURCE_PORT nodes.v.connections[1]"}},
		"all listed": {
			"s:Start l:Nothing m:ReadFile", "s>l s>m s>zz l>l",
			[]string{"UNKNOWN_NODE_TYPE nodes.l.node_type", "UNSUPPORTED_NODE_TYPE nodes.m.node_type", "ORPHANED_CONNECTION connections[2]", "SELF_CONNECTION nodes.l.connections[3]"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := draw(t, c.steps, c.wires).Check(fakeTypes{})
			require.ElementsMatch(t, c.want, codes(got))
			for _, p := range got {
				require.NotEmpty(t, p.Message)
			}
		})
	}
}

func TestCheckSentences(t *testing.T) {
	t.Parallel()
	messages := func(steps, wires string) []string {
		var out []string
		for _, p := range draw(t, steps, wires).Check(fakeTypes{}) {
			out = append(out, p.Message)
		}
		return out
	}
	require.Equal(t, []string{`The step f is a ReadFileNode, which is known but not part of this robot yet.`}, messages("s:Start f:ReadFile", "s>f"))
	require.Equal(t, []string{`The step f is of the unknown type "LogNoed". Did you mean LogNode?`}, func() []string {
		d := draw(t, "s:Start f:Log", "s>f")
		d.Steps[1].Type = "LogNoed"
		return []string{d.Check(fakeTypes{})[0].Message}
	}())
	require.Equal(t, []string{`Control goes round in a circle: c → a → b → c. A loop goes back by itself; draw no connection for it.`},
		messages("s:Start c:Log a:Log b:Log", "s>a a>b b>c c>a")[:1], "it begins at the first of them in the document")
}

func TestCheckNames(t *testing.T) {
	t.Parallel()
	d := draw(t, "s:Start", "")
	d.Name = strings.Repeat("n", 101)
	d.Variables = []workflow.Variable{{Name: "a"}, {Name: "a"}, {Name: "b c"}}
	require.Equal(t, []string{
		"warn NAME_TOO_LONG metadata.name", "INVALID_VARIABLE variables.a", "warn INVALID_VARIABLE variables.b c",
	}, codes(d.Check(nil)))
	d = read(t, `{"metadata":{"name":"x","schema_version":"3.0"},"nodes":{"s":{"node_type":"Whatever"}}}`)
	require.Equal(t, []string{"warn SCHEMA_VERSION_MISMATCH metadata.schema_version"}, codes(d.Check(nil)))
}

func TestErr(t *testing.T) {
	t.Parallel()
	require.NoError(t, workflow.Err(nil))
	require.NoError(t, workflow.Err([]workflow.Problem{{Code: "X", Warning: true}}))
	err := workflow.Err([]workflow.Problem{
		{Code: workflow.CodeEmpty, Field: "nodes", Message: "Nothing."},
		{Code: "W", Warning: true},
		{Code: workflow.CodeSelf, Step: "a", Message: "Self."},
	})
	require.EqualError(t, err, "EMPTY_WORKFLOW: Nothing.; SELF_CONNECTION: Self.")
	require.Equal(t, casare.CodeValidation, casare.CodeOf(err))
	var e *casare.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, []string{"nodes", "nodes.a"}, []string{e.Problems[0].Field, e.Problems[1].Field})
}

func TestErrOfMany(t *testing.T) {
	t.Parallel()
	err := workflow.Err(slices.Repeat([]workflow.Problem{{Code: "X", Message: "Y."}}, 22))
	require.True(t, strings.HasSuffix(err.Error(), "X: Y.; and 2 more"))
	var e *casare.Error
	require.ErrorAs(t, err, &e)
	require.Len(t, e.Problems, 22)
}

// A document of the largest size that is all wrong is still checked in no time.
func TestCheckOfManyUnknownTypes(t *testing.T) {
	t.Parallel()
	d := &workflow.Document{Name: "x"}
	for i := range workflow.MaxSteps {
		d.Steps = append(d.Steps, &workflow.Step{ID: strconv.Itoa(i), Type: fmt.Sprintf("LogNod%d", i)})
	}
	problems := d.Check(fakeTypes{})
	require.Len(t, problems, workflow.MaxSteps)
	require.Contains(t, problems[0].Message, "Did you mean LogNode?")
	require.NotContains(t, problems[999].Message, "Did you mean")
}

func TestKnownTypes(t *testing.T) {
	t.Parallel()
	all := workflow.KnownTypes()
	require.Len(t, all, 460)
	require.True(t, slices.IsSorted(all))
	for alias, want := range map[string]string{
		"BrowserWaitNode": "WaitNode", "LogMessageNode": "LogNode", "ParseJSONNode": "JsonParseNode", "ReadFileNode": "ReadFileNode",
	} {
		typ, ok := workflow.KnownType(alias)
		require.True(t, ok)
		require.Equal(t, want, typ)
	}
	_, ok := workflow.KnownType("NoSuchNode")
	require.False(t, ok)
}
