package engine

import (
	"fmt"
	"slices"

	"casare"
	"casare/node"
	"casare/workflow"
)

// maxPull is how deep computed steps may feed one another.
const maxPull = 50

// Plan is a document made ready to run: checked, with every name replaced by a place. It never changes, and any number of runs
// may use it at once.
type Plan struct {
	doc      *workflow.Document
	graph    *workflow.Graph
	registry *node.Registry
	revision string
	steps    []step
	index    map[string]int
	finals   []int // that run when everything else in a called document has
	reach    []set // by step: what can still run once control is there, itself included
}

// step is what the walk needs to know of one step.
type step struct {
	doc     *workflow.Step
	id      string
	typ     string // canonical
	control bool   // runs each time it is queued; any other step once per scope
	pulled  bool   // no exec wires: computed when somebody needs its outputs
	effect  node.Effect
	place   *casare.Placement // where it runs; nil: where the job does
	ports   workflow.Ports
	bodies  map[string]scopeKind // what each body port opens
	feeds   []feed
	exec    []int            // where control goes when the step names no port
	leave   map[string][]int // where control goes from each port that is wired
	parts   workflow.Parts   // the steps that hold parts of the construct this one opens
	part    string           // the port by which the owner opens the part that this step is; "" for none
	join    int              // where its branches meet; -1 for nowhere
	fork    string           // the step whose branches meet here; "" for none
	partOf  int              // that owner; -1 for none
}

// feed is a wire that brings a value.
type feed struct {
	from int
	port string
	to   string
}

// Compile checks a document against the registered node types and makes it ready to run. The plan is nil when a problem is an error;
// warnings leave it usable. The document must not change afterwards.
func Compile(doc *workflow.Document, registry *node.Registry) (*Plan, []workflow.Problem) {
	problems := doc.Check(registry)
	if len(workflow.Errors(problems)) > 0 {
		return nil, problems
	}
	p := &Plan{doc: doc, graph: workflow.NewGraph(doc), registry: registry, index: map[string]int{}}
	for i, s := range doc.Steps {
		p.index[s.ID] = i
	}
	p.steps = make([]step, len(doc.Steps))
	for i, s := range doc.Steps {
		problems = append(problems, p.prepare(i, s)...)
	}
	p.join()
	p.meet()
	problems = append(problems, p.checkPulls()...)
	canonical, err := doc.JSON()
	if err != nil {
		problems = append(problems, workflow.Problem{Code: workflow.CodeInvalidType, Message: "the document cannot be written: " + err.Error()})
	}
	if len(workflow.Errors(problems)) > 0 {
		return nil, problems
	}
	p.revision = casare.RevisionOf(canonical)
	p.measure()
	return p, problems
}

// Document is what the plan was made of. Nobody may change it.
func (p *Plan) Document() *workflow.Document { return p.doc }

// prepare resolves everything about one step that does not change while it runs.
func (p *Plan) prepare(i int, s *workflow.Step) []workflow.Problem {
	bound, problems := p.registry.Bind(s)
	if bound == nil || len(workflow.Errors(problems)) > 0 {
		return problems
	}
	typ, _ := p.registry.Known(s.Type)
	ports, _ := p.registry.Ports(s)
	st := step{
		doc: s, id: s.ID, typ: typ, control: bound.Control(), effect: bound.Effect(), ports: ports,
		exec: p.places(p.graph.FollowExec(s.ID)), leave: map[string][]int{}, bodies: map[string]scopeKind{},
	}
	if len(s.Requires) > 0 || s.Robot != "" {
		st.place = &casare.Placement{Requires: s.Requires, Robot: s.Robot}
		if err := st.place.Validate(); err != nil {
			problems = append(problems, workflow.Problem{Code: workflow.CodeInvalidConfig, Step: s.ID, Field: "config._requires", Message: err.Error()})
		}
	}
	st.pulled = ports.Pulled && !p.graph.HasFlow(s.ID)
	if bound.Final() && !s.Disabled && !p.graph.HasFlow(s.ID) {
		p.finals = append(p.finals, i)
	}
	for _, b := range bound.Bodies() {
		st.bodies[b.Port] = kindOf(b.Kind)
	}
	for _, w := range p.graph.Data(s.ID) {
		st.feeds = append(st.feeds, feed{from: p.index[w.From], port: w.FromPort, to: w.ToPort})
	}
	for _, w := range p.graph.Out(s.ID) {
		if _, seen := st.leave[w.FromPort]; !seen && w.Flow() {
			st.leave[w.FromPort] = p.places(p.graph.Follow(s.ID, w.FromPort))
		}
	}
	p.steps[i] = st
	return problems
}

// kindOf translates what the kit calls the scope behind a body port.
func kindOf(k node.ScopeKind) scopeKind {
	switch k {
	case node.Loop:
		return scopeLoop
	case node.Try:
		return scopeTry
	case node.Retry:
		return scopeRetry
	case node.Finally:
		return scopeFinally
	case node.Parallel:
		return scopeFamily
	}
	return 0
}

func (p *Plan) places(ids []string) []int {
	out := make([]int, len(ids))
	for i, id := range ids {
		out[i] = p.index[id]
	}
	return out
}

// follow returns the steps that control goes to from these ports, in order, none twice. or names another spelling for a port.
func (st *step) follow(ports []string, or map[string]string) []int {
	if len(ports) == 1 && or == nil {
		return st.leave[ports[0]]
	}
	var out []int
	for _, port := range ports {
		to, wired := st.leave[port]
		if other, ok := or[port]; !wired && ok {
			to = st.leave[other]
		}
		for _, i := range to {
			if !slices.Contains(out, i) {
				out = append(out, i)
			}
		}
	}
	return out
}

// checkPulls refuses computed steps that feed one another too deeply. That they do so in no circle the document check has seen to.
func (p *Plan) checkPulls() []workflow.Problem {
	var problems []workflow.Problem
	depth := make([]int, len(p.steps))
	var measure func(i int) int
	measure = func(i int) int {
		if !p.steps[i].pulled {
			return 0
		}
		if depth[i] != 0 {
			return depth[i]
		}
		depth[i] = 1 // ends the recursion should there be a circle after all
		for _, f := range p.steps[i].feeds {
			depth[i] = max(depth[i], measure(f.from)+1)
		}
		if depth[i] == maxPull+1 {
			problems = append(problems, workflow.Problem{
				Code: workflow.CodeLimit, Step: p.steps[i].id,
				Message: fmt.Sprintf("Step %s is computed from a chain of more than %d steps without exec wires.", p.steps[i].id, maxPull),
			})
		}
		return depth[i]
	}
	for i := range p.steps {
		measure(i)
	}
	return problems
}

// measure fills reach. Most wires lead forward in the document, so going through it backwards is done in two rounds.
func (p *Plan) measure() {
	p.reach = make([]set, len(p.steps))
	for i := range p.steps {
		p.reach[i] = newSet(len(p.steps))
		p.reach[i].add(i)
	}
	for changed := true; changed; {
		changed = false
		for i, reach := range slices.Backward(p.reach) {
			before := reach.count()
			for _, to := range p.next(i) {
				reach.join(p.reach[to])
			}
			changed = changed || reach.count() != before
		}
	}
}

// next lists the steps that may run because this one does.
func (p *Plan) next(i int) []int {
	st := &p.steps[i]
	out := slices.Clone(st.exec)
	for _, targets := range st.leave {
		out = append(out, targets...)
	}
	for _, f := range st.feeds {
		if p.steps[f.from].pulled {
			out = append(out, f.from)
		}
	}
	return out
}

// starts returns where a run begins and, when only part of the document is to run, which steps take part; note is a sentence for the
// log, or "".
func (p *Plan) starts(o Options) (first []int, only set, note string, err error) {
	if o.RunStep != "" {
		i, ok := p.index[o.RunStep]
		if !ok {
			return nil, nil, "", casare.Errorf(casare.CodeInvalid, "step %s to run is not in the document", o.RunStep).On("run_step")
		}
		only = newSet(len(p.steps))
		only.add(i)
		return []int{i}, only, "", nil
	}
	ids, _ := p.graph.Starts()
	if all := p.graph.StartSteps(); o.RunAll && len(all) > 0 {
		ids = all
	}
	first = p.places(ids)
	if o.RunTo == "" {
		return first, nil, "", nil
	}
	if _, ok := p.index[o.RunTo]; !ok {
		return nil, nil, "", casare.Errorf(casare.CodeInvalid, "step %s to run to is not in the document", o.RunTo).On("run_to")
	}
	between, ok := p.graph.Between(ids, o.RunTo)
	if !ok {
		return first, nil, fmt.Sprintf("Step %s cannot be reached from the start: running everything", o.RunTo), nil
	}
	only = newSet(len(p.steps))
	for id := range between {
		only.add(p.index[id])
	}
	return first, only, "", nil
}

// mode names the part of the document a run is for; a snapshot is continued only in the same mode.
func (o Options) mode() string {
	switch {
	case o.RunStep != "":
		return "step:" + o.RunStep
	case o.RunTo != "":
		return "to:" + o.RunTo
	case o.RunAll:
		return "all"
	}
	return ""
}

// meet finds where the branches of each step meet.
func (p *Plan) meet() {
	for i := range p.steps {
		p.steps[i].join = -1
	}
	ports := func(s *workflow.Step) workflow.Ports { return p.steps[p.index[s.ID]].ports }
	for fork, join := range workflow.Joins(p.graph, ports) {
		p.steps[p.index[fork]].join = p.index[join]
		p.steps[p.index[join]].fork = fork
	}
}

// Fork implements node.Joined.
func (h *host) Fork() string { return h.step.fork }
