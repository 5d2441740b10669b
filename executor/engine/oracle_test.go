package engine_test

import (
	"errors"
	"slices"
	"strings"

	"casare/value"
	"casare/workflow"
)

// errDefect is what the oracle says of a document on which the original does what nobody means: the end of a loop body is reached while
// other steps of the body still wait. Ours runs them first.
var errDefect = errors.New("the original would leave part of the body behind")

// oracle is a literal port of the original's main loop, with the steps of the tests' node types written out. It knows no scopes: one
// queue, one set of executed steps, and loops that take their body out of that set when they go back.
type oracle struct {
	doc      *workflow.Document
	queue    []string
	executed map[string]bool
	visits   map[string]int
	loops    map[string]*oracleLoop // open loops
	order    []string
	logs     []string
}

type oracleLoop struct {
	index  int64
	broken bool
}

// result is what a step of the original answers: nextNodes nil means "every exec wire".
type oracleResult struct {
	nextNodes []string
	routed    bool
	loopBack  string
}

var controlTypes = []string{"IfNode", "LoopNode", "LoopEndNode", "BreakNode", "ContinueNode"}

// original runs a document as the original would.
func original(doc *workflow.Document, start string) (order, logs []string, err error) {
	o := &oracle{
		doc: doc, queue: []string{start}, executed: map[string]bool{}, visits: map[string]int{}, loops: map[string]*oracleLoop{},
	}
	for len(o.queue) > 0 {
		id := o.queue[0]
		o.queue = o.queue[1:]
		step := doc.Step(id)
		if o.executed[id] && !slices.Contains(controlTypes, step.Type) {
			continue
		}
		o.order = append(o.order, id)
		r := o.execute(step)
		o.executed[id] = true
		if r.loopBack != "" {
			if o.behind(r.loopBack) {
				return nil, nil, errDefect
			}
			delete(o.executed, r.loopBack)
			for body := range o.body(r.loopBack, id) {
				delete(o.executed, body)
			}
			o.queue = append([]string{r.loopBack}, o.queue...)
			continue
		}
		o.queue = append(o.queue, o.next(id, r)...)
	}
	return o.order, o.logs, nil
}

func (o *oracle) execute(step *workflow.Step) oracleResult {
	visit := o.visits[step.ID]
	o.visits[step.ID]++
	pair := step.Config.GetText("pair")
	switch step.Type {
	case "IfNode":
		pattern := step.Config.GetText("pattern")
		if pattern[visit%len(pattern)] == 'T' {
			return oracleResult{nextNodes: []string{"true"}, routed: true}
		}
		return oracleResult{nextNodes: []string{"false"}, routed: true}
	case "LoopNode":
		return o.loopStart(step)
	case "LoopEndNode", "ContinueNode":
		if o.loops[pair] != nil {
			return oracleResult{loopBack: pair}
		}
		return oracleResult{nextNodes: []string{workflow.PortOut}, routed: true}
	case "BreakNode":
		if o.loops[pair] != nil {
			o.loops[pair].broken = true
			return oracleResult{loopBack: pair}
		}
		return oracleResult{nextNodes: []string{workflow.PortOut}, routed: true}
	}
	if step.Type != "SleepNode" {
		o.logs = append(o.logs, step.ID)
	}
	return oracleResult{nextNodes: []string{workflow.PortOut}, routed: true}
}

func (o *oracle) loopStart(step *workflow.Step) oracleResult {
	state := o.loops[step.ID]
	if state == nil {
		state = &oracleLoop{}
		o.loops[step.ID] = state
	}
	times, _ := step.Config.Get("times")
	if n, _ := times.(int64); state.broken || state.index >= n {
		delete(o.loops, step.ID)
		return oracleResult{nextNodes: []string{"completed"}, routed: true}
	}
	state.index++
	return oracleResult{nextNodes: []string{"body"}, routed: true}
}

func (o *oracle) next(id string, r oracleResult) []string {
	var out []string
	add := func(w workflow.Wire) {
		if !slices.Contains(out, w.To) {
			out = append(out, w.To)
		}
	}
	if !r.routed {
		for _, w := range o.doc.Wires {
			if w.From == id && strings.Contains(w.FromPort, "exec") {
				add(w)
			}
		}
		return out
	}
	for _, port := range r.nextNodes {
		for _, w := range o.doc.Wires {
			if w.From == id && w.FromPort == port {
				add(w)
			}
		}
	}
	return out
}

// body is everything behind the loop's body port, not past end.
func (o *oracle) body(loop, end string) map[string]bool {
	found := map[string]bool{}
	var queue []string
	for _, w := range o.doc.Wires {
		if w.From == loop && w.FromPort == "body" {
			queue = append(queue, w.To)
		}
	}
	for len(queue) > 0 {
		id := queue[0]
		queue = queue[1:]
		if found[id] {
			continue
		}
		found[id] = true
		if id == end {
			continue
		}
		for _, w := range o.doc.Wires {
			if w.From == id {
				queue = append(queue, w.To)
			}
		}
	}
	return found
}

// behind says whether steps of the body still wait in the queue.
func (o *oracle) behind(loop string) bool {
	body := o.body(loop, "")
	return slices.ContainsFunc(o.queue, func(id string) bool { return body[id] })
}

// config makes a step's config.
func config(pairs ...any) *value.Dict {
	b := value.NewDict()
	for i := 0; i < len(pairs); i += 2 {
		v := pairs[i+1]
		if n, ok := v.(int); ok {
			v = int64(n)
		}
		b.Set(pairs[i], v)
	}
	return b.Dict()
}
