package engine_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"casare"
	"casare/executor/engine"
	"casare/value"
	"casare/workflow"
)

// BenchmarkStep measures what a pure step costs: ns/step is the figure.
func BenchmarkStep(b *testing.B) {
	loop := func(body string) string {
		return "s StartNode\nl LoopNode {\"times\": 1000}\ne LoopEndNode {\"pair\": \"l\"}\n" + body + "\ns > l\np > e"
	}
	var chain strings.Builder
	chain.WriteString("s StartNode\np0 SetNode {\"name\": \"x\", \"value\": 1}\ns > p0")
	for i := 1; i < 500; i++ {
		fmt.Fprintf(&chain, "\np%d SetNode {\"name\": \"x\", \"value\": \"{{p%d.value}}\"}\np%d > p%d", i, i-1, i-1, i)
	}
	for _, bc := range []struct {
		name, source string
		checkpoints  bool
	}{
		{"loop", loop("p SetNode {\"name\": \"x\", \"value\": 1}\nl.body > p"), false},
		{"template", loop("p SetNode {\"name\": \"x\", \"value\": \"{{l.index}}\"}\nl.body > p"), false},
		{"wire", loop("p AddNode {\"b\": 1}\nl.index > p.a\nl.body > p"), false},
		{"pulled", loop("a AddNode {\"b\": 1}\nl.index > a.a\np AddNode {\"b\": 1}\na.sum > p.a\nl.body > p"), false},
		{"chain of 500", chain.String(), false},
		{"effect with a checkpoint", loop("p EffectNode\nl.body > p"), true},
	} {
		b.Run(bc.name, func(b *testing.B) {
			plan := compile(b, document(b, bc.source))
			debugger, err := engine.NewDebugger(casare.DebugSpec{}, nil, nil) // every job of a robot has one
			require.NoError(b, err)
			o := engine.Options{Debug: debugger}
			if bc.checkpoints {
				o.Checkpoint = func(context.Context, engine.Snapshot) error { return nil }
			}
			steps := 0
			b.ReportAllocs()
			for b.Loop() {
				r := plan.Run(b.Context(), o)
				require.Equal(b, engine.Completed, r.Status)
				steps += len(r.Order)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(steps), "ns/step")
		})
	}
}

// BenchmarkCompile measures the largest document that is allowed.
func BenchmarkCompile(b *testing.B) {
	doc := document(b, "s StartNode")
	for i := range workflow.MaxSteps - 1 {
		id, before := fmt.Sprintf("p%d", i), "s"
		if i > 0 {
			before = fmt.Sprintf("p%d", i-1)
		}
		doc.Steps = append(doc.Steps, &workflow.Step{ID: id, Type: "PlainNode", Config: config()})
		doc.Wires = append(doc.Wires, workflow.Wire{From: before, FromPort: workflow.PortOut, To: id, ToPort: workflow.PortIn})
	}
	b.ReportAllocs()
	for b.Loop() {
		compile(b, doc)
	}
}

// BenchmarkList measures a list that grows to 10,000 rows, without checkpoints and with one in each round: the ratio is the figure.
func BenchmarkList(b *testing.B) {
	plan := compile(b, document(b, growing(10_000)))
	for _, bc := range []struct {
		name string
		o    engine.Options
	}{
		{"no checkpoints", engine.Options{}},
		{"checkpoints", engine.Options{Checkpoint: func(context.Context, engine.Snapshot) error { return nil }}},
	} {
		b.Run(bc.name, func(b *testing.B) {
			for b.Loop() {
				require.Equal(b, engine.Completed, plan.Run(b.Context(), bc.o).Status)
			}
		})
	}
}

// BenchmarkBranches measures a hundred branches of ten steps each, ready to be resumed.
func BenchmarkBranches(b *testing.B) {
	items := make(value.List, 100)
	for i := range items {
		items[i] = int64(i)
	}
	doc := document(b, `
		s StartNode
		p ParallelForEachNode
		l LoopNode {"times": 3}
		a SetNode {"name": "x", "value": "{{item}}"}
		e LoopEndNode {"pair": "l"}
		s > p
		p.body > l
		l.body > a
		a > e
	`)
	doc.Step("p").Config = config("items", items, "batch_size", 100)
	plan := compile(b, doc)
	for _, checkpoints := range []bool{false, true} {
		b.Run(fmt.Sprintf("checkpoints %v", checkpoints), func(b *testing.B) {
			o := engine.Options{}
			if checkpoints {
				o.Checkpoint = func(context.Context, engine.Snapshot) error { return nil }
			}
			steps := 0
			for b.Loop() {
				r := plan.Run(b.Context(), o)
				require.Equal(b, engine.Completed, r.Status)
				steps += len(r.Order)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(steps), "ns/step")
		})
	}
}

// BenchmarkMillion runs a million steps of a loop and looks at the memory in use on the way: what has been added from a tenth of the way to
// the end, beside the order, is the figure.
func BenchmarkMillion(b *testing.B) {
	doc := document(b, `
		s StartNode
		l LoopNode {"times": 333333}
		a SetNode {"name": "x", "value": "{{l.index}}"}
		m MarkNode
		s > l
		l.body > a
		a > m
	`)
	plan := compile(b, doc)
	for b.Loop() {
		var early, late runtime.MemStats
		n := 0
		mark := func() {
			n++
			switch n {
			case 33_333:
				runtime.GC()
				runtime.ReadMemStats(&early)
			case 333_333:
				runtime.GC()
				runtime.ReadMemStats(&late)
			}
		}
		r := plan.Run(context.WithValue(b.Context(), markKey{}, mark), engine.Options{})
		require.Equal(b, engine.Completed, r.Status)
		require.Len(b, r.Order, 1_000_000)
		b.ReportMetric((float64(late.HeapAlloc)-float64(early.HeapAlloc))/(1<<20), "MiB-more")
	}
}
