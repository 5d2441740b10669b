package engine_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"casare/executor/engine"
	"casare/value"
	"casare/workflow"
)

// A program is a random document with constructs for errors, as a tree. It is run twice: as a document by the engine, and as a tree by the
// few lines of interpret, which have the call stack, the exceptions and the loops of an ordinary language.

// steps are a block: one after the other.
type steps []stmt

type stmt struct {
	kind    string // plain, flaky, if, loop, leave, try, retry, onerror
	id      string
	pattern string // of visits: T or F
	loop    string // leave: which
	more    bool   // leave: continue instead of break; retry: failed is wired; try: has a catch
	last    bool   // try: has a finally
	wires   int    // try: how the ends of body and catch are drawn
	times   int
	body    steps
	other   steps // if: else; try: catch; retry: failed
	final   steps
}

// builder draws programs.
type builder struct {
	t    *rapid.T
	left int
	made map[string]int
}

func (b *builder) id(prefix string) string {
	b.made[prefix]++
	b.left--
	return fmt.Sprintf("%s%d", prefix, b.made[prefix])
}

func (b *builder) upTo(least, most int) int { return rapid.IntRange(least, most).Draw(b.t, "n") }

func (b *builder) pattern() string { return rapid.StringMatching(`[TF]{1,4}`).Draw(b.t, "pattern") }

// block draws at least one step. loops are those around.
func (b *builder) block(depth int, loops []string) steps {
	var out steps
	for range b.upTo(1, 4) {
		out = append(out, b.stmt(depth, loops))
		if b.left <= 0 {
			break
		}
	}
	return out
}

func (b *builder) stmt(depth int, loops []string) stmt {
	kind := b.upTo(0, 9)
	if depth == 0 && kind > 3 || b.left <= 0 {
		kind %= 3
	}
	switch kind {
	case 1, 2:
		return stmt{kind: "flaky", id: b.id("f"), pattern: b.pattern()}
	case 3:
		if len(loops) > 0 {
			return stmt{kind: "leave", id: b.id("x"), pattern: b.pattern(), loop: loops[b.upTo(0, len(loops)-1)], more: rapid.Bool().Draw(b.t, "continue")}
		}
	case 4:
		return stmt{kind: "if", id: b.id("i"), pattern: b.pattern(), body: b.block(depth-1, loops), other: b.block(depth-1, loops)}
	case 5, 6:
		id := b.id("l")
		return stmt{kind: "loop", id: id, times: b.upTo(0, 3), body: b.block(depth-1, append(slices.Clone(loops), id))}
	case 7, 8:
		s := stmt{kind: "try", id: b.id("t"), wires: b.upTo(0, 7), body: b.block(depth-1, loops)}
		if b.upTo(0, 4) == 0 {
			s.kind = "onerror"
		}
		if s.more = b.upTo(0, 3) > 0; s.more {
			s.other = b.block(depth-1, loops)
		}
		if s.last = b.upTo(0, 3) > 0; s.last {
			s.final = b.block(depth-1, loops)
		}
		return s
	case 9:
		s := stmt{kind: "retry", id: b.id("r"), times: b.upTo(1, 3), body: b.block(depth-1, loops)}
		if s.more = rapid.Bool().Draw(b.t, "failed"); s.more {
			s.other = b.block(depth-1, loops)
		}
		return s
	}
	return stmt{kind: "plain", id: b.id("p")}
}

// drawing makes a document of a program.
type drawing struct{ doc *workflow.Document }

func newDrawing() *drawing {
	d := &drawing{doc: &workflow.Document{ID: "program", Name: "program", Raw: value.NewDict().Dict(), Settings: workflow.DefaultSettings()}}
	d.add("s", "StartNode")
	return d
}

func (d *drawing) add(id, typ string, pairs ...any) {
	d.doc.Steps = append(d.doc.Steps, &workflow.Step{ID: id, Type: typ, Config: config(pairs...)})
}

func (d *drawing) wire(from end, to string) {
	d.doc.Wires = append(d.doc.Wires, workflow.Wire{From: from.step, FromPort: from.port, To: to, ToPort: workflow.PortIn})
}

// chain hangs a block on a port and returns where control leaves it.
func (d *drawing) chain(from end, b steps) end {
	for i := range b {
		from = d.stmt(from, &b[i])
	}
	return from
}

func (d *drawing) stmt(from end, s *stmt) end {
	out := end{s.id, workflow.PortOut}
	switch s.kind {
	case "plain":
		d.add(s.id, "PlainNode")
	case "flaky":
		d.add(s.id, "FlakyNode", "pattern", s.pattern)
	case "if":
		d.add(s.id, "IfNode", "pattern", s.pattern)
		out = end{s.id + "m", workflow.PortOut}
		d.add(out.step, "MergeNode")
		d.wire(d.chain(end{s.id, "true"}, s.body), out.step)
		d.wire(d.chain(end{s.id, "false"}, s.other), out.step)
	case "leave":
		typ := "BreakNode"
		if s.more {
			typ = "ContinueNode"
		}
		d.add(s.id, "IfNode", "pattern", s.pattern)
		d.add(s.id+"x", typ, "pair", s.loop)
		d.wire(end{s.id, "true"}, s.id+"x")
		out.port = "false"
	case "loop":
		d.add(s.id, "LoopNode", "times", s.times)
		d.add(s.id+"e", "LoopEndNode", "pair", s.id)
		d.wire(d.chain(end{s.id, "body"}, s.body), s.id+"e")
		out.port = "completed"
	case "onerror":
		d.add(s.id, "OnErrorNode")
		d.chain(end{s.id, "protected_body"}, s.body)
		if s.more {
			d.chain(end{s.id, "on_error"}, s.other)
		}
		if s.last {
			d.chain(end{s.id, "finally"}, s.final)
		}
	case "try":
		d.try(s)
	case "retry":
		d.add(s.id, "RetryNode", "max_attempts", s.times, "initial_delay", 0.03)
		d.chain(end{s.id, "retry_body"}, s.body)
		out = end{s.id + "m", workflow.PortOut}
		d.add(out.step, "MergeNode")
		d.wire(end{s.id, "success"}, out.step)
		if s.more {
			d.wire(d.chain(end{s.id, "failed"}, s.other), out.step)
		}
	}
	d.wire(from, s.id)
	return out
}

func (d *drawing) try(s *stmt) {
	d.add(s.id, "TryNode")
	body := d.chain(end{s.id, "try_body"}, s.body)
	if s.more {
		c := s.id + "c"
		d.add(c, "CatchNode", "paired_try_id", s.id)
		if s.wires&1 != 0 {
			d.wire(body, c)
		}
		body = d.chain(end{c, "catch_body"}, s.other)
		if s.wires&2 != 0 {
			d.wire(end{s.id, workflow.PortOut}, c)
		}
	}
	if s.last {
		f := s.id + "f"
		d.add(f, "FinallyNode", "paired_try_id", s.id)
		if s.wires&4 != 0 {
			d.wire(body, f)
		}
		d.chain(end{f, "finally_body"}, s.final)
	}
}

// world is what interpret knows of the run.
type world struct {
	visits map[string]int
	logs   []string
}

// signal is how a block ends early.
type signal struct {
	kind string // "", error, break, continue
	at   string // the step that failed, or the loop
}

func (w *world) flip(s *stmt) bool {
	n := w.visits[s.id]
	w.visits[s.id]++
	return s.pattern[n%len(s.pattern)] == 'T'
}

func (w *world) run(b steps) signal {
	for i := range b {
		if sig := w.step(&b[i]); sig.kind != "" {
			return sig
		}
	}
	return signal{}
}

func (w *world) step(s *stmt) signal {
	switch s.kind {
	case "plain":
		w.logs = append(w.logs, s.id)
	case "flaky":
		if !w.flip(s) {
			return signal{"error", s.id}
		}
		w.logs = append(w.logs, s.id)
	case "if":
		if w.flip(s) {
			return w.run(s.body)
		}
		return w.run(s.other)
	case "leave":
		if w.flip(s) {
			if s.more {
				return signal{"continue", s.loop}
			}
			return signal{"break", s.loop}
		}
	case "loop":
		for range s.times {
			sig := w.run(s.body)
			switch {
			case sig == signal{"break", s.id}:
				return signal{}
			case sig != signal{} && sig != signal{"continue", s.id}:
				return sig
			}
		}
	case "try", "onerror":
		sig := w.run(s.body)
		if sig.kind == "error" && s.more {
			sig = w.run(s.other)
		}
		if s.last {
			if other := w.run(s.final); other.kind != "" {
				sig = other
			}
		}
		return sig
	case "retry":
		return w.retry(s)
	}
	return signal{}
}

func (w *world) retry(s *stmt) signal {
	for attempt := 1; ; attempt++ {
		sig := w.run(s.body)
		switch {
		case sig.kind != "error":
			return sig
		case attempt == s.times && s.more:
			return w.run(s.other)
		case attempt == s.times:
			return sig
		}
	}
}

func randomProgram(t *rapid.T) (steps, *workflow.Document) {
	b := &builder{t: t, left: rapid.IntRange(2, 40).Draw(t, "size"), made: map[string]int{}}
	program := b.block(4, nil)
	d := newDrawing()
	d.chain(end{"s", workflow.PortOut}, program)
	return program, d.doc
}

func TestErrors_AProgramEndsAsInAnOrdinaryLanguage(t *testing.T) {
	t.Parallel()
	failed, ran := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		program, doc := randomProgram(t)
		w := &world{visits: map[string]int{}}
		want := w.run(program)
		got := compile(t, doc).Run(context.Background(), engine.Options{Now: slowClock()})
		require.Equal(t, append([]string{"s"}, w.logs...), got.Logs)
		if want.kind == "error" {
			require.Equal(t, engine.Failed, got.Status)
			require.Equal(t, want.at, got.Error.NodeID)
			failed++
		} else {
			require.Equal(t, engine.Completed, got.Status, "%v", got.Error)
		}
		ran += len(got.Order)
	})
	t.Logf("%d steps, %d programs failed", ran, failed)
}

// Several programs side by side: there is no ordinary language to compare with, but where a run stands is data all the same.
func randomPrograms(t *rapid.T) *workflow.Document {
	b := &builder{t: t, left: rapid.IntRange(5, 50).Draw(t, "size"), made: map[string]int{}}
	d := newDrawing()
	for range b.upTo(1, 3) {
		d.chain(end{"s", workflow.PortOut}, b.block(3, nil))
	}
	d.doc.Settings.StopOnError = rapid.Bool().Draw(t, "stop on error")
	return d.doc
}

func TestErrors_ResumedAtAnyCheckpointARunGoesOnExactly(t *testing.T) {
	t.Parallel()
	cuts := 0
	rapid.Check(t, func(t *rapid.T) {
		doc, now := randomPrograms(t), slowClock()
		k := &keeper{}
		whole := compile(t, doc).Run(context.Background(), engine.Options{Now: now, Checkpoint: k.keep})
		percent := 0
		for _, cut := range k.cuts {
			require.GreaterOrEqual(t, cut.Progress, percent)
			require.LessOrEqual(t, cut.Progress, 99)
			percent = cut.Progress
			rest := compile(t, doc).Run(context.Background(), engine.Options{Resume: cut.Records, Now: now})
			require.Equal(t, whole.Status, rest.Status, "%v", rest.Error)
			require.Equal(t, whole.Error, rest.Error)
			require.Equal(t, whole.Order, append(append([]string(nil), whole.Order[:cut.Order]...), rest.Order...))
			require.Equal(t, whole.Logs, append(append([]string(nil), whole.Logs[:cut.Logs]...), rest.Logs...))
			require.Equal(t, text(t, whole.Variables), text(t, rest.Variables))
			cuts++
		}
	})
	t.Logf("%d checkpoints", cuts)
}

// A job that is handed on after every single step, also in the middle of a cleanup, ends as one that stays where it is.
func TestErrors_HandedOnAfterEachStepARunEndsTheSame(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		doc, now := randomPrograms(t), slowClock()
		whole := compile(t, doc).Run(context.Background(), engine.Options{Now: now})
		var order, logs []string
		var kept keeper
		var at []engine.Record
		for robot := 0; ; robot++ {
			require.LessOrEqual(t, robot, 3*len(whole.Order)+10, "each robot gets on")
			stop := make(chan struct{})
			r := compile(t, doc).Run(context.Background(), engine.Options{
				Now: now, Checkpoint: kept.keep, Resume: at, Stop: stop, Sink: &oneStep{stop: stop},
			})
			order, logs = append(order, r.Order...), append(logs, r.Logs...)
			if r.Status == engine.Released {
				at = kept.last(t).Records
				continue
			}
			require.Equal(t, whole.Status, r.Status, "%v", r.Error)
			require.Equal(t, whole.Error, r.Error)
			require.Equal(t, text(t, whole.Variables), text(t, r.Variables))
			break
		}
		require.Equal(t, whole.Order, order)
		require.Equal(t, whole.Logs, logs)
	})
}
