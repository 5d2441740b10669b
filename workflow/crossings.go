package workflow

import "slices"

// crossings finds steps in a branch that leave a loop which is open around the branch: other branches may be anywhere at that moment.
func (c *checker) crossings() {
	joins := Joins(c.graph, func(s *Step) Ports { return c.ports[s.ID] })
	told := make(map[string]bool)
	for _, s := range c.doc.Steps {
		for _, port := range c.ports[s.ID].Isolated {
			var ends []string
			if join := joins[s.ID]; join != "" {
				ends = []string{join}
			}
			branch := c.graph.branch(s.ID, port, ends)
			for _, in := range c.doc.Steps {
				loop := c.leaves(in)
				if !branch[in.ID] || in.Disabled || told[in.ID] || loop == "" || branch[loop] || c.graph.Step(loop) == nil {
					continue
				}
				told[in.ID] = true
				c.fail(CodeCrossesBranch, in.ID, "config."+pairedLoop,
					"The step %s leaves the loop %s from within a branch of %s, while other branches still run.", in.ID, loop, s.ID)
			}
		}
	}
}

const pairedLoop = "paired_loop_start_id"

// leaves is the loop that a Break or Continue names.
func (c *checker) leaves(s *Step) string {
	typ := s.Type
	if c.types != nil {
		if name, ok := c.types.Known(typ); ok {
			typ = name
		}
	}
	if (typ != "BreakNode" && typ != "ContinueNode") || s.Config == nil {
		return ""
	}
	loop, _ := first(s.Config.Get(pairedLoop)).(string)
	return loop
}

// branch returns the steps that control can reach from a port, not past any of the ends.
func (g *Graph) branch(owner, port string, ends []string) map[string]bool {
	return g.reach(g.Follow(owner, port), func(id string, visit func(string)) {
		if slices.Contains(ends, id) {
			return
		}
		for _, w := range g.Out(id) {
			if w.Flow() && w.To != owner {
				visit(w.To)
			}
		}
	})
}
