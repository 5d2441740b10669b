package engine_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"casare/executor/engine"
	"casare/node"
	"casare/value"
)

// anyValue draws values of every kind and size that a snapshot cuts up in its own way.
func anyValue(depth int) *rapid.Generator[value.Value] {
	return rapid.Custom(func(t *rapid.T) value.Value {
		most := 9
		if depth == 0 {
			most = 6
		}
		switch rapid.IntRange(0, most).Draw(t, "kind") {
		case 0:
			return nil
		case 1:
			return rapid.Bool().Draw(t, "bool")
		case 2:
			return rapid.Int64().Draw(t, "int")
		case 3:
			return rapid.Float64().Draw(t, "float")
		case 4:
			return strings.Repeat(rapid.String().Draw(t, "text"), rapid.SampledFrom([]int{1, 1, 5000}).Draw(t, "times"))
		case 5:
			return value.Bytes(rapid.String().Draw(t, "bytes"))
		case 6:
			return value.Handle{Kind: "page", ID: rapid.String().Draw(t, "id")}
		case 7, 8:
			item := anyValue(depth-1).Draw(t, "item")
			list := make(value.List, rapid.SampledFrom([]int{0, 1, 3, 70, 1023, 1024, 1025, 3000}).Draw(t, "length"))
			for i := range list {
				list[i] = int64(i)
			}
			for range min(len(list), 3) {
				list[rapid.IntRange(0, len(list)-1).Draw(t, "at")] = item
			}
			return list
		default:
			d := value.NewDict()
			for range rapid.IntRange(0, 4).Draw(t, "size") {
				d.Set(rapid.String().Draw(t, "key"), anyValue(depth-1).Draw(t, "value"))
			}
			return d.Dict()
		}
	})
}

// changed is a value that comes after another in the same variable: often it has much in common with it.
func changed(t *rapid.T, v value.Value) value.Value {
	list, ok := v.(value.List)
	if !ok || rapid.Bool().Draw(t, "other") {
		return anyValue(3).Draw(t, "next")
	}
	out := append(value.List{}, list...)
	if rapid.Bool().Draw(t, "shorter") && len(out) > 0 {
		out = out[:rapid.IntRange(0, len(out)-1).Draw(t, "cut")]
	}
	for range rapid.SampledFrom([]int{0, 1, 10, 1500}).Draw(t, "more") {
		out = append(out, "more")
	}
	return out
}

// Whatever values follow one another, the records are those of the present ones: all that is needed, nothing else, and always written alike.
func TestSnapshot_ValuesComeBackAndNothingIsLeftBehind(t *testing.T) {
	t.Parallel()
	plan := compile(t, document(t, "s PutNode\na PutNode\nb PutNode\nc PutNode\nz PlainNode\ns > a\na > b\nb > c\nc > z"))
	rapid.Check(t, func(t *rapid.T) {
		v := anyValue(3).Draw(t, "first")
		values := []value.Value{v}
		for range 3 {
			v = changed(t, v)
			values = append(values, v)
		}
		var kept keeper
		next := 0
		r := plan.Run(context.WithValue(context.Background(), putKey{}, func() value.Value { next++; return values[next-1] }),
			engine.Options{Now: slowClock(), Checkpoint: kept.keep})
		require.Equal(t, engine.Completed, r.Status, "%v", r.Error)
		require.GreaterOrEqual(t, len(kept.cuts), 4)
		for i, c := range kept.cuts[:4] {
			stop := make(chan struct{})
			close(stop)
			var again keeper
			back := plan.Run(context.Background(), engine.Options{Resume: c.Records, Stop: stop, Checkpoint: again.keep})
			require.Equal(t, engine.Released, back.Status, "%v", back.Error)
			got, _ := back.Variables.Get("x")
			require.Equal(t, value.Repr(values[i]), value.Repr(got))
			require.Equal(t, c.Records, again.last(t).Records)
		}
	})
}

type putKey struct{}

// putValue sets a variable, and an output, to what the test wants next.
type putValue struct{ out value.Value }

func (n *putValue) Spec(s *node.Spec) {
	describe(s, node.Pure)
	s.Any(node.Out, &n.out, "value")
}

func (n *putValue) Run(ctx context.Context, r *node.Run) error {
	next, _ := ctx.Value(putKey{}).(func() value.Value)
	n.out = next()
	r.SetVar("x", n.out)
	return nil
}

// growing is a loop that adds a row to a list in each round, with an effect, and so a checkpoint, after it.
func growing(rows int) string {
	return fmt.Sprintf(`
		$rows = []
		s StartNode
		l LoopNode {"times": %d}
		g GrowNode
		e EffectNode {"_effect": "idempotent"}
		s > l
		l.body > g
		g > e
	`, rows)
}

// grow adds a row to the variable rows.
type grow struct{ out value.List }

func (n *grow) Spec(s *node.Spec) {
	describe(s, node.Pure)
	s.List(node.Out, &n.out, "rows")
}

func (n *grow) Run(_ context.Context, r *node.Run) error {
	v, _ := r.Var("rows")
	list, _ := v.(value.List)
	n.out = append(append(make(value.List, 0, len(list)+1), list...), config("id", len(list), "name", "a customer", "total", 12.5))
	r.SetVar("rows", n.out)
	return nil
}

func TestSnapshot_AListThatGrowsCostsWhatIsAdded(t *testing.T) {
	t.Parallel()
	written, last := 0, 0
	var kept keeper
	const rows = 2500
	r := run(t, growing(rows), engine.Options{Checkpoint: func(ctx context.Context, s engine.Snapshot) error {
		last = 0
		for _, c := range s.Changes {
			last += len(c.Data)
		}
		written += last
		kept.cuts = nil
		return kept.keep(ctx, s)
	}})
	require.Equal(t, engine.Completed, r.Status, "%v", r.Error)
	require.Less(t, written/(2*rows), 50<<10, "bytes a snapshot")
	whole := 0
	for _, c := range kept.last(t).Records {
		whole += len(c.Data)
	}
	require.Less(t, whole, 200*rows, "the list is there once, whatever refers to it")
}
