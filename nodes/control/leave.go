package control

import (
	"casare/node"
	"casare/workflow"
)

// leave is what loop ends, Break and Continue have in common: they leave an open loop, and without one let control pass.
type leave struct{ loop string }

// describe declares everything but title and text; key is the config key that names the loop's first step.
func (n *leave) describe(s *node.Spec, key string) {
	s.Category("control_flow")
	s.Control()
	s.String(node.Param, &n.loop, key).Shown(node.Advanced).
		Says("The id of the loop's first step; the innermost open loop when empty.")
	s.Effect(node.Pure)
	s.Example(node.Example{Name: "outside a loop", Next: []string{workflow.PortOut}})
}
