package control

import (
	"context"
	"log/slog"

	"casare/node"
)

func init() { node.Register("WhileLoopStartNode", func() node.Node { return new(whileStart) }) }

type whileStart struct {
	condition, expression node.Expr
	limit                 int64
	iteration             node.Opt[int64]
}

type whileState struct {
	Iteration int64 `cbor:"1,keyasint"` // that is in the body
}

// Spec describes the type.
func (n *whileStart) Spec(s *node.Spec) {
	s.Describe("While Loop", "Runs its body as long as a condition holds. One that cannot be evaluated counts as false.")
	s.Category("control_flow")
	conditionFields(s, &n.condition, &n.expression)
	s.Int(node.Param, &n.limit, "max_iterations").Or(1000).Min(1).Says("The loop ends after so many iterations, whatever the condition.")
	node.Maybe(s, node.Out, &n.iteration, "current_iteration").Says("The iteration, from 0.")
	s.Body(portBody, node.Loop)
	s.Branch(portCompleted)
	s.Effect(node.Pure)
	s.Example(node.Example{
		Name: "first iteration", Given: node.Values{"expression": "x < 3"}, Vars: node.Values{"x": 1},
		Wanted: node.Values{"current_iteration": 0}, Next: []string{portBody},
	})
}

// Run begins the loop.
func (n *whileStart) Run(ctx context.Context, r *node.Run) error { return n.next(ctx, r, 0) }

// Resume goes round again, or ends the loop.
func (n *whileStart) Resume(ctx context.Context, r *node.Run, e node.Event) error {
	if e.Kind != node.Broken {
		return n.next(ctx, r, 1)
	}
	n.complete(r)
	return nil
}

func (n *whileStart) next(ctx context.Context, r *node.Run, more int64) error {
	state := whileState{}
	if err := r.State(&state); err != nil {
		return err
	}
	state.Iteration += more
	if state.Iteration >= n.limit {
		r.Log().WarnContext(ctx, "while loop ends at its limit", slog.Int64("max_iterations", n.limit))
		n.complete(r)
		return nil
	}
	ok, err := truth(ctx, r, &n.condition, &n.expression)
	if err != nil {
		return err
	}
	if !ok {
		n.complete(r)
		return nil
	}
	n.iteration = node.Some(state.Iteration)
	r.Open(portBody)
	return nil
}

// complete ends the loop; its output stays that of the last iteration.
func (n *whileStart) complete(r *node.Run) {
	r.KeepOutputs()
	r.Take(portCompleted)
}
