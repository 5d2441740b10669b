package control

import (
	"context"
	"slices"

	"casare/node"
	"casare/workflow"
)

func init() { node.Register("TryNode", func() node.Node { return new(try) }) }

const portTry = "try_body"

type try struct{}

// Spec describes the type.
func (n *try) Spec(s *node.Spec) {
	s.Describe("Try", "Runs its body. When a step in it fails, the rest of the body is given up and the paired Catch decides; the paired Finally runs in every case. "+
		"Catch and Finally are paired by their paired_try_id, else by the wires.")
	s.Category("control_flow")
	s.Body(portTry, node.Try)
	s.Branch(workflow.PortOut)
	s.Parted()
	s.Effect(node.Pure)
	s.Example(node.Example{Name: "begins with its body", Next: []string{portTry}})
}

// Run begins with the body. Without one, control passes through, unless that would only lead into the try's own catch.
func (n *try) Run(_ context.Context, r *node.Run) error {
	state := node.Guarded{}
	if err := r.State(&state); err != nil {
		return err
	}
	if !r.Wired(portTry) && !r.Empty() {
		r.Take(workflow.PortOut)
		return nil
	}
	r.Open(portTry)
	return nil
}

// Resume goes on to the next part.
func (n *try) Resume(_ context.Context, r *node.Run, e node.Event) error {
	state := node.Guarded{}
	if err := r.State(&state); err != nil {
		return err
	}
	parts := r.Parts()
	return state.Resume(r, e, node.GuardedParts{
		Catch: func(i int) bool {
			if i >= len(parts.Catches) {
				return false
			}
			r.OpenPart(workflow.PartCatch, i)
			return true
		},
		Finally: func() bool {
			if parts.Finally == "" {
				return false
			}
			r.OpenPart(workflow.PartFinally, 0)
			return true
		},
		After: func() { r.Take(node.PortAfter) },
	})
}

// matches says whether a list of names, separated by commas, has the type of an error. No names are all types.
func matches(names []string, typ string) bool {
	general := []string{"Exception", "BaseException", "Error", "*"}
	return len(names) == 0 || slices.ContainsFunc(names, func(name string) bool {
		return name == typ || slices.Contains(general, name) || name == node.TypeExecution && typ != "TimeoutError"
	})
}
