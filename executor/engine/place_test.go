package engine_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"casare"
	"casare/executor/engine"
)

// places runs a document from robot to robot: each run goes on where the one before wanted to be. It returns where each was.
func places(t *testing.T, source, home string, fits func(robot string, p *casare.Placement) bool) (visited, order []string, last engine.Result) {
	t.Helper()
	robots := []string{"a", "b", "c"}
	at := home
	var kept keeper
	o := engine.Options{Checkpoint: kept.keep}
	for range 20 {
		visited = append(visited, at)
		o.Here = func(p *casare.Placement) bool { return fits(at, p) }
		last = run(t, source, o)
		order = append(order, last.Order...)
		if last.Status != engine.Released {
			return visited, order, last
		}
		require.True(t, last.Moves)
		next := slices.IndexFunc(robots, func(r string) bool { return fits(r, last.Move) })
		require.NotEqual(t, -1, next)
		at = robots[next]
		o.Resume = kept.last(t).Records
	}
	t.Fatal("it goes round and round")
	return nil, nil, engine.Result{}
}

func TestPlace_TheRunMovesToWhereItsStepsAreAndBackOnlyIfOthersNeedIt(t *testing.T) {
	t.Parallel()
	fits := func(home string) func(string, *casare.Placement) bool {
		return func(robot string, p *casare.Placement) bool {
			if p == nil {
				return home == "" || robot == home
			}
			return p.Fits(&casare.Robot{ID: robot, Capabilities: map[string][]string{"b": {"printer"}}[robot], Labels: map[string]string{"room": robot + "1"}})
		}
	}
	effect := ` {"_effect": "idempotent"}`
	for name, c := range map[string]struct {
		source string
		home   string // robot of the job; "" for any
		want   []string
	}{
		"by capability":              {"s StartNode\nx PlainNode {\"_requires\": \"printer\"}\ny PlainNode\ns > x\nx > y", "", []string{"a", "b"}},
		"by label":                   {"s StartNode\nx PlainNode {\"_requires\": \"room=c1\"}\ns > x", "", []string{"a", "c"}},
		"by robot":                   {"s StartNode\nx PlainNode {\"_robot\": \"c\"}\ns > x", "", []string{"a", "c"}},
		"back, for it acts":          {"s StartNode\nx PlainNode {\"_robot\": \"c\"}\ny EffectNode" + effect + "\ns > x\nx > y", "a", []string{"a", "c", "a"}},
		"pure steps run anywhere":    {"s StartNode\nx PlainNode {\"_robot\": \"c\"}\ny PlainNode\ns > x\nx > y", "a", []string{"a", "c"}},
		"a job without a home stays": {"s StartNode\nx PlainNode {\"_robot\": \"c\"}\ny EffectNode" + effect + "\ns > x\nx > y", "", []string{"a", "c"}},
		"in a loop": {
			"s StartNode\nl LoopNode {\"times\": 2}\nx PlainNode {\"_robot\": \"c\"}\ny PlainNode {\"_robot\": \"b\"}\ns > l\nl.body > x\nx > y", "",
			[]string{"a", "c", "b", "c", "b"},
		},
		"a step that does not run": {"s StartNode\nx PlainNode {\"_robot\": \"c\", \"_disabled\": true}\ns > x", "", []string{"a"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			start := "a"
			visited, order, r := places(t, c.source, start, fits(c.home))
			require.Equal(t, engine.Completed, r.Status, "%+v", r.Error)
			require.Equal(t, c.want, visited)
			whole := run(t, c.source, engine.Options{})
			require.Equal(t, whole.Order, order, "as if it had never moved")
			require.Equal(t, whole.Variables, r.Variables)
		})
	}
}

func TestPlace_ARunThatCannotMoveFailsAndSaysWhy(t *testing.T) {
	t.Parallel()
	nowhere := func(p *casare.Placement) bool { return p == nil }
	var kept keeper
	r := run(t, "s StartNode\nx PlainNode {\"_robot\": \"c\"}\ns > x", engine.Options{
		Checkpoint: kept.keep, Here: nowhere, Held: func() string { return "/data/x" },
	})
	require.Equal(t, engine.Failed, r.Status)
	require.Equal(t, "x", r.Error.NodeID)
	require.Equal(t, engine.TypePlacement, r.Error.ErrorType)
	require.Contains(t, r.Error.Message, "it has left /data/x here")
}
