package engine_test

import (
	"fmt"

	"pgregory.net/rapid"

	"casare/value"
	"casare/workflow"
)

// random builds documents with fan-out, decisions and loops, also side by side and nested. Each control step has one wire that leads to
// it and every decision in a body joins again, so that the original does on them what it means to do.
type random struct {
	t    *rapid.T
	doc  *workflow.Document
	left int // steps that may still be added
	made map[string]int
	fork bool // with forks and parallel loops
}

// end is a place control comes from: a step's port.
type end struct{ step, port string }

func randomDocument(t *rapid.T) *workflow.Document { return (&random{t: t}).build() }

// randomBranches builds documents that have forks and parallel loops besides.
func randomBranches(t *rapid.T) *workflow.Document { return (&random{t: t, fork: true}).build() }

func (r *random) build() *workflow.Document {
	t := r.t
	*r = random{
		t: t, fork: r.fork, left: rapid.IntRange(3, 60).Draw(t, "size"), made: map[string]int{},
		doc: &workflow.Document{ID: "random", Name: "random", Raw: value.NewDict().Dict(), Settings: workflow.DefaultSettings()},
	}
	start := end{r.add("StartNode", "s"), workflow.PortOut}
	var ends []end
	for range r.upTo(1, 5, "chains") {
		ends = append(ends, r.chain(start, 3, ""))
	}
	// Some of the chains meet again in one step.
	if len(ends) > 1 && r.flip("join") {
		z := r.add("PlainNode", "z")
		for _, e := range ends {
			if e.step != "" {
				r.wire(e, z)
			}
		}
		r.chain(end{z, workflow.PortOut}, 1, "")
	}
	return r.doc
}

func (r *random) upTo(least, most int, what string) int {
	return rapid.IntRange(least, most).Draw(r.t, what)
}

func (r *random) flip(what string) bool { return rapid.Bool().Draw(r.t, what) }

func (r *random) add(typ, prefix string, pairs ...any) string {
	id := fmt.Sprintf("%s%d", prefix, r.made[prefix])
	r.made[prefix]++
	r.left--
	r.doc.Steps = append(r.doc.Steps, &workflow.Step{ID: id, Type: typ, Config: config(pairs...)})
	return id
}

func (r *random) wire(from end, to string) {
	r.doc.Wires = append(r.doc.Wires, workflow.Wire{From: from.step, FromPort: from.port, To: to, ToPort: workflow.PortIn})
}

// chain hangs some elements on a port, one after the other, and returns where control leaves; an end without a step when it does not.
// loop is the innermost loop around, "" for none.
func (r *random) chain(from end, depth int, loop string) end {
	for range r.upTo(0, 6, "length") {
		if r.left <= 0 || from.step == "" {
			return from
		}
		most := 7
		if r.fork {
			most = 10
		}
		switch kind := r.upTo(0, most, "kind"); {
		case kind == 8 && depth > 0:
			from = r.branches(from, depth-1)
		case kind == 9 && depth > 0:
			from = r.parallel(from, depth-1)
		case kind == 10:
			e := r.add("EffectNode", "x")
			r.doc.Step(e).Config = config("_effect", "idempotent")
			r.wire(from, e)
			from = end{e, workflow.PortOut}
		case kind == 1 || kind == 2:
			from = r.decide(from, depth, loop)
		case kind == 3 && depth > 0:
			from = r.loop(from, depth-1)
		case kind == 4:
			from = r.aside(from, depth, loop)
		case kind == 5 && loop != "":
			from = r.leave(from, loop)
		case kind == 6:
			w := r.add("SleepNode", "w", "ms", 30, "times", r.upTo(1, 2, "sleeps"))
			r.wire(from, w)
			from = end{w, workflow.PortOut}
		default:
			p := r.add("PlainNode", "p")
			r.wire(from, p)
			from = end{p, workflow.PortOut}
		}
	}
	return from
}

// decide adds an If whose branches meet again; outside of loops one of them may lead nowhere.
func (r *random) decide(from end, depth int, loop string) end {
	i := r.add("IfNode", "if", "pattern", rapid.StringMatching(`[TF]{1,3}`).Draw(r.t, "pattern"))
	r.wire(from, i)
	yes, no := end{i, "true"}, end{i, "false"}
	if depth > 0 && r.flip("yes branch") {
		yes = r.chain(yes, depth-1, loop)
	}
	if depth > 0 && r.flip("no branch") {
		no = r.chain(no, depth-1, loop)
	}
	m := r.add("PlainNode", "m")
	r.wire(yes, m)
	if loop != "" || r.flip("rejoin") {
		r.wire(no, m)
	}
	return end{m, workflow.PortOut}
}

// loop adds a loop with a body that reaches its end.
func (r *random) loop(from end, depth int) end {
	l := r.add("LoopNode", "l", "times", r.upTo(0, 3, "times"))
	r.wire(from, l)
	out := r.chain(end{l, "body"}, depth, l)
	e := r.add("LoopEndNode", "e", "pair", l)
	r.wire(out, e)
	return end{l, "completed"}
}

// branches adds a fork, whose branches mostly meet again.
func (r *random) branches(from end, depth int) end {
	n := r.upTo(1, 3, "branches")
	f := r.add("ForkNode", "f", "branch_count", n)
	r.wire(from, f)
	var ends []end
	for i := range n {
		if e := r.chain(end{f, fmt.Sprintf("branch_%d", i+1)}, depth, ""); e.step != "" {
			ends = append(ends, e)
		}
	}
	j := r.add("JoinNode", "j", "paired_fork_id", f)
	for _, e := range ends {
		if e.step != f || r.flip("straight to the join") {
			r.wire(e, j)
		}
	}
	return end{j, workflow.PortOut}
}

// parallel adds a loop whose iterations run at the same time.
func (r *random) parallel(from end, depth int) end {
	items := make(value.List, r.upTo(0, 4, "items"))
	for i := range items {
		items[i] = int64(i * i)
	}
	p := r.add("ParallelForEachNode", "q", "items", items, "batch_size", r.upTo(1, 3, "batch"), "timeout_per_item", 0)
	r.wire(from, p)
	r.chain(end{p, "body"}, depth, "")
	return end{p, "completed"}
}

// leave adds a decision to break or continue.
func (r *random) leave(from end, loop string) end {
	i := r.add("IfNode", "if", "pattern", rapid.StringMatching(`[TF]{1,3}`).Draw(r.t, "pattern"))
	r.wire(from, i)
	typ := "BreakNode"
	if r.flip("continue") {
		typ = "ContinueNode"
	}
	r.wire(end{i, "true"}, r.add(typ, "x", "pair", loop))
	return end{i, "false"}
}

// aside adds a step from which another chain hangs, before or after the wire that leads on.
func (r *random) aside(from end, depth int, loop string) end {
	p := r.add("PlainNode", "p")
	r.wire(from, p)
	on := r.add("PlainNode", "p")
	side := func() {
		a := r.add("PlainNode", "a")
		r.wire(end{p, workflow.PortOut}, a)
		switch {
		case loop == "" && depth > 0:
			r.chain(end{a, workflow.PortOut}, depth-1, "")
		case loop != "" && r.flip("longer"):
			r.wire(end{a, workflow.PortOut}, r.add("PlainNode", "a"))
		}
	}
	first := r.flip("side first")
	if first {
		side()
	}
	r.wire(end{p, workflow.PortOut}, on)
	if !first {
		side()
	}
	return end{on, workflow.PortOut}
}
