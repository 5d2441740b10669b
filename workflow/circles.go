package workflow

import (
	"slices"
	"strings"
)

// circlePorts are the exec outputs over which the original forbids going round, besides those that begin with "exec".
var circlePorts = []string{
	"true", "false", "then", "else", "body", "loop_body", "completed", "done", "finish", "next",
	"on_success", "on_error", "on_finally",
}

// circles looks for ways that lead back to themselves. Over the ordinary exec ports that is an error, as in the original: a loop goes
// back by itself, no wire is drawn for it. Over other ports (a case, an error port) it is an error only when every step on the way
// runs each time it is reached, because then it never ends; else the way back ends at a step that has run.
func (c *checker) circles() {
	told := make(map[string]bool)
	strict := c.find(func(w Wire) bool {
		return w.Flow() && (strings.HasPrefix(w.FromPort, "exec") || slices.Contains(circlePorts, w.FromPort))
	})
	for _, way := range strict {
		c.fail(CodeCycle, way[0], "", "Control goes round in a circle: %s. A loop goes back by itself; draw no connection for it.", chain(way))
		mark(told, way)
	}
	again := c.find(func(w Wire) bool {
		return w.Flow() && c.ports[w.From].Again && c.ports[w.To].Again
	})
	for _, way := range again {
		if !told[way[0]] {
			c.fail(CodeCycle, way[0], "", "Control goes round in a circle that never ends: %s.", chain(way))
			mark(told, way)
		}
	}
	for _, way := range c.find(Wire.Flow) {
		if !slices.ContainsFunc(way, func(id string) bool { return told[id] }) {
			c.warn(CodeCycle, way[0], "", "Control leads back to where it was: %s. A step that has run is not run again.", chain(way))
		}
	}
	pulled := func(id string) bool { return c.ports[id].Pulled && !c.graph.HasFlow(id) }
	for _, way := range c.find(func(w Wire) bool { return !w.Flow() && pulled(w.From) && pulled(w.To) }) {
		c.fail(CodeCycle, way[0], "", "Each of these steps needs the value of the next: %s.", chain(way))
	}
}

func mark(told map[string]bool, way []string) {
	for _, id := range way {
		told[id] = true
	}
}

// chain prints a circle as "a → b → a".
func chain(way []string) string {
	const most = 8
	shown := way
	if len(shown) > most {
		shown = append(slices.Clone(shown[:most]), "…")
	}
	return strings.Join(append(slices.Clone(shown), way[0]), " → ")
}

// find returns one shortest circle, its first step being the earliest in the document, for every group of steps that lead to one
// another over the wires that count. A step wired to itself is not reported here.
func (c *checker) find(counts func(w Wire) bool) [][]string {
	next := func(id string) []string {
		var out []string
		for _, w := range c.graph.Out(id) {
			if w.From != w.To && counts(w) {
				out = append(out, w.To)
			}
		}
		return out
	}
	var circles [][]string
	for _, group := range c.groups(next) {
		if len(group) < 2 {
			continue
		}
		slices.SortFunc(group, func(a, b string) int { return c.graph.Index(a) - c.graph.Index(b) })
		circles = append(circles, shortest(group[0], group, next))
	}
	slices.SortFunc(circles, func(a, b []string) int { return c.graph.Index(a[0]) - c.graph.Index(b[0]) })
	return circles
}

// groups are the strongly connected components, by Tarjan's algorithm. The depth of the recursion is at most MaxSteps.
func (c *checker) groups(next func(id string) []string) [][]string {
	var groups [][]string
	var stack []string
	number, low, open := make(map[string]int), make(map[string]int), make(map[string]bool)
	var visit func(id string)
	visit = func(id string) {
		number[id] = len(number) + 1
		low[id] = number[id]
		stack = append(stack, id)
		open[id] = true
		for _, to := range next(id) {
			if number[to] == 0 {
				visit(to)
				low[id] = min(low[id], low[to])
			} else if open[to] {
				low[id] = min(low[id], number[to])
			}
		}
		if low[id] != number[id] {
			return
		}
		at := slices.Index(stack, id)
		group := slices.Clone(stack[at:])
		stack = stack[:at]
		for _, member := range group {
			open[member] = false
		}
		groups = append(groups, group)
	}
	for _, s := range c.doc.Steps {
		if number[s.ID] == 0 {
			visit(s.ID)
		}
	}
	return groups
}

// shortest returns the way from a step back to itself inside its group, without the step at the end.
func shortest(from string, group []string, next func(id string) []string) []string {
	came := map[string]string{}
	queue := []string{from}
	for len(queue) > 0 {
		id := queue[0]
		queue = queue[1:]
		for _, to := range next(id) {
			if to == from {
				way := []string{id}
				for id != from {
					id = came[id]
					way = append(way, id)
				}
				slices.Reverse(way)
				return way
			}
			if _, seen := came[to]; !seen && slices.Contains(group, to) {
				came[to] = id
				queue = append(queue, to)
			}
		}
	}
	return group
}
