package workflow

import "slices"

// End says that branches begin or meet at a step.
type End struct {
	Pair string // the id of the step at the other end, where the config says it
}

// Joins says at which step the branches of each fork meet, by the id of the fork; forks whose branches meet nowhere are left out. A join
// that names its fork belongs to it, or one that the fork names. Else it is the first that can be reached from all branches, forks
// and joins on the way counted like brackets. ports answers for each step; disabled steps are neither.
func Joins(g *Graph, ports func(s *Step) Ports) map[string]string {
	m := &meeting{graph: g, forks: map[string]Ports{}, joins: map[string]End{}, found: map[string]string{}}
	var order []string
	for i, s := range g.doc.Steps {
		if g.at[s.ID] != i || s.Disabled {
			continue
		}
		at := ports(s)
		if at.Fork != nil {
			m.forks[s.ID] = at
			order = append(order, s.ID)
		}
		if at.Join != nil {
			m.joins[s.ID] = *at.Join
		}
	}
	taken := map[string]bool{}
	pair := func(fork, join string) {
		if _, has := m.found[fork]; !has && !taken[join] {
			m.found[fork], taken[join] = join, true
		}
	}
	for _, s := range g.doc.Steps {
		if _, ok := m.forks[m.joins[s.ID].Pair]; ok {
			pair(m.joins[s.ID].Pair, s.ID)
		}
	}
	for _, id := range order {
		if _, ok := m.joins[m.forks[id].Fork.Pair]; ok {
			pair(id, m.forks[id].Fork.Pair)
		}
	}
	for _, id := range order {
		if join := m.search(id, taken); join != "" {
			pair(id, join)
		}
	}
	return m.found
}

type meeting struct {
	graph *Graph
	forks map[string]Ports
	joins map[string]End
	found map[string]string
}

// search returns the nearest join that every branch of the fork that leads anywhere can reach.
func (m *meeting) search(fork string, taken map[string]bool) string {
	if m.found[fork] != "" {
		return ""
	}
	for _, bracketed := range []bool{true, false} {
		var common []string
		for n, from := range m.branches(fork) {
			reached := m.reach(from, bracketed)
			reached = slices.DeleteFunc(reached, func(id string) bool { return taken[id] })
			if n == 0 {
				common = reached
			}
			common = slices.DeleteFunc(common, func(id string) bool { return !slices.Contains(reached, id) })
		}
		if len(common) > 0 {
			return common[0]
		}
	}
	return ""
}

// branches lists where each branch begins.
func (m *meeting) branches(fork string) [][]string {
	var out [][]string
	for _, port := range m.forks[fork].Bodies {
		if first := m.graph.Follow(fork, port); len(first) > 0 {
			out = append(out, first)
		}
	}
	return out
}

// reach lists the joins that control can come to, the nearest first: bracketed, only those that end no fork on the way.
func (m *meeting) reach(from []string, bracketed bool) []string {
	type place struct {
		id    string
		depth int
	}
	var out []string
	seen := map[place]bool{}
	var queue []place
	for _, id := range from {
		queue = append(queue, place{id, 0})
	}
	for len(queue) > 0 {
		at := queue[0]
		queue = queue[1:]
		if seen[at] {
			continue
		}
		seen[at] = true
		_, isJoin := m.joins[at.id]
		_, isFork := m.forks[at.id]
		switch {
		case isJoin && (!bracketed || at.depth == 0):
			if !slices.Contains(out, at.id) {
				out = append(out, at.id)
			}
			if bracketed {
				continue
			}
		case isJoin:
			at.depth--
		case isFork && bracketed && at.depth < len(m.forks):
			at.depth++
		}
		for _, w := range m.graph.Out(at.id) {
			if w.Flow() {
				queue = append(queue, place{w.To, at.depth})
			}
		}
	}
	return out
}
