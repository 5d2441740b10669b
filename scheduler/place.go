package scheduler

import (
	"cmp"
	"container/heap"
)

// head is the next job of a class during one planning, with the robots that can run it.
type head struct {
	class  *class
	robots []*robot
}

// heads is a heap of classes by their first job.
type heads []head

func (h heads) Len() int           { return len(h) }
func (h heads) Less(i, j int) bool { return before(h[i].class.queue[0], h[j].class.queue[0]) }
func (h heads) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }

// Push implements heap.Interface; planning only shrinks the heap.
func (h *heads) Push(x any) {
	if c, ok := x.(head); ok {
		*h = append(*h, c)
	}
}

// Pop implements heap.Interface.
func (h *heads) Pop() any {
	old := *h
	c := old[len(old)-1]
	*h = old[:len(old)-1]
	return c
}

// plan takes up to most jobs out of the queue, in its order, each for the least loaded robot that can run it, and reserves the
// slots. The jobs stay in phasePlacing until placed or unplaced.
func (x *index) plan(most int) []*entry {
	var open []*robot
	for _, r := range x.robots {
		if r.free() > 0 {
			open = append(open, r)
		}
	}
	if len(open) == 0 || len(x.classes) == 0 {
		return nil
	}
	h := make(heads, 0, len(x.classes))
	for _, c := range x.classes {
		if fit := fitting(c, open); len(fit) > 0 {
			h = append(h, head{class: c, robots: fit})
		}
	}
	heap.Init(&h)
	var planned []*entry
	for len(h) > 0 && len(planned) < most {
		r := leastLoaded(h[0].robots)
		if r == nil {
			heap.Pop(&h)
			continue
		}
		e := h[0].class.queue[0]
		left := len(h[0].class.queue) - 1
		x.reserve(e, r)
		planned = append(planned, e)
		if left == 0 {
			heap.Pop(&h)
		} else {
			heap.Fix(&h, 0)
		}
	}
	return planned
}

func fitting(c *class, robots []*robot) []*robot {
	var fit []*robot
	for _, r := range robots {
		if c.fits(r) {
			fit = append(fit, r)
		}
	}
	return fit
}

// leastLoaded returns the robot with the smallest share of its slots in use, nil when none has a free one. Ties go to the idler
// machine, then to the one that has waited longest.
func leastLoaded(robots []*robot) *robot {
	var best *robot
	for _, r := range robots {
		if r.free() > 0 && (best == nil || compareLoad(r, best) < 0) {
			best = r
		}
	}
	return best
}

// cpuStep is how far two machines' load must differ to matter, in percent: less is noise.
const cpuStep = 25

func compareLoad(a, b *robot) int {
	return cmp.Or(
		cmp.Compare(a.used*b.slots, b.used*a.slots),
		cmp.Compare(int(a.beat.CPUPercent)/cpuStep, int(b.beat.CPUPercent)/cpuStep),
		cmp.Compare(a.placed, b.placed),
		cmp.Compare(a.id, b.id),
	)
}

func (x *index) reserve(e *entry, r *robot) {
	x.detach(e)
	x.placed++
	r.placed = x.placed
	x.attach(e, r)
	e.phase = phasePlacing
}
