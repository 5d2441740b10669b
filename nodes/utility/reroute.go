package utility

import (
	"context"

	"casare/node"
	"casare/workflow"
)

func init() { node.Register("RerouteNode", func() node.Node { return new(reroute) }) }

const portThrough = "out"

type reroute struct {
	flow    bool
	in, out node.Value
}

// Spec describes the type.
func (n *reroute) Spec(s *node.Spec) {
	s.Describe("Reroute", "A dot on a wire: what comes in goes out, a value or control.")
	s.Category("utility")
	s.Any(node.In, &n.in, "in").Says("The value that comes in.")
	s.Any(node.Out, &n.out, portThrough).Says("The same value.")
	s.Bool(node.Param, &n.flow, "is_exec_reroute").Or(false).Shown(node.Internal).Says("Whether the dot is on a wire that carries control.")
	s.Branch(portThrough, workflow.PortOut)
	s.Effect(node.Pure)
	s.Example(node.Example{
		Name: "a value", Wired: node.Values{"in": 15.0}, Wanted: node.Values{"out": 15.0}, Next: []string{portThrough},
	})
	s.Example(node.Example{Name: "control", Given: node.Values{"is_exec_reroute": true}, Next: []string{workflow.PortOut}})
}

// Run passes on what came in. The ports that control leaves by are one port under two names.
func (n *reroute) Run(_ context.Context, r *node.Run) error {
	n.out = n.in
	if n.flow {
		r.Take(workflow.PortOut)
		r.Or(workflow.PortOut, portThrough)
		return nil
	}
	r.Take(portThrough)
	r.Or(portThrough, workflow.PortOut)
	return nil
}
