package control

import (
	"context"

	"casare/node"
	"casare/value"
)

func init() { node.Register("ForLoopStartNode", func() node.Node { return new(forStart) }) }

const modeRange = "range"

type forStart struct {
	mode, listVar, itemVar string
	items                  node.Value
	start, end, step       int64

	item, key node.Value
	index     node.Opt[int64]
}

// forState is what a loop remembers between its iterations. The items are kept beside it, because they do not change.
type forState struct {
	Index int64 `cbor:"1,keyasint"` // of the item that is in the body
	Count int64 `cbor:"2,keyasint"`
	Start int64 `cbor:"3,keyasint"`
	Step  int64 `cbor:"4,keyasint"` // 0: the loop is over kept items
}

// Spec describes the type.
func (n *forStart) Spec(s *node.Spec) {
	s.Describe("For Loop", "Runs its body once per item of a list, entry of a dict or character of a text, or once per number of a range. "+
		"Without items it counts through the range.")
	s.Category("control_flow")
	s.Choice(node.Param, &n.mode, "mode", "items", modeRange).Or("items").Shown(node.Essential).Says("What to go through.")
	s.Any(node.In, &n.items, "items").Shown(node.Essential).Says("The list, dict or text.")
	s.String(node.Param, &n.listVar, "list_var").Says("The variable that holds the items, when none are given.")
	s.String(node.Param, &n.itemVar, "item_var").Or("item").Says("The variable that gets each item; <name>_index and, of a dict, <name>_key go with it.")
	s.Int(node.Param, &n.start, "start").Or(0).Says("First number of the range.")
	s.Int(node.In, &n.end, "end").Or(10).Says("The number the range stops before.")
	s.Int(node.Param, &n.step, "step").Or(1).Says("From one number to the next; may be negative.")
	s.Any(node.Out, &n.item, "current_item").Says("The item.")
	node.Maybe(s, node.Out, &n.index, "current_index").Says("Its place, from 0.")
	s.Any(node.Out, &n.key, "current_key").Says("Its key in a dict.")
	s.Body(portBody, node.Loop)
	s.Branch(portCompleted)
	s.Effect(node.Pure)
	s.Example(node.Example{
		Name: "first item", Given: node.Values{"items": []any{"a", "b"}},
		Wanted: node.Values{"current_item": "a", "current_index": 0}, Sets: node.Values{"item": "a", "item_index": 0},
		Next: []string{portBody},
	})
	s.Example(node.Example{Name: "nothing to do", Given: node.Values{"items": []any{}}, Next: []string{portCompleted}})
}

// Run begins the loop.
func (n *forStart) Run(_ context.Context, r *node.Run) error {
	state := forState{}
	if err := r.State(&state); err != nil {
		return err
	}
	if err := n.begin(r, &state); err != nil {
		return err
	}
	n.enter(r, &state)
	return nil
}

// Resume goes to the next item, or ends the loop.
func (n *forStart) Resume(_ context.Context, r *node.Run, e node.Event) error {
	state := forState{}
	if err := r.State(&state); err != nil {
		return err
	}
	if e.Kind == node.Broken {
		n.complete(r)
		return nil
	}
	state.Index++
	n.enter(r, &state)
	return nil
}

// begin settles what the loop goes through: once, so that a body that changes the list changes nothing about the loop.
func (n *forStart) begin(r *node.Run, state *forState) error {
	items := n.items
	if n.mode == modeRange {
		items = nil
	} else if items == nil && n.listVar != "" {
		items, _ = r.Lookup(n.listVar)
	}
	if items == nil {
		if n.step == 0 {
			return node.Fail(node.TypeInput, "the step of a range must not be 0")
		}
		state.Start, state.Step, state.Count = n.start, n.step, rangeLen(n.start, n.end, n.step)
		return nil
	}
	var list value.List
	switch items := items.(type) {
	case value.List:
		list = items
	case *value.Dict:
		for _, v := range items.All() {
			list = append(list, v)
		}
		r.Keep("keys", items.Keys())
	case string:
		for _, c := range items {
			list = append(list, string(c))
		}
	default:
		list = value.List{items}
	}
	r.Keep("items", list)
	state.Count = int64(len(list))
	return nil
}

// rangeLen is len(range(start, end, step)).
func rangeLen(start, end, step int64) int64 {
	if step > 0 && start < end {
		return int64((uint64(end)-uint64(start)-1)/uint64(step)) + 1 //nolint:gosec // unsigned difference of two int64 never overflows
	}
	if step < 0 && start > end {
		return int64((uint64(start)-uint64(end)-1)/(-uint64(step))) + 1 //nolint:gosec // as above
	}
	return 0
}

// enter sends the item at the state's index into the body, or ends the loop.
func (n *forStart) enter(r *node.Run, state *forState) {
	if state.Index >= state.Count {
		n.complete(r)
		return
	}
	if state.Step != 0 {
		n.item = state.Start + state.Index*state.Step
	} else {
		n.item = kept(r, "items", state.Index)
		n.key = kept(r, "keys", state.Index)
	}
	n.index = node.Some(state.Index)
	if n.itemVar != "" {
		r.SetVar(n.itemVar, n.item)
		if n.key != nil {
			r.SetVar(n.itemVar+"_key", n.key)
		}
		r.SetVar(n.itemVar+"_index", state.Index)
	}
	r.Open(portBody)
}

// complete ends the loop; its outputs stay those of the last item.
func (n *forStart) complete(r *node.Run) {
	r.KeepOutputs()
	r.Take(portCompleted)
}

// kept returns one of the values kept for the loop; nil when there are none.
func kept(r *node.Run, name string, i int64) node.Value {
	list, _ := r.Kept(name).(value.List)
	if i < int64(len(list)) {
		return list[i]
	}
	return nil
}
