package control_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"casare/node"
	"casare/node/nodetest"
	_ "casare/nodes/control"
	"casare/value"
	"casare/workflow"
)

// round is what one iteration of a loop shows its body.
type round struct{ item, index, key node.Value }

// drive runs a loop whose body does nothing but call each, and returns its rounds. Before every resume it binds anew, as another
// robot does.
func drive(t *testing.T, config node.Values, host *nodetest.Host, each func(i int) node.EventKind) []round {
	t.Helper()
	step := &workflow.Step{ID: "loop", Type: "ForLoopStartNode", Config: config.Dict()}
	bind := func() *node.Bound {
		b, problems := node.Default.Bind(step)
		require.Empty(t, problems)
		return b
	}
	out, err := bind().Exec(t.Context(), host, nil)
	require.NoError(t, err)
	var rounds []round
	for out.Open != "" {
		require.Less(t, len(rounds), 100, "the loop does not end")
		item, _ := out.Outputs.Get("current_item")
		index, _ := out.Outputs.Get("current_index")
		key, _ := out.Outputs.Get("current_key")
		rounds = append(rounds, round{item, index, key})
		out, err = bind().Resume(t.Context(), host, nil, out.Saved, node.Event{Kind: each(len(rounds) - 1), Body: out.Open})
		require.NoError(t, err)
	}
	require.Equal(t, []string{"completed"}, out.Next)
	require.Nil(t, out.Outputs, "the outputs of the last item stay")
	return rounds
}

func goOn(int) node.EventKind { return node.Ended }

func TestForLoop_GoesThrough(t *testing.T) {
	t.Parallel()
	n := func(i int64) node.Value { return i }
	for _, c := range []struct {
		name   string
		config node.Values
		want   []round
	}{
		{"list", node.Values{"items": []any{"a", nil}}, []round{{"a", n(0), nil}, {nil, n(1), nil}}},
		{"dict", node.Values{"items": node.Values{"x": 1, "y": 2}}, []round{{n(1), n(0), "x"}, {n(2), n(1), "y"}}},
		{"text", node.Values{"items": "aé☕"}, []round{{"a", n(0), nil}, {"é", n(1), nil}, {"☕", n(2), nil}}},
		{"single value", node.Values{"items": 5.5}, []round{{5.5, n(0), nil}}},
		{"variable", node.Values{"list_var": "xs"}, []round{{"p", n(0), nil}}},
		{"template", node.Values{"items": "{{xs}}"}, []round{{"p", n(0), nil}}},
		{"range", node.Values{"mode": "range", "start": 2, "end": 5, "step": 2}, []round{{n(2), n(0), nil}, {n(4), n(1), nil}}},
		{"range downwards", node.Values{"mode": "range", "start": 3, "end": 1, "step": -1}, []round{{n(3), n(0), nil}, {n(2), n(1), nil}}},
		{"range the wrong way", node.Values{"mode": "range", "start": 3, "end": 1}, nil},
		{
			"range of large numbers",
			node.Values{"mode": "range", "start": math.MaxInt64 - 1, "end": math.MaxInt64, "step": math.MaxInt64},
			[]round{{n(math.MaxInt64 - 1), n(0), nil}},
		},
		{"nothing", node.Values{"items": []any{}}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			host := nodetest.NewHost(node.Values{"xs": []any{"p"}}.Dict())
			require.Equal(t, c.want, drive(t, c.config, host, goOn))
		})
	}
}

func TestForLoop_RangeLengths(t *testing.T) {
	t.Parallel()
	host := nodetest.NewHost(nil)
	require.Len(t, drive(t, node.Values{"mode": "range"}, host, goOn), 10)
	require.Len(t, drive(t, node.Values{}, host, goOn), 10, "no items: the range")
	extremes := node.Values{"mode": "range", "start": math.MinInt64, "end": math.MaxInt64, "step": math.MaxInt64}
	require.Len(t, drive(t, extremes, host, goOn), 3)
	extremes = node.Values{"mode": "range", "start": math.MaxInt64, "end": math.MinInt64, "step": math.MinInt64}
	require.Len(t, drive(t, extremes, host, goOn), 2)
}

// The body may change the list it came from; the loop keeps to what it began with.
func TestForLoop_ItemsAreSettledAtTheStart(t *testing.T) {
	t.Parallel()
	host := nodetest.NewHost(node.Values{"xs": []any{1, 2}}.Dict())
	rounds := drive(t, node.Values{"list_var": "xs", "item_var": "it"}, host, func(int) node.EventKind {
		host.SetVar("xs", value.List{})
		return node.Continued
	})
	require.Len(t, rounds, 2)
	it, _ := host.Var("it")
	index, _ := host.Var("it_index")
	require.Equal(t, []node.Value{int64(2), int64(1)}, []node.Value{it, index}, "the variables keep the last item")
}

func TestForLoop_Break(t *testing.T) {
	t.Parallel()
	rounds := drive(t, node.Values{"items": []any{1, 2, 3}}, nodetest.NewHost(nil), func(i int) node.EventKind {
		if i == 1 {
			return node.Broken
		}
		return node.Ended
	})
	require.Len(t, rounds, 2)
}

func TestWhileLoop_EndsAtItsLimit(t *testing.T) {
	t.Parallel()
	b, problems := node.Default.Bind(&workflow.Step{
		ID: "w", Type: "WhileLoopStartNode", Config: node.Values{"expression": "true", "max_iterations": 3}.Dict(),
	})
	require.Empty(t, problems)
	host := nodetest.NewHost(nil)
	out, err := b.Exec(t.Context(), host, nil)
	rounds := 0
	for ; err == nil && out.Open != ""; rounds++ {
		out, err = b.Resume(t.Context(), host, nil, out.Saved, node.Event{Kind: node.Ended, Body: "body"})
	}
	require.NoError(t, err)
	require.Equal(t, 3, rounds)
	require.Equal(t, []string{"completed"}, out.Next)
}

func TestWhileLoop_WiredConditionIsReadAgain(t *testing.T) {
	t.Parallel()
	b, _ := node.Default.Bind(&workflow.Step{ID: "w", Type: "WhileLoopStartNode", Config: node.Values{}.Dict()})
	host := nodetest.NewHost(nil)
	out, err := b.Exec(t.Context(), host, map[string]node.Value{"condition": true})
	require.NoError(t, err)
	require.Equal(t, "body", out.Open)
	out, err = b.Resume(t.Context(), host, map[string]node.Value{"condition": false}, out.Saved, node.Event{Kind: node.Ended})
	require.NoError(t, err)
	require.Empty(t, out.Open)
}

func TestLeaving_NamesTheLoop(t *testing.T) {
	t.Parallel()
	for typ, want := range map[string]node.Exit{
		"ForLoopEndNode":   {Kind: node.ExitEnd, Owner: "a"},
		"WhileLoopEndNode": {Kind: node.ExitEnd, Owner: "a"},
		"BreakNode":        {Kind: node.ExitBreak, Owner: "b"},
		"ContinueNode":     {Kind: node.ExitContinue, Owner: "b"},
	} {
		r := nodetest.Run(t.Context(), node.Default, nodetest.Case{
			Type: typ, Config: node.Values{"paired_start_id": "a", "paired_loop_start_id": "b"}.Dict(),
		})
		require.NoError(t, r.Err)
		require.Equal(t, &want, r.Outcome.Exit, typ)
		require.Equal(t, []string{"exec_out"}, r.Outcome.Next, typ)
	}
}

func TestSwitch_BadExpressionFailsByTheDefaultPort(t *testing.T) {
	t.Parallel()
	r := nodetest.Run(t.Context(), node.Default, nodetest.Case{
		Type: "SwitchNode", Config: node.Values{"cases": []any{"a"}, "expression": "nope + 1"}.Dict(),
	})
	var e *node.Error
	require.ErrorAs(t, r.Err, &e)
	require.Equal(t, "default", e.Port)
}
