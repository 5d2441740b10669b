package engine

// progress counts the distinct steps that have finished or can no longer run. It never falls and stays below 100 until the end.
type progress struct {
	all      set // the steps that could run when the run began
	finished set
	total    int
	percent  int
}

func newProgress(p *Plan, first []int, only set) progress {
	g := progress{all: newSet(len(p.steps)), finished: newSet(len(p.steps))}
	for _, i := range first {
		g.all.join(p.reach[i])
	}
	for i := range g.all {
		if only != nil {
			g.all[i] &= only[i]
		}
	}
	g.total = max(g.all.count(), 1)
	return g
}

// finish records that a step has run or was passed over. It says whether that is new.
func (g *progress) finish(i int) bool {
	if g.finished.has(i) {
		return false
	}
	g.finished.add(i)
	return true
}

// update counts again from where control stands now.
func (g *progress) update(p *Plan, at *position) {
	open := newSet(len(p.steps))
	for _, t := range at.pending() {
		open.join(p.reach[t.step])
	}
	for _, s := range at.scopes {
		if s.owner >= 0 {
			open.join(p.reach[s.owner])
		}
	}
	for i := range open {
		open[i] &= g.all[i] &^ g.finished[i]
	}
	g.percent = max(g.percent, min((g.total-open.count())*100/g.total, 99))
}
