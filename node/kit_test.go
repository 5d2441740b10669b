package node_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"casare/node"
	"casare/node/nodetest"
	"casare/value"
	"casare/workflow"
)

// exec runs one step of the tests' own types.
func exec(t *testing.T, typ string, config, wired, vars node.Values) nodetest.Result {
	t.Helper()
	return nodetest.Run(t.Context(), registry(), nodetest.Case{
		Type: typ, Config: config.Dict(), Inputs: wired.Dict(), Vars: vars.Dict(),
	})
}

func bind(t *testing.T, typ string, config node.Values) (*node.Bound, []workflow.Problem) {
	t.Helper()
	return registry().Bind(&workflow.Step{ID: "n", Type: typ, Config: config.Dict()})
}

// seen is what an echo says it was given under a name.
func seen(t *testing.T, r *nodetest.Result, name string) node.Value {
	t.Helper()
	require.NoError(t, r.Err)
	d, ok := r.Output("seen").(*value.Dict)
	require.True(t, ok)
	v, _ := d.Get(name)
	return v
}

func TestInputs_WireBeforeConfigBeforeDefault(t *testing.T) {
	t.Parallel()
	vars := node.Values{"who": "Ann", "nothing": nil, "five": 5}
	for _, c := range []struct {
		name          string
		config, wired node.Values
		field         string
		want          node.Value
	}{
		{"default", nil, nil, "text", "nobody"},
		{"null in the config", node.Values{"text": nil}, nil, "text", "nobody"},
		{"config", node.Values{"text": "me"}, nil, "text", "me"},
		{"template", node.Values{"text": "hi {{who}}"}, nil, "text", "hi Ann"},
		{"template of a whole text keeps its kind", node.Values{"number": "{{five}}"}, nil, "number", int64(5)},
		{"template that gives null", node.Values{"text": "{{nothing}}"}, nil, "text", "nobody"},
		{"wire", node.Values{"text": "me"}, node.Values{"text": "wired"}, "text", "wired"},
		{"null by wire", node.Values{"text": "me"}, node.Values{"text": nil}, "text", "me"},
		{"what comes by wire is no template", nil, node.Values{"text": "{{who}}"}, "text", "{{who}}"},
		{"an old key", node.Values{"older": "was"}, nil, "text", "was"},
		{"the own key before an old one", node.Values{"old": "was", "text": "is"}, nil, "text", "is"},
		{"an old port", nil, node.Values{"old": "was"}, "text", "was"},
		{"a parameter cannot be wired", node.Values{"number": 3}, node.Values{"number": 4}, "number", int64(3)},
		{"a port is not read from the config", node.Values{"wire": 3}, nil, "wire", nil},
		{"a port", nil, node.Values{"wire": 3}, "wire", int64(3)},
		{"unset", nil, nil, "opt", "unset"},
		{"set", node.Values{"opt": 0}, nil, "opt", 0.0},
		{"raw", node.Values{"raw": "{{who}}"}, nil, "raw", "{{who}}"},
		{"name of a variable", node.Values{"named": "who"}, nil, "named", "Ann"},
		{"a text by wire is no name", nil, node.Values{"named": "five"}, "named", "five"},
		{"blanks around a name", node.Values{"named": " who "}, nil, "named", "Ann"},
		{"an exact name", node.Values{"exact": "five"}, nil, "exact", "5"},
		{"an exact name has no blanks", node.Values{"exact": " five "}, nil, "exact", " five "},
		{"an exact name in braces", node.Values{"exact": "{{five}}"}, nil, "exact", "5"},
		{"only a name", node.Values{"only": " {{ five }} "}, nil, "only", int64(5)},
		{"only a name, of nothing", node.Values{"only": "nope"}, nil, "only", "default"},
		{"only a name, empty", node.Values{"only": ""}, nil, "only", ""},
		{"only a name, a text by wire", nil, node.Values{"only": "nope"}, "only", "nope"},
		{"a number's name", node.Values{"sum": "five"}, nil, "sum", int64(5)},
		{"a number as text", node.Values{"sum": "1e3"}, nil, "sum", "1e3"},
		{"a number's name, of nothing", node.Values{"sum": "nope"}, nil, "sum", "default"},
		{"a number, a text by wire", nil, node.Values{"sum": "nope"}, "sum", "nope"},
		{"name of no variable", node.Values{"named": "nope"}, nil, "named", "nope"},
		{"name in braces that was not resolved", node.Values{"named": "{{nope}}"}, nil, "named", "{{nope}}"},
		{
			"each, with a gap, one by wire",
			node.Values{"item_1": "a", "item_4": "{{five}}", "item_9": 0},
			node.Values{"item_3": true},
			"list",
			value.List{"a", true, int64(5)},
		},
		{"each by number", node.Values{"key_2": "b"}, nil, "numbers", node.Values{}.Dict().With(int64(2), "b")},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := exec(t, "EchoNode", c.config, c.wired, vars)
			require.Equal(t, value.Repr(c.want), value.Repr(seen(t, &r, c.field)))
		})
	}
}

// A template in a config may be used by one execution and not by the next: nothing may stay behind.
func TestInputs_NothingSurvivesAnExecution(t *testing.T) {
	t.Parallel()
	b, problems := bind(t, "EchoNode", node.Values{"text": "{{who}}"})
	require.Empty(t, problems)
	first, err := b.Exec(t.Context(), nodetest.NewHost(node.Values{"who": "Ann"}.Dict()), map[string]node.Value{"wire": "w", "item_1": 1})
	require.NoError(t, err)
	second, err := b.Exec(t.Context(), nodetest.NewHost(nil), nil)
	require.NoError(t, err)
	require.Contains(t, value.Repr(first.Outputs), "'wire': 'w'")
	require.Contains(t, value.Repr(second.Outputs), "'wire': None")
	require.Contains(t, value.Repr(second.Outputs), "'list': []")
	require.Contains(t, value.Repr(second.Outputs), "'text': '{{who}}'")
}

func TestOutputs_UnsetOnesAreAbsent(t *testing.T) {
	t.Parallel()
	r := exec(t, "EchoNode", nil, nil, nil)
	require.NoError(t, r.Err)
	require.Equal(t, value.List{"seen"}, r.Outcome.Outputs.Keys())
	require.Equal(t, []string{"exec_out"}, r.Outcome.Next)
}

func TestErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, typ, message, port string }{
		{"panic", node.TypePanic, "the node type EchoNode has a bug: ouch", ""},
		{"fail", node.TypeExecution, "it failed", ""},
		{"via", "Own", "it failed", "error"},
		{"sleep", node.TypeExecution, "a EchoNode sleeps but cannot be resumed", ""},
	} {
		t.Run(c.text, func(t *testing.T) {
			t.Parallel()
			r := exec(t, "EchoNode", node.Values{"text": c.text}, nil, nil)
			var e *node.Error
			require.ErrorAs(t, r.Err, &e)
			require.Equal(t, c.typ, e.Type)
			require.Equal(t, c.message, e.Message)
			require.Equal(t, c.port, e.Port)
			require.Equal(t, nodetest.StepID, e.Step)
			require.Equal(t, 1, r.Outcome.Outputs.Len(), "the outputs are there for an error port")
		})
	}
}

func TestErrors_ContextStaysInTheMessage(t *testing.T) {
	t.Parallel()
	inner := node.Fail("Own", "no bread").Via("error")
	e := node.AsError(inner, "n")
	require.Equal(t, node.Error{Type: "Own", Message: "no bread", Port: "error", Step: "n"}, *e)
	require.Empty(t, inner.Step, "the error of another owner is not changed")
	outer := node.AsError(node.Fail("", "bake: %w", inner), "n")
	require.Equal(t, "bake: no bread", outer.Message)
	require.Nil(t, node.AsError(nil, "n"))
}

func TestBind_WarnsOfWhatTheConfigSaysWrongly(t *testing.T) {
	t.Parallel()
	b, problems := bind(t, "EchoNode", node.Values{"number": "many"})
	require.Len(t, problems, 1)
	require.True(t, problems[0].Warning)
	require.Equal(t, "config.number", problems[0].Field)
	_, err := b.Exec(t.Context(), nodetest.NewHost(nil), nil)
	require.ErrorContains(t, err, "'number'")

	_, problems = bind(t, "EchoNode", node.Values{"number": 101})
	require.Len(t, problems, 1, "advice is a warning")
	_, problems = bind(t, "AskerNode", node.Values{"expr": "1 +"})
	require.Len(t, problems, 1, "so is an expression that cannot be read")

	_, problems = bind(t, "SuperNode", node.Values{"action": "ask", "start": "x"})
	require.Empty(t, problems, "the action has no such field")

	b, problems = bind(t, "NopeNode", nil)
	require.Nil(t, b)
	require.Equal(t, workflow.CodeUnknownType, problems[0].Code)
	require.False(t, problems[0].Warning)
}

func TestEffect(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		typ    string
		config node.Values
		want   node.Effect
	}{
		{"EchoNode", nil, node.Read},
		{"AskerNode", nil, node.Idempotent}, // says nothing
		{"EchoNode", node.Values{"_effect": "once"}, node.Once},
		{"SuperNode", nil, node.Pure},
		{"SuperNode", node.Values{"action": "ask"}, node.Read},
		{"SuperNode", node.Values{"action": "pay"}, node.Once},
		{"SuperNode", node.Values{"action": "{{what}}"}, node.Once}, // may be any
	} {
		b, problems := bind(t, c.typ, c.config)
		require.Empty(t, problems)
		require.Equal(t, c.want, b.Effect(), "%s %v", c.typ, c.config)
	}
	_, problems := bind(t, "EchoNode", node.Values{"_effect": "twice"})
	require.Len(t, workflow.Errors(problems), 1)
}

func TestWhen_FieldsAndPortsByAction(t *testing.T) {
	t.Parallel()
	r := exec(t, "SuperNode", node.Values{"start": 1}, nil, nil)
	require.NoError(t, r.Err)
	require.Equal(t, "bc", r.Output("result"))
	require.Equal(t, []string{"exec_out"}, r.Next())

	r = exec(t, "SuperNode", node.Values{"action": "{{a}}"}, nil, node.Values{"a": "ask"})
	require.NoError(t, r.Err)
	require.Equal(t, true, r.Output("result"))
	require.Equal(t, []string{"yes"}, r.Next())

	r = exec(t, "SuperNode", nil, nil, nil)
	require.EqualError(t, r.Err, "say where to cut")

	ports, ok := registry().Ports(&workflow.Step{ID: "n", Type: "SuperNode", Config: node.Values{"action": "ask"}.Dict()})
	require.True(t, ok)
	require.Equal(t, workflow.Ports{Out: []string{"result"}, Branches: []string{"no", "yes"}, Pulled: true}, ports)
}

func TestResume_StateAndKeptValues(t *testing.T) {
	t.Parallel()
	b, _ := bind(t, "RoundsNode", nil)
	require.True(t, b.Control())
	require.Equal(t, []node.Body{{Port: "body", Kind: node.Loop}}, b.Bodies())
	host := nodetest.NewHost(nil)
	out, err := b.Exec(t.Context(), host, map[string]node.Value{"list": value.List{"a", "b"}})
	require.NoError(t, err)
	require.Equal(t, time.Minute, out.Sleep)

	var items []node.Value
	for kind := node.Woken; ; kind = node.Ended {
		// What was kept is what counts, not what the wire brings now; and another robot has another Bound.
		b, _ = bind(t, "RoundsNode", nil)
		out, err = b.Resume(t.Context(), host, map[string]node.Value{"list": value.List{}}, out.Saved, node.Event{Kind: kind, Body: "body"})
		require.NoError(t, err)
		if out.Open == "" {
			break
		}
		require.Equal(t, "body", out.Open)
		item, _ := out.Outputs.Get("item")
		items = append(items, item)
	}
	require.Equal(t, []node.Value{"a", "b"}, items)
	require.Nil(t, out.Outputs, "the last item stays")
	require.Equal(t, []string{"completed"}, out.Next)

	_, err = b.Resume(t.Context(), host, nil, node.Saved{State: []byte("garbage")}, node.Event{Kind: node.Ended})
	require.ErrorContains(t, err, "saved state")
	echo, _ := bind(t, "EchoNode", nil)
	_, err = echo.Resume(t.Context(), host, nil, node.Saved{}, node.Event{Kind: node.Ended})
	require.ErrorContains(t, err, "cannot be resumed")
}

func TestBranchEach_IndexIsAnotherName(t *testing.T) {
	t.Parallel()
	r := exec(t, "ChooserNode", node.Values{"cases": []any{"a", "b"}, "take": "case_b"}, nil, nil)
	require.NoError(t, r.Err)
	require.Equal(t, map[string]string{"case_b": "case_1"}, r.Outcome.Or)
	r = exec(t, "ChooserNode", node.Values{"cases": []any{"1", "0"}, "take": "case_1"}, nil, nil)
	require.Empty(t, r.Outcome.Or, "case_0 is the port of the other case")
	r = exec(t, "ChooserNode", node.Values{"cases": []any{"a"}, "take": "default"}, nil, nil)
	require.Empty(t, r.Outcome.Or)

	ports, ok := registry().Ports(&workflow.Step{ID: "n", Type: "ChooserNode", Config: node.Values{"cases": []any{"a", 1}}.Dict()})
	require.True(t, ok)
	require.Equal(t, []string{"case_0", "case_1", "case_a", "default"}, ports.Branches)
	_, ok = registry().Ports(&workflow.Step{ID: "n", Type: "ChooserNode", Config: node.Values{"cases": "{{all}}"}.Dict()})
	require.False(t, ok, "a template decides the ports")
}

func TestExpr(t *testing.T) {
	t.Parallel()
	vars := node.Values{"x": 10, "no": "false", "name": "Ann"}
	for _, c := range []struct {
		name          string
		config, wired node.Values
		value         node.Value
		truth         bool
	}{
		{"none", nil, nil, nil, false},
		{"empty", node.Values{"expr": ""}, nil, nil, false},
		{"source", node.Values{"expr": "{{x}} + 1"}, nil, int64(11), true},
		{"whole template", node.Values{"expr": "{{no}}"}, nil, "false", false},
		{"quoted template", node.Values{"expr": "'{{name}}' == 'Ann'"}, nil, true, true},
		{"no text", node.Values{"expr": 0}, nil, int64(0), false},
		{"by wire", node.Values{"expr": "1 +"}, node.Values{"expr": "x"}, "x", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := exec(t, "AskerNode", c.config, c.wired, vars)
			require.NoError(t, r.Err)
			require.Equal(t, c.value, r.Output("value"))
			require.Equal(t, c.truth, r.Output("truth"))
		})
	}
	r := exec(t, "AskerNode", node.Values{"expr": "nope"}, nil, nil)
	require.ErrorContains(t, r.Err, "nope")
	require.Equal(t, value.NameError, value.KindOf(r.Err))
}

func TestFormat(t *testing.T) {
	t.Parallel()
	vars := node.Values{"a": 1.5, "first name": "Ann", "d": node.Values{"k": 2}, "w": 6, "pattern": "p"}.Dict()
	lookup := func(name string) (node.Value, bool) { return vars.Get(name) }
	for _, c := range []struct {
		pattern, want string
		fails         value.Kind
	}{
		{"plain", "plain", ""},
		{"{a:.2f} {first name} {d[k]}", "1.50 Ann 2", ""},
		{"{{a}} {a}", "{a} 1.5", ""},
		{"{a:>{w}}|", "   1.5|", ""},
		{"{pattern}", "p", ""},
		{"{nope}", "", value.KeyError},
		{"{", "", value.ValueError},
		{"{\"json\": 1}", "", value.KeyError},
		{"{}", "", value.IndexError},
		{"{0}", "", value.IndexError},
	} {
		got, err := node.Format(t.Context(), c.pattern, lookup)
		require.Equal(t, c.fails, value.KindOf(err), "%s: %v", c.pattern, err)
		if c.fails == "" {
			require.Equal(t, c.want, got)
		}
	}
	got, err := node.Format(t.Context(), "{s}!", func(string) (node.Value, bool) { return value.NewSecret("hidden"), true })
	require.NoError(t, err)
	require.Equal(t, value.NewSecret("hidden!"), got)
}

type bad struct{ spec func(*node.Spec) }

func (n *bad) Spec(s *node.Spec)                    { n.spec(s) }
func (n *bad) Run(context.Context, *node.Run) error { return nil }

func TestRegistry_RefusesWhatIsWrong(t *testing.T) {
	t.Parallel()
	var text string
	add := func(name string, spec func(*node.Spec)) func() {
		r := registry()
		return func() { r.Add(name, func() node.Node { return &bad{spec: spec} }) }
	}
	require.NotPanics(t, add("FineNode", describe))
	require.Panics(t, add("EchoNode", describe), "the name is taken")
	require.Panics(t, add("FineNode", func(s *node.Spec) { describe(s); s.Alias("EchoNode") }), "the alias is taken")
	require.Panics(t, add("FineNode", func(s *node.Spec) { describe(s); s.Alias("FineNode") }), "the alias is the name")
	require.Panics(t, add("FineNode", func(s *node.Spec) { s.Category("test") }), "nothing describes it")
	require.Panics(t, add("FineNode", func(s *node.Spec) { describe(s); s.Body("body", node.Loop) }), "it cannot be resumed")
	require.Panics(t, add("FineNode", func(s *node.Spec) {
		describe(s)
		s.String(node.In, &text, "text")
		s.String(node.Param, &text, "text")
	}), "a name stands once per direction")
	require.Panics(t, add("FineNode", func(s *node.Spec) { describe(s); s.When("nope", 1) }))
	require.Panics(t, add("FineNode", func(s *node.Spec) { describe(s); s.BranchEach("case_%s", "nope") }))
}

func TestCatalogue_IsJSON(t *testing.T) {
	t.Parallel()
	r := registry()
	raw, err := json.Marshal(r.Catalogue())
	require.NoError(t, err)
	require.Contains(t, string(raw), `"variadic":{"prefix":"item_","shown":2,"max":5}`)
	require.Contains(t, string(raw), `"when":[{"param":"action","in":["cut"]}]`)
	require.Contains(t, string(raw), `"format":"case_%s","from":"cases"`)
	require.Contains(t, string(raw), `"effect":["pure","read","once"]`)
	_, ok := r.Entry("NopeNode")
	require.False(t, ok)
	require.Nil(t, r.New("NopeNode"))
	require.NotNil(t, r.New("EchoNode"))
	require.Equal(t, []string{"AskerNode", "ChooserNode", "EchoNode", "RoundsNode", "SuperNode"}, r.Types())
}

func TestNoEffect(t *testing.T) {
	t.Parallel()
	require.Nil(t, node.NoEffect(nil))
	cause := errors.New("connection refused")
	err := node.NoEffect(cause)
	require.True(t, err.Harmless)
	require.Equal(t, "connection refused", err.Message)
	require.ErrorIs(t, err, cause)
	failed := node.Fail("NetworkError", "call: %w", cause).Via("error")
	marked := node.NoEffect(failed)
	require.Equal(t, []string{"NetworkError", "error"}, []string{marked.Type, marked.Port})
	require.False(t, failed.Harmless, "the error itself is not changed")
	require.True(t, node.AsError(fmt.Errorf("step: %w", marked), "s").Harmless, "what is wrapped around it changes nothing about that")
}

// manyUses counts how often its examples are made.
type manyUses struct{ made *int }

func (n *manyUses) Spec(s *node.Spec) {
	describe(s)
	s.Examples(func() []node.Example {
		*n.made++
		return []node.Example{{Name: "one"}, {Name: "two"}}
	})
}

func (*manyUses) Run(context.Context, *node.Run) error { return nil }

func TestExamples_AreMadeForTheCatalogueOnly(t *testing.T) {
	t.Parallel()
	made := 0
	r := node.NewRegistry()
	r.Add("Many", func() node.Node { return &manyUses{made: &made} })
	require.Len(t, r.Examples("Many"), 2)
	b, problems := r.Bind(&workflow.Step{ID: "n", Type: "Many"})
	require.Empty(t, problems)
	require.NotNil(t, b)
	require.Equal(t, 1, made)
}
