package engine_test

import (
	"context"
	"errors"
	"time"

	"casare/node"
	"casare/value"
	"casare/workflow"
)

// The node types of the engine's own tests: as few as there are ways to behave. They are named like the real ones where the engine
// or the document looks at the name.

// registry returns them all.
func registry() *node.Registry {
	r := node.NewRegistry()
	for name, build := range map[string]func() node.Node{
		"StartNode":    func() node.Node { return new(plain) },
		"PlainNode":    func() node.Node { return new(plain) },
		"IfNode":       func() node.Node { return new(branch) },
		"LoopNode":     func() node.Node { return new(loop) },
		"LoopEndNode":  func() node.Node { return &leave{kind: node.ExitEnd} },
		"BreakNode":    func() node.Node { return &leaveBreak{} },
		"ContinueNode": func() node.Node { return &leaveContinue{} },
		"AddNode":      func() node.Node { return new(add) },
		"SetNode":      func() node.Node { return new(set) },
		"SleepNode":    func() node.Node { return new(sleep) },
		"FailNode":     func() node.Node { return new(fail) },
		"BlockNode":    func() node.Node { return new(block) },
		"MarkNode":     func() node.Node { return new(mark) },
		"PutNode":      func() node.Node { return new(putValue) },
		"GrowNode":     func() node.Node { return new(grow) },
		"MilliNode":    func() node.Node { return new(milli) },
		"EffectNode":   func() node.Node { return new(effect) },
		"FlakyNode":    func() node.Node { return new(flaky) },
		"PayNode":      func() node.Node { return new(pay) },
		"AgainNode":    func() node.Node { return new(anew) },
	} {
		r.Add(name, build)
	}
	for _, name := range []string{
		"TryNode", "CatchNode", "FinallyNode", "RetryNode", "RetrySuccessNode", "RetryFailNode", "OnErrorNode", "MergeNode",
		"SubflowNode", "SubflowInputNode", "SubflowOutputNode", "CallSubworkflowNode", "ExecuteWorkflowNode",
		"ForkNode", "JoinNode", "ParallelForEachNode",
	} {
		r.Add(name, func() node.Node { return node.Default.New(name) })
	}
	return r
}

// flaky succeeds or fails as its pattern of T and F says for this visit.
type flaky struct{ pattern string }

func (n *flaky) Spec(s *node.Spec) {
	describe(s, node.Pure)
	s.String(node.Param, &n.pattern, "pattern").Or("T")
}

func (n *flaky) Run(_ context.Context, r *node.Run) error {
	visit := count(r, "count_"+r.Step())
	if n.pattern[int(visit)%len(n.pattern)] != 'T' {
		return node.Fail("", "%s fails", r.Step())
	}
	r.Line("INFO", r.Step())
	return nil
}

func describe(s *node.Spec, effect node.Effect) {
	s.Describe("Test", "A type for tests.")
	s.Category("test")
	s.Effect(effect)
}

// count adds one to a variable and returns what it was before.
func count(r *node.Run, name string) int64 {
	v, _ := r.Var(name)
	n, _ := v.(int64)
	r.SetVar(name, n+1)
	return n
}

// plain writes "id" and how often it has run to the log.
type plain struct{ n int64 }

func (n *plain) Spec(s *node.Spec) {
	describe(s, node.Pure)
	s.Int(node.Out, &n.n, "n")
}

func (n *plain) Run(_ context.Context, r *node.Run) error {
	n.n = count(r, "count_"+r.Step())
	r.Line("INFO", r.Step())
	return nil
}

// branch takes true or false as its pattern of T and F says for this visit.
type branch struct{ pattern string }

func (n *branch) Spec(s *node.Spec) {
	describe(s, node.Pure)
	s.Control()
	s.String(node.Param, &n.pattern, "pattern").Or("T")
	s.Branch("true", "false")
}

func (n *branch) Run(_ context.Context, r *node.Run) error {
	visit := count(r, "count_"+r.Step())
	if n.pattern[int(visit)%len(n.pattern)] == 'T' {
		r.Take("true")
	} else {
		r.Take("false")
	}
	return nil
}

// loop runs its body some times; what is left to do is kept and counted, never recomputed.
type loop struct {
	times int64
	index int64
}

func (n *loop) Spec(s *node.Spec) {
	describe(s, node.Pure)
	s.Int(node.Param, &n.times, "times").Or(2)
	s.Int(node.Out, &n.index, "index")
	s.Body("body", node.Loop)
	s.Branch("completed")
}

type loopState struct {
	Index int64 `cbor:"1,keyasint"`
}

func (n *loop) Run(_ context.Context, r *node.Run) error {
	items := make(value.List, n.times)
	r.Keep("items", items)
	return n.enter(r, loopState{})
}

func (n *loop) Resume(_ context.Context, r *node.Run, e node.Event) error {
	var state loopState
	if err := r.State(&state); err != nil {
		return err
	}
	if e.Kind == node.Broken {
		r.Take("completed")
		return nil
	}
	return n.again(r, &state)
}

func (n *loop) enter(r *node.Run, state loopState) error {
	if err := r.State(&state); err != nil {
		return err
	}
	return n.again(r, &state)
}

func (n *loop) again(r *node.Run, state *loopState) error {
	items, _ := r.Keep("items", nil).(value.List)
	if state.Index >= int64(len(items)) {
		n.index = state.Index
		r.Take("completed")
		return nil
	}
	n.index = state.Index
	state.Index++
	r.Open("body")
	return nil
}

type leave struct {
	kind node.ExitKind
	pair string
}

func (n *leave) Spec(s *node.Spec) {
	describe(s, node.Pure)
	s.Control()
	s.String(node.Param, &n.pair, "pair")
}

func (n *leave) Run(_ context.Context, r *node.Run) error {
	r.Leave(node.ExitEnd, n.pair)
	return nil
}

type leaveBreak struct{ leave }

func (n *leaveBreak) Run(_ context.Context, r *node.Run) error {
	r.Leave(node.ExitBreak, n.pair)
	return nil
}

type leaveContinue struct{ leave }

func (n *leaveContinue) Run(_ context.Context, r *node.Run) error {
	r.Leave(node.ExitContinue, n.pair)
	return nil
}

// add is a pure step with inputs, for computing on demand.
type add struct{ a, b, sum int64 }

func (n *add) Spec(s *node.Spec) {
	describe(s, node.Pure)
	s.Int(node.In, &n.a, "a")
	s.Int(node.In, &n.b, "b")
	s.Int(node.Out, &n.sum, "sum")
}

func (n *add) Run(_ context.Context, r *node.Run) error {
	count(r, "count_"+r.Step())
	if n.a < 0 {
		return errors.New("a is negative")
	}
	n.sum = n.a + n.b
	return nil
}

// set sets a variable to what arrives.
type set struct {
	name  string
	value value.Value
	out   value.Value
}

func (n *set) Spec(s *node.Spec) {
	describe(s, node.Pure)
	s.String(node.Param, &n.name, "name").Must()
	s.Any(node.In, &n.value, "value")
	s.Any(node.Out, &n.out, "value")
}

func (n *set) Run(_ context.Context, r *node.Run) error {
	r.SetVar(n.name, n.value)
	n.out = n.value
	return nil
}

// sleep waits some milliseconds, as often as it is told.
type sleep struct {
	ms    int64
	times int64
	woken int64
}

func (n *sleep) Spec(s *node.Spec) {
	describe(s, node.Pure)
	s.Int(node.In, &n.ms, "ms").Or(1000)
	s.Int(node.Param, &n.times, "times").Or(1)
	s.Int(node.Out, &n.woken, "woken")
}

func (n *sleep) Run(_ context.Context, r *node.Run) error {
	if err := r.State(&loopState{Index: 1}); err != nil {
		return err
	}
	r.Sleep(time.Duration(n.ms) * time.Millisecond)
	return nil
}

func (n *sleep) Resume(_ context.Context, r *node.Run, _ node.Event) error {
	var state loopState
	if err := r.State(&state); err != nil {
		return err
	}
	n.woken = state.Index
	if state.Index < n.times {
		state.Index++
		r.Sleep(time.Duration(n.ms) * time.Millisecond)
	}
	return nil
}

// fail fails until it was tried often enough.
type fail struct {
	text   string
	until  int64
	port   string
	reason string
	panics bool
}

func (n *fail) Spec(s *node.Spec) {
	describe(s, node.Idempotent)
	s.String(node.In, &n.text, "text").Or("boom")
	s.Int(node.Param, &n.until, "until").Or(1000)
	s.String(node.Param, &n.port, "port")
	s.Bool(node.Param, &n.panics, "panics")
	s.String(node.Out, &n.reason, "reason")
	s.Branch(workflow.PortOut, "error")
}

func (n *fail) Run(_ context.Context, r *node.Run) error {
	if count(r, "count_"+r.Step()) >= n.until {
		return nil
	}
	if n.panics {
		panic(n.text)
	}
	n.reason = n.text
	return node.Fail("TestError", "%s", n.text).Via(n.port)
}

// block waits for its context.
type block struct{}

func (n *block) Spec(s *node.Spec) { describe(s, node.Read) }

func (n *block) Run(ctx context.Context, _ *node.Run) error {
	<-ctx.Done()
	return ctx.Err()
}

// effect changes the world, or says so.
type effect struct{}

func (n *effect) Spec(s *node.Spec) { describe(s, node.Once) }

func (n *effect) Run(_ context.Context, r *node.Run) error {
	r.Line("INFO", r.Step())
	return nil
}

// milli makes seconds milliseconds; it is computed when it is needed.
type milli struct{ n, ms int64 }

func (n *milli) Spec(s *node.Spec) {
	describe(s, node.Pure)
	s.Int(node.In, &n.n, "n")
	s.Int(node.Out, &n.ms, "ms")
}

func (n *milli) Run(context.Context, *node.Run) error {
	n.ms = n.n * 1000
	return nil
}

type markKey struct{}

// mark tells the test that it runs.
type mark struct{}

func (n *mark) Spec(s *node.Spec) { describe(s, node.Pure) }

func (n *mark) Run(ctx context.Context, _ *node.Run) error {
	if f, ok := ctx.Value(markKey{}).(func()); ok {
		f()
	}
	return nil
}
