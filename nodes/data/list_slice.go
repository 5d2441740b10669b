package data

import (
	"context"

	"casare/node"
	"casare/value"
)

func init() { node.Register("ListSliceNode", func() node.Node { return new(listSlice) }) }

type listSlice struct {
	list   node.Value
	start  int64
	end    node.Opt[int64]
	result value.List
}

// Spec describes the type.
func (n *listSlice) Spec(s *node.Spec) {
	s.Describe("List Slice", "Takes a part of a list, as Python's list[start:end]: places the list does not have are no error.")
	s.Category("data")
	listInput(s, &n.list)
	s.Int(node.In, &n.start, "start").Or(0).ExactNameOfVariable().Shown(node.Essential).
		Says("The first place, from 0; negative ones count from the end.")
	node.Maybe(s, node.In, &n.end, "end").ExactNameOfVariable().Shown(node.Essential).
		Says("The place before which the part ends; empty for the end of the list.")
	s.List(node.Out, &n.result, "result").Says("The part.")
	s.Effect(node.Pure)
	s.Example(node.Example{
		Name: "without first and last", Given: node.Values{"list": []any{1, 2, 3, 4}, "start": 1, "end": -1}, Wanted: node.Values{"result": []any{2, 3}},
	})
}

// Run slices.
func (n *listSlice) Run(context.Context, *node.Run) error {
	list, err := asList(n.list)
	if err != nil {
		return err
	}
	n.result = slice(list, node.Some(n.start), n.end, 1)
	return nil
}

// slice is Python's list[start:end:step]; step is not 0.
func slice(list value.List, start, end node.Opt[int64], step int64) value.List {
	length := int64(len(list))
	// A walk backwards may end before place 0, which no place can say: -1 stands for it once the bounds are counted from the front.
	low, high := int64(0), length
	if step < 0 {
		low, high = -1, length-1
	}
	bound := func(b node.Opt[int64], missing int64) int64 {
		switch {
		case !b.Set:
			return missing
		case b.V < 0:
			return max(b.V+length, low)
		}
		return min(b.V, high)
	}
	out := value.List{}
	if step > 0 {
		for i, stop := bound(start, low), bound(end, high); i < stop; i += min(step, length) {
			out = append(out, list[i])
		}
		return out
	}
	for i, stop := bound(start, high), bound(end, low); i > stop; i += max(step, -length) {
		out = append(out, list[i])
	}
	return out
}
