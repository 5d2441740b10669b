package node_test

import (
	"context"
	"errors"
	"time"

	"casare/node"
	"casare/value"
)

func describe(s *node.Spec) {
	s.Describe("Test", "For tests.")
	s.Category("test")
}

// echo has an input of each sort and shows what it was given.
type echo struct {
	text    string
	number  int64
	opt     node.Opt[float64]
	wire    node.Value
	raw     string
	named   node.Value
	exact   string
	only    node.Value
	sum     node.Value
	list    value.List
	numbers *value.Dict
	flag    bool

	seen  *value.Dict
	unset node.Opt[string]
	left  node.Value
}

func (n *echo) Spec(s *node.Spec) {
	describe(s)
	s.String(node.In, &n.text, "text").Or("nobody").Was("old", "older").Says("t")
	s.Int(node.Param, &n.number, "number").Or(7).Max(100)
	node.Maybe(s, node.In, &n.opt, "opt")
	s.Any(node.Wire, &n.wire, "wire")
	s.String(node.Param, &n.raw, "raw").Raw()
	s.Any(node.In, &n.named, "named").NameOfVariable()
	s.String(node.In, &n.exact, "exact").ExactNameOfVariable()
	s.Any(node.In, &n.only, "only").OnlyNameOfVariable().Or("default")
	s.Any(node.In, &n.sum, "sum").NameOfNumber().Or("default")
	s.List(node.In, &n.list, "item_").Each(2, 5)
	s.Dict(node.In, &n.numbers, "key_").Each(2, 5)
	s.Bool(node.Param, &n.flag, "flag")
	s.Dict(node.Out, &n.seen, "seen")
	node.Maybe(s, node.Out, &n.unset, "unset")
	s.Any(node.Out, &n.left, "left")
	s.Effect(node.Read)
}

func (n *echo) Run(_ context.Context, r *node.Run) error {
	opt := node.Value("unset")
	if n.opt.Set {
		opt = n.opt.V
	}
	n.seen = node.Values{
		"text": n.text, "number": n.number, "opt": opt, "wire": n.wire, "raw": n.raw, "named": n.named,
		"exact": n.exact, "only": n.only, "sum": n.sum,
		"list": n.list, "numbers": n.numbers, "flag": n.flag,
	}.Dict()
	switch n.text {
	case "panic":
		panic("ouch")
	case "fail":
		return errors.New("it failed")
	case "via":
		return node.Fail("Own", "it failed").Via("error")
	case "sleep":
		r.Sleep(time.Second)
	}
	return nil
}

// super has actions with inputs, outputs, ports and effects of their own.
type super struct {
	action string
	start  int64
	result string
	ok     bool
}

func (n *super) Spec(s *node.Spec) {
	describe(s)
	s.Choice(node.Param, &n.action, "action", "cut", "ask", "pay").Or("cut")
	cut := s.When("action", "cut")
	cut.Int(node.In, &n.start, "start").Must("say where to cut")
	cut.String(node.Out, &n.result, "result")
	cut.Branch("exec_out")
	cut.Effect(node.Pure)
	ask := s.When("action", "ask", "pay")
	ask.Bool(node.Out, &n.ok, "result")
	ask.Branch("yes", "no")
	s.When("action", "ask").Effect(node.Read)
	s.When("action", "pay").Effect(node.Once)
}

func (n *super) Run(_ context.Context, r *node.Run) error {
	if n.action == "cut" {
		n.result = "abc"[n.start:]
		return nil
	}
	n.ok = true
	r.Take("yes")
	return nil
}

// rounds is a loop that goes round twice and sleeps once before.
type rounds struct {
	list node.Value
	item node.Value
}

type roundsState struct {
	I int `cbor:"1,keyasint"`
}

func (n *rounds) Spec(s *node.Spec) {
	describe(s)
	s.Any(node.Wire, &n.list, "list")
	s.Any(node.Out, &n.item, "item")
	s.Body("body", node.Loop)
	s.Branch("completed")
	s.Effect(node.Pure)
}

func (n *rounds) Run(_ context.Context, r *node.Run) error {
	var state roundsState
	if err := r.State(&state); err != nil {
		return err
	}
	state.I = -1
	r.Keep("list", n.list)
	r.Sleep(time.Minute)
	return nil
}

func (n *rounds) Resume(_ context.Context, r *node.Run, e node.Event) error {
	var state roundsState
	if err := r.State(&state); err != nil {
		return err
	}
	state.I++
	list, _ := r.Keep("list", n.list).(value.List)
	if state.I >= len(list) || e.Kind == node.Broken {
		r.KeepOutputs()
		r.Take("completed")
		return nil
	}
	n.item = list[state.I]
	r.Open("body")
	return nil
}

// chooser takes the port it is told, by wire, and has a port per case.
type chooser struct {
	cases value.List
	take  string
}

func (n *chooser) Spec(s *node.Spec) {
	describe(s)
	s.List(node.Param, &n.cases, "cases").Or([]any{})
	s.String(node.In, &n.take, "take")
	s.BranchEach("case_%s", "cases")
	s.Branch("default")
	s.Effect(node.Pure)
	s.Control()
}

func (n *chooser) Run(_ context.Context, r *node.Run) error {
	r.Take(n.take)
	return nil
}

// asker evaluates an expression both ways.
type asker struct {
	expr  node.Expr
	value node.Value
	truth bool
}

func (n *asker) Spec(s *node.Spec) {
	describe(s)
	s.Expr(node.In, &n.expr, "expr")
	s.Any(node.Out, &n.value, "value")
	s.Bool(node.Out, &n.truth, "truth")
}

func (n *asker) Run(ctx context.Context, r *node.Run) (err error) {
	if !n.expr.Set() {
		return nil
	}
	if n.value, err = n.expr.Eval(ctx, r); err != nil {
		return err
	}
	n.truth, err = n.expr.Truth(ctx, r)
	return err
}

func registry() *node.Registry {
	r := node.NewRegistry()
	r.Add("EchoNode", func() node.Node { return new(echo) })
	r.Add("SuperNode", func() node.Node { return new(super) })
	r.Add("RoundsNode", func() node.Node { return new(rounds) })
	r.Add("ChooserNode", func() node.Node { return new(chooser) })
	r.Add("AskerNode", func() node.Node { return new(asker) })
	return r
}
