package control

import (
	"context"
	"fmt"
	"time"

	"casare/node"
	"casare/value"
)

func init() { node.Register("ParallelForEachNode", func() node.Node { return new(parallelForEach) }) }

type parallelForEach struct {
	items    node.Value
	batch    int64
	failFast bool
	timeout  float64

	item    node.Value
	index   node.Opt[int64]
	results node.Opt[value.List]
}

// parallelState says how far the loop is. Items and results are kept beside it.
type parallelState struct {
	Done int64 `cbor:"1,keyasint"` // items whose branches have ended
	Size int64 `cbor:"2,keyasint"` // of a batch
}

const (
	keptItems   = "items"
	keptResults = "results"
	mostAtOnce  = 1000
)

// Spec describes the type.
func (n *parallelForEach) Spec(s *node.Spec) {
	s.Describe("Parallel For Each", "Runs its body for several items at the same time, each with variables of its own, and collects what each has set. "+
		"The items come in batches; the next begins when all of the last have ended.")
	s.Category("control_flow")
	s.Any(node.In, &n.items, "items").Port(node.KindList).NameOfVariable().Must().Shown(node.Essential).
		Says("The list to go through; of a dict its values, of a text its characters.")
	s.Int(node.Param, &n.batch, "batch_size").Or(5).Min(1).Max(50).Shown(node.Essential).Says("How many items at the same time.")
	s.Bool(node.Param, &n.failFast, "fail_fast").Says("The first item that fails cancels the others and fails the step; else its result is {_error}.")
	s.Float(node.Param, &n.timeout, "timeout_per_item").Or(60).Min(1).Says("Seconds that one item may take; 0 for any time.")
	s.Any(node.Out, &n.item, "current_item").Says("In the body: the item. It is also the variable item.")
	node.Maybe(s, node.Out, &n.index, "current_index").Says("In the body: its place, from 0. It is also the variable index.")
	node.Maybe(s, node.Out, &n.results, "results").Says("For each item, in order, a dict with item, index and every variable that the body has set.")
	s.Body(portBody, node.Parallel)
	s.Branch(portCompleted)
	s.Effect(node.Pure)
	s.Example(node.Example{Name: "two items", Given: node.Values{"items": []any{"a", "b"}}, Next: []string{portBody}})
	s.Example(node.Example{
		Name: "nothing to do", Given: node.Values{"items": []any{}}, Wanted: node.Values{"results": []any{}}, Next: []string{portCompleted},
	})
}

// Run begins with the first batch.
func (n *parallelForEach) Run(_ context.Context, r *node.Run) error {
	state := parallelState{}
	if err := r.State(&state); err != nil {
		return err
	}
	state.Size = min(max(n.batch, 1), mostAtOnce)
	n.start(r, &state, itemsOf(n.items), nil)
	return nil
}

// Resume collects what a batch has left and begins with the next.
func (n *parallelForEach) Resume(_ context.Context, r *node.Run, e node.Event) error {
	state := parallelState{}
	if err := r.State(&state); err != nil {
		return err
	}
	if err := failure(e.Branches); n.failFast && err != nil {
		return err
	}
	items, _ := r.Kept(keptItems).(value.List)
	results, _ := r.Kept(keptResults).(value.List)
	for _, b := range e.Branches {
		if state.Done >= int64(len(items)) {
			break
		}
		results = append(results, result(items[state.Done], state.Done, b))
		state.Done++
	}
	n.start(r, &state, items, results)
	return nil
}

// result is what one item's branch has left.
func result(item node.Value, index int64, b node.BranchResult) node.Value {
	if b.Err != nil {
		return failed(b.Err)
	}
	d := value.DictOf(value.Pair{Key: "item", Value: item}, value.Pair{Key: "index", Value: index}).Edit()
	for name, v := range b.Variables.All() {
		d.Set(name, v)
	}
	return d.Dict()
}

// start begins with the batch after those that are done, or ends the loop.
func (n *parallelForEach) start(r *node.Run, state *parallelState, items, results value.List) {
	if state.Done >= int64(len(items)) {
		if results == nil {
			results = value.List{}
		}
		n.results = node.Some(results)
		r.Take(portCompleted)
		return
	}
	r.Keep(keptItems, items)
	r.Put(keptResults, results)
	var branches []node.BranchStart
	for i := state.Done; i < min(state.Done+state.Size, int64(len(items))); i++ {
		branches = append(branches, node.BranchStart{
			Body: portBody, Label: fmt.Sprintf("item %d", i),
			Variables: value.DictOf(value.Pair{Key: "item", Value: items[i]}, value.Pair{Key: "index", Value: i}),
			Outputs:   value.DictOf(value.Pair{Key: "current_item", Value: items[i]}, value.Pair{Key: "current_index", Value: i}),
		})
	}
	r.OpenEach(branches, node.ParallelOptions{FailFast: n.failFast, Timeout: time.Duration(max(n.timeout, 0) * float64(time.Second))})
}

// itemsOf is what a loop goes through.
func itemsOf(v node.Value) value.List {
	switch v := v.(type) {
	case value.List:
		return v
	case *value.Dict:
		list := make(value.List, 0, v.Len())
		for _, item := range v.All() {
			list = append(list, item)
		}
		return list
	case string:
		list := value.List{}
		for _, c := range v {
			list = append(list, string(c))
		}
		return list
	}
	return value.List{v}
}
