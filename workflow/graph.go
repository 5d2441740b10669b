package workflow

import (
	"slices"
	"strings"
)

// Graph is an index over a Document, built once for those who walk it. The document must not change afterwards. It is safe for many
// goroutines. A method asked about an id that is not in the document answers with nothing.
type Graph struct {
	doc *Document
	at  map[string]int // id -> place in doc.Steps
	out [][]Wire       // wires that leave a step, in file order
	in  [][]Wire       // wires that enter a step, in file order
}

// NewGraph indexes the document. Wires that lead from or to no step are left out; of two steps with one id the first counts.
func NewGraph(d *Document) *Graph {
	g := &Graph{
		doc: d,
		at:  make(map[string]int, len(d.Steps)),
		out: make([][]Wire, len(d.Steps)),
		in:  make([][]Wire, len(d.Steps)),
	}
	for i, s := range d.Steps {
		if _, taken := g.at[s.ID]; !taken {
			g.at[s.ID] = i
		}
	}
	for _, w := range d.Wires {
		from, ok := g.at[w.From]
		to, ok2 := g.at[w.To]
		if ok && ok2 {
			g.out[from] = append(g.out[from], w)
			g.in[to] = append(g.in[to], w)
		}
	}
	return g
}

// Flow says whether the wire carries control. Every node type that can be reached by control has the one exec input PortIn, so
// the target port alone tells.
func (w Wire) Flow() bool { return w.ToPort == PortIn }

// Len returns the number of steps.
func (g *Graph) Len() int { return len(g.doc.Steps) }

// Step returns the step with this id, or nil.
func (g *Graph) Step(id string) *Step {
	if i, ok := g.at[id]; ok {
		return g.doc.Steps[i]
	}
	return nil
}

// Index returns the step's place in the document, or -1.
func (g *Graph) Index(id string) int {
	if i, ok := g.at[id]; ok {
		return i
	}
	return -1
}

// Out returns all wires that leave the step, in file order. Do not change the slice.
func (g *Graph) Out(id string) []Wire {
	if i, ok := g.at[id]; ok {
		return g.out[i]
	}
	return nil
}

// In returns all wires that enter the step, in file order. Do not change the slice.
func (g *Graph) In(id string) []Wire {
	if i, ok := g.at[id]; ok {
		return g.in[i]
	}
	return nil
}

// Data returns the wires that bring values into the step, in file order: of two wires into one port the last one wins.
func (g *Graph) Data(id string) []Wire {
	var out []Wire
	for _, w := range g.In(id) {
		if !w.Flow() {
			out = append(out, w)
		}
	}
	return out
}

// Follow returns the steps that control goes to from these ports: the ports in the order given, the wires of each in file order,
// no step twice.
func (g *Graph) Follow(id string, ports ...string) []string {
	var out []string
	for _, port := range ports {
		for _, w := range g.Out(id) {
			if w.FromPort == port && w.Flow() && !slices.Contains(out, w.To) {
				out = append(out, w.To)
			}
		}
	}
	return out
}

// FollowExec returns the steps that control goes to after a step that named no port, and after a disabled one: the targets of every wire
// whose source port has "exec" in its name, in file order, no step twice.
func (g *Graph) FollowExec(id string) []string {
	var out []string
	for _, w := range g.Out(id) {
		if w.Flow() && strings.Contains(w.FromPort, "exec") && !slices.Contains(out, w.To) {
			out = append(out, w.To)
		}
	}
	return out
}

// Wired says whether a control wire leaves this port.
func (g *Graph) Wired(id, port string) bool {
	return slices.ContainsFunc(g.Out(id), func(w Wire) bool { return w.FromPort == port && w.Flow() })
}

// HasFlow says whether any control wire enters or leaves the step. A step without one is computed when its output is needed.
func (g *Graph) HasFlow(id string) bool {
	flow := func(w Wire) bool { return w.Flow() }
	return slices.ContainsFunc(g.Out(id), flow) || slices.ContainsFunc(g.In(id), flow)
}

// Starts returns the steps a run begins with. That is the first StartNode. Without one the run starts by itself (auto): at every step, in
// the order of the document, that is no trigger and that no control wire enters, or that a trigger leads to.
func (g *Graph) Starts() (ids []string, auto bool) {
	if all := g.StartSteps(); len(all) > 0 {
		return all[:1], false
	}
	for i, s := range g.doc.Steps {
		if g.at[s.ID] != i || IsTrigger(s.Type) {
			continue
		}
		entered, triggered := false, false
		for _, w := range g.in[i] {
			if !w.Flow() {
				continue
			}
			entered = true
			if IsTrigger(g.Step(w.From).Type) && w.FromPort == PortOut {
				triggered = true
			}
		}
		if !entered || triggered {
			ids = append(ids, s.ID)
		}
	}
	return ids, true
}

// StartSteps returns every StartNode in the order of the document: where "run all" begins.
func (g *Graph) StartSteps() []string {
	var ids []string
	for _, s := range g.doc.Steps {
		if s.Type == TypeStart {
			ids = append(ids, s.ID)
		}
	}
	return ids
}

// IsTrigger says whether a node type waits for an event instead of being run.
func IsTrigger(typ string) bool { return strings.Contains(typ, "Trigger") }

// After returns the steps that can be reached over any wires from these steps, themselves included.
func (g *Graph) After(ids ...string) map[string]bool {
	return g.reach(ids, func(id string, visit func(string)) {
		for _, w := range g.Out(id) {
			visit(w.To)
		}
	})
}

// Before returns the steps from which this one can be reached over any wires, itself included.
func (g *Graph) Before(id string) map[string]bool {
	return g.reach([]string{id}, func(id string, visit func(string)) {
		for _, w := range g.In(id) {
			visit(w.From)
		}
	})
}

// AfterFlow returns the steps that control can reach from these steps, themselves included.
func (g *Graph) AfterFlow(ids ...string) map[string]bool {
	return g.reach(ids, func(id string, visit func(string)) {
		for _, w := range g.Out(id) {
			if w.Flow() {
				visit(w.To)
			}
		}
	})
}

// Between returns the steps on any path from the starts to the target, over all wires: what "run to here" runs. ok is false when
// the target cannot be reached; the original then runs everything.
func (g *Graph) Between(starts []string, target string) (steps map[string]bool, ok bool) {
	after := g.After(starts...)
	if !after[target] {
		return nil, false
	}
	before := g.Before(target)
	steps = make(map[string]bool)
	for id := range after {
		if before[id] {
			steps[id] = true
		}
	}
	return steps, true
}

// Body returns the steps of a body: what can be reached over any wires from this port of the owner, not past any of the ends, which are
// included when reached. The owner is never part of it.
func (g *Graph) Body(owner, port string, ends ...string) map[string]bool {
	var first []string
	for _, w := range g.Out(owner) {
		if w.FromPort == port {
			first = append(first, w.To)
		}
	}
	body := g.reach(first, func(id string, visit func(string)) {
		if id == owner || slices.Contains(ends, id) {
			return
		}
		for _, w := range g.Out(id) {
			visit(w.To)
		}
	})
	delete(body, owner)
	return body
}

// reach is a breadth-first search from ids over what next visits.
func (g *Graph) reach(ids []string, next func(id string, visit func(string))) map[string]bool {
	seen := make(map[string]bool)
	var queue []string
	visit := func(id string) {
		if _, known := g.at[id]; known && !seen[id] {
			seen[id] = true
			queue = append(queue, id)
		}
	}
	for _, id := range ids {
		visit(id)
	}
	for len(queue) > 0 {
		id := queue[0]
		queue = queue[1:]
		next(id, visit)
	}
	return seen
}
