package workflow

import "slices"

// PartKind says which part of a construct a step holds.
type PartKind string

// The parts a try has besides its body.
const (
	PartCatch   PartKind = "catch"
	PartFinally PartKind = "finally"
)

// Part says that a step is a part of a construct that another step opens.
type Part struct {
	Kind PartKind // "" for a step that is no part
	Pair string   // the id of the step that opens the construct, where the config says it
	Body string   // the exec port behind which the part's own steps stand
}

// Parts are the steps that belong to one try.
type Parts struct {
	Catches []string // in the order in which they are asked
	Finally string   // "" for none
}

// Pairs says which steps are the parts of each construct, by the id of the step that opens it. A part that names its try belongs to that;
// else a try has the Catch or Finally that its exec_out leads to, else the one that is reached first from its body, or from its
// catch. A part belongs to one try only, and what stands inside a try is given its parts before what stands around it. ports answers for each step;
// disabled steps neither have parts nor are any.
func Pairs(g *Graph, ports func(s *Step) Ports) map[string]Parts {
	p := &pairing{graph: g, owners: map[string]Ports{}, free: map[string]Part{}, found: map[string]Parts{}, state: map[string]int{}}
	var order []string
	for i, s := range g.doc.Steps {
		if g.at[s.ID] != i || s.Disabled {
			continue
		}
		at := ports(s)
		if at.Parted {
			p.owners[s.ID] = at
			order = append(order, s.ID)
		}
		if at.Part.Kind != "" {
			p.free[s.ID] = at.Part
		}
	}
	p.named()
	for _, id := range order {
		p.direct(id)
	}
	for _, id := range order {
		p.search(id)
	}
	return p.found
}

type pairing struct {
	graph  *Graph
	owners map[string]Ports
	free   map[string]Part // parts that belong to nobody yet
	found  map[string]Parts
	state  map[string]int // of search: 1 while it goes on, 2 afterwards
}

// named gives parts to the try they name.
func (p *pairing) named() {
	for _, s := range p.graph.doc.Steps {
		part, ok := p.free[s.ID]
		if _, owner := p.owners[part.Pair]; ok && owner {
			p.give(part.Pair, s.ID)
		}
	}
}

// give makes a step a part of a try. A second finally stays free: there can be one only.
func (p *pairing) give(owner, id string) {
	own := p.found[owner]
	switch p.free[id].Kind {
	case PartCatch:
		own.Catches = append(own.Catches, id)
	case PartFinally:
		if own.Finally != "" {
			return
		}
		own.Finally = id
	}
	p.found[owner] = own
	delete(p.free, id)
}

// lacks says whether a try may still be given a part of this kind by the way the wires go.
func (p *pairing) lacks(owner string, kind PartKind) bool {
	own := p.found[owner]
	return kind == PartCatch && len(own.Catches) == 0 || kind == PartFinally && own.Finally == ""
}

// direct looks at what the wires of exec_out lead to.
func (p *pairing) direct(owner string) {
	for _, id := range p.graph.Follow(owner, PortOut) {
		p.offer(owner, id)
	}
}

// offer gives a step to a try that lacks such a part, unless the step names another.
func (p *pairing) offer(owner, id string) {
	if part, ok := p.free[id]; ok && p.graph.Step(part.Pair) == nil && p.lacks(owner, part.Kind) {
		p.give(owner, id)
	}
}

// search looks for the parts that are reached first: from the bodies, then from the catch.
func (p *pairing) search(owner string) {
	if p.state[owner] != 0 {
		return
	}
	p.state[owner] = 1
	from := p.graph.Follow(owner, p.owners[owner].Bodies...)
	p.walk(owner, from)
	for _, catch := range slices.Clone(p.found[owner].Catches) {
		p.walk(owner, []string{catch})
	}
	p.state[owner] = 2
}

// walk goes breadth-first over the wires of control until nothing is lacking.
func (p *pairing) walk(owner string, queue []string) {
	seen := map[string]bool{owner: true}
	for len(queue) > 0 && (p.lacks(owner, PartCatch) || p.lacks(owner, PartFinally)) {
		id := queue[0]
		queue = queue[1:]
		if seen[id] {
			continue
		}
		seen[id] = true
		if _, inner := p.owners[id]; inner {
			p.search(id)
		}
		p.offer(owner, id)
		for _, w := range p.graph.Out(id) {
			if w.Flow() {
				queue = append(queue, w.To)
			}
		}
	}
}
